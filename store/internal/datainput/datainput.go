// Package datainput reads what Java's DataOutputStream wrote, of which JKS,
// JCEKS and BKS files consist: numbers are big-endian, strings modified UTF-8
// behind a 16-bit length in bytes. No length is believed before it was held
// against the bytes that are there.
package datainput

import (
	"encoding/binary"
	"fmt"

	"gokeytool/store/entry"
	"gokeytool/store/internal/mutf8"
)

// MinCertificate is the length in bytes of the shortest certificate there can
// be.
const MinCertificate = 2 + 4

// Reader reads a file from front to back. After the first failure Err is set
// and everything read is empty. What it returns are slices of the file, which
// nobody can append to.
type Reader struct {
	format string // for errors
	data   []byte
	off    int
	err    error
}

// New returns a reader of a file in a format of that name.
func New(format string, data []byte) *Reader { return &Reader{format: format, data: data} }

// Err is the first failure: an *entry.FormatError, or what Fail was given.
func (r *Reader) Err() error { return r.err }

// Offset is how many bytes have been read.
func (r *Reader) Offset() int { return r.off }

// Since returns the bytes that were read since offset start.
func (r *Reader) Since(start int) []byte { return r.data[start:r.off:r.off] }

// Rest returns the bytes that are left, without reading them.
func (r *Reader) Rest() []byte { return r.data[r.off:len(r.data):len(r.data)] }

// Fail notes a failure at an offset, unless there was one before.
func (r *Reader) Fail(kind error, off int, what string) {
	r.FailWith(&entry.FormatError{Kind: kind, Format: r.format, Offset: off, What: what})
}

// FailWith notes a failure, unless there was one before.
func (r *Reader) FailWith(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Bytes reads n bytes.
func (r *Reader) Bytes(n uint32, what string) []byte {
	if left := len(r.data) - r.off; r.err == nil && uint64(n) > uint64(left) {
		r.Fail(entry.ErrDamaged, r.off, fmt.Sprintf("%s of %d bytes where %d are left", what, n, left))
	}
	if r.err != nil {
		return nil
	}
	start := r.off
	r.off += int(n)
	return r.Since(start)
}

// Uint8 reads a byte.
func (r *Reader) Uint8(what string) uint8 {
	if b := r.Bytes(1, what); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 reads two bytes.
func (r *Reader) Uint16(what string) uint16 {
	if b := r.Bytes(2, what); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// Uint32 reads four bytes.
func (r *Reader) Uint32(what string) uint32 {
	if b := r.Bytes(4, what); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads eight bytes.
func (r *Reader) Uint64(what string) uint64 {
	if b := r.Bytes(8, what); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Count reads a 32-bit number of things that take size bytes each at least.
func (r *Reader) Count(what string, size int, lim entry.Limits) int {
	start := r.off
	n := r.Uint32("number of " + what)
	if r.err != nil {
		return 0
	}
	if left := len(r.data) - r.off; uint64(n)*uint64(size) > uint64(left) {
		r.Fail(entry.ErrDamaged, start, fmt.Sprintf("%d %s where %d bytes are left", n, what, left))
		return 0
	}
	if uint64(n) > uint64(lim.MaxEntries) {
		r.Fail(entry.ErrLimit, start, fmt.Sprintf("%d %s, more than the limit of %d", n, what, lim.MaxEntries))
		return 0
	}
	return int(n)
}

// String reads a string. Unpaired surrogates come as mutf8 has them.
func (r *Reader) String(what string) string {
	b := r.Bytes(uint32(r.Uint16("length of a string")), what)
	if r.err != nil {
		return ""
	}
	if string(b) == entry.TypeX509 {
		return entry.TypeX509 // the type of nearly every certificate, without a copy
	}
	s, n := mutf8.Decode(b)
	if n < len(b) {
		r.Fail(entry.ErrDamaged, r.off-len(b)+n, what+" is not modified UTF-8")
	}
	return s
}

// Certificate reads a certificate: its type, its length and its bytes.
func (r *Reader) Certificate() entry.Certificate {
	return entry.Certificate{Type: r.String("certificate type"), DER: r.Block("certificate")}
}

// Block reads bytes behind their 32-bit length.
func (r *Reader) Block(what string) []byte { return r.Bytes(r.Uint32(what+" length"), what) }
