package check

import (
	"fmt"
	"slices"
	"strings"

	"gokeytool/finding"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/pkcs11"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// Token is a PKCS #11 token that was opened to be looked at, or was not. No password but
// the PIN that was given for it is ever tried on a token: each wrong one counts.
type Token struct {
	// Store is the token as a keystore; nil where Err says why there is none.
	Store *store.Store
	Err   error
	// Remedy is what to do about Err; empty for nothing.
	Remedy string
	// From is how lines that remedy something name the token.
	From shell.Keystore
	// PIN says with which PIN it was opened: PasswordGiven, PasswordNone for a token that
	// needs none, or PasswordUnknown where nobody is logged in, and only what is public is
	// seen.
	PIN Password
	// Info is what it says of itself. It is zero where it was not found.
	Info pkcs11.TokenInfo
	// Others are its objects that are no entries.
	Others []Loose
}

// Loose is an object on a token that is no entry.
type Loose struct {
	Kind        string // "private key", "certificate" or "secret key"
	Label       string
	Certificate []byte // in DER; nil for none
}

// examineToken makes the verdict on a token.
func examineToken(t *Token, o Options, u use) Verdict {
	x := newExamination(t.From.Path, o, u)
	x.token, x.Type, x.Password = t, store.PKCS11, t.PIN
	x.only = true
	x.pinFlags()
	if t.Err != nil {
		x.Status, x.Password = Unchecked, PasswordUnknown
		x.find(finding.Error, "token", "", t.Err.Error(), t.Remedy)
		return x.finish()
	}
	x.store = t.Store
	if t.PIN != PasswordUnknown {
		x.password = []byte{} // its keys open without one
	}
	x.look()
	if t.PIN == PasswordUnknown {
		x.Status = Unchecked
		x.find(finding.Error, "pin", "", "it needs its PIN, and none was given: only what everybody may see was looked at, no private key",
			shell.Keystore{Path: t.From.Path, Open: []string{"-storepass:file", "PINFILE"}}.Operand([]string{"check"}))
	}
	return x.finish()
}

// pinFlags says what the token tells of its PIN.
func (x *examination) pinFlags() {
	flags := x.token.Info.Flags
	if x.token.Info == (pkcs11.TokenInfo{}) {
		return
	}
	const vendor = "# who has the PIN of its security officer (SO), or its PUK, sets it again with the vendor's tool, or pkcs11-tool --init-pin; the keys stay"
	if flags&pkcs11.TokenInitialized == 0 {
		x.find(finding.Error, "token-uninitialized", "", "the token is not initialized: there is nothing on it", "")
		return
	}
	switch {
	case flags&pkcs11.UserPINLocked != 0:
		x.find(finding.Error, "pin-locked", "", "the user's PIN is locked, as wrong ones were tried: nobody gets to its keys", vendor)
	case flags&pkcs11.UserPINFinalTry != 0:
		x.find(finding.Error, "pin-final-try", "", "one more wrong PIN locks the token", "# a right PIN gives all tries back; find out what tries wrong ones, such as a server with an old PIN, or one without a PIN")
	case flags&pkcs11.UserPINCountLow != 0:
		x.find(finding.Warning, "pin-count-low", "", "a wrong PIN was tried since the last right one; after some more the token is locked", "# a right PIN gives all tries back; find out what tries wrong ones, such as a server with an old PIN, or one without a PIN")
	}
	if flags&pkcs11.LoginRequired != 0 && flags&pkcs11.UserPINInitialized == 0 {
		x.find(finding.Error, "pin-missing", "", "the user has no PIN yet, so that nobody gets to its keys", "# who has the PIN of its security officer (SO) sets one: pkcs11-tool --init-pin")
	}
	if flags&pkcs11.UserPINToBeChanged != 0 {
		x.find(finding.Warning, "pin-default", "", "the user's PIN is still the one that the token came with", "# change it with the vendor's tool, or pkcs11-tool --change-pin")
	}
	if flags&pkcs11.WriteProtected != 0 {
		x.find(finding.Info, "write-protected", "", "nothing can be written to the token", "")
	}
}

// objects: what is said of a token alone.
func (x *examination) objects(inJava []*entry.Entry) {
	byFold := make(map[string][]string)
	for _, e := range inJava {
		byFold[strings.ToLower(e.Alias)] = append(byFold[strings.ToLower(e.Alias)], e.Alias)
	}
	for _, e := range inJava {
		if same := byFold[strings.ToLower(e.Alias)]; len(same) > 1 && e.Alias == same[0] {
			x.find(finding.Warning, "alias-case", e.Alias, fmt.Sprintf("the aliases %s differ in case alone, which a token tells apart and people do not: Tomcat's documentation warns of it", text.First(text.Quote(same), 20)),
				x.rename(e.Alias, strings.ToLower(e.Alias)+"-2"))
		}
	}
	if slices.ContainsFunc(inJava, sharesLabel) {
		x.find(finding.Warning, "duplicate-label", "", "certificates on it share a label: Java names them by label, issuer and serial number, and does not write the token", "")
	}
	for _, o := range x.token.Others {
		switch {
		case o.Kind == "private key":
			x.find(finding.Warning, "no-certificate", o.Label, "there is no certificate of the CKA_ID of this private key: to Java, and to a server, it is not there", "")
		case o.Kind == "certificate" && o.Certificate != nil:
			x.loose(o)
		}
	}
}

// sharesLabel says whether an entry has the long alias that Java gives one of several
// certificates of a label: label/issuer/serial.
func sharesLabel(e *entry.Entry) bool {
	certs, err := parse(e.Chain)
	return err == nil && len(certs) > 0 && strings.HasSuffix(e.Alias, "/"+certs[0].Serial.String()) && strings.Count(e.Alias, "/") >= 2
}

// loose: a certificate that belongs to no entry, or whose key is not seen.
func (x *examination) loose(o Loose) {
	chain := []entry.Certificate{entry.X509(o.Certificate)}
	x.Entries = append(x.Entries, Entry{Alias: o.Label, Kind: looseCertificate, Chain: x.chainOf(chain)})
	certs, err := parse(chain)
	if err != nil {
		x.find(finding.Warning, "unreadable-certificate", o.Label, err.Error(), "")
		return
	}
	hidden := x.Password == PasswordUnknown && certs[0].EndEntity()
	x.dates(o.Label, 0, 1, certs[0], "", hidden)
	if !hidden && certs[0].EndEntity() {
		x.find(finding.Info, "no-key", o.Label, "there is no private key of the CKA_ID of this certificate, and it is not marked as trusted (CKA_TRUSTED): to Java it is not there", "")
	}
	if weak := x.weakKey(certs[0]); weak != "" && x509util.PurposeOf(certs[0], x509util.Use{}).TLS() {
		x.find(finding.Warning, "weak-key", o.Label, weak, "")
	}
}

// looseCertificate is the kind of a certificate on a token that is no entry.
const looseCertificate = "certificate"

// oneToken is the token among those that were named, if it is the only one: it stands for
// the keystores of the type PKCS11 of a server.xml.
func (o Options) oneToken() *Token {
	if len(o.Tokens) == 1 {
		for _, t := range o.Tokens {
			return t
		}
	}
	return nil
}
