package x509util

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
	"gokeytool/x509util/keys"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Certificate is an X.509 certificate (RFC 5280) read for showing and
// storing: whatever Java's CertificateFactory reads is read, and more, also
// where crypto/x509 refuses (negative serial numbers, odd strings, unknown keys
// and curves, extensions that don't parse). Nothing in it has been verified.
// The byte slices are parts of Raw; don't change them.
type Certificate struct {
	Raw                []byte // the whole certificate; BER lengths of it and TBS are made DER, as Java does
	TBS                []byte // the part that is signed
	Version            int    // 1, 2 or 3 as people count
	Serial             *big.Int
	Issuer, Subject    Name
	NotBefore          time.Time // UTC
	NotAfter           time.Time // UTC
	SPKI               []byte    // SubjectPublicKeyInfo
	SignatureAlgorithm []byte    // AlgorithmIdentifier of the signature
	SigName            string    // its name in Java 25, such as "SHA256withRSA", else the OID
	Signature          []byte    // without the bit string's count of unused bits

	// Extensions are in the certificate's order. One whose OID doesn't fit
	// asn1.ObjectIdentifier is left out here but printed.
	Extensions []Extension

	RawExtensions []RawExtension
	SigAlg        keys.Algorithm
}

// A RawExtension is an Extension with its OID as Java writes it, of any size.
type RawExtension struct {
	OID      string
	Critical bool
	Value    []byte
}

// Encoded returns the certificate that data begins with as Java has it of a
// keystore, a file or a server, and takes its fingerprint: in DER where its length
// is BER's, and without the bytes behind it. What is none is returned as it is.
func Encoded(data []byte) []byte {
	v, _, err := ber.Split(data)
	if err != nil || v.Tag != casn1.SEQUENCE {
		return data
	}
	return v.Encoded()
}

// ParseCertificate reads the certificate that der begins with, by DER's rules or
// BER's. As to Java, bytes after it don't count: see Encoded. der is kept, not
// copied.
func ParseCertificate(der []byte) (*Certificate, error) {
	if _, n, err := ber.Split(der); err == nil {
		der = der[:n:n]
	}
	c, err := parseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("malformed certificate: %w", err)
	}
	return c, nil
}

func parseCertificate(der []byte) (*Certificate, error) {
	s, err := readSigned(der)
	if err != nil {
		return nil, err
	}
	c := &Certificate{
		Raw: s.raw, TBS: s.tbs.Encoded(), Version: 1,
		SignatureAlgorithm: s.algorithmDER, SigName: s.algorithm.Name(jdk.Default), Signature: s.signature,
		SigAlg: s.algorithm,
	}
	r := fieldReader{r: s.tbs.Reader()}
	if r.r.Peek() == ber.TagContext|ber.TagConstructed {
		version := r.next("version")
		inner := fieldReader{r: version.Reader()}
		c.Version = inner.integer("version") + 1
		r.fail(inner.err)
	}
	c.Serial = r.bigInteger("serial number")
	r.sequence("signature algorithm")
	c.Issuer = r.name("issuer")
	validity := fieldReader{r: r.sequence("validity").Reader()}
	c.NotBefore = validity.time("not before")
	c.NotAfter = validity.time("not after")
	r.fail(validity.err)
	c.Subject = r.name("subject")
	c.SPKI = r.sequence("public key").Full
	for r.err == nil && !r.r.Empty() {
		// Unique identifiers, [1] and [2], are not shown by keytool. Java looks at
		// nothing behind the extensions, or behind what is none of these.
		v := r.next("extensions")
		if v.Tag&^ber.TagConstructed == ber.TagContext|1 || v.Tag&^ber.TagConstructed == ber.TagContext|2 {
			continue
		}
		if !v.Context(3, true) {
			break
		}
		if c.RawExtensions, err = readExtensions(v.Reader()); err != nil {
			return nil, err
		}
		c.Extensions = PlainExtensions(c.RawExtensions)
		break
	}
	return c, r.err
}

// Outline returns the signature algorithm and the SubjectPublicKeyInfo of the
// certificate that der begins with, and looks at nothing else, which takes a
// fraction of the time of ParseCertificate. spki is nil where it can't be found.
func Outline(der []byte) (sigAlg keys.Algorithm, spki []byte, err error) {
	if _, n, err := ber.Split(der); err == nil {
		der = der[:n:n] // as ParseCertificate does
	}
	s, err := readSigned(der)
	if err != nil {
		return sigAlg, nil, err
	}
	if spki, err = findSPKI(s.tbs); err != nil {
		spki = nil
	}
	return s.algorithm, spki, nil
}

// findSPKI returns the SubjectPublicKeyInfo of a TBSCertificate, and passes
// over what stands before it.
func findSPKI(tbs ber.Value) ([]byte, error) {
	r := fieldReader{r: tbs.Reader()}
	if r.r.Peek() == ber.TagContext|ber.TagConstructed {
		r.next("version")
	}
	for _, field := range [...]string{"serial number", "signature algorithm", "issuer", "validity", "subject"} {
		r.next(field)
	}
	return r.sequence("public key").Full, r.err
}

// signed is what certificates, requests and revocation lists have in common:
// something to be signed, the algorithm and the signature.
type signed struct {
	raw          []byte
	tbs          ber.Value
	algorithm    keys.Algorithm
	algorithmDER []byte
	signature    []byte
}

func readSigned(der []byte) (s signed, err error) {
	outer, err := ber.Parse(der)
	if err != nil {
		return s, err
	}
	if outer.Tag != casn1.SEQUENCE {
		return s, fmt.Errorf("not a sequence, tag %#02x", outer.Tag)
	}
	s.raw = outer.Encoded()
	r := fieldReader{r: outer.Reader()}
	s.tbs = r.sequence("signed part")
	algorithm := r.sequence("signature algorithm")
	signature := r.next("signature")
	if r.err != nil {
		return s, r.err
	}
	if !r.r.Empty() {
		return s, fmt.Errorf("%d bytes after the signature", len(r.r.Rest))
	}
	s.algorithmDER = algorithm.Full
	if s.algorithm, err = keys.ReadAlgorithm(algorithm); err != nil {
		return s, fmt.Errorf("signature algorithm: %w", err)
	}
	if s.signature, _, err = signature.Bits(); err != nil {
		return s, fmt.Errorf("signature: %w", err)
	}
	return s, nil
}

// fieldReader reads the fields of a structure one after the other and keeps
// the first error, with the field's name.
type fieldReader struct {
	r   ber.Reader
	err error
}

func (f *fieldReader) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *fieldReader) next(field string) ber.Value {
	if f.err != nil {
		return ber.Value{}
	}
	v, err := f.r.Next()
	if err != nil {
		f.err = fmt.Errorf("%s: %w", field, err)
	}
	return v
}

func (f *fieldReader) sequence(field string) ber.Value {
	v := f.next(field)
	if f.err == nil && v.Tag != casn1.SEQUENCE {
		f.err = fmt.Errorf("%s: not a sequence, tag %#02x", field, v.Tag)
	}
	return v
}

func (f *fieldReader) integer(field string) int {
	v := f.next(field)
	if f.err != nil {
		return 0
	}
	n, err := v.Integer(casn1.INTEGER)
	if err != nil {
		f.err = fmt.Errorf("%s: %w", field, err)
	}
	return n
}

func (f *fieldReader) bigInteger(field string) *big.Int {
	v := f.next(field)
	if f.err != nil {
		return nil
	}
	n, err := v.BigInteger()
	if err != nil {
		f.err = fmt.Errorf("%s: %w", field, err)
	}
	return n
}

func (f *fieldReader) name(field string) Name {
	v := f.next(field)
	if f.err != nil {
		return Name{}
	}
	n, err := ParseName(v.Full)
	if err != nil {
		f.err = fmt.Errorf("%s: %w", field, err)
	}
	return n
}

func (f *fieldReader) time(field string) time.Time {
	v := f.next(field)
	if f.err != nil {
		return time.Time{}
	}
	t, err := v.AnyTime()
	if err != nil {
		f.err = fmt.Errorf("%s: %w", field, err)
	}
	return t
}

// readExtensions reads a SEQUENCE OF Extension.
func readExtensions(r ber.Reader) ([]RawExtension, error) {
	seq, err := r.Next()
	if err != nil {
		return nil, fmt.Errorf("extensions: %w", err)
	}
	if seq.Tag != casn1.SEQUENCE {
		return nil, fmt.Errorf("extensions: not a sequence, tag %#02x", seq.Tag)
	}
	var exts []RawExtension
	for r := seq.Reader(); !r.Empty(); {
		e, err := readExtension(&r)
		if err != nil {
			return nil, fmt.Errorf("extension %d: %w", len(exts)+1, err)
		}
		exts = append(exts, e)
	}
	return exts, nil
}

func readExtension(r *ber.Reader) (e RawExtension, err error) {
	seq, err := r.Next()
	if err != nil {
		return e, err
	}
	f := fieldReader{r: seq.Reader()}
	id := f.next("OID")
	v := f.next("value")
	if f.err == nil && v.Tag == casn1.BOOLEAN {
		if e.Critical, err = v.Boolean(); err != nil {
			return e, err
		}
		v = f.next("value")
	}
	if f.err != nil {
		return e, f.err
	}
	if e.OID, err = id.OID(); err != nil {
		return e, err
	}
	e.Value, err = v.Octets()
	return e, err
}

// PlainExtensions returns the extensions without those whose OIDs don't fit
// asn1.ObjectIdentifier.
func PlainExtensions(exts []RawExtension) []Extension {
	out := make([]Extension, 0, len(exts))
	for _, e := range exts {
		if id, ok := dottedOID(e.OID); ok {
			out = append(out, Extension{OID: id, Critical: e.Critical, Value: e.Value})
		}
	}
	return out
}

// dottedOID reads dotted decimal; ok is false where an arc exceeds an int.
func dottedOID(s string) (id asn1.ObjectIdentifier, ok bool) {
	id = make(asn1.ObjectIdentifier, 0, strings.Count(s, ".")+1)
	for arc := range strings.SplitSeq(s, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil {
			return nil, false
		}
		id = append(id, n)
	}
	return id, true
}

// SelfSigned says whether subject and issuer are the same, which is what
// keytool calls self-signed; no signature is checked.
func (c *Certificate) SelfSigned() bool {
	return bytes.Equal(c.Subject.DER(), c.Issuer.DER()) || c.Subject.Equal(c.Issuer)
}

// PublicKey returns the certificate's key, or an error when its algorithm is
// not one that keys.ParsePublic knows.
func (c *Certificate) PublicKey() (crypto.PublicKey, error) { return keys.ParsePublic(c.SPKI) }

// KeyName says what key the certificate is for: "3072-bit RSA", "256-bit EC
// (secp256r1)", "Ed25519". It is empty where the key is malformed.
func (c *Certificate) KeyName() string { return keyName(c.SPKI) }

func keyName(spki []byte) string {
	key, err := keys.Describe(spki, jdk.Default)
	if err != nil {
		return ""
	}
	return key.String()
}

// CheckSignatureFrom verifies that c was signed with the key of issuer. Names
// and dates are not looked at. Its errors are those of keys.CheckSignature.
func (c *Certificate) CheckSignatureFrom(issuer *Certificate) error {
	return keys.CheckSignatureSPKI(issuer.SPKI, c.SignatureAlgorithm, c.TBS, c.Signature)
}

// Extension returns the extension with the dotted OID, or nil.
func (c *Certificate) Extension(oid string) *Extension { return findExtension(c.Extensions, oid) }

// CriticalExtensions are the OIDs of the extensions that are critical, in the
// certificate's order: also of those that don't fit asn1.ObjectIdentifier.
func (c *Certificate) CriticalExtensions() (oids []string) {
	for _, e := range c.RawExtensions {
		if e.Critical {
			oids = append(oids, e.OID)
		}
	}
	return oids
}

func findExtension(exts []Extension, oid string) *Extension {
	for i := range exts {
		if exts[i].OID.String() == oid {
			return &exts[i]
		}
	}
	return nil
}
