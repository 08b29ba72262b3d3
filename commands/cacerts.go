package commands

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"gokeytool/commands/internal/argv"
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
func (e *Env) cacertsPath(line *argv.Request) (path string, ok bool) {
	files := e.cacertsFiles(line)
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return file, true
		}
	}
	return files[0], false
}

// cacertsFiles are where Java's trust store may be, the likeliest first.
func (e *Env) cacertsFiles(line *argv.Request) []string {
	var files []string
	for _, home := range e.javaHomes(line) {
		files = append(files, filepath.Join(home, "lib", "security", "cacerts"),
			filepath.Join(home, "jre", "lib", "security", "cacerts"))
	}
	return append(files, cacertsFiles...)
}

// javaHomes are the directories that may be Java's, the best first: that of
// -J-Djava.home, of JAVA_HOME, and of the java command.
func (e *Env) javaHomes(line *argv.Request) []string {
	var homes []string
	if home, ok := line.Property("java.home"); ok {
		homes = append(homes, home)
	}
	if home, _ := e.LookupEnv("JAVA_HOME"); home != "" {
		homes = append(homes, home)
	}
	if java, err := exec.LookPath("java"); err == nil {
		if real, err := filepath.EvalSymlinks(java); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(real)))
		}
	}
	return homes
}

// warnOfCacerts prints keytool's advice where -keystore names Java's own trust
// store, whether that is there or not.
func (e *Env) warnOfCacerts(file string, line *argv.Request) {
	named := canonical(file)
	if !strings.Contains(filepath.Base(named), "cacerts") {
		return // spares the search for Java
	}
	path, _ := e.cacertsPath(line)
	if named == canonical(path) || named == canonical(e.cacertsFiles(line)[0]) {
		e.Stderr.Print("Warning: use -cacerts option to access cacerts keystore\n")
	}
}

// canonical is a file's path without symbolic links, also of one that is not
// there.
func canonical(file string) string {
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	} else if dir, err := filepath.EvalSymlinks(filepath.Dir(file)); err == nil {
		file = filepath.Join(dir, filepath.Base(file))
	}
	if whole, err := filepath.Abs(file); err == nil {
		return whole
	}
	return file
}

// cacerts opens Java's trust store, once. Its certificates are no secret, so
// it is read without a password; one that is encrypted stays empty to keytool.
func (s *session) cacerts() (*store.Store, error) {
	if s.cacertsStore != nil {
		return s.cacertsStore, nil
	}
	path, ok := s.cacertsPath(s.req)
	if !ok {
		return nil, withHint(java("java.io.FileNotFoundException", path+" (No such file or directory)"),
			"no Java trust store was found: set JAVA_HOME, or leave -trustcacerts out and import the root certificate first")
	}
	opened, err := store.Open(path, store.Options{})
	if err == nil && opened.Unread() && s.ownStyle() {
		opened, _, err = openUnasked(path, s.cacertsPassword(), "storepass")
	}
	if err != nil {
		return nil, err
	}
	s.cacertsStore = opened
	return opened, nil
}

// cacertsPassword is the password of Java's trust store, where the line says it.
func (s *session) cacertsPassword() []byte {
	if s.opt.cacerts {
		return s.opt.storepass
	}
	return nil
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
