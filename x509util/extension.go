package x509util

import (
	"encoding/asn1"
	"errors"

	"gokeytool/jdk"
)

var errNotYet = errors.New("not yet")

// Extension is one X.509 extension (RFC 5280, section 4.2).
type Extension struct {
	OID      asn1.ObjectIdentifier
	Critical bool
	Value    []byte // content of the OCTET STRING
}

// ExtensionContext is what BuildExtensions needs to know beside the -ext values.
type ExtensionContext struct {
	SubjectKey []byte      // SubjectPublicKeyInfo of the subject
	IssuerKey  []byte      // SubjectPublicKeyInfo of the issuer; nil when self-signed
	Requested  []Extension // extensions of the request, for honored=
	Release    jdk.Release
}

// BuildExtensions makes extensions of the values of keytool's -ext options.
func BuildExtensions(specs []string, ctx ExtensionContext) ([]Extension, error) {
	return nil, errNotYet
}
