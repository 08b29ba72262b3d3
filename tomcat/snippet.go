package tomcat

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Snippet returns the XML of a connector with TLS, to paste into the server.xml
// of a major version of Tomcat: attributes of Connector for 7, the elements
// SSLHostConfig and Certificate from 8 (8.5) on, and for zero. Fields that are
// zero, and connectors' lines and versions, are left out, so that Tomcat's
// defaults stand for them; passwords are written out.
//
// Reading it back gives the same connector. The error tells of what that
// version, or XML, can't say.
func Snippet(version int, c Connector) (string, error) {
	w := snippetWriter{}
	if version != 0 && version < 8 {
		w.flat(version, c)
	} else {
		w.modern(version, c)
	}
	if w.err != nil {
		return "", w.err
	}
	return w.b.String(), nil
}

// snippetWriter writes elements, of which one begins before it is known whether
// it has children.
type snippetWriter struct {
	b      strings.Builder
	indent int
	err    error
}

// begin writes the start of a tag and its attributes, pairs of names and
// values, of which empty ones are left out.
func (w *snippetWriter) begin(name string, attributes ...string) {
	const width = 100
	margin := strings.Repeat("    ", w.indent)
	line := margin + "<" + name
	for i := 0; i < len(attributes); i += 2 {
		if attributes[i+1] == "" {
			continue
		}
		at := attributes[i] + `="` + w.escape(attributes[i], attributes[i+1]) + `"`
		if len(line)+1+len(at) > width && strings.TrimSpace(line) != "<"+name {
			w.b.WriteString(line + "\n")
			line = margin + strings.Repeat(" ", len(name)+1)
		}
		line += " " + at
	}
	w.b.WriteString(line)
}

// escape makes a value of an attribute out of a text.
func (w *snippetWriter) escape(name, text string) string {
	if !utf8.ValidString(text) {
		w.fail("%s is not UTF-8", name)
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\t', r == '\n', r == '\r':
			// Tomcat, but not encoding/xml, tells a line end written
			// as a reference from a space. No name has one.
			w.fail("%s has a line end or tab in it", name)
		case r < ' ', r == 0xfffe, r == 0xffff, r == utf8.RuneError:
			w.fail("%s has a character that XML can't say", name)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (w *snippetWriter) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("tomcat: "+format, args...)
	}
}

// password is a password as the value of an attribute.
func (w *snippetWriter) password(name string, password []byte) string {
	// Tomcat would look for a property.
	if strings.Contains(string(password), "${") {
		w.fail("the password for %s has %q in it, which Tomcat takes for a property: use a password file", name, "${")
	}
	return string(password)
}

// modern writes the dialect of 8.5 and later.
func (w *snippetWriter) modern(version int, c Connector) {
	if len(c.Hosts) == 0 {
		w.fail("the connector has no host")
		return
	}
	name := c.DefaultHost
	if name == DefaultHostName {
		name = ""
	}
	// From 9 on, and 10 where the version is not given, it is the default.
	strict := ""
	if byDefault := version == 0 || version >= 9; c.StrictSNI != byDefault && c.Version != 0 {
		strict = strconv.FormatBool(c.StrictSNI)
	}
	w.begin(elementConnector, "port", strconv.Itoa(c.Port), "address", c.Address, "protocol", protocolNIO, "SSLEnabled", "true",
		"defaultSSLHostConfigName", name, "strictSni", strict)
	w.b.WriteString(">\n")
	w.indent++
	if c.HTTP2 {
		w.begin("UpgradeProtocol", "className", "org.apache.coyote.http2.Http2Protocol")
		w.b.WriteString("/>\n")
	}
	for i := range c.Hosts {
		w.host(&c.Hosts[i])
	}
	w.indent--
	w.b.WriteString("</" + elementConnector + ">\n")
}

// host writes an SSLHostConfig.
func (w *snippetWriter) host(h *SSLHost) {
	if len(h.Names) > 1 {
		w.fail("an SSLHostConfig has one name, not %d", len(h.Names))
	}
	name := strings.Join(h.Names, "")
	if name == DefaultHostName {
		name = ""
	}
	t := &h.Truststore
	w.begin(elementSSLHost, "hostName", name,
		"protocols", protocolSum(h.Protocols), "ciphers", h.Ciphers, "honorCipherOrder", isTrue(h.HonorCipherOrder), "groups", w.groups(h.Groups),
		"certificateVerification", verificationName(h.Verification, "optional", "required"), "certificateVerificationDepth", number(h.VerificationDepth, 10),
		"truststoreFile", t.File, "truststoreType", t.Type, "truststoreProvider", t.Provider, "truststorePassword", w.password("the truststore", t.Password),
		"caCertificateFile", h.CACertificateFile, "caCertificatePath", h.CACertificatePath,
		"certificateRevocationListFile", h.CRLFile, "certificateRevocationListPath", h.CRLPath,
		"revocationEnabled", isTrue(h.RevocationEnabled), "ocspEnabled", isTrue(h.OCSPEnabled),
		"sessionCacheSize", number(h.SessionCacheSize, -1), "sessionTimeout", number(int(h.SessionTimeout/time.Second), 86400),
		"disableSessionTickets", isTrue(h.NoTickets))
	if len(h.Certificates) == 0 {
		w.fail("the host %s has no certificate", strings.Join(h.Names, ""))
	}
	w.b.WriteString(">\n")
	w.indent++
	for i := range h.Certificates {
		c := &h.Certificates[i]
		password, keyPassword := w.passwords(c)
		w.begin(elementCertificate, append(c.files("certificateFile", "certificateKeyFile", "certificateChainFile", "certificateKeystoreFile"),
			"certificateKeystoreType", c.KeystoreType, "certificateKeystoreProvider", c.KeystoreProvider,
			"certificateKeystorePassword", password, "certificateKeystorePasswordFile", c.KeystorePasswordFile,
			"certificateKeyAlias", c.KeyAlias,
			"certificateKeyPassword", keyPassword, "certificateKeyPasswordFile", c.KeyPasswordFile,
			attributeType, c.Type)...)
		w.b.WriteString("/>\n")
	}
	w.indent--
	w.b.WriteString(strings.Repeat("    ", w.indent) + "</" + elementSSLHost + ">\n")
}

// files are the names of a certificate's files, under the attributes of a
// dialect.
func (c *Certificate) files(certificate, key, chain, keystore string) []string {
	if !c.PEM() {
		return []string{keystore, c.KeystoreFile}
	}
	keyFile := c.KeyFile
	if keyFile == c.CertificateFile {
		keyFile = ""
	}
	return []string{certificate, c.CertificateFile, key, keyFile, chain, c.ChainFile}
}

// passwords are those of a certificate, unless they are in files.
func (w *snippetWriter) passwords(c *Certificate) (store, key string) {
	if c.KeystorePasswordFile == "" {
		store = w.password("the keystore", c.KeystorePassword)
	}
	if c.KeyPasswordFile == "" {
		key = w.password("the key", c.KeyPassword)
	}
	return store, key
}

// flat writes the dialect of Tomcat 7.
func (w *snippetWriter) flat(version int, c Connector) {
	if len(c.Hosts) != 1 || len(c.Hosts[0].Certificates) != 1 {
		w.fail("a connector of Tomcat %d has one host with one certificate", version)
		return
	}
	h := &c.Hosts[0]
	cert := &h.Certificates[0]
	switch {
	case cert.KeystorePasswordFile != "" || cert.KeyPasswordFile != "":
		w.fail("Tomcat %d has no password files", version)
	case c.HTTP2:
		w.fail("Tomcat %d has no HTTP/2", version)
	case len(h.Groups) > 0:
		w.fail("Tomcat %d can't choose groups", version)
	}
	attributes := []string{"port", strconv.Itoa(c.Port), "address", c.Address}
	password, keyPassword := w.passwords(cert)
	files := cert.files("SSLCertificateFile", "SSLCertificateKeyFile", "SSLCertificateChainFile", "keystoreFile")
	if cert.PEM() {
		attributes = append(attributes, "protocol", protocolAPR, "SSLEnabled", "true", "scheme", "https", "secure", "true",
			"SSLProtocol", protocolSum(h.Protocols), "SSLCipherSuite", h.Ciphers, "SSLHonorCipherOrder", isTrue(h.HonorCipherOrder),
			"SSLVerifyClient", verificationName(h.Verification, "optional", "require"), "SSLVerifyDepth", number(h.VerificationDepth, 10),
			"SSLCACertificateFile", h.CACertificateFile, "SSLCACertificatePath", h.CACertificatePath,
			"SSLCARevocationFile", h.CRLFile, "SSLCARevocationPath", h.CRLPath, "SSLDisableSessionTickets", isTrue(h.NoTickets))
		attributes = append(attributes, files...)
		attributes = append(attributes, "SSLPassword", keyPassword)
	} else {
		t := &h.Truststore
		attributes = append(attributes, "protocol", protocolNIO, "SSLEnabled", "true", "scheme", "https", "secure", "true",
			"sslEnabledProtocols", strings.ReplaceAll(protocolSum(h.Protocols), "+", ","), "ciphers", w.javaNames(version, h.Ciphers),
			"useServerCipherSuitesOrder", isTrue(h.HonorCipherOrder),
			"clientAuth", verificationName(h.Verification, "want", "true"), "trustMaxCertLength", number(h.VerificationDepth, 10),
			"truststoreFile", t.File, "truststoreType", t.Type, "truststoreProvider", t.Provider, "truststorePass", w.password("the truststore", t.Password),
			"crlFile", h.CRLFile, "sessionCacheSize", number(h.SessionCacheSize, -1), "sessionTimeout", number(int(h.SessionTimeout/time.Second), 86400))
		attributes = append(attributes, files...)
		attributes = append(attributes, "keystoreType", cert.KeystoreType, "keystoreProvider", cert.KeystoreProvider,
			"keystorePass", password, "keyAlias", cert.KeyAlias, "keyPass", keyPassword)
	}
	w.begin(elementConnector, attributes...)
	w.b.WriteString("/>\n")
}

// javaNames spells out a cipher list in Java's names, the only ones that Tomcat
// 7 takes.
func (w *snippetWriter) javaNames(version int, list string) string {
	if list == "" {
		return ""
	}
	l, err := ParseCiphers(list)
	if err != nil {
		w.err = errors.Join(w.err, err)
		return ""
	}
	var names []string
	for _, s := range l.Suites {
		if s.JSSE != "" {
			names = append(names, s.JSSE)
		}
	}
	if len(names) == 0 {
		w.fail("Java has no cipher suite of the list, and Tomcat %d knows Java's only", version)
	}
	return strings.Join(names, ",")
}

// groups are Tomcat's names of groups.
func (w *snippetWriter) groups(ids []tls.CurveID) string {
	var names []string
	for _, id := range ids {
		i := slices.IndexFunc(namedGroups[:], func(g namedGroup) bool { return g.id == id })
		if i < 0 {
			w.fail("Tomcat has no name for the group %d", id)
			return ""
		}
		names = append(names, namedGroups[i].name)
	}
	return strings.Join(names, ",")
}

// protocolSum writes versions with the "+" that Tomcat does not warn of.
func protocolSum(versions []uint16) string {
	return strings.ReplaceAll(protocolNames(versions), ", ", "+")
}

// verificationName is the word of a dialect for a Verification, and nothing for
// the default.
func verificationName(v Verification, optional, required string) string {
	switch v {
	case VerificationNone:
		return ""
	case VerificationRequired:
		return required
	case VerificationOptionalNoCA:
		if optional == "optional" {
			return v.String()
		}
	}
	return optional
}

// number writes a number, and nothing for zero and the default.
func number(n, byDefault int) string {
	if n == 0 || n == byDefault || n < 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// isTrue writes true, and nothing for false, which is the default.
func isTrue(v bool) string {
	if v {
		return "true"
	}
	return ""
}
