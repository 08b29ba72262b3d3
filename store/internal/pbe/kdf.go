package pbe

import (
	"unicode/utf16"
	"unicode/utf8"

	"gokeytool/store/entry"
)

// What a key derivation of PKCS #12 is for (RFC 7292 appendix B.3).
const (
	ForKey byte = 1
	ForIV  byte = 2
	ForMAC byte = 3
)

// DeriveKey is the key derivation of RFC 7292 appendix B.2; password is what
// BMPString made.
func DeriveKey(h *Hash, password, salt []byte, iterations int, purpose byte, size int) []byte {
	hash := h.New()
	u, v := hash.Size(), hash.BlockSize()

	// Step 1: the diversifier, v bytes of the purpose.
	diversifier := make([]byte, v)
	for i := range diversifier {
		diversifier[i] = purpose
	}
	// Steps 2 to 4: I = S || P, each repeated to a multiple of v bytes.
	saltLen := (len(salt) + v - 1) / v * v
	block := make([]byte, saltLen+(len(password)+v-1)/v*v)
	defer entry.Wipe(block)
	fill(block[:saltLen], salt)
	fill(block[saltLen:], password)

	// Steps 5 and 6: c blocks of u bytes each.
	key := make([]byte, 0, (size+u-1)/u*u)
	a := make([]byte, 0, u)
	b := make([]byte, v)
	defer entry.Wipe(b)
	for {
		// Step 6.A: A = H^r(D || I).
		hash.Reset()
		hash.Write(diversifier)
		hash.Write(block)
		a = hash.Sum(a[:0])
		for range iterations - 1 {
			hash.Reset()
			hash.Write(a)
			a = hash.Sum(a[:0])
		}
		key = append(key, a...)
		if len(key) >= size {
			entry.Wipe(a)
			return key[:size:size]
		}
		// Steps 6.B and 6.C: I_j = (I_j + B + 1) mod 2^(8v).
		fill(b, a)
		for j := 0; j < len(block); j += v {
			carry := 1
			for k := v - 1; k >= 0; k-- {
				sum := int(block[j+k]) + int(b[k]) + carry
				block[j+k] = byte(sum)
				carry = sum >> 8
			}
		}
	}
}

// fill repeats pattern over dst.
func fill(dst, pattern []byte) {
	for n := 0; n < len(dst) && len(pattern) > 0; {
		n += copy(dst[n:], pattern)
	}
}

// BMPString turns a password in UTF-8 into the form that the key derivation
// of PKCS #12 takes (RFC 7292 appendix B.1): UTF-16 in network order with two
// zero bytes behind it. Characters beyond the basic plane become surrogate
// pairs, as in Java and OpenSSL. Bytes that are not UTF-8 are taken for
// Latin-1, as OpenSSL does.
func BMPString(password []byte) []byte {
	if !utf8.Valid(password) {
		return widen(password, 0xff)
	}
	bmp := make([]byte, 0, 2*len(password)+2)
	for p := password; len(p) > 0; {
		r, n := utf8.DecodeRune(p)
		p = p[n:]
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			bmp = append(bmp, byte(hi>>8), byte(hi), byte(lo>>8), byte(lo))
		} else {
			bmp = append(bmp, byte(r>>8), byte(r))
		}
	}
	return append(bmp, 0, 0)
}

// EachPassword calls try with the forms in which a password may have entered
// the key derivation of PKCS #12, until it returns true. The first is
// BMPString's. Then come, of an empty password, no bytes at all, which OpenSSL
// calls the absent password (GnuTLS and Windows write files with it, Java
// tries both too); and of a password beyond ASCII its bytes one by one, as
// OpenSSL before 1.1 takes them, and these without their highest bits, as
// JDK 25 does in encryption (in its MAC it does not).
func EachPassword(password []byte, try func(bmp []byte) bool) bool {
	once := func(bmp []byte) bool {
		defer entry.Wipe(bmp)
		return try(bmp)
	}
	switch {
	case once(BMPString(password)):
		return true
	case len(password) == 0:
		return try(nil)
	case isASCII(password) || !utf8.Valid(password):
		return false
	}
	return once(widen(password, 0xff)) || once(widen(password, 0x7f))
}

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// widen makes a character of each byte, and two zero bytes behind them.
func widen(password []byte, mask byte) []byte {
	wide := make([]byte, 2*len(password)+2)
	for i, b := range password {
		wide[2*i+1] = b & mask
	}
	return wide
}
