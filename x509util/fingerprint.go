package x509util

import (
	"crypto/sha1"
	"crypto/sha256"
)

// Fingerprint returns the digest of der as keytool writes it: upper-case
// hexadecimal bytes with colons between. hash is "SHA-1" or "SHA-256"; any
// other name gives "".
func Fingerprint(der []byte, hash string) string {
	return string(AppendFingerprint(nil, der, hash))
}

// AppendFingerprint appends what Fingerprint returns.
func AppendFingerprint(dst, der []byte, hash string) []byte {
	switch hash {
	case "SHA-1":
		sum := sha1.Sum(der)
		return appendColonHex(dst, sum[:])
	case "SHA-256":
		sum := sha256.Sum256(der)
		return appendColonHex(dst, sum[:])
	}
	return dst
}

func appendColonHex(dst, b []byte) []byte {
	const digits = "0123456789ABCDEF"
	for i, x := range b {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, digits[x>>4], digits[x&15])
	}
	return dst
}

// FormatFingerprint writes a digest as Fingerprint does.
func FormatFingerprint(sum []byte) string { return string(appendColonHex(nil, sum)) }
