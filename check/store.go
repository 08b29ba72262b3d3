package check

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"gokeytool/finding"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// look goes through an opened store.
func (x *examination) look() {
	inJava := x.inJava()
	x.keys = keysOf(inJava)
	if i := slices.IndexFunc(inJava, func(e *entry.Entry) bool { return e.Kind == entry.PrivateKey }); i >= 0 && !x.server {
		x.Serves = x.store.JavaAlias(inJava[i])
	}
	x.served()
	x.affordable()
	for _, e := range inJava {
		x.entry(e)
	}
	seen := make(map[*entry.Entry]bool, len(inJava))
	for _, e := range inJava {
		seen[e] = true
	}
	for _, e := range x.store.Entries() {
		if !seen[e] {
			x.unseen(e)
		}
	}
	x.content(inJava)
	switch x.Type {
	case store.PKCS11:
		x.objects(inJava)
	case store.PKCS12:
		x.aliases(inJava)
		x.openedWith()
		x.pkcs12()
	case store.PEM, store.DER, store.PKCS7:
		note := "as a keystore; keytool -importcert takes it"
		if x.Type == store.PEM {
			note = "as a keystore; Tomcat since 8.5 takes it as certificateFile"
		}
		x.Readers = []Reader{{Name: "Java", Note: note}, {Name: "OpenSSL", Reads: true}}
	case store.BKS, store.UBER:
		x.openedWith()
		x.Readers = []Reader{{Name: "Java", Note: "without BouncyCastle's provider"}, {Name: "OpenSSL"}, {Name: "Windows"}}
		if x.password != nil && !x.store.Verified() {
			x.find(finding.Warning, "weak-integrity", "", "a file of BKS version 1 can be forged by anybody within a second: the key of its MAC has 16 bits. The password proves nothing about its content",
				shell.Line("gokeytool", "convert", shell.File(x.Path), "NEW.p12"))
		}
		x.find(finding.Info, "foreign-format", "", fmt.Sprintf("%s is BouncyCastle's format: Java opens it where its provider is installed and the type is named", x.Type),
			shell.Note(x.keystore().Operand([]string{"convert"}, "NEW.p12"), "a copy for Java itself"))
	default:
		x.aliases(inJava)
		x.openedWith()
		x.ownFormat()
	}
	x.notForJava()
}

// inJava are the entries that Java sees, in its order.
func (x *examination) inJava() []*entry.Entry {
	return slices.DeleteFunc(x.store.JavaOrder(), pkcs12.HiddenFromJava)
}

// partial says that certificates may be hidden behind a password.
func (x *examination) partial() bool { return x.password == nil && x.Type == store.PKCS12 }

// unseen: an entry that Java does not list.
func (x *examination) unseen(e *entry.Entry) {
	alias := e.Alias
	x.entry(e)
	if pkcs12.HiddenFromJava(e) {
		x.find(finding.Error, "hidden-key", alias, "Java does not see this key: it is not encrypted, or does not say which certificate is its own (localKeyID)",
			x.rewrite())
		return
	}
	x.find(finding.Warning, "duplicate-alias", alias, fmt.Sprintf("there are several entries of the alias %q, of which Java sees the last alone", alias), "")
}

// rewrite is the command that writes the store again as today's Java would.
func (x *examination) rewrite() string { return x.keystore().Operand([]string{"migrate"}) }

// content: whether there is in the store what it is for.
func (x *examination) content(inJava []*entry.Entry) {
	var keys, certificates int
	for _, e := range inJava {
		switch e.Kind {
		case entry.PrivateKey:
			keys++
		case entry.TrustedCertificate:
			certificates++
		}
	}
	unmarked := x.Type == store.PKCS12 && x.untrusted(len(inJava), certificates)
	switch {
	case x.java && certificates+keys == 0 && !unmarked && !x.partial() && !x.Type.Unprotected():
		x.find(finding.Error, "no-trust-anchors", "", "there is no certificate in it: Java says: the trustAnchors parameter must be non-empty",
			x.keystore().Line([]string{"import", "-bundle", "CA"}))
	case x.trust && certificates == 0 && !unmarked && !x.partial():
		x.find(finding.Error, "no-trust-anchors", "", "there is no trusted certificate in it: every client is refused (Java says: the trustAnchors parameter must be non-empty)",
			x.keystore().Line([]string{"importcert", "-alias", "NAME"}, "-file", "CA"))
	case len(x.Entries) == 0 && !x.partial() && x.token == nil:
		x.find(finding.Warning, "empty", "", "there is nothing in it; as a trust store it makes Java say: the trustAnchors parameter must be non-empty", "")
	}
	if keys > 1 && !x.server && !x.Type.Unprotected() && slices.ContainsFunc(inJava, func(e *entry.Entry) bool { return x.purposeOf(e).TLS() }) {
		x.find(finding.Info, "several-keys", x.Serves, fmt.Sprintf("of %d keys Tomcat serves this one, the first in Java's order, unless keyAlias (certificateKeyAlias) names another", keys), "")
	}
	if !unmarked {
		x.truststore(keys, certificates)
	}
}

// untrusted: certificates in a PKCS12 file that are no entries. It says whether
// that is why Java sees nothing.
func (x *examination) untrusted(entries, certificates int) bool {
	loose := slices.DeleteFunc(x.store.Untrusted(), func(c entry.Certificate) bool {
		_, known := x.store.FindCertificate(c.DER)
		return known || x.adopted[string(c.DER)]
	})
	if len(loose) == 0 {
		return false
	}
	for _, c := range loose {
		x.refused("", []entry.Certificate{c})
		x.Entries = append(x.Entries, Entry{Kind: entry.TrustedCertificate.String(), Chain: x.chainOf([]entry.Certificate{c})})
	}
	count := text.Count(len(loose), "certificate in it lacks", "certificates in it lack")
	remedy := x.keystore().Operand([]string{"trustmark"})
	switch {
	case entries == 0:
		if !x.trust {
			remedy = shell.Note(remedy, "then: "+x.javaLine())
		}
		x.find(finding.Error, "trust-mark", "", count+" Java's trust mark: Java sees no entry at all (the trustAnchors parameter must be non-empty)", remedy)
	case certificates > 0:
		x.find(finding.Warning, "trust-mark", "", count+" Java's trust mark: Java sees the others alone", remedy)
	default:
		x.find(finding.Info, "trust-mark", "", count+" Java's trust mark and a key to belong to: Java does not see them", remedy)
	}
	return entries == 0
}

// aliases: names that Java does not find, or takes for each other.
func (x *examination) aliases(inJava []*entry.Entry) {
	byFold := make(map[string][]string)
	for _, e := range inJava {
		folded := strings.ToLower(e.Alias)
		byFold[folded] = append(byFold[folded], e.Alias)
	}
	mixed := make(map[string]string) // the first alias of each fold that is not in lower case
	for _, e := range inJava {
		folded := strings.ToLower(e.Alias)
		if _, known := mixed[folded]; !known && e.Alias != folded {
			mixed[folded] = e.Alias
		}
	}
	for _, e := range inJava {
		folded := strings.ToLower(e.Alias)
		same := byFold[folded]
		switch {
		case x.Type == store.PKCS12:
			if e.Kind == entry.PrivateKey && isNumber(e.Alias) {
				x.find(finding.Info, "numbered-alias", e.Alias, "the alias is a number, as Java gives one to a key without a name (openssl pkcs12 -export without -name)",
					x.rename(e.Alias, "NAME"))
			}
		case len(same) > 1:
			if e.Alias == mixed[folded] {
				x.find(finding.Error, "alias-case", e.Alias, fmt.Sprintf("the aliases %s differ in case alone: Java finds the one in lower case, if any, and never the others", text.First(text.Quote(same), 20)),
					x.rename(e.Alias, folded+"-2"))
			}
		case e.Alias != folded:
			x.find(finding.Error, "alias-case", e.Alias, fmt.Sprintf("Java counts this entry, but does not find it: it looks for %q; keytool -list fails", folded),
				x.rename(e.Alias, folded))
		}
	}
}

// rename is the command that gives an entry another alias.
func (x *examination) rename(alias, to string) string {
	if strings.HasPrefix(alias, "-") || strings.HasPrefix(to, "-") {
		return x.keystore().Line([]string{"rename"}, "--", alias, to)
	}
	return x.keystore().Line([]string{"rename", alias, to})
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// openedWith: passwords that protect nothing.
func (x *examination) openedWith() {
	if x.Password == PasswordChangeit && x.o.Password != nil {
		severity := finding.Info // one of many, each with its own
		if x.named {
			severity = finding.Warning
		}
		x.find(severity, "other-password", "", "the password given does not open it; changeit, Java's default, does", "")
	}
	secret := slices.ContainsFunc(x.store.Entries(), func(e *entry.Entry) bool { return e.Kind != entry.TrustedCertificate })
	if !secret || x.password == nil {
		return
	}
	remedy := x.keystore().Line([]string{"storepasswd"})
	if x.Type != store.PKCS12 {
		remedy = x.keystore().Line([]string{"storepasswd", "-same"}) // or Java says: Cannot recover key
	}
	switch {
	case x.Password == PasswordNone:
	case string(x.password) == changeit:
		x.find(finding.Warning, "default-password", "", "it holds keys under the password changeit, which everybody knows", remedy)
	case len(x.password) == 0:
		x.find(finding.Warning, "empty-password", "", "it holds keys under an empty password, and keytool does not take one", remedy)
	}
}

// pkcs12: who can read the file.
func (x *examination) pkcs12() {
	d := demandsOf(x.store)
	rewrite := x.rewrite()
	x.hiddenEntries()
	refused := x.refusedFile()
	if bytes.ContainsFunc(x.password, func(r rune) bool { return r < ' ' || r > '~' }) {
		d.java = max(d.java, java25)
		x.find(finding.Warning, "password-not-ascii", "", "its password has other characters than those of ASCII: Java before 25 does not open it (Password is not ASCII)", x.keystore().Line([]string{"storepasswd"}))
	}
	x.Readers = d.readers()
	if refused {
		x.Readers[0] = Reader{Name: "Java", Note: "because of what is odd in it"}
	}
	if len(d.legacy) > 0 {
		x.find(finding.Warning, "legacy-encryption", "", fmt.Sprintf("it is encrypted with %s: OpenSSL 3 opens it with -legacy only, and it protects little", strings.Join(d.legacy, ", ")), rewrite)
	}
	switch {
	case d.java == javaNone:
		x.find(finding.Warning, "not-for-java", "", fmt.Sprintf("no release of Java knows all of its algorithms (%s)", algorithms(x.store)), rewrite)
	case d.pbmac1:
		x.find(finding.Warning, "pbmac1", "", "its integrity is protected by PBMAC1 (RFC 9579): Java before 26 and OpenSSL before 3.4 do not open it", rewrite)
	case d.java == javaPBES2:
		x.find(finding.Info, "modern-encryption", "", "Java before 8u301 and 11.0.12, and Windows before 10 1709 and Server 2019, do not open it", shell.Note(x.keystore().Operand([]string{"convert", "-profile", "legacy"}, "NEW.p12"), "a copy for them"))
	}
}

// algorithms lists what a PKCS12 file uses.
func algorithms(s *store.Store) string {
	names := s.EncryptionAlgorithms()
	if p, _ := s.Params(); p.MACAlgorithm != pkcs12.None {
		names = append(names, p.MACAlgorithm)
	}
	return strings.Join(names, ", ")
}

// ownFormat: JKS and JCEKS.
func (x *examination) ownFormat() {
	x.Readers = javaOnly(x.Type)
	severity, text := finding.Info, fmt.Sprintf("%s is a format of Java's own, which Java 26 calls outdated and will drop", x.Type)
	if slices.ContainsFunc(x.store.Entries(), func(e *entry.Entry) bool { return e.Kind != entry.TrustedCertificate }) {
		if x.Type == store.JKS {
			severity, text = finding.Warning, text+"; its keys are poorly protected: one SHA-1 a guess"
		} else {
			severity = finding.Warning
		}
	}
	remedy := x.rewrite()
	if x.certificate.KeystoreType != "" {
		remedy = shell.Note(remedy, "then set "+x.certificate.KeystoreTypeAttribute()+" to PKCS12")
	}
	x.find(severity, "old-format", "", text, remedy)
}
