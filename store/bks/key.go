package bks

import (
	"bytes"
	"errors"
	"fmt"

	"gokeytool/store/entry"
	"gokeytool/store/internal/datainput"
	"gokeytool/store/internal/pbe"
)

// Kinds of key.
const (
	private = 0
	public  = 1
	secret  = 2
)

// key is a key in clear.
type key struct {
	kind                uint8
	encoding, algorithm string
	bytes               []byte
}

func readKey(r *datainput.Reader) key {
	return key{r.Uint8("kind of key"), r.String("encoding"), r.String("algorithm"), r.Block("key")}
}

// parseKey reads a key that is all of data.
func parseKey(data []byte) (key, bool) {
	r := datainput.New("BKS", data)
	k := readKey(r)
	return k, r.Err() == nil && len(r.Rest()) == 0
}

// Unseal opens the key of an entry, whose Sealed is the type of the entry in
// the file (one byte) and what the file has of the key. A key in clear opens
// with any password. Errors: entry.ErrPassword, entry.ErrUnsupported for a
// public key or one protected elsewhere, entry.ErrLimit where the iteration
// count is beyond lim, entry.ErrDamaged.
func Unseal(e *entry.Entry, password []byte, lim entry.Limits) (entry.Key, error) {
	if len(e.Sealed) == 0 {
		return entry.Key{}, failed(entry.ErrDamaged, "no key")
	}
	kind, sealed := e.Sealed[0], e.Sealed[1:]
	switch kind {
	case typeKey:
		k, ok := parseKey(sealed)
		if !ok {
			return entry.Key{}, failed(entry.ErrDamaged, "malformed")
		}
		return k.open(e)
	case typeSealed:
		return unseal(e, sealed, password, lim)
	case typeProtected:
		return entry.Key{}, failed(entry.ErrUnsupported, "protected by whoever stored it, in a way that the file does not tell")
	}
	return entry.Key{}, failed(entry.ErrDamaged, fmt.Sprintf("unknown entry type %d", kind))
}

func unseal(e *entry.Entry, sealed, password []byte, lim entry.Limits) (entry.Key, error) {
	r := datainput.New("BKS", sealed)
	salt, iterations := parameters(r)
	if err, ok := errors.AsType[*entry.FormatError](r.Err()); ok {
		return entry.Key{}, failed(err.Kind, err.What)
	}
	if password == nil {
		return entry.Key{}, fmt.Errorf("BKS: key: %w", entry.ErrPassword)
	}
	if err := lim.Derive("BKS", "key", iterations); err != nil {
		return entry.Key{}, err
	}
	var k key
	plain, ok, err := pbe.TripleDES(salt, iterations).Decrypt(r.Rest(), password, func(plain []byte) (ok bool) {
		k, ok = parseKey(plain)
		return ok
	})
	switch {
	case err != nil:
		return entry.Key{}, failed(entry.ErrDamaged, err.Error())
	case !ok:
		return entry.Key{}, fmt.Errorf("BKS: key: %w", entry.ErrPassword)
	}
	defer entry.Wipe(plain)
	return k.open(e)
}

// Rounds is the iteration count of the derivation that opens the key of an
// entry; 0 where none does.
func Rounds(e *entry.Entry) int {
	if len(e.Sealed) == 0 || e.Sealed[0] != typeSealed {
		return 0
	}
	r := datainput.New("BKS", e.Sealed[1:])
	_, iterations := parameters(r)
	if r.Err() != nil {
		return 0
	}
	return iterations
}

// open makes of a key what a keystore gives its user.
func (k key) open(e *entry.Entry) (entry.Key, error) {
	switch {
	case k.kind == private && (k.encoding == "PKCS#8" || k.encoding == "PKCS8"):
		return entry.Key{PKCS8: bytes.Clone(k.bytes)}, nil
	case k.kind == secret && k.encoding == "RAW" && len(e.Chain) == 0:
		return entry.Key{Algorithm: k.algorithm, Raw: bytes.Clone(k.bytes)}, nil
	case k.kind == secret && k.encoding == "RAW":
		return entry.Key{}, failed(entry.ErrUnsupported, "secret, but with certificates")
	case k.kind == public:
		return entry.Key{}, failed(entry.ErrUnsupported, "public")
	}
	return entry.Key{}, failed(entry.ErrUnsupported, fmt.Sprintf("kind %d in encoding %q", k.kind, k.encoding))
}

// failed is an error about a key, whose place in the file is not known any more.
func failed(kind error, what string) error {
	return &entry.FormatError{Kind: kind, Format: "BKS", Offset: -1, What: "key: " + what}
}
