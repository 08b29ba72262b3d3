package x509util

import (
	"crypto"
	"errors"
	"fmt"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
	"gokeytool/x509util/keys"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Request is a PKCS#10 certificate request (RFC 2986), read as leniently as
// Java's PKCS10 class reads it. The byte slices are parts of Raw.
type Request struct {
	Raw                []byte
	TBS                []byte // CertificationRequestInfo, the part that is signed
	Subject            Name
	SPKI               []byte // SubjectPublicKeyInfo
	SignatureAlgorithm []byte // AlgorithmIdentifier
	SigName            string // as in Certificate
	Signature          []byte
	Attributes         []Attribute
	Extensions         []Extension // those requested, in the order of the request

	RawExtensions []RawExtension
	SigAlg        keys.Algorithm
}

// Attribute is an attribute of a request.
type Attribute struct {
	OID    string   // dotted
	Values [][]byte // DER of each value of the set
	Set    []byte   // DER of the whole set
}

const oidExtensionRequest = "1.2.840.113549.1.9.14" // RFC 2985, 5.4.2

// ParseCertificateRequest reads one request. Its signature is not checked:
// see keys.CheckSignature. der is kept, not copied.
func ParseCertificateRequest(der []byte) (*Request, error) {
	r, err := parseRequest(der)
	if err != nil {
		return nil, fmt.Errorf("malformed certificate request: %w", err)
	}
	return r, nil
}

func parseRequest(der []byte) (*Request, error) {
	s, err := readSigned(der)
	if err != nil {
		return nil, err
	}
	req := &Request{
		Raw: s.raw, TBS: s.tbs.Encoded(),
		SignatureAlgorithm: s.algorithmDER, SigName: s.algorithm.Name(jdk.Default), Signature: s.signature,
		SigAlg: s.algorithm,
	}
	f := fieldReader{r: s.tbs.Reader()}
	if version := f.integer("version"); f.err == nil && version != 0 {
		return nil, fmt.Errorf("version %d is unknown", version+1)
	}
	req.Subject = f.name("subject")
	req.SPKI = f.sequence("public key").Full
	if f.err != nil || f.r.Empty() {
		return req, f.err // without attributes: illegal, but not rare
	}
	attributes := f.next("attributes")
	if f.err != nil {
		return nil, f.err
	}
	if !f.r.Empty() {
		return nil, errors.New("data after the attributes")
	}
	for r := attributes.Reader(); !r.Empty(); {
		v, err := r.Next()
		if err != nil {
			return nil, fmt.Errorf("attributes: %w", err)
		}
		if err := req.addAttribute(v); err != nil {
			return nil, fmt.Errorf("attribute %d: %w", len(req.Attributes)+1, err)
		}
	}
	return req, nil
}

func (req *Request) addAttribute(v ber.Value) error {
	f := fieldReader{r: v.Reader()}
	id, set := f.next("OID"), f.next("values")
	if f.err != nil {
		return f.err
	}
	oid, err := id.OID()
	if err != nil {
		return err
	}
	if set.Tag != casn1.SET {
		return fmt.Errorf("values: not a set, tag %#02x", set.Tag)
	}
	values, err := set.Reader().All()
	if err != nil {
		return err
	}
	a := Attribute{OID: oid, Set: set.Full}
	for _, v := range values {
		a.Values = append(a.Values, v.Full)
	}
	if oid == oidExtensionRequest && len(values) > 0 {
		if req.RawExtensions, err = readExtensions(ber.Reader{Rest: values[0].Full}); err != nil {
			return err
		}
		req.Extensions = PlainExtensions(req.RawExtensions)
	}
	req.Attributes = append(req.Attributes, a)
	return nil
}

// PublicKey returns the request's key, or an error when its algorithm is not
// one that keys.ParsePublic knows.
func (r *Request) PublicKey() (crypto.PublicKey, error) { return keys.ParsePublic(r.SPKI) }

// KeyName is as in Certificate.
func (r *Request) KeyName() string { return keyName(r.SPKI) }

// CheckSignature verifies that the request was signed with the key it is for.
// Its errors are those of the function keys.CheckSignature.
func (r *Request) CheckSignature() error {
	return keys.CheckSignatureSPKI(r.SPKI, r.SignatureAlgorithm, r.TBS, r.Signature)
}
