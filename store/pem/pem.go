// Package pem reads as keystores what keys and certificates come in from
// programs other than Java: PEM files (RFC 7468), the keys, certificates and
// chains that openssl, nginx or a CA put into one text; certificates in DER;
// and chains in PKCS #7. It does not write any.
//
// A private key becomes an entry with its chain: the certificate of its public
// key, then the issuers that the file has. Of an encrypted key, which is not
// opened for that, the certificate is the one of the same localKeyID, which
// openssl pkcs12 prints, or else the first that belongs to no other key and
// has issued none of the others. Certificates that stand in no chain become trusted
// certificates.
//
// The alias is the friendlyName that openssl pkcs12 prints above a block, or a
// number. There are no dates, and no integrity to verify.
//
// Read are certificates (also OpenSSL's TRUSTED ones), keys in PKCS #8 (RFC
// 5958), encrypted or not, and RSA (RFC 8017), EC (RFC 5915) and DSA keys as
// OpenSSL wrote them before, encrypted by DEK-Info (RFC 1421) or not, and the
// certificates of PKCS #7 messages. Other blocks are passed over, as is all
// text between blocks. Byte order marks and line ends of any
// kind are understood.
package pem

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

const format = "PEM"

// maxChain is the number of certificates at which a chain ends, as many keys
// may have one long chain.
const maxChain = 100

// maxHeaders is the number of headers that a block may have; OpenSSL writes two.
const maxHeaders = 100

func damaged(offset int, what string, args ...any) error {
	return &entry.FormatError{Kind: entry.ErrDamaged, Format: format, Offset: offset, What: fmt.Sprintf(what, args...)}
}

// Unseal opens the key of an entry; one that is not encrypted opens with any
// password. Errors: entry.ErrPassword, ErrDamaged, ErrUnsupported or ErrLimit.
func Unseal(e *entry.Entry, password []byte, lim entry.Limits) (entry.Key, error) {
	if l, ok := e.Origin.(*legacy); ok {
		return l.open(password)
	}
	return pkcs12.Unseal(e, password, lim)
}

// Rounds is the iteration count of the derivation that opens the key of an
// entry; 0 where none does.
func Rounds(e *entry.Entry) int {
	if _, ok := e.Origin.(*legacy); ok {
		return 0
	}
	return pkcs12.Rounds(e)
}

// Decode reads a PEM file. The password is not needed. The error is an
// *entry.FormatError.
func Decode(data, _ []byte, lim entry.Limits) (*entry.File, error) {
	f := file{format: format}
	if err := scan(data, func(b *block) error { return f.add(b, lim) }); err != nil {
		return nil, err
	}
	return f.entries()
}

// block is a PEM block with what stands above it.
type block struct {
	label        string
	headers      map[string]string
	der          []byte
	offset       int
	friendlyName string
	localKeyID   string
}

// scan calls found for each block of a file.
func scan(data []byte, found func(*block) error) error {
	data = toUTF8(data)
	var b block
	var text []byte // in Base64
	inside := false
	offset := 0
	for line := range bytes.Lines(bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))) {
		start := offset
		offset += len(line)
		line = bytes.TrimSpace(line)
		switch {
		case bytes.HasPrefix(line, []byte("-----BEGIN ")) && bytes.HasSuffix(line, []byte("-----")):
			if inside {
				return damaged(start, "a block within the block %s", b.label)
			}
			inside, text = true, text[:0]
			b.label = string(line[len("-----BEGIN ") : len(line)-len("-----")])
			if strings.Contains(b.label, "-----") { // and with it the key: not to be shown
				return damaged(start, "a block in a single line: its line ends are lost")
			}
			b.offset = start
		case bytes.HasPrefix(line, []byte("-----END ")) && inside:
			if string(line) != "-----END "+b.label+"-----" {
				return damaged(start, "block %s ends as another", b.label)
			}
			der, err := base64.StdEncoding.DecodeString(string(text))
			if err != nil {
				return damaged(b.offset, "block %s is not Base64", b.label)
			}
			done := b
			done.der = der
			if err := found(&done); err != nil {
				return err
			}
			b, inside = block{}, false
		case !inside:
			b.attribute(string(line))
		default:
			if name, value, ok := strings.Cut(string(line), ":"); ok {
				if b.headers == nil {
					b.headers = make(map[string]string)
				}
				if len(b.headers) == maxHeaders {
					return damaged(start, "more than %d headers in block %s", maxHeaders, b.label)
				}
				b.headers[name] = strings.TrimSpace(value)
			} else {
				text = append(text, line...)
			}
		}
	}
	if inside {
		return damaged(b.offset, "block %s does not end", b.label)
	}
	return nil
}

// attribute takes note of a line as openssl pkcs12 prints it above a block.
func (b *block) attribute(line string) {
	name, value, _ := strings.Cut(line, ":")
	switch value = strings.TrimSpace(value); name {
	case "Bag Attributes":
		b.friendlyName, b.localKeyID = "", ""
	case "friendlyName":
		b.friendlyName = value
	case "localKeyID":
		b.localKeyID = value
	}
}

// toUTF8 takes away a byte order mark. Of UTF-16 it keeps what is ASCII.
func toUTF8(data []byte) []byte {
	if bytes.HasPrefix(data, []byte("\xFF\xFE")) || bytes.HasPrefix(data, []byte("\xFE\xFF")) {
		return bytes.ReplaceAll(data[2:], []byte{0}, nil)
	}
	return bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
}

// file is what a file holds.
type file struct {
	format string // for errors
	keys   []*key
	certs  []*cert
	order  []any // of keys and certs
}

type key struct {
	*block
	sealed []byte
	legacy *legacy
	public []byte // SubjectPublicKeyInfo; nil if not known
}

// entry is only the key.
func (k *key) entry() *entry.Entry {
	e := &entry.Entry{Kind: entry.PrivateKey, Sealed: k.sealed}
	if k.legacy != nil {
		e.Origin = k.legacy
	}
	return e
}

type cert struct {
	*block
	der             []byte
	subject, issuer string
	public          []byte
	taken           bool // by a chain
	issued          bool // another certificate of the file
}

func (f *file) damaged(offset int, what string) error {
	return &entry.FormatError{Kind: entry.ErrDamaged, Format: f.format, Offset: offset, What: what}
}

// checkCount says whether one more key or certificate is too many.
func (f *file) checkCount(b *block, lim entry.Limits) error {
	if len(f.order) < lim.MaxEntries {
		return nil
	}
	return &entry.FormatError{Kind: entry.ErrLimit, Format: f.format, Offset: b.offset,
		What: fmt.Sprintf("more than %d keys and certificates", lim.MaxEntries)}
}

func (f *file) addCertificate(b *block, lim entry.Limits) error {
	if err := f.checkCount(b, lim); err != nil {
		return err
	}
	c, err := readCertificate(b)
	if err != nil {
		return err
	}
	f.certs = append(f.certs, c)
	f.order = append(f.order, c)
	return nil
}

// add files a block.
func (f *file) add(b *block, lim entry.Limits) error {
	switch b.label {
	case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
		return f.addCertificate(b, lim)
	case "PKCS7", "PKCS #7 SIGNED DATA", "CMS":
		return f.addPKCS7(b, lim)
	case "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY":
		if err := f.checkCount(b, lim); err != nil {
			return err
		}
		k, err := readKey(b)
		if err != nil {
			return err
		}
		f.keys = append(f.keys, k)
		f.order = append(f.order, k)
	}
	return nil
}

// readCertificate reads a certificate as far as chains need it. What cannot be
// read of it is missing.
func readCertificate(b *block) (*cert, error) {
	s := cryptobyte.String(b.der)
	var der cryptobyte.String
	// Behind a TRUSTED CERTIFICATE stands what OpenSSL trusts it for.
	if !s.ReadASN1Element(&der, asn1.SEQUENCE) || !s.Empty() && b.label != "TRUSTED CERTIFICATE" {
		return nil, damaged(b.offset, "block %s is no certificate", b.label)
	}
	c := &cert{block: b, der: der}
	var outer, tbs, issuer, subject, public cryptobyte.String
	s = der
	if s.ReadASN1(&outer, asn1.SEQUENCE) && outer.ReadASN1(&tbs, asn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(asn1.Tag(0).ContextSpecific().Constructed()) && // version
		tbs.SkipASN1(asn1.INTEGER) && // serial number
		tbs.SkipASN1(asn1.SEQUENCE) && // signature
		tbs.ReadASN1Element(&issuer, asn1.SEQUENCE) &&
		tbs.SkipASN1(asn1.SEQUENCE) && // validity
		tbs.ReadASN1Element(&subject, asn1.SEQUENCE) &&
		tbs.ReadASN1Element(&public, asn1.SEQUENCE) {
		c.issuer, c.subject, c.public = string(issuer), string(subject), public
	}
	return c, nil
}

// readKey reads a private key, whose public key it finds out if it can.
func readKey(b *block) (*key, error) {
	k := &key{block: b, sealed: b.der}
	if _, ok := b.headers["DEK-Info"]; ok {
		l, err := newLegacy(b)
		if err != nil {
			return nil, err
		}
		k.legacy = l
		return k, nil
	}
	if b.label == "ENCRYPTED PRIVATE KEY" {
		return k, nil
	}
	pkcs8, err := toPKCS8(b.label, b.der)
	if err != nil {
		return nil, damaged(b.offset, "block %s: %v", b.label, err)
	}
	k.sealed, k.public = pkcs8, publicKey(pkcs8)
	return k, nil
}

// entries makes entries of keys and certificates, in the order of the file.
func (f *file) entries() (*entry.File, error) {
	if len(f.order) == 0 {
		return nil, f.damaged(-1, "no key and no certificate")
	}
	bySubject := make(map[string]*cert, len(f.certs))
	for _, c := range f.certs {
		if _, ok := bySubject[c.subject]; !ok && c.subject != "" {
			bySubject[c.subject] = c
		}
	}
	for _, c := range f.certs {
		if issuer := bySubject[c.issuer]; issuer != nil && c.issuer != c.subject {
			issuer.issued = true
		}
	}
	leaf := f.leaves()
	out := new(entry.File)
	chains := make(map[*key][]entry.Certificate, len(f.keys))
	for _, k := range f.keys {
		seen := make(map[*cert]bool)
		for c := leaf[k]; c != nil && !seen[c] && len(seen) < maxChain; c = bySubject[c.issuer] {
			seen[c], c.taken = true, true
			chains[k] = append(chains[k], entry.X509(c.der))
			if c.issuer == c.subject {
				break
			}
		}
	}
	unnamed := 0
	alias := func(b *block) string {
		if b.friendlyName != "" {
			return b.friendlyName
		}
		unnamed++
		return strconv.Itoa(unnamed)
	}
	for _, item := range f.order {
		switch item := item.(type) {
		case *key:
			e := item.entry()
			e.Alias, e.Chain = alias(item.block), chains[item]
			out.Entries = append(out.Entries, e)
		case *cert:
			if !item.taken {
				out.Entries = append(out.Entries, &entry.Entry{Alias: alias(item.block), Kind: entry.TrustedCertificate,
					Chain: []entry.Certificate{entry.X509(item.der)}})
			}
		}
	}
	return out, nil
}

// leaves finds the certificate of each key.
func (f *file) leaves() map[*key]*cert {
	leaf := make(map[*key]*cert, len(f.keys))
	taken := make(map[*cert]bool)
	byPublic := make(map[string]*cert, len(f.certs))
	byID := make(map[string]*cert)
	for _, c := range f.certs {
		if _, ok := byPublic[string(c.public)]; !ok && c.public != nil {
			byPublic[string(c.public)] = c
		}
		if c.localKeyID != "" {
			byID[c.localKeyID] = c
		}
	}
	var unknown []*key
	for _, k := range f.keys {
		c := byPublic[string(k.public)]
		if k.public == nil {
			c = byID[k.localKeyID]
		}
		if c != nil {
			leaf[k], taken[c] = c, true
		} else if k.public == nil {
			unknown = append(unknown, k)
		}
	}
	rest := f.certs
	for _, k := range unknown {
		for len(rest) > 0 && (rest[0].issued || taken[rest[0]]) {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			break
		}
		leaf[k], rest = rest[0], rest[1:]
	}
	return leaf
}
