package endpoint

import (
	"crypto/tls"
	"fmt"
	"strings"
)

// protocolName returns the name that Java gives a TLS version, such as
// "TLSv1.3".
func protocolName(version uint16) string {
	switch version {
	case tls.VersionTLS13:
		return "TLSv1.3"
	case tls.VersionTLS12:
		return "TLSv1.2"
	case tls.VersionTLS11:
		return "TLSv1.1"
	case tls.VersionTLS10:
		return "TLSv1"
	case 0x0300:
		return "SSLv3"
	}
	return unknownName(version)
}

// suiteName returns the IANA name of a cipher suite, which is Java's too.
func suiteName(id uint16) string {
	if name := knownSuite(id); name != "" {
		return name
	}
	return unknownName(id)
}

// groupName returns the IANA name of a key exchange group.
func groupName(id tls.CurveID) string {
	switch id {
	case tls.CurveP256:
		return "secp256r1"
	case tls.CurveP384:
		return "secp384r1"
	case tls.CurveP521:
		return "secp521r1"
	case tls.X25519:
		return "x25519"
	case 30:
		return "x448"
	}
	if id >= 0x0100 && id <= 0x0104 { // RFC 7919
		return "ffdhe" + []string{"2048", "3072", "4096", "6144", "8192"}[id-0x0100]
	}
	if name := id.String(); !strings.HasPrefix(name, "CurveID(") {
		return name
	}
	return unknownName(uint16(id))
}

// schemeName returns the name of a signature scheme in RFC 8446, section
// 4.2.3.
func schemeName(id tls.SignatureScheme) string {
	switch id {
	case tls.PKCS1WithSHA1:
		return "rsa_pkcs1_sha1"
	case tls.PKCS1WithSHA256:
		return "rsa_pkcs1_sha256"
	case tls.PKCS1WithSHA384:
		return "rsa_pkcs1_sha384"
	case tls.PKCS1WithSHA512:
		return "rsa_pkcs1_sha512"
	case tls.PSSWithSHA256:
		return "rsa_pss_rsae_sha256"
	case tls.PSSWithSHA384:
		return "rsa_pss_rsae_sha384"
	case tls.PSSWithSHA512:
		return "rsa_pss_rsae_sha512"
	case 0x0809, 0x080a, 0x080b:
		return "rsa_pss_pss_sha" + []string{"256", "384", "512"}[id-0x0809]
	case tls.ECDSAWithSHA1:
		return "ecdsa_sha1"
	case tls.ECDSAWithP256AndSHA256:
		return "ecdsa_secp256r1_sha256"
	case tls.ECDSAWithP384AndSHA384:
		return "ecdsa_secp384r1_sha384"
	case tls.ECDSAWithP521AndSHA512:
		return "ecdsa_secp521r1_sha512"
	case tls.Ed25519:
		return "ed25519"
	case 0x0808:
		return "ed448"
	case 0x0904, 0x0905, 0x0906:
		return "mldsa" + []string{"44", "65", "87"}[id-0x0904]
	}
	// TLS 1.2 pairs a hash with a kind of key (RFC 5246, section 7.4.1.4.1).
	hash, key := id>>8, id&0xff
	if 1 <= hash && hash <= 6 && 1 <= key && key <= 3 {
		return []string{"rsa_pkcs1", "dsa", "ecdsa"}[key-1] + "_" + []string{"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}[hash-1]
	}
	return unknownName(uint16(id))
}

// unknownName shows a number that has no name here. Clients send numbers of
// the form 0x?A?A with no meaning, to keep servers tolerant (GREASE, RFC 8701).
func unknownName(id uint16) string {
	if id&0x0f0f == 0x0a0a && id>>8 == id&0xff {
		return fmt.Sprintf("GREASE 0x%04X", id)
	}
	return fmt.Sprintf("0x%04X", id)
}

// keySize returns the effective strength in bits of a suite's cipher, as
// Tomcat's request attribute key_size does.
func keySize(suite uint16) int {
	name := suiteName(suite)
	switch {
	case strings.Contains(name, "AES_256"), strings.Contains(name, "CHACHA20"):
		return 256
	case strings.Contains(name, "3DES"):
		return 168
	case strings.Contains(name, "AES_128"), strings.Contains(name, "RC4_128"):
		return 128
	}
	return 0
}

// names maps a list of numbers to their names.
func names[T any](list []T, name func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = name(v)
	}
	return out
}
