package javaks

import (
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"gokeytool/store/entry"
	"gokeytool/store/internal/mutf8"
)

// minEntry is the length of the shortest entry there can be: tag, empty
// alias, time, and the empty certificate of version 1.
const minEntry = 4 + 2 + 8 + 4

// Decode reads a file. The entries are slices of data, which must not change
// while they are in use. With a nil password the digest is not looked at.
//
// The errors are *entry.FormatError, or wrap entry.ErrPassword if the digest
// does not match the password.
func (f *Format) Decode(data, password []byte, lim entry.Limits) (*entry.File, error) {
	r := &reader{format: f.Name, data: data}
	magic := r.uint32("magic number")
	if r.err == nil && magic != f.Magic && (f.Accept == 0 || magic != f.Accept) {
		r.fail(entry.ErrDamaged, 0, fmt.Sprintf("magic number %08X instead of %08X", magic, f.Magic))
	}
	version := r.uint32("version")
	if r.err == nil && version != version1 && version != version2 {
		r.fail(entry.ErrUnsupported, 4, fmt.Sprintf("version %d", version))
	}
	count := r.count("entries", minEntry, lim)

	file := &entry.File{Entries: make([]*entry.Entry, 0, count)}
	var free []record
	for i := 0; i < count && r.err == nil; i++ {
		if len(free) == 0 {
			free = make([]record, min(count-i, 1<<8))
		}
		f.readEntry(r, &free[0], version, lim)
		file.Entries = append(file.Entries, &free[0].Entry)
		free = free[1:]
	}
	if r.err != nil {
		return nil, r.err
	}
	if password != nil {
		body := data[:r.off]
		want := r.bytes(sha1.Size, "digest")
		if r.err != nil {
			return nil, r.err
		}
		if !verify(password, body, want) {
			return nil, fmt.Errorf("%s: digest does not match: %w", f.Name, entry.ErrPassword)
		}
		file.Verified = true
	}
	return file, nil
}

// record holds an entry with what most entries consist of, so that a file of
// many certificates is not a file of many allocations.
type record struct {
	entry.Entry
	original original
	cert     [1]entry.Certificate
}

func (f *Format) readEntry(r *reader, rec *record, version uint32, lim entry.Limits) {
	start := r.off
	e := &rec.Entry
	tag := r.uint32("entry tag")
	if r.err == nil && (tag < tagPrivateKey || tag > tagSecretKey || tag == tagSecretKey && f.SecretKey == nil) {
		r.fail(entry.ErrDamaged, start, fmt.Sprintf("unknown entry tag %d", tag))
		return
	}
	e.Alias = r.string("alias")
	e.Created = time.UnixMilli(int64(r.uint64("creation time"))).UTC()
	switch tag {
	case tagPrivateKey:
		e.Kind = entry.PrivateKey
		e.Sealed = r.bytes(r.uint32("key length"), "protected key")
		n := r.count("certificates", minCertificate(version), lim)
		for i := 0; i < n && r.err == nil; i++ {
			e.Chain = append(e.Chain, r.certificate(version))
		}
	case tagTrustedCertificate:
		e.Kind = entry.TrustedCertificate
		rec.cert[0] = r.certificate(version)
		e.Chain = rec.cert[:]
	case tagSecretKey:
		e.Kind = entry.SecretKey
		e.Sealed = r.object(f.SecretKey, lim)
	}
	if r.err == nil && version == version2 {
		rec.original.bytes = r.data[start:r.off:r.off]
		e.Origin = &rec.original
	}
}

func minCertificate(version uint32) int {
	if version == version1 {
		return 4
	}
	return 2 + 4
}

// reader reads a file from front to back. After the first failure, err is set
// and everything read is empty.
type reader struct {
	format string
	data   []byte
	off    int
	err    error
}

func (r *reader) fail(kind error, off int, what string) {
	if r.err == nil {
		r.err = &entry.FormatError{Kind: kind, Format: r.format, Offset: off, What: what}
	}
}

// bytes reads n bytes without copying them. Nobody can append to them.
func (r *reader) bytes(n uint32, what string) []byte {
	if left := len(r.data) - r.off; r.err == nil && uint64(n) > uint64(left) {
		r.fail(entry.ErrDamaged, r.off, fmt.Sprintf("%s of %d bytes where %d are left", what, n, left))
	}
	if r.err != nil {
		return nil
	}
	start := r.off
	r.off += int(n)
	return r.data[start:r.off:r.off]
}

func (r *reader) uint16(what string) uint16 {
	if b := r.bytes(2, what); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uint32(what string) uint32 {
	if b := r.bytes(4, what); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64(what string) uint64 {
	if b := r.bytes(8, what); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// count reads a number of things that take size bytes each at least.
func (r *reader) count(what string, size int, lim entry.Limits) int {
	start := r.off
	n := r.uint32("number of " + what)
	if r.err != nil {
		return 0
	}
	if left := len(r.data) - r.off; uint64(n)*uint64(size) > uint64(left) {
		r.fail(entry.ErrDamaged, start, fmt.Sprintf("%d %s where %d bytes are left", n, what, left))
		return 0
	}
	if uint64(n) > uint64(lim.MaxEntries) {
		r.fail(entry.ErrLimit, start, fmt.Sprintf("%d %s, more than the limit of %d", n, what, lim.MaxEntries))
		return 0
	}
	return int(n)
}

func (r *reader) string(what string) string {
	b := r.bytes(uint32(r.uint16("length of a string")), what)
	if r.err != nil {
		return ""
	}
	if string(b) == X509 {
		return X509 // the type of nearly every certificate, without a copy
	}
	s, n := mutf8.Decode(b)
	if n < len(b) {
		r.fail(entry.ErrDamaged, r.off-len(b)+n, what+" is not modified UTF-8")
	}
	return s
}

func (r *reader) certificate(version uint32) entry.Certificate {
	c := entry.Certificate{Type: X509}
	if version == version2 {
		c.Type = r.string("certificate type")
	}
	c.DER = r.bytes(r.uint32("certificate length"), "certificate")
	return c
}

// object reads a serialised object, whose length measure tells.
func (r *reader) object(measure func([]byte, entry.Limits) (int, error), lim entry.Limits) []byte {
	if r.err != nil {
		return nil
	}
	n, err := measure(r.data[r.off:], lim)
	if e, ok := errors.AsType[*entry.FormatError](err); ok {
		r.fail(e.Kind, r.off+e.Offset, "secret key: "+e.What)
	} else if err != nil {
		r.err = err
	}
	return r.bytes(uint32(n), "secret key")
}
