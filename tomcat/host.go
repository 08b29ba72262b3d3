package tomcat

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"time"

	"gokeytool/finding"
	"gokeytool/internal/text"
)

// host reads an SSLHostConfig.
func (r *reader) host(e *element) SSLHost {
	list := r.settings(e, elementSSLHost)
	h := r.hostSettings(e, list)
	name := DefaultHostName
	if at := list.get("hostName"); at != nil {
		name = strings.ToLower(at.value)
		switch {
		case name == "":
			r.say(at, finding.Error, "the name is empty: Tomcat does not start at all", "write the host's name, or leave hostName out for the default host")
		case strings.Contains(strings.TrimPrefix(name, "*."), "*"):
			r.say(at, finding.Warning, fmt.Sprintf("%q matches no name: \"*\" stands only for the whole first label", at.value), "write it as *.example.com")
		}
	}
	h.Names = []string{name}

	// The default certificate's setters, until Tomcat 9.
	var own settings
	for _, at := range list {
		if hasAttribute(elementCertificate, at.name) && at.name != attributeType {
			own = append(own, at)
		}
	}
	var certificates []*element
	for _, child := range e.children {
		switch child.name {
		case elementCertificate:
			certificates = append(certificates, child)
		case "OpenSSLConf":
			r.openSSLConf(child)
		default:
			r.unknownElement(child, elementCertificate, "OpenSSLConf")
		}
	}
	if len(own) > 0 || len(certificates) == 0 {
		h.Certificates = append(h.Certificates, r.certificate(e, own))
	}
	for _, c := range certificates {
		h.Certificates = append(h.Certificates, r.certificate(c, r.settings(c, elementCertificate)))
	}
	if len(h.Certificates) > 1 {
		r.types(e, h.Certificates)
	}
	r.trust(&h, list)
	return h
}

// openSSLConf reports OpenSSL's own commands.
func (r *reader) openSSLConf(e *element) {
	text := "OpenSSL's own commands have no effect here, nor in Tomcat where Java does TLS"
	if r.engine == engineOpenSSL {
		text = "OpenSSL's own commands count in Tomcat, and have no effect here"
	}
	r.about(e, finding.Warning, text, "")
	for _, command := range e.children {
		switch {
		case command.name != "OpenSSLConfCmd":
			r.unknownElement(command, "OpenSSLConfCmd")
		case value(command, "name") == "":
			r.about(command, finding.Warning, "it names no command: Tomcat ignores it (\"OpenSSLConf no command name - will be ignored\")", "set name")
		}
		if r.full {
			return
		}
	}
}

// hostSettings reads the settings that an SSLHostConfig and a flat Connector
// have in common.
func (r *reader) hostSettings(e *element, list settings) SSLHost {
	h := SSLHost{
		Line:              e.line,
		HonorCipherOrder:  r.boolean(list.get("honorCipherOrder"), false),
		Verification:      r.verification(list),
		VerificationDepth: r.integer(list.get("certificateVerificationDepth"), 10),
		Truststore: Truststore{
			File:     r.file(list.get("truststoreFile")),
			Provider: list.text("truststoreProvider"),
			Password: secret(list.get("truststorePassword")),
		},
		CACertificateFile: r.file(list.get("caCertificateFile")),
		CACertificatePath: r.file(list.get("caCertificatePath")),
		CRLFile:           r.file(list.get("certificateRevocationListFile")),
		CRLPath:           r.file(list.get("certificateRevocationListPath")),
		RevocationEnabled: r.boolean(list.get("revocationEnabled"), false),
		OCSPEnabled:       r.boolean(list.get("ocspEnabled"), false),
		SessionCacheSize:  max(r.integer(list.get("sessionCacheSize"), -1), -1),
		SessionTimeout:    -1,
		NoTickets:         r.boolean(list.get("disableSessionTickets"), false),
	}
	if h.Truststore.File == "" && h.CACertificateFile == "" && h.CACertificatePath == "" {
		h.Truststore.File, _ = r.lookup("javax.net.ssl.trustStore")
		if password, ok := r.lookup("javax.net.ssl.trustStorePassword"); ok && h.Truststore.Password == nil {
			h.Truststore.Password = []byte(password)
		}
	}
	if at := list.get("truststoreFile"); at != nil && at.value == "" {
		r.say(at, finding.Error, "it names no file: Tomcat does not start this connector", "write its name, or remove it")
	}
	if at := list.get("truststoreType"); at != nil {
		h.Truststore.Type = r.storeType(at)
	}
	if seconds := r.integer(list.get("sessionTimeout"), 86400); seconds >= 0 {
		h.SessionTimeout = time.Duration(seconds) * time.Second
	}
	if h.SessionTimeout > maxSessionTimeout {
		h.SessionTimeout = maxSessionTimeout
		r.say(list.get("sessionTimeout"), finding.Warning, "TLS sessions last no longer than 7 days here, 604800 seconds (RFC 8446, section 4.6.1)", "")
	}
	r.protocols(list, &h)
	r.ciphers(list, &h)
	r.groups(list, &h)
	r.unsupported(list)
	return h
}

// verification reads whether clients are asked for a certificate.
func (r *reader) verification(list settings) Verification {
	at := list.get("certificateVerification")
	if at == nil {
		at = list.get("certificateVerificationAsString")
	}
	if at == nil {
		return VerificationNone
	}
	switch strings.ToLower(at.value) {
	case "true", "yes", "require", "required":
		return VerificationRequired
	case "optional", "want":
		return VerificationOptional
	case "optionalnoca", "optional_no_ca":
		if r.engine == engineOpenSSL {
			r.say(at, finding.Info, "OpenSSL takes certificates of unknown CAs, and so they are taken here; by libtcnative 1.2.35 they were refused", "")
		} else {
			r.say(at, finding.Warning, "only OpenSSL takes certificates of unknown CAs: where Java does TLS, Tomcat treats it as optional", "write optional")
		}
		return VerificationOptionalNoCA
	case "false", "no", "none":
		return VerificationNone
	}
	remedy := "write none, optional or required"
	if at.name == "clientAuth" {
		remedy = "write false, want or true"
	}
	r.say(at, finding.Error, fmt.Sprintf("Tomcat does not know the value %q, and requires a certificate of every client", at.value), remedy)
	return VerificationRequired
}

// protocols reads the versions of TLS.
func (r *reader) protocols(list settings, h *SSLHost) {
	h.Protocols = []uint16{tls.VersionTLS12, tls.VersionTLS13}
	if at := list.get("sslProtocol"); at != nil {
		r.sslProtocol(at, r.dialect(list, "protocols", "sslEnabledProtocols"), list.get("protocols") != nil)
	}
	at := list.get("protocols")
	if at == nil {
		return
	}
	p := ParseProtocols(at.value)
	if r.version < 8 && strings.TrimSpace(at.value) == "" {
		return // the default
	}
	all := protocolVersionNames()
	for _, name := range p.Unknown {
		remedy := "write " + strings.Join(all, ", ") + " or all"
		if meant := r.nearest(name, slices.Values(all)); meant != "" {
			remedy = "write " + meant
		}
		switch fields := strings.Fields(name); {
		case len(fields) > 1:
			remedy = "put commas or + between the names"
		case name == "TLSv1.0":
			remedy = "write TLSv1"
		case strings.EqualFold(name, "TLS"), strings.EqualFold(name, "SSL"):
			remedy = "write the versions, as TLSv1.2,TLSv1.3"
		}
		r.say(at, finding.Error, fmt.Sprintf("there is no protocol %q, and Tomcat leaves it out", name), remedy)
	}
	for _, name := range p.Refused {
		switch name {
		case "SSLv2Hello":
			r.say(at, finding.Warning, "SSLv2Hello, a form of greeting of clients before 2005, is not understood here", "leave it out")
		default:
			r.say(at, finding.Error, fmt.Sprintf("%s is broken and can't be offered here, nor by today's Java", name), "leave it out")
		}
	}
	if len(p.Withheld) > 0 {
		r.say(at, finding.Warning, fmt.Sprintf("all stands for %s as well, which Java refuses since 2021 (8u291, 11.0.11, 16) unless jdk.tls.disabledAlgorithms is changed; here they are left out", protocolNames(p.Withheld)),
			"name the versions, as TLSv1.2,TLSv1.3")
	}
	switch {
	case len(p.Versions) == 0:
		text := "no protocol is left that could be offered"
		if len(p.Refused) == 0 {
			text += ": Tomcat does not start this connector (\"None of the [protocols] specified are supported by the SSL engine\")"
		}
		r.say(at, finding.Error, text, "write TLSv1.2,TLSv1.3")
		return
	case p.Versions[0] < tls.VersionTLS12:
		old := p.Versions
		if i := slices.IndexFunc(old, func(v uint16) bool { return v >= tls.VersionTLS12 }); i >= 0 {
			old = old[:i]
		}
		text := fmt.Sprintf("Java refuses %s since 2021 (8u291, 11.0.11, 16) unless jdk.tls.disabledAlgorithms is changed; here it is offered", protocolNames(old))
		r.say(at, finding.Warning, text, "write TLSv1.2,TLSv1.3")
	}
	h.Protocols = p.Versions
}

// sslProtocol reports on the name of a Java SSLContext, which people take for
// the version to offer. Java compares it in any case.
func (r *reader) sslProtocol(at *setting, attribute string, restricted bool) {
	remedy := fmt.Sprintf("set %s to the versions to offer, as TLSv1.2,TLSv1.3", attribute)
	switch strings.ToUpper(at.value) {
	case "TLS", "SSL", "DEFAULT":
	case "SSLV2", "SSLV3", "TLSV1", "TLSV1.1", "TLSV1.2", "TLSV1.3":
		if !restricted {
			r.say(at, finding.Warning, fmt.Sprintf("%s does not restrict the versions: Tomcat offers all that Java does", at.value), remedy)
		}
	default:
		r.say(at, finding.Error, fmt.Sprintf("Java has no TLS context %q: Tomcat does not start this connector", at.value), remedy)
	}
}

// protocolVersionNames are the names of the versions that can be offered.
func protocolVersionNames() []string {
	var names []string
	for _, p := range protocols {
		if p.version != 0 {
			names = append(names, p.name)
		}
	}
	return names
}

// ciphers reads the lists of cipher suites.
func (r *reader) ciphers(list settings, h *SSLHost) {
	tls13 := slices.Contains(h.Protocols, tls.VersionTLS13)
	if at := list.get("cipherSuites"); at != nil && tls13 {
		r.cipherSuites(at)
	}
	at := list.get("ciphers")
	if at == nil || r.version < 8 && strings.TrimSpace(at.value) == "" {
		return
	}
	h.Ciphers = at.value
	l, err := ParseCiphers(at.value)
	if err != nil {
		r.say(at, finding.Error, strings.TrimPrefix(err.Error(), "tomcat: "), "shorten it")
		return
	}
	for _, name := range l.Unknown[:min(len(l.Unknown), 8)] {
		word := strings.TrimLeft(name, "+-!")
		remedy := "remove it"
		if meant := r.nearest(word, cipherWords()); meant != "" {
			remedy = fmt.Sprintf("is %s meant?", meant)
		}
		text := fmt.Sprintf("%q is no cipher suite and no word for some, and is ignored", name)
		if strings.HasPrefix(word, "@SECLEVEL") || strings.HasPrefix(word, "PROFILE=") {
			text = fmt.Sprintf("%q is OpenSSL's alone, and is ignored here as where Java does TLS", name)
			if r.engine == engineOpenSSL {
				text, remedy = fmt.Sprintf("%q is OpenSSL's alone, and is ignored here", name), ""
			}
		}
		r.say(at, finding.Warning, text, remedy)
	}
	if len(l.AfterStrength) > 0 {
		r.say(at, finding.Warning, fmt.Sprintf("until 2026, Tomcat read nothing after @STRENGTH, and so ignored %s", clip(strings.Join(l.AfterStrength, ":"), 60)), "put @STRENGTH last")
	}
	if len(l.TLS13) > 0 && len(l.Suites) > 0 {
		r.say(at, finding.Warning, fmt.Sprintf("suites of TLS 1.3 belong into another list, and %s is ignored or moved there", suiteList(l.TLS13)), "use cipherSuites, where Tomcat has it")
	}
	named, others := l.Missing()
	if len(named) > 0 {
		r.say(at, finding.Warning, fmt.Sprintf("Go's TLS can't do %s, so that it is left out here", suiteList(named))+ephemeral(named), withoutDHE(named))
	}
	if len(others) > 0 {
		said := others
		if slices.ContainsFunc(named, (*Suite).finiteField) {
			said = nil
		}
		r.say(at, finding.Warning, fmt.Sprintf("Go's TLS can't do %d of the suites for which the list stands in Java (%s), so that they are left out here", len(others), kinds(others))+ephemeral(said), withoutDHE(said))
	}
	if disabled := l.Disabled(); len(disabled) > 0 {
		r.say(at, finding.Warning, fmt.Sprintf("Java refuses %s unless jdk.tls.disabledAlgorithms is changed; here it is offered", suiteList(disabled)), "remove it")
	}
	h.CipherSuites = l.Supported()
	switch {
	case len(h.CipherSuites) > 0:
	case slices.ContainsFunc(h.Protocols, func(v uint16) bool { return v < tls.VersionTLS13 }):
		text := fmt.Sprintf("no suite is left for %s", protocolNames(slices.DeleteFunc(slices.Clone(h.Protocols), func(v uint16) bool { return v == tls.VersionTLS13 })))
		if !tls13 {
			r.say(at, finding.Error, text+": every handshake fails", "add ECDHE+AESGCM")
			return
		}
		// Of the versions, only the one that has suites is offered.
		h.Protocols = []uint16{tls.VersionTLS13}
		r.say(at, finding.Warning, text+", so that only TLSv1.3 is offered", "add ECDHE+AESGCM, or set the protocols to TLSv1.3")
	}
}

// cipherSuites reports on the list of TLS 1.3's suites, of which crypto/tls
// always offers its own.
func (r *reader) cipherSuites(at *setting) {
	have := make(map[uint16]bool)
	for name := range strings.FieldsFuncSeq(at.value, func(c rune) bool { return c == ':' || c == ',' || c == ' ' }) {
		switch s, ok := FindSuite(name); {
		case !ok || !s.TLS13():
			r.say(at, finding.Warning, fmt.Sprintf("%q is no suite of TLS 1.3, and is ignored", clip(name, 60)), "put suites of TLS 1.2 into ciphers")
		case !s.Supported():
			r.say(at, finding.Warning, fmt.Sprintf("Go's TLS can't do %s, so that it is left out here", s), "")
		default:
			have[s.ID] = true
		}
		if r.full {
			return
		}
	}
	var also []*Suite
	for i := range suites {
		if s := &suites[i]; s.TLS13() && s.Supported() && !have[s.ID] {
			also = append(also, s)
		}
	}
	if len(also) > 0 {
		r.say(at, finding.Warning, fmt.Sprintf("Go's TLS offers every suite of TLS 1.3 that it has: here also %s", suiteList(also)), "")
	}
}

// suiteList names suites, as many as one can read.
func suiteList(list []*Suite) string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.IANA()
	}
	return text.Elide(names, 24)
}

// ephemeral says what clients meet that get a suite with DHE of a list from Tomcat;
// empty without one.
func ephemeral(list []*Suite) string {
	if !slices.ContainsFunc(list, (*Suite).finiteField) {
		return ""
	}
	return "; with DHE, Tomcat takes primes of 2048 bits with today's Java, and of 1024 with older releases, unless jdk.tls.ephemeralDHKeySize says another size: " +
		"clients with Java 7 and older refuse more than 1024 (\"Could not generate DH keypair\"), today's OpenSSL less than 2048; here there is only ECDHE"
}

// withoutDHE is the remedy for what ephemeral says.
func withoutDHE(list []*Suite) string {
	if !slices.ContainsFunc(list, (*Suite).finiteField) {
		return ""
	}
	return "leave the suites with DHE out: all clients since Java 7 know ECDHE"
}

// finiteField says whether a suite agrees on its key by DHE.
func (s *Suite) finiteField() bool { return s.kx&(kxEDH|kxDHEPSK) != 0 }

// kinds says of suites that crypto/tls has not what kinds they are.
func kinds(list []*Suite) string {
	names := [...]struct {
		kx   keyExchange
		name string
	}{{kxEDH, "DHE"}, {kxEECDH, "ECDHE"}, {kxRSA, "RSA key exchange"}}
	var parts []string
	for _, k := range names {
		n := 0
		for _, s := range list {
			if s.kx == k.kx {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d with %s", n, k.name))
		}
	}
	return strings.Join(parts, ", ")
}

// namedGroup is a group under Tomcat's name.
type namedGroup struct {
	name string
	id   tls.CurveID
}

// namedGroups are those of Tomcat's enumeration that crypto/tls has.
var namedGroups = [...]namedGroup{
	{"x25519", tls.X25519}, {"secp256r1", tls.CurveP256}, {"secp384r1", tls.CurveP384}, {"secp521r1", tls.CurveP521},
	{"X25519MLKEM768", tls.X25519MLKEM768}, {"SecP256r1MLKEM768", tls.SecP256r1MLKEM768}, {"SecP384r1MLKEM1024", tls.SecP384r1MLKEM1024},
}

// otherGroups are those of Tomcat's enumeration that crypto/tls has not.
var otherGroups = [...]string{
	"brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", "x448", "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144",
	"ffdhe8192", "curveSM2", "MLKEM512", "MLKEM768", "MLKEM1024", "curveSM2MLKEM768",
}

// groups reads the named groups.
func (r *reader) groups(list settings, h *SSLHost) {
	at := list.get("groups")
	if at == nil {
		return
	}
	known := make([]string, 0, len(namedGroups)+len(otherGroups))
	for _, g := range namedGroups {
		known = append(known, g.name)
	}
	known = append(known, otherGroups[:]...)
	n := 0
	for name := range strings.SplitSeq(at.value, ",") {
		if n++; n > 4*len(known) {
			r.say(at, finding.Error, "the list is too long", "name each group once")
			return
		}
		name = strings.TrimSpace(name)
		i := slices.Index(known, name)
		switch {
		case i < 0:
			remedy := "write " + strings.Join(known[:5], ", ")
			if meant := r.nearest(name, slices.Values(known)); meant != "" {
				remedy = "write " + meant
			} else if curve, ok := map[string]string{"P-256": "secp256r1", "P-384": "secp384r1", "P-521": "secp521r1", "prime256v1": "secp256r1"}[name]; ok {
				remedy = "write " + curve
			}
			r.say(at, finding.Warning, fmt.Sprintf("there is no group %q, and Tomcat leaves it out", clip(name, 60)), remedy)
		case i >= len(namedGroups):
			r.say(at, finding.Warning, fmt.Sprintf("Go's TLS can't do the group %s, so that it is left out here", name), "")
		case !slices.Contains(h.Groups, namedGroups[i].id):
			h.Groups = append(h.Groups, namedGroups[i].id)
		}
	}
	if len(h.Groups) == 0 {
		r.say(at, finding.Error, "no group is left that could be offered here", "add x25519 or secp256r1")
	}
}

// unsupported reports settings that have no effect on what is served here.
func (r *reader) unsupported(list settings) {
	for i := range list {
		at := &list[i]
		isTrue := strings.EqualFold(at.value, "true")
		switch key := at.key; {
		case sameName(key, "trustManagerClassName"):
			r.say(at, finding.Error, "a class of yours decides in Tomcat which clients are trusted, which can't be done here", "")
		case sameName(key, "insecureRenegotiation") && isTrue:
			r.say(at, finding.Warning, "insecure renegotiation is open to an attack (CVE-2009-3555), and is not done here", "remove it")
		case sameName(key, "disableCompression") && strings.EqualFold(at.value, "false"):
			r.say(at, finding.Warning, "TLS compression is open to an attack (CRIME), and is not done here", "remove it")
		case sameName(key, "certificateRevocationListPath") && r.engine == engineOpenSSL:
			r.say(at, finding.Warning, "OpenSSL reads the revocation lists of this directory, which is not done here", "use certificateRevocationListFile")
		case sameName(key, "certificateRevocationListPath"):
			r.say(at, finding.Warning, "only OpenSSL reads a directory of revocation lists: where Java does TLS, Tomcat ignores it, as it is here", "use certificateRevocationListFile")
		case sameName(key, "disableSessionTickets") && isTrue && r.engine == engineJava:
			r.say(at, finding.Info, "only OpenSSL heeds it: Java does TLS here, and gives out session tickets since Java 13 unless jdk.tls.server.enableSessionTicketExtension is false; here there are none", "")
		case sameName(key, "revocationEnabled") && isTrue, sameName(key, "ocspEnabled") && isTrue:
			r.say(at, finding.Warning, "Tomcat asks the CA whether a client's certificate was revoked, which is not done here", "")
		case sameName(key, "truststoreAlgorithm"), sameName(key, "keyManagerAlgorithm"):
			if value := strings.ToUpper(at.value); value != "PKIX" && value != "SUNX509" && value != "NEWSUNX509" {
				r.say(at, finding.Warning, fmt.Sprintf("the algorithm %q is one of Java's alone, and has no part in what is served here", clip(at.value, 60)), "")
			}
		}
	}
}

// trust reports on the trust in clients' certificates.
func (r *reader) trust(h *SSLHost, list settings) {
	r.trustedInToken(h, list)
	if at := list.get("caCertificateFile"); at != nil || list.get("caCertificatePath") != nil {
		if at == nil {
			at = list.get("caCertificatePath")
		}
		text := "only OpenSSL reads it: where Java does TLS, Tomcat trusts all the CAs of Java's cacerts instead, though its log shows this file"
		if h.Truststore.File != "" {
			text = "only OpenSSL reads it: where Java does TLS, Tomcat takes the truststore"
		}
		if r.engine == engineOpenSSL {
			text = "OpenSSL takes the truststore, and ignores this"
		}
		if (at.element != elementConnector || r.version >= 8) && (r.engine != engineOpenSSL || h.Truststore.File != "") {
			r.say(at, finding.Warning, text, "put the CA into a truststore with importcert, and set truststoreFile")
		}
	}
	if h.Verification == VerificationNone {
		return
	}
	at := list.get("certificateVerification")
	if at == nil {
		at = list.get("certificateVerificationAsString")
	}
	switch nobody := h.Truststore.File == "" && h.CACertificateFile == "" && h.CACertificatePath == ""; {
	case nobody && r.engine == engineOpenSSL && h.Verification != VerificationOptionalNoCA:
		r.say(at, finding.Error, "clients are asked for a certificate, but nothing says whose are trusted: OpenSSL trusts none, and lets no client with a certificate in",
			"put the CA into a truststore with importcert, and set truststoreFile")
	case nobody && r.engine != engineOpenSSL:
		r.say(at, finding.Warning, "clients are asked for a certificate, but nothing says whose are trusted: Tomcat trusts all the CAs of Java's cacerts, and no other",
			"put the CA into a truststore with importcert, and set truststoreFile")
	}
	if (h.Verification == VerificationOptional || h.Verification == VerificationOptionalNoCA) && slices.Contains(h.Protocols, tls.VersionTLS13) && r.version >= 8 && r.engine != engineOpenSSL {
		r.say(at, finding.Warning, "with TLS 1.3, Java can't ask for a certificate after the handshake, so that applications with CLIENT-CERT fail (\"post handshake authentication\")",
			"write required, or leave TLSv1.3 out")
	}
}

// clip cuts a text to a length in bytes.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
