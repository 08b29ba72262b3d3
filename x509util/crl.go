package x509util

import (
	"crypto"
	"fmt"
	"math/big"
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
		return nil, fmt.Errorf("x509util: CRL: %w", err)
	}
	return c, nil
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
