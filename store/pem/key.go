package pem

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
)

// The AlgorithmIdentifiers of old keys begin with these OIDs, in DER.
var (
	oidRSA = []byte{6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1}
	oidEC  = []byte{6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1}
	oidDSA = []byte{6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x38, 4, 1}
)

// DecodeKeys reads the private keys of a file, in PEM or a single one in DER, as
// entries without aliases and certificates, which Unseal opens. There may be
// none. The error is an *entry.FormatError.
func DecodeKeys(data []byte, lim entry.Limits) ([]*entry.Entry, error) {
	f := file{format: format}
	var err error
	if der, label := keyInDER(data); label != "" {
		err = f.add(&block{label: label, der: der, offset: -1}, lim)
	} else {
		err = scan(data, func(b *block) error {
			if !strings.HasSuffix(b.label, "PRIVATE KEY") {
				return nil
			}
			return f.add(b, lim)
		})
	}
	if err != nil {
		return nil, err
	}
	var keys []*entry.Entry
	for _, k := range f.keys {
		keys = append(keys, k.entry())
	}
	return keys, nil
}

// keyInDER returns a key in DER, without line ends behind it, and what it is
// called in PEM; "" if data is something else.
func keyInDER(data []byte) (der []byte, label string) {
	rest := cryptobyte.String(data)
	var element cryptobyte.String
	if !rest.ReadASN1Element(&element, asn1.SEQUENCE) || !onlyLineEnds(rest) {
		return nil, ""
	}
	return element, labelOfDER(element)
}

// labelOfDER is what a key in DER is called in PEM; "" if it is none.
func labelOfDER(der []byte) string {
	s := cryptobyte.String(der)
	var body cryptobyte.String
	if !s.ReadASN1(&body, asn1.SEQUENCE) {
		return ""
	}
	if body.PeekASN1Tag(asn1.SEQUENCE) {
		if body.SkipASN1(asn1.SEQUENCE) && body.PeekASN1Tag(asn1.OCTET_STRING) {
			return "ENCRYPTED PRIVATE KEY"
		}
		return ""
	}
	numbers := 0
	for body.PeekASN1Tag(asn1.INTEGER) && body.SkipASN1(asn1.INTEGER) {
		numbers++
	}
	switch {
	case numbers == 6: // version, p, q, g, y and x
		return "DSA PRIVATE KEY"
	case numbers > 0:
		return "PRIVATE KEY"
	}
	return ""
}

// Encrypted says whether the key of an entry needs a password.
func Encrypted(e *entry.Entry) bool {
	if _, ok := e.Origin.(*legacy); ok {
		return true
	}
	s := cryptobyte.String(e.Sealed)
	return s.ReadASN1(&s, asn1.SEQUENCE) && !s.PeekASN1Tag(asn1.INTEGER) // a PrivateKeyInfo begins with a number
}

// toPKCS8 wraps a key of an old format in a PrivateKeyInfo.
func toPKCS8(label string, der []byte) ([]byte, error) {
	s := cryptobyte.String(der)
	var body cryptobyte.String
	if !s.ReadASN1(&body, asn1.SEQUENCE) || !s.Empty() || !body.PeekASN1Tag(asn1.INTEGER) {
		return nil, errors.New("malformed key")
	}
	// Some programs write PKCS #8 under an old label, and the reverse.
	in := body
	in.SkipASN1(asn1.INTEGER)
	switch {
	case in.PeekASN1Tag(asn1.SEQUENCE):
		return der, nil
	case in.PeekASN1Tag(asn1.OCTET_STRING):
		return wrapEC(der, in)
	case label == "DSA PRIVATE KEY":
		return wrapDSA(in)
	}
	return wrap(oidRSA, []byte{5, 0}, der)
}

// publicKey returns the SubjectPublicKeyInfo of a private key, nil if it cannot
// be told. That of an RSA key stands in it; crypto/x509 would check the key
// first, which takes time.
func publicKey(pkcs8 []byte) []byte {
	s := cryptobyte.String(pkcs8)
	var info, algorithm, key, numbers, n, e cryptobyte.String
	if s.ReadASN1(&info, asn1.SEQUENCE) && info.SkipASN1(asn1.INTEGER) &&
		info.ReadASN1(&algorithm, asn1.SEQUENCE) && bytes.HasPrefix(algorithm, oidRSA) &&
		info.ReadASN1(&key, asn1.OCTET_STRING) && key.ReadASN1(&numbers, asn1.SEQUENCE) &&
		numbers.SkipASN1(asn1.INTEGER) && numbers.ReadASN1Element(&n, asn1.INTEGER) && numbers.ReadASN1Element(&e, asn1.INTEGER) {
		var b cryptobyte.Builder
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(algorithm) })
			b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) {
				b.AddUint8(0)
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddBytes(n)
					b.AddBytes(e)
				})
			})
		})
		return b.BytesOrPanic()
	}
	if bytes.HasPrefix(algorithm, oidRSA) {
		return nil
	}
	private, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil
	}
	p, ok := private.(interface{ Public() crypto.PublicKey })
	if !ok {
		return nil
	}
	spki, err := x509.MarshalPKIXPublicKey(p.Public())
	if err != nil {
		return nil
	}
	return spki
}

func wrap(oid, parameters, key []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(oid)
			b.AddBytes(parameters)
		})
		b.AddASN1OctetString(key)
	})
	return b.Bytes()
}

// wrapEC wraps an ECPrivateKey (RFC 5915), whose [0] names the curve. in
// stands behind the version.
func wrapEC(der []byte, in cryptobyte.String) ([]byte, error) {
	var curve cryptobyte.String
	var present bool
	if !in.SkipASN1(asn1.OCTET_STRING) ||
		!in.ReadOptionalASN1(&curve, &present, asn1.Tag(0).ContextSpecific().Constructed()) || !present {
		return nil, errors.New("EC key without a curve")
	}
	return wrap(oidEC, curve, der)
}

// wrapDSA wraps the numbers p, q, g, y and x of OpenSSL's DSA keys. in stands
// behind the version.
func wrapDSA(in cryptobyte.String) ([]byte, error) {
	var n [5]cryptobyte.String
	for i := range n {
		if !in.ReadASN1Element(&n[i], asn1.INTEGER) {
			return nil, errors.New("malformed DSA key")
		}
	}
	var parameters cryptobyte.Builder
	parameters.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(n[0])
		b.AddBytes(n[1])
		b.AddBytes(n[2])
	})
	return wrap(oidDSA, parameters.BytesOrPanic(), n[4])
}

// legacy is a key encrypted as RFC 1421 says and OpenSSL does: by a key that
// MD5 makes, once, of the password and the first 8 bytes of the IV.
type legacy struct {
	label      string
	block      func(key []byte) (cipher.Block, error)
	keySize    int
	iv         []byte
	ciphertext []byte
	offset     int
}

func newLegacy(b *block) (*legacy, error) {
	name, iv, _ := strings.Cut(b.headers["DEK-Info"], ",")
	l := &legacy{label: b.label, ciphertext: b.der, offset: b.offset}
	size := aes.BlockSize
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "DES-CBC":
		l.block, l.keySize, size = des.NewCipher, 8, des.BlockSize
	case "DES-EDE3-CBC":
		l.block, l.keySize, size = des.NewTripleDESCipher, 24, des.BlockSize
	case "AES-128-CBC":
		l.block, l.keySize = aes.NewCipher, 16
	case "AES-192-CBC":
		l.block, l.keySize = aes.NewCipher, 24
	case "AES-256-CBC":
		l.block, l.keySize = aes.NewCipher, 32
	default:
		return nil, &entry.FormatError{Kind: entry.ErrUnsupported, Format: format, Offset: b.offset,
			What: fmt.Sprintf("cipher %q of an encrypted key is not supported", name)}
	}
	var err error
	if l.iv, err = hex.DecodeString(strings.TrimSpace(iv)); err != nil || len(l.iv) != size {
		return nil, damaged(b.offset, "block %s: malformed DEK-Info", b.label)
	}
	if len(l.ciphertext) == 0 || len(l.ciphertext)%size != 0 {
		return nil, damaged(b.offset, "block %s: not a number of whole blocks", b.label)
	}
	return l, nil
}

// open decrypts the key.
func (l *legacy) open(password []byte) (entry.Key, error) {
	wrong := fmt.Errorf("PEM: key: %w", entry.ErrPassword)
	key := make([]byte, 0, l.keySize+md5.Size)
	defer func() { entry.Wipe(key[:cap(key)]) }()
	var digest []byte
	for len(key) < l.keySize {
		h := md5.New()
		h.Write(digest)
		h.Write(password)
		h.Write(l.iv[:8])
		digest = h.Sum(nil)
		key = append(key, digest...)
	}
	c, err := l.block(key[:l.keySize])
	if err != nil {
		return entry.Key{}, err
	}
	plain := make([]byte, len(l.ciphertext))
	defer entry.Wipe(plain)
	cipher.NewCBCDecrypter(c, l.iv).CryptBlocks(plain, l.ciphertext)
	padding := int(plain[len(plain)-1])
	if padding == 0 || padding > len(l.iv) || !bytes.Equal(plain[len(plain)-padding:], bytes.Repeat([]byte{byte(padding)}, padding)) {
		return entry.Key{}, wrong
	}
	pkcs8, err := toPKCS8(l.label, plain[:len(plain)-padding])
	if err != nil {
		return entry.Key{}, wrong
	}
	return entry.Key{PKCS8: bytes.Clone(pkcs8)}, nil
}
