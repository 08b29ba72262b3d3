package x509util

import (
	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

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
