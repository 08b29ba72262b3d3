package x509util

import (
	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// AuthorityKeyID returns the identifier of the issuer's key in the certificate's
// AuthorityKeyIdentifier extension (RFC 5280, 4.2.1.1), nil where there is none
// that can be read.
func (c *Certificate) AuthorityKeyID() []byte {
	e := c.Extension("2.5.29.35")
	if e == nil {
		return nil
	}
	var value, id cryptobyte.String
	var present bool
	input := cryptobyte.String(e.Value)
	if !input.ReadASN1(&value, casn1.SEQUENCE) || !value.ReadOptionalASN1(&id, &present, casn1.Tag(0).ContextSpecific()) || !present {
		return nil
	}
	return id
}

// SubjectKeyID returns the identifier in the certificate's
// SubjectKeyIdentifier extension (RFC 5280, 4.2.1.2), nil where there is none
// that can be read.
func (c *Certificate) SubjectKeyID() []byte {
	e := c.Extension("2.5.29.14")
	if e == nil {
		return nil
	}
	value := cryptobyte.String(e.Value)
	var id cryptobyte.String
	if !value.ReadASN1(&id, casn1.OCTET_STRING) || !value.Empty() {
		return nil
	}
	return id
}
