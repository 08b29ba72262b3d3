package pkcs12

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
	"gokeytool/store/internal/pbe"
)

// Seal protects a private key, a secret key or a password, in the manner that
// f has for new keys; a nil f stands for Default. The result is an
// EncryptedPrivateKeyInfo (RFC 5958) in DER. A secret key whose algorithm has
// no object identifier in Java is an entry.ErrUnsupported.
func Seal(key entry.Key, password []byte, f *entry.File) ([]byte, error) {
	scheme, err := originOf(f).params.keyScheme()
	if err != nil {
		return nil, err
	}
	var info []byte
	if key.PKCS8 != nil {
		whole, n, err := ber.ToDERLoosely(key.PKCS8, entry.DefaultLimits.MaxDepth)
		if err != nil || !javaTakes(whole) {
			return nil, damaged("private key malformed") // nobody would open it again
		}
		// Copied, with room for the padding: it is encrypted in place. Without
		// what stands behind the key: Java would not open it then.
		info = append(make([]byte, 0, n+maxBlock), key.PKCS8[:n]...)
	} else if info, err = secretKeyInfo(key); err != nil {
		return nil, err
	}
	ciphertext, err := scheme.Encrypt(info, password)
	if err != nil {
		return nil, fmt.Errorf("PKCS12: %w", err)
	}
	return ber.TLV(0x30, scheme.Algorithm(), ber.TLV(0x04, ciphertext)), nil
}

// maxBlock is the largest block size in use, in bytes.
const maxBlock = 16

// Unseal opens the key of an entry, where Java does. One that stands in the
// file without encryption opens with any password. Errors: entry.ErrPassword,
// or a *entry.FormatError; ErrDamaged where it is in a form that Java does not
// take, which Salvage may; ErrLimit where the iteration count is beyond lim,
// whose zero value is entry.DefaultLimits.
func Unseal(e *entry.Entry, password []byte, lim entry.Limits) (entry.Key, error) {
	return unseal(e, password, lim, true)
}

// Salvage is Unseal also for keys with something behind them, or behind their
// ciphertext, which Java and OpenSSL do not take.
func Salvage(e *entry.Entry, password []byte, lim entry.Limits) (entry.Key, error) {
	return unseal(e, password, lim, false)
}

func unseal(e *entry.Entry, password []byte, lim entry.Limits, strict bool) (entry.Key, error) {
	if lim == (entry.Limits{}) {
		lim = entry.DefaultLimits
	}
	if e.Kind == entry.TrustedCertificate {
		return entry.Key{}, damaged("a certificate is no key")
	}
	sealed, n, err := ber.ToDERLoosely(e.Sealed, lim.MaxDepth)
	if err != nil {
		return entry.Key{}, err
	}
	if o, ok := e.Origin.(*entryOrigin); isPrivateKeyInfo(sealed) && !(ok && o.bag.kind.sealed()) {
		return openKey(e.Kind, append([]byte(nil), sealed...))
	}
	scheme, ciphertext, err := splitSealed(sealed, strict)
	if err != nil {
		return entry.Key{}, err
	}
	if strict && n < len(e.Sealed) {
		return entry.Key{}, &NotForJavaError{"bytes behind it", notStored + "extra data at the end"}
	}
	if err := lim.Derive("PKCS12", "key", scheme.Iterations()); err != nil {
		return entry.Key{}, err
	}
	plaintext, ok, err := scheme.Decrypt(ciphertext, password, isPrivateKeyInfo)
	if err != nil {
		return entry.Key{}, damaged("key: %v", err)
	}
	if !ok {
		return entry.Key{}, fmt.Errorf("PKCS12: key: %w", entry.ErrPassword)
	}
	if whole, n, err := ber.ToDERLoosely(plaintext, lim.MaxDepth); strict && (err != nil || n < len(plaintext) || !javaTakes(whole)) {
		entry.Wipe(plaintext)
		return entry.Key{}, &NotForJavaError{"bytes behind what is encrypted", "Get Key failed: extra data at the end"}
	}
	return openKey(e.Kind, plaintext)
}

// splitSealed splits an EncryptedPrivateKeyInfo in DER, whose own tag Java does
// not look at; strict refuses what Java does.
func splitSealed(sealed []byte, strict bool) (scheme *pbe.Scheme, ciphertext cryptobyte.String, err error) {
	var info, algorithm cryptobyte.String
	var tag asn1.Tag
	s := cryptobyte.String(sealed)
	if !s.ReadAnyASN1(&info, &tag) || !info.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!info.ReadASN1(&ciphertext, asn1.OCTET_STRING) {
		return nil, nil, damaged("encrypted key malformed")
	}
	if strict && !info.Empty() {
		return nil, nil, &NotForJavaError{"bytes behind its ciphertext", fmt.Sprintf("%soverrun, bytes = %d", notStored, len(info))}
	}
	scheme, err = pbe.ParseScheme(algorithm)
	if err != nil || !strict || scheme.Odd() == "" {
		return scheme, ciphertext, err
	}
	return nil, nil, &NotForJavaError{scheme.Odd(), notStored + scheme.Odd()}
}

// NotForJavaError says why Java does not recover a key that can be read here.
// It is an entry.ErrDamaged.
type NotForJavaError struct {
	What string // what is odd: "bytes behind its ciphertext"
	Says string // what Java says, without the class
}

func (e *NotForJavaError) Error() string {
	return fmt.Sprintf("PKCS12: key with %s, which Java does not recover", e.What)
}

func (e *NotForJavaError) Unwrap() error { return entry.ErrDamaged }

// notStored is what Java says of what it does not take for an
// EncryptedPrivateKeyInfo.
const notStored = "Private key not stored as PKCS#8 EncryptedPrivateKeyInfo: java.io.IOException: "

// Rounds is the iteration count of the derivation that opens the key of an
// entry; 0 where none does.
func Rounds(e *entry.Entry) int {
	sealed, _, err := ber.ToDERLoosely(e.Sealed, entry.DefaultLimits.MaxDepth)
	if err != nil || isPrivateKeyInfo(sealed) {
		return 0
	}
	scheme, _, err := splitSealed(sealed, false)
	if err != nil {
		return 0
	}
	return scheme.Iterations()
}

// javaTakes says whether Java reads the algorithm of a PrivateKeyInfo: one
// element or two.
func javaTakes(info []byte) bool {
	algorithm, _, ok := splitKeyInfo(info)
	list, well := elements(algorithm)
	return ok && well && len(list) >= 1 && len(list) <= 2 && list[0].tag == asn1.OBJECT_IDENTIFIER && validOID(list[0].content)
}

// isPrivateKeyInfo says whether data is a PrivateKeyInfo by its shape:
// SEQUENCE { INTEGER, AlgorithmIdentifier, OCTET STRING, ... } (RFC 5958).
// Java's secret keys have it too.
func isPrivateKeyInfo(data []byte) bool {
	_, _, ok := splitKeyInfo(data)
	return ok
}

func splitKeyInfo(data []byte) (algorithm, key cryptobyte.String, ok bool) {
	s := cryptobyte.String(data)
	ok = s.ReadASN1(&s, asn1.SEQUENCE) &&
		s.SkipASN1(asn1.INTEGER) &&
		s.ReadASN1(&algorithm, asn1.SEQUENCE) &&
		s.ReadASN1(&key, asn1.OCTET_STRING)
	return algorithm, key, ok
}

// openKey makes a key of a PrivateKeyInfo, which it takes over.
func openKey(kind entry.Kind, info []byte) (entry.Key, error) {
	algorithm, raw, _ := splitKeyInfo(info)
	if kind == entry.PrivateKey {
		return entry.Key{PKCS8: info}, nil
	}
	defer entry.Wipe(info)
	var oid cryptobyte.String
	if !algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return entry.Key{}, damaged("secret key malformed")
	}
	return entry.Key{Algorithm: secretName(oid), Raw: append([]byte{}, raw...)}, nil
}

// secretKeyInfo packs a secret key as Java does, in the shape of a
// PrivateKeyInfo, with room for the padding behind it.
func secretKeyInfo(key entry.Key) ([]byte, error) {
	oid, err := secretOID(key.Algorithm)
	if err != nil {
		return nil, err
	}
	version := ber.Integer(0)
	algorithm := ber.TLV(0x30, ber.TLV(0x06, oid)) // JDK 17 has a NULL here, 25 none
	n := len(version) + len(algorithm) + ber.Size(len(key.Raw))
	info := make([]byte, 0, ber.Size(n)+maxBlock)
	info = ber.AppendHeader(info, 0x30, n)
	info = append(append(info, version...), algorithm...)
	return ber.Append(info, 0x04, key.Raw), nil
}
