package x509util

import (
	"crypto"
	"crypto/rand"
	"errors"
	"math/big"
	"strconv"
	"time"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
	"gokeytool/x509util/keys"
)

// Template is what a new certificate says.
type Template struct {
	Serial              *big.Int // nil for a random one as keytool makes
	Issuer, Subject     Name
	NotBefore, NotAfter time.Time   // to the second
	SPKI                []byte      // the subject's SubjectPublicKeyInfo
	Extensions          []Extension // in this order
}

// CreateCertificate makes a certificate of version 3 (RFC 5280) and signs it
// with the issuer's key, by the algorithm that sigAlg names as -sigalg does and
// in the encoding of keytool of the release.
func CreateCertificate(t Template, issuer crypto.Signer, sigAlg string, rel jdk.Release) ([]byte, error) {
	s, err := keys.NewSigning(issuer, sigAlg, rel)
	if err != nil {
		return nil, err
	}
	serial := t.Serial
	if serial == nil {
		if serial, err = randomSerial(); err != nil {
			return nil, err
		}
	}
	if text := lateYear(t.NotAfter); text != "" {
		return nil, &jdk.Error{Class: "java.security.cert.CertificateException", Text: text}
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(ber.Explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1Int64(2) // v3
		})
		b.AddASN1BigInt(serial)
		b.AddBytes(s.AlgID)
		b.AddBytes(t.Issuer.DER())
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addTime(b, t.NotBefore)
			addTime(b, t.NotAfter)
		})
		b.AddBytes(t.Subject.DER())
		b.AddBytes(t.SPKI)
		if len(t.Extensions) > 0 {
			b.AddASN1(ber.Explicit(3), func(b *cryptobyte.Builder) {
				addExtensions(b, t.Extensions)
			})
		}
	})
	tbs, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return seal(s, tbs)
}

// seal returns the sequence of tbs, the algorithm and the signature, which
// certificates and requests both are.
func seal(s keys.Signing, tbs []byte) ([]byte, error) {
	signature, err := s.Sign(tbs)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(s.AlgID)
		b.AddASN1BitString(signature)
	})
	return b.Bytes()
}

// randomSerial returns 64 random bits as keytool does, but never zero.
func randomSerial() (*big.Int, error) {
	for range 10 {
		serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
		if err != nil || serial.Sign() > 0 {
			return serial, err
		}
	}
	return nil, errors.New("no random serial number")
}

// addTime adds a Time (RFC 5280, 4.1.2.5): UTCTime from 1950 to 2049,
// GeneralizedTime else.
func addTime(b *cryptobyte.Builder, t time.Time) {
	t = t.UTC()
	if year := t.Year(); 1950 <= year && year < 2050 {
		b.AddASN1UTCTime(t)
		return
	}
	b.AddASN1GeneralizedTime(t)
}

func addExtensions(b *cryptobyte.Builder, exts []Extension) {
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, e := range exts {
			b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(e.OID)
				if e.Critical {
					b.AddASN1Boolean(true)
				}
				b.AddASN1OctetString(e.Value)
			})
		}
	})
}

// CreateRequest makes a certificate request (PKCS #10, RFC 2986) for the public
// key in spki, and signs it with the private one. Extensions go into an
// extensionRequest attribute, which is there even without any, as keytool has
// it. sigAlg and rel are as in CreateCertificate.
func CreateRequest(subject Name, spki []byte, exts []Extension, key crypto.Signer, sigAlg string, rel jdk.Release) ([]byte, error) {
	s, err := keys.NewSigning(key, sigAlg, rel)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddBytes(subject.DER())
		b.AddBytes(spki)
		b.AddASN1(ber.Explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddBytes(ber.EncodeOID(oidExtensionRequest))
				b.AddASN1(casn1.SET, func(b *cryptobyte.Builder) { addExtensions(b, exts) })
			})
		})
	})
	info, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return seal(s, info)
}

// EndDate returns the end of a validity of so many days of 24 hours from
// start. An end after the year 9999 is refused as keytool refuses it.
// Numbers too large for a count of milliseconds wrap around, as Java's do.
func EndDate(start time.Time, days int64) (time.Time, error) {
	end := time.UnixMilli(start.UnixMilli() + days*24*60*60*1000).In(start.Location())
	if text := lateYear(end); text != "" {
		return time.Time{}, jdk.PlainError(text)
	}
	return end, nil
}

// lateYear is what Java says of an end after the year 9999.
func lateYear(end time.Time) string {
	if year := end.UTC().Year(); year > 9999 {
		return "Validity period ends at calendar year " + strconv.Itoa(year) + " which is greater than 9999"
	}
	return ""
}
