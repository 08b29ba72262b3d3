package jksfile

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"time"

	"gokeytool/store/entry"
	"gokeytool/store/internal/datainput"
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
	r := datainput.New(f.Name, data)
	magic := r.Uint32("magic number")
	if r.Err() == nil && magic != f.Magic && (f.Accept == 0 || magic != f.Accept) {
		r.Fail(entry.ErrDamaged, 0, fmt.Sprintf("magic number %08X instead of %08X", magic, f.Magic))
	}
	version := r.Uint32("version")
	if r.Err() == nil && version != version1 && version != version2 {
		r.Fail(entry.ErrUnsupported, 4, fmt.Sprintf("version %d", version))
	}
	count := r.Count("entries", minEntry, lim)

	file := &entry.File{Entries: make([]*entry.Entry, 0, count)}
	var free []record
	for i := 0; i < count && r.Err() == nil; i++ {
		if len(free) == 0 {
			free = make([]record, min(count-i, 1<<8))
		}
		f.readEntry(r, &free[0], version, lim)
		file.Entries = append(file.Entries, &free[0].Entry)
		free = free[1:]
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	if password != nil {
		body := data[:r.Offset()]
		want := r.Bytes(sha1.Size, "digest")
		if r.Err() != nil {
			return nil, r.Err()
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

func (f *Format) readEntry(r *datainput.Reader, rec *record, version uint32, lim entry.Limits) {
	start := r.Offset()
	e := &rec.Entry
	tag := r.Uint32("entry tag")
	if r.Err() == nil && (tag < tagPrivateKey || tag > tagSecretKey || tag == tagSecretKey && f.SecretKey == nil) {
		r.Fail(entry.ErrDamaged, start, fmt.Sprintf("unknown entry tag %d", tag))
		return
	}
	e.Alias = r.String("alias")
	e.Created = time.UnixMilli(int64(r.Uint64("creation time"))).UTC()
	switch tag {
	case tagPrivateKey:
		e.Kind = entry.PrivateKey
		e.Sealed = r.Bytes(r.Uint32("key length"), "protected key")
		n := r.Count("certificates", minCertificate(version), lim)
		for i := 0; i < n && r.Err() == nil; i++ {
			e.Chain = append(e.Chain, certificate(r, version))
		}
	case tagTrustedCertificate:
		e.Kind = entry.TrustedCertificate
		rec.cert[0] = certificate(r, version)
		e.Chain = rec.cert[:]
	case tagSecretKey:
		e.Kind = entry.SecretKey
		e.Sealed = object(r, f.SecretKey, lim)
	}
	if r.Err() == nil && version == version2 {
		rec.original.bytes = r.Since(start)
		e.Origin = &rec.original
	}
}

func minCertificate(version uint32) int {
	if version == version1 {
		return 4
	}
	return datainput.MinCertificate
}

func certificate(r *datainput.Reader, version uint32) entry.Certificate {
	if version == version1 {
		return entry.X509(r.Block("certificate"))
	}
	return r.Certificate()
}

// object reads a serialised object, whose length measure tells.
func object(r *datainput.Reader, measure func([]byte, entry.Limits) (int, error), lim entry.Limits) []byte {
	if r.Err() != nil {
		return nil
	}
	n, err := measure(r.Rest(), lim)
	if e, ok := errors.AsType[*entry.FormatError](err); ok {
		r.Fail(e.Kind, r.Offset()+e.Offset, "secret key: "+e.What)
	} else if err != nil {
		r.FailWith(err)
	}
	return r.Bytes(uint32(n), "secret key")
}
