package identity

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"strconv"
	"strings"

	"gokeytool/certpath"
	"gokeytool/internal/shell"
	"gokeytool/x509util"
)

// pem reports whether the identity comes from files in PEM, which openssl
// fixes and keytool's commands don't.
func (e *examination) pem() bool { return e.id.StoreType == "PEM" }

// file and keyFile are those of the identity, for a command line.
func (e *examination) file() string { return shell.Quote(shell.File(cmp.Or(e.id.Keystore, "FILE"))) }

func (e *examination) keyFile() string {
	return shell.Quote(shell.File(cmp.Or(e.id.KeyFile, e.id.Keystore, "KEY")))
}

// keyInside reports whether key and certificate stand in one file.
func (e *examination) keyInside() bool { return e.id.KeyFile == "" || e.id.KeyFile == e.id.Keystore }

// keystore is the identity's, for a command line.
func (e *examination) keystore() shell.Keystore {
	return shell.Keystore{Path: cmp.Or(e.id.Keystore, "FILE"), Open: e.id.Open, Keypass: e.id.Keypass}
}

// alias is the identity's, for a command line.
func (e *examination) alias() string { return cmp.Or(e.id.Alias, "ALIAS") }

// bring says how certificates come into the entry: CERTIFICATE, REPLY or CHAIN,
// with a note to the line that does it.
func (e *examination) bring(file, note string) string {
	switch {
	case e.id.ACME != nil:
		return e.fetch(true)
	case !e.pem():
		return shell.Note(e.keystore().KeyLine([]string{"importcert", "-alias", e.alias()}, "-file", file), note)
	case file == "CHAIN" && e.id.ChainFile != "":
		return e.chainFiles()
	case file == "CHAIN": // notes are about importcert's order
		return shell.Comment("write the certificates to " + e.file() + " in order: the server's, its issuer's, and so on")
	}
	return shell.Note(shell.Comment("write "+file+" to "+e.file()), note)
}

// chainFiles says what is to be in which file where the chain comes from two, of
// which the second mostly is the one that should be the first.
func (e *examination) chainFiles() string {
	first, second := e.file(), shell.Quote(shell.File(e.id.ChainFile))
	own, rest := e.id.Chain[:e.id.Own], e.id.Chain[e.id.Own:]
	switch {
	case e.id.Key != nil && !e.sameKey():
	case len(own) > 1 && e.inOrder(own):
		return shell.Comment(first + " holds the issuers' certificates too: leave certificateChainFile out")
	case len(rest) > 0 && bytes.Equal(own[0], rest[0]) && e.inOrder(rest):
		return shell.Comment("the server's certificate is in both files: set certificateFile to " + second + ", and leave certificateChainFile out")
	}
	return shell.Comment("write the server's certificate to " + first + " (certificateFile), and its issuer's, the issuer of that, and so on to " + second + " (certificateChainFile)")
}

// inOrder says whether certificates are a chain to which nothing is to be added.
func (e *examination) inOrder(chain [][]byte) bool {
	id := e.id
	id.Chain, id.ChainFile = chain, ""
	part, broken := newExamination(id, Options{Now: e.now, Horizon: e.soon})
	return broken == nil && part.chain().OK()
}

// bind says how another certificate comes to the key. importcert is no help: it
// needs one for the public key of the certificate that is there.
func (e *examination) bind(note string) string {
	if e.pem() || e.id.ACME != nil {
		return e.bring("CERTIFICATE", note)
	}
	if e.id.StoreType == "PKCS11" {
		return shell.Comment("write the certificate of this key to the token, with the CKA_ID of the key and this label")
	}
	k := e.keystore()
	return shell.Note(k.KeyLine([]string{"import", "-noprompt", "-backup", "-alias", e.alias()}, "-keyfile", k.Path, "-file", "CERTIFICATE"), note)
}

// repair says what to do about a chain that programs refuse.
func (e *examination) repair(f certpath.Fault) string {
	who := e.certs[f.At].Called()
	again := func(how string) string { return e.bring("CHAIN", "with the certificate of "+who+" issued again, "+how) }
	gencert := func(extensions ...string) string {
		words := []string{"gokeytool", "gencert"}
		for _, e := range extensions {
			words = append(words, "-ext", e)
		}
		return shell.Line(words...)
	}
	switch f.Rule {
	case certpath.NoCA:
		return again("as a CA's: " + gencert("bc:c", "ku=keyCertSign,cRLSign"))
	case certpath.KeyUsage:
		return again("with the right to sign: " + gencert("ku=keyCertSign,cRLSign"))
	case certpath.PathLength:
		return again(fmt.Sprintf("with a longer path: %s; or with a certificate that a CA above signed", gencert(fmt.Sprintf("bc:c=ca:true,pathlen:%d", f.Demanded))))
	case certpath.Usage:
		return again("without ExtendedKeyUsage, or with all that it is to pass on: " + gencert("eku=serverAuth,clientAuth"))
	case certpath.CriticalExtension:
		if f.At == 0 {
			return e.plainly()
		}
		return again("without the extension")
	case certpath.NameConstraints:
		return shell.Comment("get a certificate for names that the CA may sign, or from another CA; or have the CA's certificate issued again, with constraints that permit these names")
	case certpath.KeyIdentifier:
		return e.bring("CHAIN", "with the issuer's certificate that "+who+" names, or issued again by the one that is there")
	case certpath.Policy:
		return shell.Comment("have the certificates of the chain issued again, with a policy in common, or " + who + " without PolicyConstraints and critical policies")
	}
	return ""
}

// plainly says how to come to a certificate that has only the extensions which a
// server's needs. The owner of a self-signed one can't leave one out of it.
func (e *examination) plainly() string {
	if e.selfSigned() && !e.pem() {
		return e.another(e.wishedNames())
	}
	return e.reissue(nil)
}

// complete is the line that puts the chain in order and adds what is missing,
// from a file of the CA if that is needed.
func (e *examination) complete(file string) string {
	if e.pem() || file != "" && e.id.ACME != nil {
		return e.bring("CHAIN", "")
	}
	words := []string{"chain", "-complete"}
	if file != "" {
		words = append(words, "-ca", file)
	}
	return e.keystore().Line(append(words, "-alias", e.alias()))
}

// request is the line that makes a certificate request, with extensions.
func (e *examination) request(names []string, usage string) string {
	if e.pem() {
		return e.openssl("-new", "-key "+e.keyFile(), names, usage, "REQUEST")
	}
	return e.keystore().KeyLine([]string{"certreq", "-alias", e.alias()}, append(extensionArgs(names, usage), "-file", "REQUEST")...)
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
	words := []string{"openssl req", how, key, "-subj", shell.Quote(e.opensslSubject(how)),
		"-addext", shell.Quote("subjectAltName=" + strings.Join(alternatives, ",")), "-addext", "extendedKeyUsage=serverAuth"}
	if usage != "" {
		words = append(words, "-addext", shell.Quote("keyUsage="+usage))
	}
	return strings.Join(append(words, "-out", shell.Quote(out)), " ")
}

// hostOr is the first host that the certificate is for, or that word.
func (e *examination) hostOr(word string) string {
	if leaf := e.strict0(); leaf != nil && len(leaf.DNSNames) > 0 {
		return leaf.DNSNames[0]
	}
	return word
}

// opensslSubject is the certificate's subject as openssl's -subj needs it, for a request or
// (another how) a certificate, which must have one.
func (e *examination) opensslSubject(how string) string {
	short := map[string]string{"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU"}
	escape := strings.NewReplacer(`\`, `\\`, `/`, `\/`, `+`, `\+`)
	subject := ""
	for _, attribute := range e.strict0().Subject.Names {
		if value, ok := attribute.Value.(string); ok {
			oid := asn1.ObjectIdentifier(attribute.Type).String()
			subject += "/" + cmp.Or(short[oid], oid) + "=" + escape.Replace(value)
		}
	}
	if subject == "" && how == "-new" && e.hostOr("") != "" {
		return "/" // the name of a server is an alternative name
	}
	return cmp.Or(subject, "/CN="+e.hostOr("localhost"))
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

// hostLike says whether a name looks like a host's.
func hostLike(name string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"
	return name != "" && len(name) <= 255 && strings.Trim(name, letters) == ""
}

// wishedName is an alternative name to propose: the common name where it looks
// like a host's, else localhost.
func (e *examination) wishedName() string {
	name := e.certs[0].Subject.CommonName()
	host := strings.TrimPrefix(name, "*.") // of many hosts
	if !hostLike(host) {
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

// then is what follows a request, and who notices.
func (e *examination) then() string {
	text := "then have the CA sign it, and: " + strings.TrimPrefix(e.bring("REPLY", ""), "# ")
	if noticed := e.purpose.Noticed(); noticed != "" {
		text += "; " + noticed
	}
	return text
}

// reissue says how to come to another certificate for the entry, one for a
// server. The owner of a self-signed one makes it with renew and the options
// given, in which a finding says what is to be different. A CA is asked
// for one that fixes all that another certificate can fix; further names may be
// wished for. One that is for something else stays as it is: the server gets a
// key of its own.
func (e *examination) reissue(options []string, more ...string) string {
	names, usage := e.wishedNames(more...), e.wishedUsage()
	switch {
	case e.id.ACME != nil:
		return e.fetch(true)
	case !e.purpose.Open():
		return e.another(names)
	case !e.selfSigned():
		return shell.Note(e.request(names, usage), e.then())
	case e.pem():
		return e.selfSign(names, usage)
	}
	return e.renewal(options...)
}

// selfSign is the line that makes another self-signed certificate in PEM. The old
// one is kept, and so is a key that stands beside it.
func (e *examination) selfSign(names []string, usage string) string {
	how := "-days 90 -key " + e.keyFile()
	if e.keyInside() {
		return shell.Note(e.openssl("-x509", how, names, usage, "NEWCERTIFICATE"), "then put it in the place of the old one in "+e.file())
	}
	file := shell.File(e.id.Keystore)
	return shell.Note(shell.Line("cp", "-n", file, file+".old")+" && "+e.openssl("-x509", how, names, usage, file), e.purpose.Noticed())
}

// renewal is the line that renews a self-signed certificate, and who notices.
func (e *examination) renewal(options ...string) string {
	return shell.Note(e.keystore().KeyLine([]string{"renew", "-alias", e.alias()}, options...), e.purpose.Noticed())
}

// rename is reissue with other names.
func (e *examination) rename(more ...string) string {
	if e.id.ACME != nil {
		return e.fetchFor(e.wishedNames(more...))
	}
	return e.reissue([]string{"-ext", "san=" + strings.Join(e.wishedNames(more...), ",")}, more...)
}

// renew says how to replace certificate i, which ends. If the next would end soon
// from its first day, for longer.
func (e *examination) renew(i int) string {
	switch {
	case i > 0:
		return e.bring("CHAIN", "with the CA's new certificate")
	case e.id.ACME != nil:
		return e.fetch(e.now.Before(e.id.ACME.Due) && !e.now.After(e.certs[0].NotAfter))
	}
	var options []string
	if c := e.certs[0]; c.NotAfter.Sub(c.NotBefore) <= e.soon {
		options = []string{"-validity", strconv.Itoa(max(90, 2*int(e.soon.Hours()/24)))}
	}
	switch {
	case e.purpose&x509util.ForCode != 0 && e.selfSigned():
		return e.keep()
	case e.purpose.TLS():
		return e.reissue(options)
	case e.pem():
		return e.bring("CERTIFICATE", e.purpose.Noticed())
	case e.selfSigned():
		return e.renewal(options...)
	}
	return e.renewRequest()
}

// fetch is the line that gets the certificate from the CA again with its chain, also
// where it is not due.
func (e *examination) fetch(force bool) string {
	var more []string
	if force {
		more = []string{"-force"}
	}
	if e.pem() {
		return e.fetchBy(more...)
	}
	return e.keystore().KeyLine([]string{"renew", "-alias", e.alias()}, append(more, e.id.ACME.Options...)...)
}

// fetchFor is the line that gets one for these alternative names, of which a CA that
// speaks ACME takes hosts and addresses.
func (e *examination) fetchFor(names []string) string {
	var more []string
	for _, name := range names {
		if kind, value, _ := strings.Cut(name, ":"); kind == "dns" || kind == "ip" {
			more = append(more, "-host", value)
		}
	}
	return e.fetchBy(more...)
}

// fetchBy is the line of acme with these options.
func (e *examination) fetchBy(options ...string) string {
	options = append(options, e.id.ACME.Options...)
	if !e.pem() {
		return e.keystore().KeyLine([]string{"acme", "-alias", e.alias()}, options...)
	}
	words := []string{"gokeytool", "acme", "-certfile", cmp.Or(e.id.Keystore, "FILE")}
	if !e.keyInside() {
		words = append(words, "-keyfile", e.id.KeyFile)
	}
	return shell.Line(append(words, options...)...)
}

// renewRequest asks the CA for the same certificate again, of which it is not
// known that a server shows it.
func (e *examination) renewRequest() string {
	line := e.keystore().KeyLine([]string{"certreq", "-alias", e.alias()}, "-file", "REQUEST")
	return shell.Note(line, e.then())
}

// keep says why a certificate is best left as it is.
func (e *examination) keep() string {
	return shell.Comment("keep it where anything is signed with it: with another certificate or key " + strings.TrimPrefix(e.purpose.Noticed(), "the fingerprint changes: "))
}

// replace says how to come to another key, of a kind that every client can use.
func (e *examination) replace() string {
	if e.purpose.Open() {
		return e.replaceForServer()
	}
	return e.another(e.wishedNames())
}

// strengthen says how to come to a stronger key. Who signs with it, or is known by
// it, decides when.
func (e *examination) strengthen() string {
	if e.purpose.TLS() {
		return e.replaceForServer()
	}
	return e.keep()
}

// resign says how to come to a certificate that is signed with a better
// algorithm.
func (e *examination) resign() string {
	switch {
	case e.purpose.TLS():
		return e.reissue(nil)
	case e.selfSigned():
		return e.keep()
	case e.pem():
		return e.bring("CERTIFICATE", e.purpose.Noticed())
	}
	return e.renewRequest()
}

// replaceForServer makes another key in the place of the entry's where its owner
// can, else beside it.
func (e *examination) replaceForServer() string {
	if e.id.ACME != nil {
		return e.fetchBy("-keyalg", "EC", "-groupname", "secp256r1", "-force")
	}
	names := e.wishedNames()
	if e.pem() {
		key := "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout NEWKEY"
		if e.selfSigned() {
			return shell.Note(e.openssl("-x509", "-days 90 "+key, names, "", "NEWCERTIFICATE"), e.purpose.Noticed())
		}
		return shell.Note(e.openssl("-new", key, names, "", "REQUEST"), "then have the CA sign it")
	}
	if e.selfSigned() {
		return e.renewal("-newkey", "-keyalg", "EC", "-groupname", "secp256r1")
	}
	return e.another(names)
}

// another is the line that makes a key for a server beside the one that is
// there.
func (e *examination) another(names []string) string {
	alias := e.alias() + "-new"
	if e.pem() {
		key := "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout NEWKEY"
		return shell.Note(e.openssl("-new", key, names, "", "REQUEST"), "a key of the server's own: then have the CA sign it")
	}
	words := append([]string{"-keyalg", "EC", "-groupname", "secp256r1", "-dname", cmp.Or(e.certs[0].Subject.String(), "CN="+e.hostOr("localhost"))}, extensionArgs(names, "")...)
	k := e.keystore()
	return shell.Note(k.Line([]string{"genkeypair", "-alias", alias}, words...),
		"another key, for the server; then "+k.Line([]string{"certreq", "-alias", alias}, "-file", "REQUEST")+" for a CA")
}
