package x509util

import (
	"crypto"
	"fmt"
	"math/big"
	"strings"
	"time"

	"gokeytool/jdk"

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

	sigAlg  algorithm
	hasNext bool
	exts    []extension
	hasExts bool
}

// RevokedCertificate is one entry of a CRL.
type RevokedCertificate struct {
	Serial     *big.Int
	Date       time.Time // UTC
	Extensions []Extension

	exts    []extension
	hasExts bool
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
			if lists[i], err = ParseCRL(part.full); err != nil {
				return nil, err
			}
		}
		return lists, nil
	}
	var lists []*CRL
	for rest := data; len(rest) > 0; {
		_, n, err := splitValue(rest)
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
func pkcs7CRLs(data []byte) (lists []derValue, ok bool) {
	outer, _, err := splitValue(data)
	if err != nil || outer.tag != casn1.SEQUENCE {
		return nil, false
	}
	f := fieldReader{r: outer.reader()}
	id, content := f.next("type"), f.next("content")
	if oid, err := id.oid(); f.err != nil || err != nil || oid != oidSignedData || !content.context(0, true) {
		return nil, false
	}
	signed, err := readValue(content.body)
	if err != nil || signed.tag != casn1.SEQUENCE {
		return nil, false
	}
	for r := signed.reader(); !r.empty(); {
		v, err := r.next()
		if err != nil {
			return nil, false
		}
		if v.context(1, true) {
			lists, err = v.reader().all()
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
		Raw: s.raw, TBS: s.tbs.encoded(), Version: 1,
		SignatureAlgorithm: s.algorithmDER, SigName: s.algorithm.name(jdk.Default), Signature: s.signature,
		sigAlg: s.algorithm,
	}
	f := fieldReader{r: s.tbs.reader()}
	if f.r.peek() == casn1.INTEGER {
		c.Version = f.integer("version") + 1
		if f.err == nil && c.Version != 2 {
			return nil, fmt.Errorf("version %d is unknown", c.Version)
		}
	}
	f.sequence("signature algorithm")
	c.Issuer = f.name("issuer")
	c.ThisUpdate = f.time("this update")
	if tag := f.r.peek(); tag == casn1.UTCTime || tag == casn1.GeneralizedTime {
		c.NextUpdate = f.time("next update")
		c.hasNext = true
	}
	if f.r.peek() == casn1.SEQUENCE {
		entries := f.next("revoked certificates")
		for r := entries.reader(); f.err == nil && !r.empty(); {
			e, err := readRevoked(&r)
			if err != nil {
				return nil, fmt.Errorf("entry %d: %w", len(c.Revoked)+1, err)
			}
			c.Revoked = append(c.Revoked, e)
		}
	}
	if f.err == nil && !f.r.empty() {
		if v := f.next("extensions"); v.context(0, true) {
			if c.exts, err = readExtensions(v.reader()); err != nil {
				return nil, err
			}
			c.hasExts = true
			c.Extensions = exportExtensions(c.exts)
		}
	}
	return c, f.err
}

func readRevoked(r *derReader) (e RevokedCertificate, err error) {
	f := fieldReader{r: *r}
	seq := f.sequence("entry")
	*r = f.r
	if f.err != nil {
		return e, f.err
	}
	f = fieldReader{r: seq.reader()}
	e.Serial = f.bigInteger("serial number")
	e.Date = f.time("revocation date")
	if f.err != nil || f.r.empty() {
		return e, f.err
	}
	if e.exts, err = readExtensions(f.r); err != nil {
		return e, err
	}
	e.hasExts = true
	e.Extensions = exportExtensions(e.exts)
	return e, nil
}

// CheckSignatureFrom verifies that the CRL was signed with pub.
func (c *CRL) CheckSignatureFrom(pub crypto.PublicKey) error {
	return CheckSignature(pub, c.SignatureAlgorithm, c.TBS, c.Signature)
}
