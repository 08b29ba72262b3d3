package commands

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	exchange "software.sslmate.com/src/go-pkcs12"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/console"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/x509util"
)

// exporting is what one run of export writes.
type exporting struct {
	key     bool   // the private key
	own     bool   // the entry's own certificate
	issuers bool   // those above it
	format  string // a value of -format
	sealed  bool   // the key is encrypted
	profile optional[string]
	asked   optional[string] // the format, as it was given
	// keyfilepass is the password of the new file; nil: it is asked for.
	keyfilepass []byte
}

// secret says whether what is written is for the owner's eyes alone.
func (x exporting) secret() bool { return x.key || x.format == "p12" || x.format == "jks" }

// exporting is what the options ask for, or why they don't go together.
func (s *session) exporting(o exportcertOptions) (exporting, error) {
	x := exporting{
		key: o.key, own: o.fullchain || !o.key && !o.chain, issuers: o.chain || o.fullchain,
		format: "pem", sealed: o.encrypt, profile: o.profile, asked: o.format, keyfilepass: o.keyfilepass,
	}
	if o.format.given {
		var err error
		if x.format, err = s.choose("format", strings.ToLower(o.format.value)); err != nil {
			return x, err
		}
	} else if o.profile.given {
		x.format = "p12"
	}
	switch {
	case secretEncodings[x.format] != nil:
		if !o.key || o.chain || o.fullchain || o.encrypt || o.profile.given {
			return x, fmt.Errorf("-format %s is for -key, of a secret key alone", x.format)
		}
	case o.profile.given && x.format != "p12":
		return x, errors.New("-profile is for -format p12")
	case o.encrypt && (!o.key || x.format != "pem" && x.format != "der"):
		return x, errors.New("-encrypt is for -key in pem or der")
	case x.format == "der" && (x.issuers || x.key && x.own):
		return x, errors.New("-format der holds one thing: a chain goes to pem or p7b, a key with its chain to pem, p12 or jks")
	case x.format == "p7b" && x.key:
		return x, errors.New("-format p7b holds certificates alone: a key with its chain goes to pem, p12 or jks")
	}
	switch x.format {
	case "p7b":
		if !o.chain {
			x.own, x.issuers = true, true
		}
	case "p12", "jks":
		x.key, x.own, x.issuers = false, true, true // the key where there is one
	}
	return x, nil
}

// exportEntry writes what keytool can't: the private key, the chain, a file
// for another system.
func exportEntry(ctx context.Context, s *session, o exportcertOptions) error {
	x, err := s.exporting(o)
	if err != nil {
		return err
	}
	if err := s.openKeystore(ctx, access{asks: asksOnce, file: s.opt.file}); err != nil {
		return err
	}
	alias := s.aliasOrDefault()
	e, err := s.ks.get(alias)
	if err != nil {
		return err
	}
	if x.key && e.Kind == entry.SecretKey {
		return s.exportSecret(alias, x)
	}
	if secretEncodings[x.format] != nil && e.Kind == entry.PrivateKey {
		return withHint(fmt.Errorf("-format %s is for secret keys: <%s> is a private key", x.format, alias), "a private key goes to -format pem or der")
	}
	if x.key && e.Kind != entry.PrivateKey {
		return withHint(failf("Alias <%s> has no key", alias), "private keys are in the entries that list calls PrivateKeyEntry")
	}
	if e.Kind == entry.SecretKey {
		return failf("Alias <%s> has no certificate", alias)
	}
	var data []byte
	switch x.format {
	case "p12", "jks":
		data, err = s.exchangeFile(alias, e, x)
	case "p7b":
		if data = x509util.EncodePKCS7(x.certificates(e)); s.opt.rfc {
			data = pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: data})
		}
	default:
		data, err = s.plainFile(alias, e, x)
	}
	if err != nil {
		return err
	}
	if len(data) == 0 {
		return withHint(failf("Alias <%s> has no certificate chain", alias),
			"its certificate has no issuer in the keystore; to take in the CA's reply: "+s.here().KeyLine([]string{"importcert", "-alias", alias}, "-file", "REPLY"))
	}
	s.secrets = append(s.secrets, data)
	return s.writeExport(x, data)
}

// exportSecret writes the bytes of a secret key, in hexadecimal unless -format
// says otherwise. Those of an entry of importpass are the password.
func (s *session) exportSecret(alias string, x exporting) error {
	if !x.asked.given {
		x.format = "hex"
	} else if secretEncodings[x.format] == nil {
		return withHint(fmt.Errorf("-format %s is for private keys: <%s> is a secret key", x.asked.value, alias),
			"a secret key goes to -format "+strings.Join(argv.SecretFormats, ", "))
	}
	if x.sealed || x.own || x.issuers {
		return failf("Alias <%s> has no certificate", alias)
	}
	key, err := s.exportedKey(alias)
	if err != nil {
		return err
	}
	data := secretEncodings[x.format](key.Raw)
	s.secrets = append(s.secrets, data)
	return s.writeExport(x, data)
}

// exportedKey is the key of an alias as it leaves the keystore.
func (s *session) exportedKey(alias string) (entry.Key, error) {
	key, _, err := s.recoverKey(s.ks, alias, s.ks.keypass)
	if err != nil {
		return key, err
	}
	e, err := s.ks.get(alias)
	if err != nil {
		return key, err
	}
	return s.outside(s.ks, e, key)
}

// secretEncodings write the bytes of a secret key, by -format.
var secretEncodings = map[string]func([]byte) []byte{
	"raw":    bytes.Clone,
	"hex":    func(key []byte) []byte { return append(hex.AppendEncode(nil, key), '\n') },
	"base64": func(key []byte) []byte { return append(base64.StdEncoding.AppendEncode(nil, key), '\n') },
}

// certificates are those of the entry that are written.
func (x exporting) certificates(e *entry.Entry) [][]byte {
	var list [][]byte
	for i, c := range e.Chain {
		if i == 0 && x.own || i > 0 && x.issuers {
			list = append(list, x509util.Encoded(c.DER))
		}
	}
	return list
}

// plainFile is key and certificates in PEM, or one of them in DER.
func (s *session) plainFile(alias string, e *entry.Entry, x exporting) ([]byte, error) {
	var blocks []*pem.Block
	if x.key {
		key, err := s.exportedKey(alias)
		if err != nil {
			return nil, err
		}
		var password []byte
		if x.sealed {
			if password, err = s.outputPassword("the key", x.keyfilepass); err != nil {
				return nil, err
			}
		}
		block, err := keyBlock(key, password)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, block)
	}
	for _, der := range x.certificates(e) {
		blocks = append(blocks, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	if x.format == "der" {
		return slices.Clone(blocks[0].Bytes), nil
	}
	var out bytes.Buffer
	for _, block := range blocks {
		if err := pem.Encode(&out, block); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// outputPassword is the password of what is written: -keyfilepass, else the
// user is asked for a new one.
func (s *session) outputPassword(what string, password []byte) ([]byte, error) {
	if password == nil {
		var err error
		if password, err = s.promptNewPassword(console.Textf("password for %s", what), nil); err != nil {
			return nil, err
		}
		s.secrets = append(s.secrets, password)
	}
	if passwordLength(password) < minPassword {
		return nil, failf("New password must be at least 6 characters")
	}
	return password, nil
}

// exchangePresets are the profiles that go-pkcs12 writes, whose encoders are proven
// with many other systems. They give a key no name: Java calls it 1. All other
// profiles are our own writer's.
var exchangePresets = map[string]*exchange.Encoder{
	"modern2023":   exchange.Modern2023,
	"modern2026":   exchange.Modern2026,
	"legacy-des":   exchange.LegacyDES,
	"legacy-rc2":   exchange.LegacyRC2,
	"passwordless": exchange.Passwordless,
}

// exchangeFile is a keystore of the one entry, for another system.
func (s *session) exchangeFile(alias string, e *entry.Entry, x exporting) ([]byte, error) {
	name, err := s.choose("profile", strings.ToLower(x.profile.value))
	if err != nil {
		return nil, err
	}
	var key entry.Key
	if e.Kind == entry.PrivateKey {
		if key, err = s.exportedKey(alias); err != nil {
			return nil, err
		}
	}
	var password []byte
	if name != "passwordless" {
		if password, err = s.outputPassword("the new file", x.keyfilepass); err != nil {
			return nil, err
		}
	}
	if preset, ok := exchangePresets[name]; ok {
		if password == nil && key.PKCS8 != nil {
			s.Stderr.Print("gokeytool: without a password nothing in the file protects the key\n")
		}
		return encodeExchange(preset, s.ks.StoredAlias(alias), key, e.Chain, password)
	}
	out := store.New(store.JKS)
	if x.format == "p12" {
		params := pkcs12.Default
		if name != "" {
			params, _ = pkcs12.Profile(name)
		}
		out = store.NewPKCS12(params)
	}
	if e.Kind == entry.PrivateKey {
		err = out.SetKey(e.Alias, key, password, e.Chain, s.Now())
	} else {
		err = out.SetCertificate(e.Alias, e.Chain[0], s.Now())
	}
	if err != nil {
		return nil, err
	}
	return out.Bytes(password)
}

// encodeExchange writes a key with its chain, or a trusted certificate, as
// go-pkcs12 does. It needs certificates that crypto/x509 understands.
func encodeExchange(preset *exchange.Encoder, alias string, key entry.Key, chain []entry.Certificate, password []byte) ([]byte, error) {
	var certificates []*x509.Certificate
	for _, c := range chain {
		parsed, err := x509.ParseCertificate(x509util.Encoded(c.DER))
		if err != nil {
			return nil, withHint(fmt.Errorf("a certificate of <%s> is too odd for this profile: %w", alias, err),
				"-format p12 without -profile writes every certificate")
		}
		certificates = append(certificates, parsed)
	}
	if key.PKCS8 == nil {
		return preset.EncodeTrustStoreEntries([]exchange.TrustStoreEntry{{Cert: certificates[0], FriendlyName: alias}}, string(password))
	}
	if len(certificates) == 0 {
		return nil, failf("Alias <%s> has no certificate", alias)
	}
	private, err := x509.ParsePKCS8PrivateKey(key.PKCS8)
	if err != nil {
		return nil, withHint(fmt.Errorf("the key of <%s> is too odd for this profile: %w", alias, err),
			"-format p12 without -profile writes every key")
	}
	return preset.Encode(private, certificates[0], certificates[1:], string(password))
}

// writeExport writes the file of -file, readable by its owner alone where a
// key may be in it, or the standard output.
func (s *session) writeExport(x exporting, data []byte) error {
	if s.opt.file.value == "" || !x.secret() {
		if err := s.writeOutput(s.opt.file.value, data); err != nil || s.opt.file.value == "" {
			return err
		}
		s.talk().Printf("Stored in file <%s>\n", s.opt.file.value)
		return nil
	}
	return s.writeSecret(s.opt.file.value, data)
}
