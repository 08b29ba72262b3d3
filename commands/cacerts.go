package commands

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"gokeytool/store"
	"gokeytool/x509util"
)

// cacertsFiles are where Java's trust store stands on systems that have Java
// installed where nothing says so.
var cacertsFiles = []string{
	"/etc/ssl/certs/java/cacerts",              // Debian, Ubuntu
	"/etc/pki/java/cacerts",                    // Red Hat, Fedora
	"/etc/pki/ca-trust/extracted/java/cacerts", // the same, without Java
	"/var/lib/ca-certificates/java-cacerts",    // SUSE
}

// cacertsPath finds Java's trust store as the keytool on the PATH would:
// that of JAVA_HOME, of the java command, then of the distribution. ok is
// false where there is none; the path is then the one most likely meant.
func (s *session) cacertsPath() (path string, ok bool) {
	var homes []string
	if home, ok := s.property("java.home"); ok {
		homes = append(homes, home)
	}
	if home, _ := s.LookupEnv("JAVA_HOME"); home != "" {
		homes = append(homes, home)
	}
	if java, err := exec.LookPath("java"); err == nil {
		if real, err := filepath.EvalSymlinks(java); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(real)))
		}
	}
	var files []string
	for _, home := range homes {
		files = append(files, filepath.Join(home, "lib", "security", "cacerts"),
			filepath.Join(home, "jre", "lib", "security", "cacerts"))
	}
	files = append(files, cacertsFiles...)
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return file, true
		}
	}
	return files[0], false
}

// cacerts opens Java's trust store, once. Its certificates are no secret, so
// it is read without a password.
func (s *session) cacerts() (*store.Store, error) {
	if s.cacertsStore != nil {
		return s.cacertsStore, nil
	}
	path, ok := s.cacertsPath()
	if !ok {
		return nil, withHint(java("java.io.FileNotFoundException", path+" (No such file or directory)"),
			"no Java trust store was found: set JAVA_HOME, or leave -trustcacerts out and import the root certificate first")
	}
	opened, err := store.Open(path, store.Options{})
	if err != nil {
		return nil, err
	}
	s.cacertsStore = opened
	return opened, nil
}

// anchored says whether the JDK itself trusts the issuer of a chain's last
// certificate: with -trustcacerts, and if its alias there is marked as one that
// came with the JDK. (Distributions that put their own certificates into cacerts
// mark none.)
func (s *session) anchored(chain []*x509util.Certificate) bool {
	if !s.opt.trustcacerts || len(chain) == 0 {
		return false
	}
	cacerts, err := s.cacerts()
	if err != nil {
		return false
	}
	issuer := chain[len(chain)-1].Issuer
	for _, e := range cacerts.Entries() {
		if len(e.Chain) == 0 || !strings.Contains(e.Alias, " [jdk") {
			continue
		}
		if c, err := x509util.ParseCertificate(e.Chain[0].DER); err == nil && c.Subject.Equal(issuer) {
			return true
		}
	}
	return false
}
