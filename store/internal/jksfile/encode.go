package jksfile

import (
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"gokeytool/store/entry"
	"gokeytool/store/internal/mutf8"
)

// Encode writes a file of version 2, in the order of its entries. An entry
// that was decoded and is still the same keeps its bytes.
func (f *Format) Encode(file *entry.File, password []byte) ([]byte, error) {
	if password == nil {
		return nil, fmt.Errorf("%s: a file cannot be written %w", f.Name, entry.ErrNoPassword)
	}
	if len(file.Entries) > math.MaxInt32 {
		return nil, errors.New(f.Name + ": too many entries")
	}
	size := 3*4 + sha1.Size
	for _, e := range file.Entries {
		n, err := f.size(e)
		if err != nil {
			return nil, fmt.Errorf("%s: entry %q: %w", f.Name, e.Alias, err)
		}
		size += n
	}
	b := make([]byte, 0, size)
	b = binary.BigEndian.AppendUint32(b, f.Magic)
	b = binary.BigEndian.AppendUint32(b, version2)
	b = binary.BigEndian.AppendUint32(b, uint32(len(file.Entries)))
	for _, e := range file.Entries {
		b = appendEntry(b, e)
	}
	sum := digest(password, b)
	return append(b, sum[:]...), nil
}

// size returns how many bytes an entry takes, or why it cannot be written.
func (f *Format) size(e *entry.Entry) (int, error) {
	switch {
	case e.Kind == entry.SecretKey && f.SecretKey == nil:
		return 0, fmt.Errorf("a secret key has no place in this format: %w", entry.ErrUnsupported)
	case e.Kind < entry.PrivateKey || e.Kind > entry.SecretKey:
		return 0, fmt.Errorf("unknown kind of entry %d", e.Kind)
	case e.Kind == entry.TrustedCertificate && len(e.Chain) != 1:
		return 0, fmt.Errorf("%d certificates instead of one", len(e.Chain))
	}
	if o, ok := e.Origin.(*original); ok {
		return len(o.bytes), nil
	}
	n := 4 + 2 + mutf8.Len(e.Alias) + 8
	if mutf8.Len(e.Alias) > math.MaxUint16 {
		return 0, errors.New("alias longer than 65535 bytes")
	}
	if len(e.Sealed) > math.MaxInt32 {
		return 0, errors.New("protected key longer than 2 GiB")
	}
	switch e.Kind {
	case entry.PrivateKey:
		n += 4 + len(e.Sealed) + 4
	case entry.SecretKey:
		// Bytes that don't end where the object ends would make the rest
		// of the file unreadable.
		size, err := f.SecretKey(e.Sealed, entry.DefaultLimits)
		if err != nil {
			return 0, err
		}
		if size != len(e.Sealed) {
			return 0, errors.New("protected key is not one serialised object")
		}
		return n + size, nil
	}
	for _, c := range e.Chain {
		if mutf8.Len(c.Type) > math.MaxUint16 || len(c.DER) > math.MaxInt32 {
			return 0, errors.New("certificate longer than 2 GiB, or its type than 65535 bytes")
		}
		n += 2 + mutf8.Len(c.Type) + 4 + len(c.DER)
	}
	return n, nil
}

func appendEntry(b []byte, e *entry.Entry) []byte {
	if o, ok := e.Origin.(*original); ok {
		return append(b, o.bytes...)
	}
	var tag uint32
	switch e.Kind {
	case entry.PrivateKey:
		tag = tagPrivateKey
	case entry.TrustedCertificate:
		tag = tagTrustedCertificate
	case entry.SecretKey:
		tag = tagSecretKey
	}
	b = binary.BigEndian.AppendUint32(b, tag)
	b = appendString(b, e.Alias)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Created.UnixMilli()))
	switch e.Kind {
	case entry.PrivateKey:
		b = appendBytes(b, e.Sealed)
		b = binary.BigEndian.AppendUint32(b, uint32(len(e.Chain)))
	case entry.SecretKey:
		return append(b, e.Sealed...)
	}
	for _, c := range e.Chain {
		b = appendString(b, c.Type)
		b = appendBytes(b, c.DER)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(mutf8.Len(s)))
	return mutf8.Append(b, s)
}

func appendBytes(b, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}
