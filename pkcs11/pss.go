package pkcs11

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"errors"
)

// padPSS is EMSA-PSS-ENCODE (RFC 8017, section 9.1.1) with MGF1, for modules that have
// RSA without padding only; crypto/rsa keeps its own to itself. It returns as many
// bytes as the modulus has.
func padPSS(modulusBits int, digest []byte, hash crypto.Hash, saltLength int) ([]byte, error) {
	if !hash.Available() {
		return nil, errors.New(hash.String() + " is not available")
	}
	bits := modulusBits - 1
	size := (bits + 7) / 8
	if size < hash.Size()+saltLength+2 {
		return nil, rsa.ErrMessageTooLong
	}
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails
	h := hash.New()
	h.Write(make([]byte, 8))
	h.Write(digest)
	h.Write(salt)
	sum := h.Sum(nil)

	padded := make([]byte, (modulusBits+7)/8)
	encoded := padded[len(padded)-size:]
	block := encoded[:size-len(sum)-1]
	block[len(block)-saltLength-1] = 1
	copy(block[len(block)-saltLength:], salt)
	for i, counter := 0, uint32(0); i < len(block); counter++ {
		h.Reset()
		h.Write(sum)
		h.Write(binary.BigEndian.AppendUint32(nil, counter))
		for _, b := range h.Sum(nil) {
			if i < len(block) {
				block[i] ^= b
				i++
			}
		}
	}
	block[0] &= 0xFF >> (8*size - bits)
	copy(encoded[len(block):], sum)
	encoded[size-1] = 0xBC
	return padded, nil
}
