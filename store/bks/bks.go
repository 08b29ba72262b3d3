// Package bks reads BKS and UBER, the keystores of BouncyCastle's Java
// provider. It does not write any.
//
// There is no specification but the provider's source (BcKeyStoreSpi); this is
// what version 1.72 makes of them. All numbers are big-endian, all strings
// modified UTF-8 behind a 16-bit length in bytes:
//
//	version (BKS 1 or 2, UBER 1), length of the salt: 32 bits each
//	salt (20 bytes), iteration count (1024 to 2047; 32 bits)
//	BKS: entries, HMAC-SHA1 over them
//	UBER: entries and SHA-1 over them, encrypted by PBEWithSHAAndTwofish-CBC
//
//	per entry, and the byte 0 after the last:
//	  type: 8 bits
//	  alias: string
//	  creation time, milliseconds since 1970: 64 bits
//	  number of certificates of the chain: 32 bits; certificates
//	  type 1, a certificate: it
//	  type 2, a key in clear: it
//	  type 3, a key protected by whoever stored it: length, bytes
//	  type 4, a sealed key: length (32 bits), and in it
//	    length of the salt, salt, iteration count: as above
//	    a key, encrypted by PBEWithSHAAnd3-KeyTripleDES-CBC
//
// A certificate is its type (a string), its length (32 bits) and its bytes; a
// key is its kind (8 bits: 0 private, 1 public, 2 secret), the names of its
// encoding and of its algorithm (strings), its length (32 bits) and its bytes.
//
// Keys of MAC and encryption come from the derivation of PKCS #12 (RFC 7292
// appendix B) with SHA-1. In version 1 the key of the MAC has only 16 bits:
// BouncyCastle asked for 20 of them where it meant bytes. Any of 65,536 keys
// fits then, whatever the password, so that a MAC of version 1 protects
// only from accidents.
//
// What kind of key is sealed shows only when it is opened. As for Java, an
// entry with certificates is a private key until then, and one without a
// secret key. Aliases are case-sensitive in BouncyCastle.
package bks

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"fmt"
	"math"
	"time"

	"gokeytool/store/entry"
	"gokeytool/store/internal/datainput"
	"gokeytool/store/internal/pbe"
)

// What entries begin with.
const (
	typeEnd         = 0
	typeCertificate = 1
	typeKey         = 2
	typeProtected   = 3
	typeSealed      = 4
)

// macKeySize is the size in bytes of the MAC's key, by the version of the file.
var macKeySize = map[uint32]int{1: sha1.Size / 8, 2: sha1.Size}

// Decode reads a BKS file. With a nil password its integrity is not checked; a
// file of version 1 is never said to be verified, as anybody can forge one.
// The errors are *entry.FormatError, or wrap entry.ErrPassword when the MAC
// does not match the password.
func Decode(data, password []byte, lim entry.Limits) (*entry.File, error) {
	r := datainput.New("BKS", data)
	version := r.Uint32("version")
	keySize := macKeySize[version]
	if r.Err() == nil && keySize == 0 {
		r.Fail(entry.ErrUnsupported, 0, fmt.Sprintf("version %d", version))
	}
	salt, iterations := parameters(r)
	start := r.Offset()
	f := &entry.File{Entries: readEntries(r, lim)}
	body := r.Since(start)
	want := r.Bytes(sha1.Size, "MAC")
	if r.Err() != nil {
		return nil, r.Err()
	}
	if password == nil {
		return f, nil
	}
	if err := lim.Derive("BKS", "MAC", iterations); err != nil {
		return nil, err
	}
	matches := pbe.EachPassword(password, func(bmp []byte) bool {
		key := pbe.DeriveKey(pbe.SHA1, bmp, salt, iterations, pbe.ForMAC, keySize)
		defer entry.Wipe(key)
		mac := hmac.New(sha1.New, key)
		mac.Write(body)
		return hmac.Equal(mac.Sum(nil), want)
	})
	if !matches {
		return nil, fmt.Errorf("BKS: MAC does not match: %w", entry.ErrPassword)
	}
	// Who knows no password finds a key of 16 bits within a second.
	f.Verified = version != 1
	return f, nil
}

// DecodeUBER reads an UBER file. With a nil password, all being encrypted, it
// has no entries. The errors are those of Decode.
func DecodeUBER(data, password []byte, lim entry.Limits) (*entry.File, error) {
	r := datainput.New("UBER", data)
	if version := r.Uint32("version"); r.Err() == nil && version != 1 {
		r.Fail(entry.ErrUnsupported, 0, fmt.Sprintf("version %d", version))
	}
	salt, iterations := parameters(r)
	switch {
	case r.Err() != nil:
		return nil, r.Err()
	case password == nil:
		return new(entry.File), nil
	}
	if err := lim.Derive("UBER", "encryption", iterations); err != nil {
		return nil, err
	}
	body, ok, err := pbe.Twofish(salt, iterations).Decrypt(r.Rest(), password, func(plain []byte) bool {
		n := len(plain) - sha1.Size
		if n < 0 {
			return false
		}
		sum := sha1.Sum(plain[:n])
		return bytes.Equal(sum[:], plain[n:])
	})
	switch {
	case err != nil:
		r.Fail(entry.ErrDamaged, r.Offset(), err.Error())
		return nil, r.Err()
	case !ok:
		return nil, fmt.Errorf("UBER: decryption: %w", entry.ErrPassword)
	}
	// Offsets in errors are those of what was encrypted.
	r = datainput.New("UBER", body[:len(body)-sha1.Size])
	f := &entry.File{Entries: readEntries(r, lim), Verified: true}
	if r.Err() != nil {
		return nil, r.Err()
	}
	return f, nil
}

// parameters reads the salt and the iteration count of a key derivation. A
// count beyond what int holds is math.MaxInt.
func parameters(r *datainput.Reader) (salt []byte, iterations int) {
	start := r.Offset()
	salt = r.Block("salt")
	if r.Err() == nil && len(salt) == 0 {
		r.Fail(entry.ErrDamaged, start, "no salt")
	}
	start = r.Offset()
	n := r.Uint32("iteration count")
	if r.Err() == nil && n == 0 {
		r.Fail(entry.ErrDamaged, start, "iteration count below 1")
	}
	return salt, int(min(uint64(n), math.MaxInt))
}

// readEntries reads entries up to the byte that ends them.
func readEntries(r *datainput.Reader, lim entry.Limits) (entries []*entry.Entry) {
	for {
		start := r.Offset()
		kind := r.Uint8("entry type")
		switch {
		case r.Err() != nil || kind == typeEnd:
			return entries
		case kind > typeSealed:
			r.Fail(entry.ErrDamaged, start, fmt.Sprintf("unknown entry type %d", kind))
		case len(entries) >= lim.MaxEntries:
			r.Fail(entry.ErrLimit, start, fmt.Sprintf("more than %d entries", lim.MaxEntries))
		}
		e := &entry.Entry{Alias: r.String("alias"), Created: time.UnixMilli(int64(r.Uint64("creation time"))).UTC()}
		for range r.Count("certificates", datainput.MinCertificate, lim) {
			if r.Err() != nil {
				break
			}
			e.Chain = append(e.Chain, r.Certificate())
		}
		if e.Kind = entry.SecretKey; len(e.Chain) > 0 {
			e.Kind = entry.PrivateKey
		}
		body := r.Offset()
		switch kind {
		case typeCertificate:
			e.Kind, e.Chain = entry.TrustedCertificate, []entry.Certificate{r.Certificate()}
		case typeKey:
			k := readKey(r)
			if k.kind == private {
				e.Kind = entry.PrivateKey
			}
		default:
			r.Block("protected key")
			body += 4
		}
		if r.Err() != nil {
			return nil
		}
		if e.Kind != entry.TrustedCertificate {
			e.Sealed = append([]byte{kind}, r.Since(body)...)
		}
		entries = append(entries, e)
	}
}
