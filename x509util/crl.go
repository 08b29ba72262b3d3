package x509util

import (
	"crypto"
	"fmt"
	"math/big"
	"strings"
	"time"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
	"gokeytool/x509util/keys"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// CRL is a certificate revocation list (RFC 5280, section 5), read as
// leniently as Java's X509CRLImpl reads it. The byte slices are parts of Raw.
type CRL struct {
	Raw                []byte
	TBS                []byte
	Version            int // 1 or 2 as people count
	Issuer             Name
	ThisUpdate         time.Time // UTC
	NextUpdate         time.Time // UTC; zero if absent
	Revoked            []RevokedCertificate
	Extensions         []Extension
	SignatureAlgorithm []byte
	SigName            string
	Signature          []byte

	SigAlg        keys.Algorithm
	HasNextUpdate bool
	RawExtensions []RawExtension
	HasExtensions bool
}

// RevokedCertificate is one entry of a CRL.
type RevokedCertificate struct {
	Serial     *big.Int
	Date       time.Time // UTC
	Extensions []Extension

	RawExtensions []RawExtension
	HasExtensions bool
}

// ParseCRL reads one certificate revocation list. der is kept, not copied.
func ParseCRL(der []byte) (*CRL, error) {
	c, err := parseCRL(der)
	if err != nil {
		return nil, fmt.Errorf("malformed CRL: %w", err)
	}
	return c, nil
}

// ParseCRLs reads the revocation lists of a file, in its order, as keytool
// -printcrl does: DER (one or several after each other), PEM with whatever
// stands around the blocks, or PKCS #7 in DER or PEM, which may hold none.
// Any other input is an *InputError.
func ParseCRLs(data []byte) ([]*CRL, error) {
	if len(data) > 0 && data[0] == byte(casn1.SEQUENCE) {
		return parseDERCRLs(data)
	}
	blocks := decodePEM(data)
	var lists []*CRL
	fitting := false // a PKCS #7 block may hold none
	for _, b := range blocks {
		if !strings.HasSuffix(b.label, "CRL") && !strings.HasPrefix(b.label, "PKCS") && b.label != "CMS" {
			continue
		}
		fitting = true
		found, err := parseDERCRLs(b.der)
		if err != nil {
			return nil, err
		}
		lists = append(lists, found...)
	}
	if !fitting {
		return nil, &InputError{What: describe(data, blocks)}
	}
	return lists, nil
}

func parseDERCRLs(data []byte) ([]*CRL, error) {
	if parts, ok := pkcs7CRLs(data); ok {
		lists := make([]*CRL, len(parts))
		for i, part := range parts {
			var err error
			if lists[i], err = ParseCRL(part.Full); err != nil {
				return nil, err
			}
		}
		return lists, nil
	}
	var lists []*CRL
	for rest := data; len(rest) > 0; {
		_, n, err := ber.Split(rest)
		if err != nil && len(lists) > 0 {
			break // something else behind the lists, such as a line end
		}
		var c *CRL
		if err == nil {
			c, err = ParseCRL(rest[:n:n])
		}
		if err != nil {
			return nil, &InputError{describe(data, nil), err}
		}
		lists = append(lists, c)
		rest = rest[n:]
	}
	return lists, nil
}

// pkcs7CRLs returns the revocation lists of a PKCS #7 SignedData (RFC 2315,
// 9.1), whatever stands behind it; ok is false if data is something else.
func pkcs7CRLs(data []byte) (lists []ber.Value, ok bool) {
	outer, _, err := ber.Split(data)
	if err != nil || outer.Tag != casn1.SEQUENCE {
		return nil, false
	}
	f := fieldReader{r: outer.Reader()}
	id, content := f.next("type"), f.next("content")
	if oid, err := id.OID(); f.err != nil || err != nil || oid != oidSignedData || !content.Context(0, true) {
		return nil, false
	}
	signed, err := ber.Parse(content.Body)
	if err != nil || signed.Tag != casn1.SEQUENCE {
		return nil, false
	}
	for r := signed.Reader(); !r.Empty(); {
		v, err := r.Next()
		if err != nil {
			return nil, false
		}
		if v.Context(1, true) {
			lists, err = v.Reader().All()
			return lists, err == nil
		}
	}
	return nil, true
}

func parseCRL(der []byte) (*CRL, error) {
	s, err := readSigned(der)
	if err != nil {
		return nil, err
	}
	c := &CRL{
		Raw: s.raw, TBS: s.tbs.Encoded(), Version: 1,
		SignatureAlgorithm: s.algorithmDER, SigName: s.algorithm.Name(jdk.Default), Signature: s.signature,
		SigAlg: s.algorithm,
	}
	f := fieldReader{r: s.tbs.Reader()}
	if f.r.Peek() == casn1.INTEGER {
		c.Version = f.integer("version") + 1
		if f.err == nil && c.Version != 2 {
			return nil, fmt.Errorf("version %d is unknown", c.Version)
		}
	}
	f.sequence("signature algorithm")
	c.Issuer = f.name("issuer")
	c.ThisUpdate = f.time("this update")
	if tag := f.r.Peek(); tag == casn1.UTCTime || tag == casn1.GeneralizedTime {
		c.NextUpdate = f.time("next update")
		c.HasNextUpdate = true
	}
	if f.r.Peek() == casn1.SEQUENCE {
		entries := f.next("revoked certificates")
		for r := entries.Reader(); f.err == nil && !r.Empty(); {
			e, err := readRevoked(&r)
			if err != nil {
				return nil, fmt.Errorf("entry %d: %w", len(c.Revoked)+1, err)
			}
			c.Revoked = append(c.Revoked, e)
		}
	}
	if f.err == nil && !f.r.Empty() {
		if v := f.next("extensions"); v.Context(0, true) {
			if c.RawExtensions, err = readExtensions(v.Reader()); err != nil {
				return nil, err
			}
			c.HasExtensions = true
			c.Extensions = PlainExtensions(c.RawExtensions)
		}
	}
	return c, f.err
}

func readRevoked(r *ber.Reader) (e RevokedCertificate, err error) {
	f := fieldReader{r: *r}
	seq := f.sequence("entry")
	*r = f.r
	if f.err != nil {
		return e, f.err
	}
	f = fieldReader{r: seq.Reader()}
	e.Serial = f.bigInteger("serial number")
	e.Date = f.time("revocation date")
	if f.err != nil || f.r.Empty() {
		return e, f.err
	}
	if e.RawExtensions, err = readExtensions(f.r); err != nil {
		return e, err
	}
	e.HasExtensions = true
	e.Extensions = PlainExtensions(e.RawExtensions)
	return e, nil
}

// CheckSignatureFrom verifies that the CRL was signed with pub.
func (c *CRL) CheckSignatureFrom(pub crypto.PublicKey) error {
	return keys.CheckSignature(pub, c.SignatureAlgorithm, c.TBS, c.Signature)
}
