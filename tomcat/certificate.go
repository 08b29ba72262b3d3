package tomcat

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gokeytool/finding"
)

// types reports on several certificates of a host.
func (r *reader) types(e *element, certificates []Certificate) {
	seen := make(map[string]bool)
	for _, c := range certificates {
		at := &setting{element: elementCertificate, name: attributeType, line: c.Line}
		switch {
		case c.Type == "":
			r.say(at, finding.Error, "of several certificates, each needs a type: Tomcat does not start at all (\"Multiple certificates were specified and at least one is missing the required attribute type\")",
				"set type to RSA or EC, as the key is")
			return
		case seen[c.Type]:
			r.say(at, finding.Error, fmt.Sprintf("a second certificate of the type %s is never served", c.Type), fmt.Sprintf("leave one, or put them into hosts of their own (%s hostName)", e.name))
		}
		seen[c.Type] = true
	}
}

// certificate reads the settings of a Certificate.
func (r *reader) certificate(e *element, list settings) Certificate {
	c := Certificate{
		Line:                 e.line,
		KeystoreType:         list.text("certificateKeystoreType"),
		KeystoreProvider:     list.text("certificateKeystoreProvider"),
		KeystorePassword:     secret(list.get("certificateKeystorePassword")),
		KeystorePasswordFile: r.file(list.get("certificateKeystorePasswordFile")),
		KeyAlias:             list.text("certificateKeyAlias"),
		KeyPassword:          secret(list.get("certificateKeyPassword")),
		KeyPasswordFile:      r.file(list.get("certificateKeyPasswordFile")),
		CertificateFile:      r.file(list.get("certificateFile")),
		KeyFile:              r.file(list.get("certificateKeyFile")),
		ChainFile:            r.file(list.get("certificateChainFile")),
	}
	if at := list.get(attributeType); at != nil {
		switch at.value {
		case "RSA", "EC", "DSA", "MLDSA":
			c.Type = at.value
		case "", "UNDEFINED":
		default:
			remedy := "write RSA, EC, DSA or MLDSA"
			if upper := strings.ToUpper(at.value); upper == "RSA" || upper == "EC" || upper == "DSA" || upper == "MLDSA" {
				remedy = "write " + upper
			}
			r.say(at, finding.Warning, fmt.Sprintf("Tomcat does not know the type %q, and goes on as if there were none", at.value), remedy)
		}
	}
	if at := list.get("certificateKeyAlias"); at != nil && at.value == "" {
		r.say(at, finding.Error, "the alias is empty: Tomcat does not start this connector (\"Alias name [] does not identify a key entry\")", "name the entry, or leave the attribute out for the first key")
	}
	c.KeystorePassword = r.passwordFile(list.get("certificateKeystorePasswordFile"), c.KeystorePasswordFile, c.KeystorePassword)
	c.KeyPassword = r.passwordFile(list.get("certificateKeyPasswordFile"), c.KeyPasswordFile, c.KeyPassword)
	if r.isPEM(list) {
		r.pem(e, list, &c)
	} else {
		r.keystore(e, list, &c)
	}
	return c
}

// passwordFile reads the first line of a password file, which comes before a
// password that is written out.
func (r *reader) passwordFile(at *setting, name string, otherwise []byte) []byte {
	if at == nil || at.value == "" {
		return otherwise
	}
	clear(otherwise)
	if r.opt.ReadFile == nil {
		return nil
	}
	data, err := r.opt.ReadFile(name)
	if err != nil {
		r.say(at, finding.Error, fmt.Sprintf("the password file can't be read: %v", err), "")
		return nil
	}
	defer clear(data)
	if i := bytes.IndexAny(data, "\r\n"); i >= 0 {
		return bytes.Clone(data[:i])
	}
	return bytes.Clone(data)
}

// isPEM says where a certificate is kept: the first attribute that belongs to
// one of the two ways decides, and Tomcat warns of the others.
func (r *reader) isPEM(list settings) bool {
	var first *setting
	pem := false
	for i := range list {
		at := &list[i]
		this := false
		switch {
		case at.key == "certificateFile", at.key == "certificateKeyFile", at.key == "certificateChainFile":
			this = true
		case ofKeystore(*at):
		default:
			continue
		}
		switch {
		case first == nil:
			first, pem = at, this
		case this != pem:
			r.say(at, finding.Warning, fmt.Sprintf("a certificate is either in a keystore or in PEM files; %s stands first and decides, and this is ignored", first.name), "remove one of them")
			return pem
		}
	}
	return pem
}

// ofKeystore says whether a setting has Tomcat look for a keystore.
func ofKeystore(at setting) bool {
	switch at.key {
	case "certificateKeystoreFile", "certificateKeystorePassword", "certificateKeystorePasswordFile", "certificateKeystoreProvider", "certificateKeystoreType":
		return true
	}
	return false
}

// pem completes a certificate in PEM files.
func (r *reader) pem(e *element, list settings, c *Certificate) {
	c.KeystoreFile, c.KeystoreType, c.KeystoreProvider, c.KeystorePasswordFile = "", "", "", ""
	clear(c.KeystorePassword)
	c.KeystorePassword = nil
	if c.CertificateFile == "" {
		r.about(e, finding.Error, "it has a key in a PEM file but no certificate: Tomcat does not start this connector (\"SSLHostConfig attribute certificateFile must be defined\")",
			"set "+r.dialect(list, "certificateFile", "SSLCertificateFile"))
		return
	}
	if c.KeyFile == "" {
		c.KeyFile = c.CertificateFile
	}
}

// keystore completes a certificate in a keystore.
func (r *reader) keystore(e *element, list settings, c *Certificate) {
	c.CertificateFile, c.KeyFile, c.ChainFile = "", "", ""
	typ := list.get("certificateKeystoreType")
	if typ != nil {
		c.KeystoreType, c.KeystoreTypeGiven = r.storeType(typ), typ.value
	} else if name, ok := r.lookup("javax.net.ssl.keyStoreType"); ok && strings.EqualFold(name, TokenType) {
		c.KeystoreType, c.KeystoreTypeGiven = TokenType, name
	}
	c.KeystorePasswordGiven = list.get("certificateKeystorePassword") != nil
	if c.KeystoreType == TokenType {
		r.token(e, list, c)
		return
	}
	at := list.get("certificateKeystoreFile")
	switch {
	case at == nil:
		home, ok := r.lookup("user.home")
		if !ok {
			home = "${user.home}"
		}
		c.KeystoreFile = filepath.Join(home, ".keystore")
		remedy := "set " + r.dialect(list, "certificateKeystoreFile", "keystoreFile")
		if r.version < 8 || slices.ContainsFunc(list, ofKeystore) {
			r.about(e, finding.Warning, "it names no keystore: Tomcat takes "+c.KeystoreFile+", in the home of the user it runs as", remedy)
			break
		}
		// SSLHostConfigCertificate takes its default only once another attribute has
		// said that it is a keystore.
		r.about(e, finding.Error, "it names neither a keystore nor PEM files: Tomcat does not start this connector, not even where there is "+c.KeystoreFile+
			" (\"SSLHostConfig attribute certificateFile must be defined\")", remedy)
	case at.value == "" || strings.EqualFold(at.value, "NONE"):
		text, remedy := "a keystore without a file is one of Java's alone, and can't be served here", "use a keystore file of the type PKCS12, JKS or JCEKS"
		if c.KeystoreType == "" || c.KeystoreType == "JCEKS" || c.KeystoreType == CaseExactJKS {
			text = "without a file, a keystore of this type is empty: Tomcat does not start this connector (\"No aliases for private keys found in key store\")"
			remedy = "name the file, or set " + r.dialect(list, "certificateKeystoreType", "keystoreType") + " to PKCS11 if the key is in a token"
		}
		r.say(at, finding.Error, text, remedy)
	default:
		c.KeystoreFile = r.file(at)
	}
	if at := list.get("certificateKeystoreProvider"); at != nil {
		if strings.HasPrefix(at.value, tokenProvider) {
			given := cmp.Or(c.KeystoreTypeGiven, "JKS")
			r.say(at, finding.Error, fmt.Sprintf("the provider %s has no keystores of the type %s: Tomcat does not start this connector (\"%[2]s not found\")", clip(at.value, 60), clip(given, 60)),
				"remove it, or set "+r.dialect(list, "certificateKeystoreType", "keystoreType")+" to PKCS11 if the key is in a token")
		} else {
			r.say(at, finding.Warning, "Java's security providers have no part in what is served here", "")
		}
	}
	if c.KeystorePassword == nil && c.KeystorePasswordFile == "" && r.version < 12 {
		c.KeystorePassword = []byte(defaultPassword)
	}
}

// defaultPassword is the one that Tomcat tries where none is configured.
const defaultPassword = "changeit"

// storeType checks the type of a keystore. The types that Java tells from each
// other by the content are returned empty.
func (r *reader) storeType(at *setting) string {
	switch kind := strings.ToUpper(at.value); kind {
	case "JKS", "PKCS12":
		return ""
	case "JCEKS", CaseExactJKS:
		return kind
	case "BKS", "BCFKS", "UBER":
		r.say(at, finding.Error, fmt.Sprintf("keystores of the type %s can't be served here, nor by Java without BouncyCastle's provider (\"%s not found\")", at.value, at.value), "copy the key to a PKCS12 keystore with convert, and write PKCS12")
		return kind
	case TokenType:
		return kind
	case "DKS", "WINDOWS-MY", "WINDOWS-ROOT", "KEYCHAINSTORE":
		r.say(at, finding.Error, fmt.Sprintf("keystores of the type %s can't be served here", at.value), "copy the key to a PKCS12 keystore, where it may leave its store")
		return kind
	default:
		remedy := "write PKCS12, JKS or JCEKS"
		if trimmed := strings.TrimSpace(kind); trimmed != kind && (trimmed == "JKS" || trimmed == "PKCS12" || trimmed == "JCEKS" || trimmed == TokenType) {
			remedy = "write " + trimmed + ", without blanks"
		}
		if kind == "PKCS#11" || kind == "P11" || strings.HasPrefix(kind, strings.ToUpper(tokenProvider)) {
			remedy = "write PKCS11"
		} else if kind == "P12" || kind == "PFX" || kind == "PKCS#12" {
			remedy = "write PKCS12"
		} else if kind == "PEM" {
			remedy = "use " + map[bool]string{true: "SSLCertificateFile and SSLCertificateKeyFile", false: "certificateFile and certificateKeyFile"}[at.element == elementConnector]
		}
		r.say(at, finding.Error, fmt.Sprintf("Java has no keystores of the type %q: Tomcat does not start this connector (\"%s not found\")", at.value, clip(at.value, 60)), remedy)
		return kind
	}
}
