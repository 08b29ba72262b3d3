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

	"gokeytool/internal/console"
)

// Snippet returns the XML of a connector with TLS, to paste into the server.xml
// of a major version of Tomcat: attributes of Connector for 7, the elements
// SSLHostConfig and Certificate from 8 (8.5) on, and for zero. Fields that are
// zero, and connectors' lines and versions, are left out, so that Tomcat's
// defaults stand for them; passwords are written out.
//
// ${...} in names of files and aliases stays what it is to Tomcat, a property; there
// is no way to have it mean itself.
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

// attributeList is a list of attributes to write.
type attributeList []attribute

// add adds pairs of names and values, of which empty ones are left out.
func (l *attributeList) add(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			*l = append(*l, attribute{name: pairs[i], value: pairs[i+1]})
		}
	}
}

// addPassword adds a password, which may be empty, but not nil.
func (l *attributeList) addPassword(name string, password []byte) {
	if password != nil {
		*l = append(*l, attribute{name: name, value: string(password)})
	}
}

// begin writes the start of a tag and its attributes.
func (w *snippetWriter) begin(name string, attributes attributeList) {
	const width = 100
	margin := strings.Repeat("    ", w.indent)
	line := margin + "<" + name
	for i, a := range attributes {
		at := a.name + `="` + w.escape(a.name, a.value) + `"`
		if len(line)+1+len(at) > width && i > 0 {
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
		case !console.Visible(r):
			fmt.Fprintf(&b, "&#x%x;", r) // whoever pastes it sees what it is
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

// password checks a password that is written out.
func (w *snippetWriter) password(whose string, password []byte) []byte {
	if strings.Contains(string(password), "${") {
		w.fail("the password of %s has %q in it, which Tomcat takes for a property: use a password file", whose, "${")
	}
	return password
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
	var attributes attributeList
	attributes.add("port", strconv.Itoa(c.Port), "address", c.Address, "protocol", protocolNIO, "SSLEnabled", "true",
		"defaultSSLHostConfigName", name, "strictSni", strict)
	w.begin(elementConnector, attributes)
	w.b.WriteString(">\n")
	w.indent++
	if c.HTTP2 {
		w.begin("UpgradeProtocol", attributeList{{name: "className", value: "org.apache.coyote.http2.Http2Protocol"}})
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
	trustType, trustProvider := h.trusts()
	var attributes attributeList
	attributes.add("hostName", name,
		"protocols", protocolSum(h.Protocols), "ciphers", h.Ciphers, "honorCipherOrder", isTrue(h.HonorCipherOrder), "groups", w.groups(h.Groups),
		"certificateVerification", verificationName(h.Verification, "optional", "required"), "certificateVerificationDepth", number(h.VerificationDepth, 10),
		"truststoreFile", t.File, "truststoreType", trustType, "truststoreProvider", trustProvider)
	attributes.addPassword("truststorePassword", w.password("the truststore", t.Password))
	attributes.add("caCertificateFile", h.CACertificateFile, "caCertificatePath", h.CACertificatePath,
		"certificateRevocationListFile", h.CRLFile, "certificateRevocationListPath", h.CRLPath,
		"revocationEnabled", isTrue(h.RevocationEnabled), "ocspEnabled", isTrue(h.OCSPEnabled),
		"sessionCacheSize", number(h.SessionCacheSize, -1), "sessionTimeout", number(int(h.SessionTimeout/time.Second), 86400),
		"disableSessionTickets", isTrue(h.NoTickets))
	w.begin(elementSSLHost, attributes)
	if len(h.Certificates) == 0 {
		w.fail("the host %s has no certificate", strings.Join(h.Names, ""))
	}
	w.b.WriteString(">\n")
	w.indent++
	for i := range h.Certificates {
		w.certificate(&h.Certificates[i])
	}
	w.indent--
	w.b.WriteString(strings.Repeat("    ", w.indent) + "</" + elementSSLHost + ">\n")
}

// certificate writes a Certificate.
func (w *snippetWriter) certificate(c *Certificate) {
	password, keyPassword := w.passwords(c)
	var attributes attributeList
	attributes.add(c.files("certificateFile", "certificateKeyFile", "certificateChainFile", "certificateKeystoreFile")...)
	attributes.add("certificateKeystoreType", c.KeystoreType, "certificateKeystoreProvider", c.KeystoreProvider)
	attributes.addPassword("certificateKeystorePassword", password)
	attributes.add("certificateKeystorePasswordFile", c.KeystorePasswordFile, "certificateKeyAlias", c.KeyAlias)
	attributes.addPassword("certificateKeyPassword", keyPassword)
	attributes.add("certificateKeyPasswordFile", c.KeyPasswordFile, attributeType, c.Type)
	w.begin(elementCertificate, attributes)
	w.b.WriteString("/>\n")
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
func (w *snippetWriter) passwords(c *Certificate) (store, key []byte) {
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
	password, keyPassword := w.passwords(cert)
	files := cert.files("SSLCertificateFile", "SSLCertificateKeyFile", "SSLCertificateChainFile", "keystoreFile")
	protocol := protocolNIO
	if cert.PEM() {
		protocol = protocolAPR
	}
	var attributes attributeList
	attributes.add("port", strconv.Itoa(c.Port), "address", c.Address, "protocol", protocol, "SSLEnabled", "true", "scheme", "https", "secure", "true")
	if cert.PEM() {
		attributes.add("SSLProtocol", protocolSum(h.Protocols), "SSLCipherSuite", h.Ciphers, "SSLHonorCipherOrder", isTrue(h.HonorCipherOrder),
			"SSLVerifyClient", verificationName(h.Verification, "optional", "require"), "SSLVerifyDepth", number(h.VerificationDepth, 10),
			"SSLCACertificateFile", h.CACertificateFile, "SSLCACertificatePath", h.CACertificatePath,
			"SSLCARevocationFile", h.CRLFile, "SSLCARevocationPath", h.CRLPath, "SSLDisableSessionTickets", isTrue(h.NoTickets))
		attributes.add(files...)
		attributes.addPassword("SSLPassword", keyPassword)
	} else {
		t := &h.Truststore
		trustType, trustProvider := h.trusts()
		attributes.add("sslEnabledProtocols", strings.ReplaceAll(protocolSum(h.Protocols), "+", ","), "ciphers", w.javaNames(version, h.Ciphers),
			"useServerCipherSuitesOrder", isTrue(h.HonorCipherOrder),
			"clientAuth", verificationName(h.Verification, "want", "true"), "trustMaxCertLength", number(h.VerificationDepth, 10),
			"truststoreFile", t.File, "truststoreType", trustType, "truststoreProvider", trustProvider)
		attributes.addPassword("truststorePass", w.password("the truststore", t.Password))
		attributes.add("crlFile", h.CRLFile, "sessionCacheSize", number(h.SessionCacheSize, -1), "sessionTimeout", number(int(h.SessionTimeout/time.Second), 86400))
		attributes.add(files...)
		attributes.add("keystoreType", cert.KeystoreType, "keystoreProvider", cert.KeystoreProvider)
		attributes.addPassword("keystorePass", password)
		attributes.add("keyAlias", cert.KeyAlias)
		attributes.addPassword("keyPass", keyPassword)
	}
	w.begin(elementConnector, attributes)
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
