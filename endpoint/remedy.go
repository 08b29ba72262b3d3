package endpoint

import (
	"cmp"
	"crypto/x509"
	"encoding/asn1"
	"strings"

	"gokeytool/internal/shell"
	"gokeytool/x509util"
)

// pem reports whether the identity comes from files in PEM, which openssl
// mends and keytool's commands don't.
func (e *examination) pem() bool { return e.id.StoreType == "PEM" }

// file and keyFile are those of the identity, for a command line.
func (e *examination) file() string { return shell.Quote(cmp.Or(e.id.Keystore, "FILE")) }

func (e *examination) keyFile() string { return shell.Quote(cmp.Or(e.id.KeyFile, "KEY")) }

// bring says how certificates come into the entry: CERTIFICATE, REPLY or CHAIN,
// with a note to the line that does it.
func (e *examination) bring(file, note string) string {
	if note != "" {
		note = "  (" + note + ")"
	}
	switch {
	case !e.pem():
		return e.command("importcert", "-file", file) + note
	case file == "CHAIN": // notes are about importcert's order
		return "write the certificates to " + e.file() + " in order: the server's, its issuer's, and so on"
	}
	return "write " + file + " to " + e.file() + note
}

// bind says how another certificate comes to the key. importcert is no help: it
// wants one for the public key of the certificate that is there.
func (e *examination) bind(note string) string {
	if e.pem() {
		return e.bring("CERTIFICATE", note)
	}
	if note != "" {
		note = "  (" + note + ")"
	}
	return e.command("import -noprompt", "-keyfile", cmp.Or(e.id.Keystore, "FILE"), "-file", "CERTIFICATE") + note
}

// complete is the line that puts the chain in order and adds what is missing,
// from a file of the CA if that is needed.
func (e *examination) complete(file string) string {
	switch {
	case e.pem():
		return e.bring("CHAIN", "")
	case file == "":
		return e.command("chain -complete")
	}
	return e.command("chain -complete -ca " + file)
}

// request is the line that makes a certificate request, with extensions.
func (e *examination) request(names []string, usage string) string {
	if e.pem() {
		return e.openssl("-new", "-key "+e.keyFile(), names, usage, "REQUEST")
	}
	return e.command("certreq", append(extensionArgs(names, usage), "-file", "REQUEST")...)
}

// extensionArgs are the options of gokeytool that ask for extensions.
func extensionArgs(names []string, usage string) []string {
	args := []string{"-ext", "san=" + strings.Join(names, ","), "-ext", "eku=serverAuth"}
	if usage != "" {
		args = append(args, "-ext", "ku="+usage)
	}
	return args
}

// openssl is the line of openssl req that makes a request or a self-signed
// certificate (how) for a key, in out.
func (e *examination) openssl(how, key string, names []string, usage, out string) string {
	alternatives := make([]string, len(names))
	for i, name := range names {
		kind, value, _ := strings.Cut(name, ":")
		if kind != "email" { // the one that openssl writes in small letters
			kind = strings.ToUpper(kind)
		}
		alternatives[i] = kind + ":" + value
	}
	words := []string{"openssl req", how, key, "-subj", shell.Quote(e.opensslSubject()),
		"-addext", shell.Quote("subjectAltName=" + strings.Join(alternatives, ",")), "-addext", "extendedKeyUsage=serverAuth"}
	if usage != "" {
		words = append(words, "-addext", shell.Quote("keyUsage="+usage))
	}
	return strings.Join(append(words, "-out", shell.Quote(out)), " ")
}

// opensslSubject is the certificate's subject as openssl's -subj wants it.
func (e *examination) opensslSubject() string {
	short := map[string]string{"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU"}
	escape := strings.NewReplacer(`\`, `\\`, `/`, `\/`, `+`, `\+`)
	subject := ""
	for _, attribute := range e.strict0().Subject.Names {
		if value, ok := attribute.Value.(string); ok {
			oid := asn1.ObjectIdentifier(attribute.Type).String()
			subject += "/" + cmp.Or(short[oid], oid) + "=" + escape.Replace(value)
		}
	}
	return cmp.Or(subject, "/CN=localhost")
}

// wishedNames are the alternative names of a certificate to come: those there
// are, with one for a host.
func (e *examination) wishedNames(more ...string) []string {
	leaf := e.strict0()
	names := append(subjectNames(leaf), more...)
	if len(leaf.DNSNames)+len(leaf.IPAddresses)+len(more) == 0 {
		names = append(names, e.wishedName())
	}
	return names
}

// wishedName is an alternative name to propose: the common name where it looks
// like a host's, else localhost.
func (e *examination) wishedName() string {
	name := e.certs[0].Subject.CommonName()
	host := strings.TrimPrefix(name, "*.") // of many hosts
	if host == "" || !validHost(host) || strings.ContainsAny(host, "[]_:") {
		return "dns:localhost"
	}
	return x509util.HostName(name)
}

// wishedUsage is the KeyUsage of a certificate to come, empty where there is
// none now.
func (e *examination) wishedUsage() string {
	switch leaf := e.strict0(); {
	case leaf.KeyUsage == 0:
		return ""
	case leaf.PublicKeyAlgorithm == x509.RSA:
		return "digitalSignature,keyEncipherment" // RSA key exchange, before TLS 1.3
	}
	return "digitalSignature"
}

// reissue says how to come to another certificate for the entry. The owner of a
// self-signed one makes it with renew and the options given, in which a finding
// says what it wants to be different. A CA is asked for one that mends all that
// another certificate can mend; further names may be wished for.
func (e *examination) reissue(options []string, more ...string) string {
	names, usage := e.wishedNames(more...), e.wishedUsage()
	switch {
	case !e.selfSigned():
		return e.request(names, usage) + "  (then have the CA sign it, and " + e.bring("REPLY", "") + ")"
	case e.pem():
		return e.openssl("-x509", "-days 90 -key "+e.keyFile(), names, usage, cmp.Or(e.id.Keystore, "FILE"))
	}
	return e.command("renew", options...)
}

// rename is reissue with other names.
func (e *examination) rename(more ...string) string {
	return e.reissue([]string{"-ext", "san=" + strings.Join(e.wishedNames(more...), ",")}, more...)
}

// renew says how to replace certificate i, which ends.
func (e *examination) renew(i int) string {
	if i == 0 {
		return e.reissue(nil)
	}
	return e.bring("CHAIN", "with the CA's new certificate")
}

// replace says how to come to another key, of a kind that everybody can use.
func (e *examination) replace() string {
	names := e.wishedNames()
	if e.pem() {
		key := "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout NEWKEY"
		if e.selfSigned() {
			return e.openssl("-x509", "-days 90 "+key, names, "", "NEWCERTIFICATE")
		}
		return e.openssl("-new", key, names, "", "REQUEST") + "  (then have the CA sign it)"
	}
	if e.selfSigned() {
		return e.command("renew", "-newkey", "-keyalg", "EC", "-groupname", "secp256r1")
	}
	other := *e
	other.id.Alias += "-new"
	args := append([]string{"-keyalg", "EC", "-groupname", "secp256r1", "-dname", e.certs[0].Subject.String()}, extensionArgs(names, "")...)
	return other.command("genkeypair", args...) + "  (then " + other.command("certreq", "-file", "REQUEST") + ")"
}
