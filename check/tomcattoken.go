package check

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gokeytool/finding"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/tomcat"
	"gokeytool/tomcat/disk"
	"gokeytool/tomcat/jvm"
)

// hasToken says whether a connector's key, or what it trusts, is in a token.
func hasToken(c tomcat.Connector) bool {
	return slices.ContainsFunc(c.Hosts, func(h tomcat.SSLHost) bool {
		return h.Truststore.Token() || slices.ContainsFunc(h.Certificates, func(c tomcat.Certificate) bool { return c.Token() })
	})
}

// javaOf is what is known of the Java of the Tomcat in a directory.
func javaOf(base string, o Options) *jvm.Machine {
	none := func(string) (string, bool) { return "", false }
	at := jvm.Place{Base: base, ReadFile: disk.ReadFile, Property: o.Lookup, Env: o.Env}
	if absolute, err := filepath.Abs(base); err == nil {
		at.Base = absolute
	}
	if at.Property == nil {
		at.Property = none
	}
	if at.Env == nil {
		at.Env = none
	}
	return jvm.Find(at)
}

// configuredToken makes the verdict on the token of a Certificate. It is the one that was
// named beside the server.xml, if one was: with the PIN that is configured none is opened,
// as a wrong one costs a try.
func configuredToken(c *tomcat.Connector, h *tomcat.SSLHost, cert *tomcat.Certificate, path, at string, java *jvm.Machine, o Options) Verdict {
	u := use{named: true, role: "keystore of " + at, server: true, only: true, hosts: h.Served(c), certificate: cert, connector: c, tls: h}
	if t := o.oneToken(); t != nil {
		v := examineToken(t, o, u)
		x := &examination{o: o, use: u, Verdict: v}
		x.provider(java)
		x.samePIN(t)
		if v.Status != Unchecked {
			x.Status = ""
		}
		return x.finish()
	}
	x := newExamination(tokenPath(cert.KeystoreProvider), o, u)
	x.Type, x.Status = store.PKCS11, Unchecked
	x.provider(java)
	var p *jvm.Provider
	if java != nil {
		p = java.Provider(cert.KeystoreProvider)
	}
	x.find(finding.Warning, "token", "", "the token was not looked at: the PIN of the configuration is not tried, as a wrong one counts. Name the token beside the server.xml, with its PIN",
		checkBeside(path, p))
	return x.finish()
}

// tokenPath is what a token is called of which the configuration knows the provider.
func tokenPath(provider string) string {
	return "PKCS11 token of " + cmp.Or(provider, "Java's first provider with one")
}

// trustedToken makes the verdict on a token whose trusted certificates are to verify
// clients.
func trustedToken(h *tomcat.SSLHost, u use, o Options) Verdict {
	u.only = true
	if t := o.oneToken(); t != nil {
		return examineToken(t, o, u)
	}
	x := newExamination(tokenPath(h.Truststore.Provider), o, u)
	x.Type, x.Status = store.PKCS11, Unchecked
	x.find(finding.Warning, "token", "", "the token was not looked at: name it beside the server.xml", "")
	return x.finish()
}

// checkBeside is the line that looks at a token beside a server.xml, by its path.
func checkBeside(path string, p *jvm.Provider) string {
	name := "pkcs11:token=LABEL"
	if p != nil {
		name = p.Config.URI().String()
	}
	return shell.Line("gokeytool", "check", shell.File(path), name, "-storepass:file", "PINFILE")
}

// samePIN says that a PIN which opened the token is not the one of the configuration, with
// which Tomcat tries it.
func (x *examination) samePIN(t *Token) {
	c := x.certificate
	if t.PIN != PasswordGiven || x.o.Password == nil || c.KeystorePassword == nil {
		return
	}
	if string(c.KeystorePassword) != string(x.o.Password) {
		x.tomcatFinding("pin", finding.Finding{Severity: finding.Error, At: c.AtKeystorePassword(), Text: "it is not the PIN that opens the token: Tomcat does not start this connector (\"CKR_PIN_INCORRECT\"), and each start costs one of the token's tries", Remedy: "correct it"})
	}
}

// provider says what the Java of the Tomcat makes of the provider of a Certificate.
func (x *examination) provider(java *jvm.Machine) {
	const id = "token-provider"
	name, at := x.certificate.KeystoreProvider, x.certificate.At("certificateKeystoreProvider")
	if java == nil || name != "" && !strings.HasPrefix(name, "SunPKCS11-") {
		return // the server.xml's own findings have it
	}
	say := func(s finding.Severity, text, remedy string) {
		x.tomcatFinding(id, finding.Finding{Severity: s, At: at, Text: text, Remedy: remedy})
	}
	if p := java.Provider(name); p != nil {
		if _, err := os.Stat(p.Config.Library); errors.Is(err, fs.ErrNotExist) {
			say(finding.Error, fmt.Sprintf("%s names the library %s, which is not there: Java says: Library %[2]s does not exist", cmp.Or(p.File, p.From), p.Config.Library), "install the module, or correct library")
		}
		return
	}
	var names []string
	for _, p := range java.Providers {
		switch {
		case p.Err != nil:
			say(finding.Error, fmt.Sprintf("%s has a provider for tokens that can't be configured: %s", p.From, cause(p.Err)), "correct "+cmp.Or(p.File, p.From))
		case p.Unreached:
			say(finding.Error, fmt.Sprintf("%s has %s under a number that Java does not come to: it stops at the first security.provider.N that is missing", p.From, p.Name), "give it the next number")
		default:
			names = append(names, p.Name)
		}
	}
	how := "write security.provider.N=SunPKCS11 /path/of/p11.cfg, with the next number, into a file, and name it in bin/setenv.sh: CATALINA_OPTS=\"$CATALINA_OPTS -Djava.security.properties=FILE\""
	switch {
	case len(names) > 0:
		severity := finding.Error
		if !java.Complete {
			severity = finding.Warning
		}
		say(severity, fmt.Sprintf("the Java of this Tomcat has no provider %s, but %s: the connector does not start (\"no such provider: %[1]s\")", name, text.Elide(names, 8)), "write "+names[0])
	case len(java.Providers) > 0:
	case java.Complete:
		says := "PKCS11 not found"
		if name != "" {
			says = "no such provider: " + name
		}
		say(finding.Error, fmt.Sprintf("the Java of this Tomcat has no provider with a token: the connector does not start (%s)", strconv.Quote(says)), how)
	default:
		say(finding.Info, "it can't be told which token that is: no file of security properties (java.security.properties) was found, nor the JDK's own", how)
	}
}
