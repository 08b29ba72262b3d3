package x509util

import (
	"crypto"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
	"gokeytool/x509util/keys"
)

// CRLTemplate is what a new revocation list says.
type CRLTemplate struct {
	Issuer                 Name
	ThisUpdate, NextUpdate time.Time    // to the second; each revocation is dated ThisUpdate
	Revoked                []Revocation // in this order
}

// Revocation is one certificate of a new revocation list.
type Revocation struct {
	Serial *big.Int
	Reason int // CRLReason (RFC 5280, 5.3.1), as it is written; 0 or less for none
}

// CreateCRL makes a certificate revocation list (RFC 5280, section 5) and signs
// it with the issuer's key, by the algorithm that sigAlg names as -sigalg does.
// As keytool's, it has no extensions of its own, and is of version 2 only where
// a reason is given: version 1 knows none.
func CreateCRL(t CRLTemplate, issuer crypto.Signer, sigAlg string, rel jdk.Release) ([]byte, error) {
	s, err := keys.NewSigning(issuer, sigAlg, rel)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, r := range t.Revoked {
			if r.Reason > 0 {
				b.AddASN1Int64(1) // v2
				break
			}
		}
		b.AddBytes(s.AlgID)
		b.AddBytes(t.Issuer.DER())
		addTime(b, t.ThisUpdate)
		addTime(b, t.NextUpdate)
		if len(t.Revoked) == 0 {
			return
		}
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, r := range t.Revoked {
				b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) { r.add(b, t.ThisUpdate) })
			}
		})
	})
	tbs, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return seal(s, tbs)
}

func (r Revocation) add(b *cryptobyte.Builder, date time.Time) {
	b.AddASN1BigInt(r.Serial)
	addTime(b, date)
	if r.Reason <= 0 {
		return
	}
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(ber.EncodeOID("2.5.29.21"))
			b.AddASN1(casn1.OCTET_STRING, func(b *cryptobyte.Builder) {
				b.AddASN1Enum(int64(r.Reason))
			})
		})
	})
}
