package check

import (
	"crypto"
	"fmt"
	"os"
	"path/filepath"

	"gokeytool/finding"
	"gokeytool/internal/shell"
	"gokeytool/tomcat/machine"
)

// configuredFile is where a server.xml names a file.
type configuredFile struct {
	at finding.Place
	// base is catalina.base, where names begin that are not from the root.
	base string
}

// elsewhere says that Tomcat does not find in a file that its configuration names
// what we find there, or nothing either.
func (x *examination) elsewhere(path string) {
	if x.file.base == "" {
		return
	}
	user, known := machine.RunsAs(x.file.base)
	if !known || x.ofAnotherHome(path, user) {
		return
	}
	if cause, found := user.Unreadable(path); found {
		x.about(finding.Error, "tomcat-user", cause)
	}
}

// ofAnotherHome says that a keystore in the home directory is not the one that
// Tomcat takes, which runs as a user with another one.
func (x *examination) ofAnotherHome(path string, user machine.User) bool {
	if !x.inHome(path) || user.Home == "" {
		return false
	}
	its := filepath.Join(user.Home, ".keystore")
	if its == filepath.Clean(path) {
		return false
	}
	severity, there := finding.Error, ", which does not exist (FileNotFoundException)"
	if _, err := os.Stat(its); err == nil {
		severity, there = finding.Warning, ""
	}
	x.about(severity, "tomcat-user", machine.Cause{
		Text:   fmt.Sprintf("this is in the home of who asks; Tomcat runs as %s, to whom %s belongs, and takes %s%s", user.Name, user.Owns, its, there),
		Remedy: "copy the keystore to conf, where that user can read it, and name it",
	})
	return true
}

// inHome says whether a file is the keystore that Tomcat takes where none is named,
// as far as we know the home directory.
func (x *examination) inHome(path string) bool {
	if x.o.Lookup == nil || x.file.base == "" {
		return false
	}
	home, ok := x.o.Lookup("user.home")
	return ok && filepath.Clean(path) == filepath.Join(home, ".keystore")
}

// absent says why Tomcat can't read a file that its configuration names, if that
// lies in what there is under its name.
func (x *examination) absent(path string) bool {
	if x.file.base == "" {
		return false
	}
	cause, found := machine.File(path, x.file.base, x.trust || !x.certificate.PEM(), x.o.guesses.Take(1))
	if !found {
		return false
	}
	if x.inHome(path) {
		cause.Text += "; Tomcat takes the home of the user it runs as, which need not be yours"
		cause.Remedy = "make the keystore as that user, or name another one"
	}
	x.Status = Unchecked
	x.about(finding.Error, "unreadable", cause)
	return true
}

// configuredPassword is where the password of a keystore is configured, and what to do
// where it is wrong.
func (x *examination) configuredPassword() (at finding.Place, which, remedy string) {
	which = "the configured password"
	switch c := x.certificate; {
	case x.trust:
		at = x.file.at
		at.Attribute = map[bool]string{true: "truststorePass", false: "truststorePassword"}[at.Element == "Connector"]
	case c.KeystorePasswordFile != "":
		at = c.At("certificateKeystorePasswordFile")
		return at, "the first line of " + c.KeystorePasswordFile, "correct the password in that file"
	case !c.KeystorePasswordGiven:
		at = c.At("certificateKeystorePassword")
		return at, "no password is configured, and changeit, Tomcat's default,", "set " + at.Attribute + " to the keystore's password"
	default:
		at = c.At("certificateKeystorePassword")
	}
	return at, which, "correct the password in the configuration, " + at.Attribute + "; small letters and capitals differ"
}

// passwordFails reports a configured password that does not open a keystore. near says
// what opens it, if that is known.
func (x *examination) passwordFails(near, java string) {
	at, which, remedy := x.configuredPassword()
	text := which + " does not open it; it opens with " + near
	if near == "" {
		text = "the file is whole, but " + which + " does not open it, or its content was changed"
	}
	x.file.at = at
	x.about(finding.Error, "password", machine.Cause{Text: text + "; " + java, Remedy: remedy})
}

// taken says that no suite which the connector enables takes the key that it serves.
func (x *examination) taken(key crypto.Signer) {
	if x.tls == nil || key == nil {
		return
	}
	if f, ok := x.tls.Takes(key.Public()); !ok {
		x.tomcatFinding("key-suites", f)
	}
}

// about reports on a file with the place where the configuration names it.
func (x *examination) about(s finding.Severity, id string, cause machine.Cause) {
	text := cause.Text
	if place := x.file.at.String(); place != "" {
		text = fmt.Sprintf("line %d: %s: %s", x.file.at.Line, place, text)
	}
	x.find(s, id, "", text, shell.Comment(cause.Remedy))
}
