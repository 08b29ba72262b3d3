package tomcat

import (
	"fmt"
	"strings"

	"gokeytool/finding"
)

// TokenType is the KeystoreType of a PKCS #11 token, for which Tomcat reads no file.
const TokenType = "PKCS11"

// tokenProvider is the name of Java's provider for tokens. That of a token has a minus
// and the name of its configuration behind it.
const tokenProvider = "SunPKCS11"

// Token reports whether the certificate is in a PKCS #11 token. Then KeystoreFile is
// empty, and KeystorePassword is the PIN: nil where none is written, as Tomcat's default
// must not be tried on a token.
func (c *Certificate) Token() bool { return !c.PEM() && c.KeystoreType == TokenType }

// Token reports whether the trusted certificates are in a PKCS #11 token. File is then
// what is written, which Tomcat does not look at.
func (t *Truststore) Token() bool { return t.Type == TokenType }

// token completes a certificate in a token (SSLUtilBase.getStore, P11KeyStore).
func (r *reader) token(e *element, list settings, c *Certificate) {
	c.KeystoreFile = ""
	if at := list.get("certificateKeystoreFile"); at != nil && at.value != "" && !strings.EqualFold(at.value, "NONE") {
		r.say(at, finding.Warning, "Tomcat does not look at it: a keystore of the type PKCS11 is a token, and no file", "remove it, or set "+r.dialect(list, "certificateKeystoreType", "keystoreType")+" to what the file is")
	}
	r.tokenProvider(list.get("certificateKeystoreProvider"))
	for _, name := range []string{"certificateKeyPassword", "certificateKeyPasswordFile"} {
		if at := list.get(name); at != nil {
			r.say(at, finding.Info, "the keys of a token have no passwords of their own: Tomcat does not look at it", "remove it")
		}
	}
	attribute := r.dialect(list, "certificateKeystorePassword", "keystorePass")
	at := list.get("certificateKeystorePasswordFile")
	if at == nil || at.value == "" {
		at = list.get("certificateKeystorePassword")
	}
	switch {
	case at == nil && r.version < 12:
		r.about(e, finding.Error, "it has no PIN: Tomcat tries its default password, changeit, as the PIN of the token, which costs one of the token's tries at each start, and does not start this connector (\"CKR_PIN_INCORRECT\")",
			fmt.Sprintf("set %s to the PIN, or to \"\" where the token needs none, or has keys of its own to enter it", attribute))
	case at == nil, c.KeystorePasswordFile == "" && at.value == "":
		text := "it has no PIN"
		if at != nil {
			text = "the PIN is empty"
		}
		text += ": Tomcat starts this connector only with a token that needs none, or has keys of its own to enter it (\"no password provided, and no callback handler available\")"
		remedy := fmt.Sprintf("set %s to the PIN", attribute)
		if at == nil {
			r.about(e, finding.Warning, text, remedy)
			return
		}
		r.say(at, finding.Warning, text, remedy)
	case string(c.KeystorePassword) == defaultPassword:
		r.say(at, finding.Warning, "this is Tomcat's default password: where it is not the token's PIN, each start costs one of the token's tries", fmt.Sprintf("set %s to the PIN", attribute))
	}
}

// tokenProvider reports names of Java's providers that have no tokens.
func (r *reader) tokenProvider(at *setting) {
	if at == nil {
		return
	}
	name, given := at.value, clip(at.value, 60)
	prefix := tokenProvider + "-"
	const named = "write SunPKCS11- and the name that the provider's configuration has (name = ...), as SunPKCS11-SoftHSM"
	switch {
	case name == "":
		r.say(at, finding.Error, "the provider is empty: Tomcat does not start this connector (\"missing provider\")", named+", or remove it")
	case name == tokenProvider, name == prefix:
		r.say(at, finding.Error, fmt.Sprintf("%s is the provider without a token: Tomcat does not start this connector (\"PKCS11 not found\")", given), named)
	case strings.HasPrefix(name, prefix):
	case len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix), strings.EqualFold(name, tokenProvider):
		r.say(at, finding.Error, fmt.Sprintf("Java tells capitals from small letters in names of providers: Tomcat does not start this connector (\"no such provider: %s\")", given), named)
	case ofJava(name):
		r.say(at, finding.Error, fmt.Sprintf("the provider %s has no keystores of the type PKCS11: Tomcat does not start this connector (\"PKCS11 not found\")", given), named)
	default:
		r.say(at, finding.Warning, fmt.Sprintf("%q is none of Java's own providers: what its tokens are is not known here", given), "")
	}
}

// ofJava says whether a provider is one of Java's own, those for tokens excepted.
func ofJava(provider string) bool {
	switch strings.ToUpper(provider) {
	case "SUN", "SUNRSASIGN", "SUNEC", "SUNJSSE", "SUNJCE", "SUNJGSS", "SUNSASL", "XMLDSIG", "SUNPCSC", "JDKLDAP", "JDKSASL", "SUNMSCAPI", "APPLE":
		return true
	}
	return false
}

// trustedInToken says where Tomcat looks for trusted certificates beside a certificate in
// a token: the type and the provider of a truststore are the certificate's where they are
// not given (SSLHostConfig.getTruststoreType and getTruststoreProvider).
func (r *reader) trustedInToken(h *SSLHost, list settings) {
	t := &h.Truststore
	if t.File == "" || len(h.Certificates) != 1 || !h.Certificates[0].Token() {
		return
	}
	at, given := list.get("truststoreFile"), list.get("truststoreType")
	if at == nil { // it comes from a property
		at = &setting{element: elementSSLHost, name: "truststoreFile", line: h.Line}
	}
	provider := r.dialect(list, "truststoreProvider", "truststoreProvider")
	ours := h.Certificates[0].KeystoreProvider
	switch {
	case given == nil:
		t.Type = TokenType
		remedy := "set truststoreType to PKCS12"
		if ours != "" && t.Provider == "" {
			remedy += ", and " + provider + " to SUN"
		}
		r.say(at, finding.Error, fmt.Sprintf("without a truststoreType, Tomcat takes that of the certificate: it looks for trusted certificates in the token, not in %s, and does not start this connector where the token has none (\"the trustAnchors parameter must be non-empty\")", clip(t.File, 200)), remedy)
	case !t.Token() && t.Provider == "" && ours != "":
		r.say(given, finding.Error, fmt.Sprintf("without a truststoreProvider, Tomcat takes that of the certificate, %s, which has none but tokens: it does not start this connector (\"%s not found\")", clip(ours, 60), clip(given.value, 60)), "set "+provider+" to SUN")
	}
}

// trusts are the type and the provider of a truststore as they have to be written, so that
// those of a certificate in a token do not stand for them.
func (h *SSLHost) trusts() (typ, provider string) {
	t := &h.Truststore
	typ, provider = t.Type, t.Provider
	if t.File == "" || len(h.Certificates) != 1 || !h.Certificates[0].Token() || t.Token() {
		return typ, provider
	}
	if typ == "" {
		typ = "PKCS12" // Java opens JKS by that name, too
	}
	if provider == "" && h.Certificates[0].KeystoreProvider != "" {
		provider = "SUN"
	}
	return typ, provider
}
