package token

import (
	"bytes"
	"math/big"
	"time"

	"gokeytool/pkcs11"
)

// Certificate is what has to be known of a certificate to make entries of a token.
type Certificate struct {
	Subject, Issuer       string // as Java's X500Principal.getName(CANONICAL) has them
	SubjectDER, IssuerDER []byte
	Serial                *big.Int
	NotBefore, NotAfter   time.Time
	SPKI                  []byte // SubjectPublicKeyInfo
}

func (c *Certificate) selfSigned() bool { return c.Subject == c.Issuer }

// fit says how well a certificate and a private key of one CKA_ID go together: 1 where
// they are for the same key, -1 where they are not, 0 where the token doesn't tell.
func (k *Keystore) fit(key, certificate *object) int {
	parts := publicParts(certificate.certificate.SPKI)
	if parts == nil {
		return 0
	}
	told := 0
	for t, value := range key.parts {
		if value == nil || parts[t] == nil {
			continue
		}
		if t == pkcs11.ECPoint {
			value = unwrapped(value)
		}
		if t == pkcs11.ECParams {
			continue // a curve has several forms
		}
		if !bytes.Equal(bytes.TrimLeft(value, "\x00"), bytes.TrimLeft(parts[t], "\x00")) {
			return -1
		}
		if t == pkcs11.Modulus || t == pkcs11.ECPoint {
			told = 1
		}
	}
	return told
}
