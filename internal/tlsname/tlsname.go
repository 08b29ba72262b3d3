// Package tlsname has the names of what TLS puts into numbers: protocol versions
// as Java calls them, cipher suites, groups and signature schemes as they stand in
// IANA's registry. What has no name here is shown as a number in hexadecimal.
//
// The suites are those that OpenSSL, Java or Tomcat has a name for; the table is
// made together with that of package tomcat, which has the names that they have
// elsewhere.
package tlsname

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// Protocol returns the name that Java gives a TLS version, such as
// "TLSv1.3".
func Protocol(version uint16) string {
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
	return unknown(version)
}

type suite struct {
	id   uint16
	name string
}

// Suite returns the IANA name of a cipher suite, which is Java's too except for
// those of SSL 3.0. The two signals that have the numbers of suites (RFC 5746,
// RFC 7507) have their names too.
func Suite(id uint16) string {
	if i, ok := slices.BinarySearchFunc(suites[:], id, func(s suite, id uint16) int { return cmp.Compare(s.id, id) }); ok {
		return suites[i].name
	}
	return unknown(id)
}

// FindSuite returns the cipher suite with an IANA name.
func FindSuite(name string) (id uint16, ok bool) {
	i := slices.IndexFunc(suites[:], func(s suite) bool { return s.name == name })
	if i < 0 {
		return 0, false
	}
	return suites[i].id, true
}

// Group returns the IANA name of a key exchange group.
func Group(id tls.CurveID) string {
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
	return unknown(uint16(id))
}

// Scheme returns the name of a signature scheme in RFC 8446, section
// 4.2.3.
func Scheme(id tls.SignatureScheme) string {
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
	return unknown(uint16(id))
}

// unknown shows a number that has no name here. Clients send numbers of
// the form 0x?A?A with no meaning, to keep servers tolerant (GREASE, RFC 8701).
func unknown(id uint16) string {
	if id&0x0f0f == 0x0a0a && id>>8 == id&0xff {
		return fmt.Sprintf("GREASE 0x%04X", id)
	}
	return fmt.Sprintf("0x%04X", id)
}

// KeySize returns the effective strength in bits of a suite's cipher, as
// Tomcat's request attribute key_size does.
func KeySize(suite uint16) int {
	name := Suite(suite)
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

// List maps a list of numbers to their names.
func List[T any](list []T, name func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = name(v)
	}
	return out
}
