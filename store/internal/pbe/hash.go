package pbe

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"

	"golang.org/x/crypto/blake2b"
)

// Hash is a hash function in its two roles: as the digest of a PKCS #12 MAC
// (RFC 7292 section 4) and as the HMAC of PBKDF2 and PBMAC1 (RFC 8018
// appendix B.1.2).
type Hash struct {
	Name      string // as in Java's algorithm names: "SHA256"
	New       func() hash.Hash
	DigestOID string // content octets of the object identifier
	HMACOID   string // empty: none
}

// Hashes are all that are understood.
var Hashes = [...]Hash{
	{"SHA1", sha1.New, "\x2b\x0e\x03\x02\x1a", "\x2a\x86\x48\x86\xf7\x0d\x02\x07"},
	{"SHA224", sha256.New224, OIDNISTHash + "\x04", "\x2a\x86\x48\x86\xf7\x0d\x02\x08"},
	{"SHA256", sha256.New, OIDNISTHash + "\x01", "\x2a\x86\x48\x86\xf7\x0d\x02\x09"},
	{"SHA384", sha512.New384, OIDNISTHash + "\x02", "\x2a\x86\x48\x86\xf7\x0d\x02\x0a"},
	{"SHA512", sha512.New, OIDNISTHash + "\x03", "\x2a\x86\x48\x86\xf7\x0d\x02\x0b"},
	{"SHA512/224", sha512.New512_224, OIDNISTHash + "\x05", "\x2a\x86\x48\x86\xf7\x0d\x02\x0c"},
	{"SHA512/256", sha512.New512_256, OIDNISTHash + "\x06", "\x2a\x86\x48\x86\xf7\x0d\x02\x0d"},
	{"SHA3-224", func() hash.Hash { return sha3.New224() }, OIDNISTHash + "\x07", OIDNISTHash + "\x0d"},
	{"SHA3-256", func() hash.Hash { return sha3.New256() }, OIDNISTHash + "\x08", OIDNISTHash + "\x0e"},
	{"SHA3-384", func() hash.Hash { return sha3.New384() }, OIDNISTHash + "\x09", OIDNISTHash + "\x0f"},
	{"SHA3-512", func() hash.Hash { return sha3.New512() }, OIDNISTHash + "\x0a", OIDNISTHash + "\x10"},
	// OpenSSL's -macalg blake2b512; there is no identifier for an HMAC of it.
	{"BLAKE2B512", newBLAKE2b512, "\x2b\x06\x01\x04\x01\x8d\x3a\x0c\x02\x01\x10", ""},
}

func newBLAKE2b512() hash.Hash {
	h, _ := blake2b.New512(nil) // fails only for a key
	return h
}

// SHA1 is the default of PBKDF2 (RFC 8018 appendix A.2) and what all
// PBES1 schemes of PKCS #12 use.
var SHA1 = &Hashes[0]

// HashByName finds a hash by the name in Java's algorithm names.
func HashByName(name string) *Hash {
	return findHash(func(h *Hash) bool { return h.Name == name })
}

// HashByDigest finds a hash by its own object identifier.
func HashByDigest(oid []byte) *Hash {
	return findHash(func(h *Hash) bool { return h.DigestOID == string(oid) })
}

// HashByHMAC finds a hash by the object identifier of its HMAC.
func HashByHMAC(oid []byte) *Hash {
	return findHash(func(h *Hash) bool { return h.HMACOID != "" && h.HMACOID == string(oid) })
}

func findHash(match func(*Hash) bool) *Hash {
	for i := range Hashes {
		if match(&Hashes[i]) {
			return &Hashes[i]
		}
	}
	return nil
}
