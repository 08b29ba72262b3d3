package pkcs12

import (
	"strconv"
	"strings"

	"gokeytool/store/entry"
	"gokeytool/store/internal/pbe"
)

const (
	oidDigestAlgorithm = "\x2a\x86\x48\x86\xf7\x0d\x02" // 1.2.840.113549.2
	oidOIWSecSig       = "\x2b\x0e\x03\x02"             // 1.3.14.3.2
)

// secretAlgorithms are those that Java (JDK 25) has an object identifier for:
// a secret key's algorithm stands in a PKCS12 file as one. Where several are
// of one name the first is written, where several are of one identifier the
// first is read.
var secretAlgorithms = [...]struct{ name, oid string }{
	{"AES", "\x60\x86\x48\x01\x65\x03\x04\x01"},
	{"DES", oidOIWSecSig + "\x07"},
	{"DESede", oidOIWSecSig + "\x11"},
	{"DESede", pbe.OIDEncryption + "\x07"},
	{"ARCFOUR", pbe.OIDEncryption + "\x04"},
	{"RC4", pbe.OIDEncryption + "\x04"},
	{"RC2", pbe.OIDEncryption + "\x02"},
	{"Blowfish", "\x2b\x06\x01\x04\x01\x97\x55\x01\x01\x02"},
	{"HmacSHA1", oidDigestAlgorithm + "\x07"},
	{"HmacSHA224", oidDigestAlgorithm + "\x08"},
	{"HmacSHA256", oidDigestAlgorithm + "\x09"},
	{"HmacSHA384", oidDigestAlgorithm + "\x0a"},
	{"HmacSHA512", oidDigestAlgorithm + "\x0b"},
	{"HmacSHA512/224", oidDigestAlgorithm + "\x0c"},
	{"HmacSHA512/256", oidDigestAlgorithm + "\x0d"},
	{"HmacSHA3-224", pbe.OIDNISTHash + "\x0d"},
	{"HmacSHA3-256", pbe.OIDNISTHash + "\x0e"},
	{"HmacSHA3-384", pbe.OIDNISTHash + "\x0f"},
	{"HmacSHA3-512", pbe.OIDNISTHash + "\x10"},
	{"PBEWithMD5AndDES", pbe.OIDPKCS5 + "\x03"},
	{"PBEWithMD5AndRC2", pbe.OIDPKCS5 + "\x06"},
	{"PBEWithSHA1AndDES", pbe.OIDPKCS5 + "\x0a"},
	{"PBEWithSHA1AndRC2", pbe.OIDPKCS5 + "\x0b"},
	{"PBEWithSHA1AndRC4_128", pbe.OIDPKCS12PBE + "\x01"},
	{"PBEWithSHA1AndRC4_40", pbe.OIDPKCS12PBE + "\x02"},
	{"PBEWithSHA1AndDESede", pbe.OIDPKCS12PBE + "\x03"},
	{"PBEWithSHA1AndRC2_128", pbe.OIDPKCS12PBE + "\x05"},
	{"PBEWithSHA1AndRC2_40", pbe.OIDPKCS12PBE + "\x06"},
}

// moreSecretAlgorithms are the names that Java has an identifier for beside
// those of keys for whom keytool asks: of ciphers with their mode, of digests,
// and of ways to derive or agree on keys. Programs put them into JCEKS.
var moreSecretAlgorithms = [...]struct{ name, oid string }{
	{"AES_128/ECB/NoPadding", "2.16.840.1.101.3.4.1.1"},
	{"AES_128/CBC/NoPadding", "2.16.840.1.101.3.4.1.2"},
	{"AES_128/OFB/NoPadding", "2.16.840.1.101.3.4.1.3"},
	{"AES_128/CFB/NoPadding", "2.16.840.1.101.3.4.1.4"},
	{"AES_128/KW/NoPadding", "2.16.840.1.101.3.4.1.5"},
	{"AESWrap_128", "2.16.840.1.101.3.4.1.5"},
	{"AES_128/GCM/NoPadding", "2.16.840.1.101.3.4.1.6"},
	{"AES_128/KWP/NoPadding", "2.16.840.1.101.3.4.1.8"},
	{"AESWrapPad_128", "2.16.840.1.101.3.4.1.8"},
	{"AES_192/ECB/NoPadding", "2.16.840.1.101.3.4.1.21"},
	{"AES_192/CBC/NoPadding", "2.16.840.1.101.3.4.1.22"},
	{"AES_192/OFB/NoPadding", "2.16.840.1.101.3.4.1.23"},
	{"AES_192/CFB/NoPadding", "2.16.840.1.101.3.4.1.24"},
	{"AES_192/KW/NoPadding", "2.16.840.1.101.3.4.1.25"},
	{"AESWrap_192", "2.16.840.1.101.3.4.1.25"},
	{"AES_192/GCM/NoPadding", "2.16.840.1.101.3.4.1.26"},
	{"AES_192/KWP/NoPadding", "2.16.840.1.101.3.4.1.28"},
	{"AESWrapPad_192", "2.16.840.1.101.3.4.1.28"},
	{"AES_256/ECB/NoPadding", "2.16.840.1.101.3.4.1.41"},
	{"AES_256/CBC/NoPadding", "2.16.840.1.101.3.4.1.42"},
	{"AES_256/OFB/NoPadding", "2.16.840.1.101.3.4.1.43"},
	{"AES_256/CFB/NoPadding", "2.16.840.1.101.3.4.1.44"},
	{"AES_256/KW/NoPadding", "2.16.840.1.101.3.4.1.45"},
	{"AESWrap_256", "2.16.840.1.101.3.4.1.45"},
	{"AES_256/GCM/NoPadding", "2.16.840.1.101.3.4.1.46"},
	{"AES_256/KWP/NoPadding", "2.16.840.1.101.3.4.1.48"},
	{"AESWrapPad_256", "2.16.840.1.101.3.4.1.48"},
	{"SHA-256", "2.16.840.1.101.3.4.2.1"},
	{"SHA256", "2.16.840.1.101.3.4.2.1"},
	{"SHA-384", "2.16.840.1.101.3.4.2.2"},
	{"SHA384", "2.16.840.1.101.3.4.2.2"},
	{"SHA-512", "2.16.840.1.101.3.4.2.3"},
	{"SHA512", "2.16.840.1.101.3.4.2.3"},
	{"SHA-224", "2.16.840.1.101.3.4.2.4"},
	{"SHA224", "2.16.840.1.101.3.4.2.4"},
	{"SHA-512/224", "2.16.840.1.101.3.4.2.5"},
	{"SHA512/224", "2.16.840.1.101.3.4.2.5"},
	{"SHA-512/256", "2.16.840.1.101.3.4.2.6"},
	{"SHA512/256", "2.16.840.1.101.3.4.2.6"},
	{"SHA3-224", "2.16.840.1.101.3.4.2.7"},
	{"SHA3-256", "2.16.840.1.101.3.4.2.8"},
	{"SHA3-384", "2.16.840.1.101.3.4.2.9"},
	{"SHA3-512", "2.16.840.1.101.3.4.2.10"},
	{"SHAKE128-256", "2.16.840.1.101.3.4.2.11"},
	{"SHAKE128", "2.16.840.1.101.3.4.2.11"},
	{"SHAKE256-512", "2.16.840.1.101.3.4.2.12"},
	{"SHAKE256", "2.16.840.1.101.3.4.2.12"},
	{"SHAKE128-LEN", "2.16.840.1.101.3.4.2.17"},
	{"SHAKE256-LEN", "2.16.840.1.101.3.4.2.18"},
	{"ML-KEM-512", "2.16.840.1.101.3.4.4.1"},
	{"ML-KEM-768", "2.16.840.1.101.3.4.4.2"},
	{"ML-KEM-1024", "2.16.840.1.101.3.4.4.3"},
	{"RSA", "1.2.840.113549.1.1.1"},
	{"RSA/ECB/PKCS1Padding", "1.2.840.113549.1.1.1"},
	{"DiffieHellman", "1.2.840.113549.1.3.1"},
	{"DH", "1.2.840.113549.1.3.1"},
	{"PBKDF2WithHmacSHA1", "1.2.840.113549.1.5.12"},
	{"PBES2", "1.2.840.113549.1.5.13"},
	{"CHACHA20-POLY1305", "1.2.840.113549.1.9.16.3.18"},
	{"MD2", "1.2.840.113549.2.2"},
	{"MD5", "1.2.840.113549.2.5"},
	{"RC2/CBC/PKCS5Padding", "1.2.840.113549.3.2"},
	{"DESede/CBC/NoPadding", "1.2.840.113549.3.7"},
	{"RC5/CBC/PKCS5Padding", "1.2.840.113549.3.9"},
	{"DSA", "1.2.840.10040.4.1"},
	{"EC", "1.2.840.10045.2.1"},
	{"ECDH", "1.3.132.1.12"},
	{"DES/CBC", "1.3.14.3.2.7"},
	{"SHA-1", "1.3.14.3.2.26"},
	{"SHA", "1.3.14.3.2.26"},
	{"SHA1", "1.3.14.3.2.26"},
	{"X25519", "1.3.101.110"},
	{"X448", "1.3.101.111"},
	{"Ed25519", "1.3.101.112"},
	{"Ed448", "1.3.101.113"},
}

// secretName returns Java's name for an algorithm, or its object identifier
// in dotted form, as Java does.
func secretName(oid []byte) string {
	for _, a := range secretAlgorithms {
		if a.oid == string(oid) {
			return a.name
		}
	}
	dotted := pbe.OIDString(oid)
	for _, a := range moreSecretAlgorithms {
		if a.oid == dotted {
			return a.name
		}
	}
	return dotted
}

// secretOID returns the object identifier for Java's name of an algorithm, or
// for its dotted form.
func secretOID(name string) ([]byte, error) {
	for _, a := range secretAlgorithms {
		if strings.EqualFold(a.name, name) {
			return []byte(a.oid), nil
		}
	}
	for _, a := range moreSecretAlgorithms {
		if strings.EqualFold(a.name, name) {
			name = a.oid
			break
		}
	}
	if oid, ok := parseOID(strings.TrimPrefix(name, "OID.")); ok {
		return oid, nil
	}
	return nil, &SecretAlgorithmError{name}
}

// SecretAlgorithmError says that a secret key's algorithm has no object
// identifier, by which PKCS12 tells algorithms. It wraps entry.ErrUnsupported.
type SecretAlgorithmError struct{ Algorithm string }

func (e *SecretAlgorithmError) Error() string {
	return "pkcs12: secret keys of algorithm " + strconv.Quote(e.Algorithm) + " have no place in PKCS12"
}

func (e *SecretAlgorithmError) Unwrap() error { return entry.ErrUnsupported }

// parseOID reads an object identifier in dotted form.
func parseOID(dotted string) (content []byte, ok bool) {
	arcs := strings.Split(dotted, ".")
	if len(arcs) < 2 {
		return nil, false
	}
	var top uint64
	for i, arc := range arcs {
		n, err := strconv.ParseUint(arc, 10, 32)
		if err != nil {
			return nil, false
		}
		switch i {
		case 0:
			if n > 2 {
				return nil, false
			}
			top = n
			continue
		case 1:
			if top < 2 && n >= 40 {
				return nil, false
			}
			n += 40 * top
		}
		start := len(content)
		for content = append(content, byte(n&0x7f)); n >= 0x80; {
			n >>= 7
			content = append(content, 0)
			copy(content[start+1:], content[start:])
			content[start] = 0x80 | byte(n&0x7f)
		}
	}
	return content, true
}
