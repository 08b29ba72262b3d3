package x509util

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"math/bits"

	"gokeytool/x509util/keys"
)

// A Relation is what is known of one certificate as the issuer of another. The
// greater, the closer.
type Relation uint8

const (
	// OtherIssuer: the certificate names another issuer, or another key of
	// one with that name.
	OtherIssuer Relation = iota
	// WrongSignature: it names this issuer, whose key did not sign it.
	WrongSignature
	// Unverifiable: it names this issuer, by name and by key identifiers
	// where they are; whether its key signed it can't be verified here.
	Unverifiable
	// Issued: it names this issuer, and the signature is that of its key.
	Issued
)

// IssuedBy says what is known of issuer as the issuer of c. Dates and what the
// issuer may do are not looked at.
func (c *Certificate) IssuedBy(issuer *Certificate) Relation {
	if !c.Issuer.Equal(issuer.Subject) {
		return OtherIssuer
	}
	switch err := c.CheckSignatureFrom(issuer); {
	case err == nil:
		return Issued
	case errors.Is(err, keys.ErrSignature):
		return WrongSignature
	}
	theirs, own := c.AuthorityKeyID(), issuer.SubjectKeyID()
	if theirs != nil && own != nil && !bytes.Equal(theirs, own) {
		return OtherIssuer
	}
	return Unverifiable
}

// VerifyCost is about what it takes to verify a signature by the certificate's key,
// in those of RSA keys of 2048 bits, each 25 to 40 µs.
func (c *Certificate) VerifyCost() int {
	public, err := c.PublicKey()
	if err != nil {
		return 1 // it is not verified
	}
	if pss, ok := public.(*keys.PSSPublicKey); ok {
		public = pss.PublicKey
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return 10 // of EC, 2 to 20; of DSA, up to 60
	}
	size := (key.N.BitLen() + 2047) / 2048
	return size * size * ((bits.Len(uint(key.E)) + 16) / 17)
}

// UnverifiableText says that the signature of issuer on c can't be verified
// here, and why; "" where it can, good or not.
func (c *Certificate) UnverifiableText(issuer *Certificate) string {
	if c.IssuedBy(issuer) != Unverifiable {
		return ""
	}
	on := c.Called()
	if c == issuer {
		on = "itself"
	}
	return "the signature of " + issuer.Called() + " on " + on + " " + CantVerify(c.CheckSignatureFrom(issuer))
}

// CantVerify ends a sentence about a signature for which keys.CheckSignature returned
// an error other than keys.ErrSignature.
func CantVerify(err error) string { return "can't be verified here: " + err.Error() }

// UnverifiableTexts are those of a chain: of each certificate and the one behind
// it. The signature of a root on itself proves nothing; it counts only where
// there is no other.
func UnverifiableTexts(chain []*Certificate) []string {
	var texts []string
	for i, c := range chain {
		issuer := c
		switch {
		case i+1 < len(chain):
			issuer = chain[i+1]
		case i > 0:
			return texts
		}
		if text := c.UnverifiableText(issuer); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}
