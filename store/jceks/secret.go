package jceks

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"gokeytool/store/entry"
	"gokeytool/store/internal/mutf8"
	"gokeytool/store/jceks/internal/javaser"
)

// sealAlgorithm is the cipher of sealed objects by its Java name, and the only
// one that Java's key protector knows.
const sealAlgorithm = "PBEWithMD5AndTripleDES"

func sealSecret(key entry.Key, password []byte, iterations int) ([]byte, error) {
	// Java refuses to make such keys, and to read them.
	if len(key.Raw) == 0 || key.Algorithm == "" {
		return nil, errors.New("JCEKS: a secret key needs an algorithm and at least one byte")
	}
	if mutf8.Len(key.Algorithm) > 255 {
		return nil, errors.New("JCEKS: name of the key's algorithm too long")
	}
	// Enough room, so that no part of the key is left behind by a growing
	// slice.
	plain := make([]byte, 0, 512+len(key.Raw))
	plain = javaser.AppendSecretKeySpec(plain, key.Algorithm, key.Raw)
	defer entry.Wipe(plain)

	p := newParameters(iterations)
	var b cryptobyte.Builder
	p.add(&b)
	params, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("JCEKS: %w", err)
	}
	return javaser.AppendSealedObject(nil, params, p.encrypt(plain, password), sealAlgorithm), nil
}

func unsealSecret(sealed, password []byte, lim entry.Limits) (entry.Key, error) {
	p, data, err := splitSecret(sealed, lim.MaxDepth)
	if err != nil {
		return entry.Key{}, err
	}
	plain, err := p.decrypt(data, password, lim, func(b []byte) bool {
		return bytes.HasPrefix(b, []byte(javaser.Magic))
	})
	if err != nil {
		return entry.Key{}, fmt.Errorf("JCEKS: secret key: %w", err)
	}
	defer entry.Wipe(plain)
	return readSecret(plain, lim)
}

func splitSecret(sealed []byte, maxDepth int) (p parameters, data []byte, err error) {
	object, n, err := javaser.Read(sealed, maxDepth)
	if err != nil {
		return p, nil, fmt.Errorf("JCEKS: sealed key: %w", err)
	}
	if n != len(sealed) {
		return p, nil, damaged("bytes after the sealed object")
	}
	if !object.Is(javaser.SealedObject) {
		return p, nil, unsupported(fmt.Sprintf("sealed in class %q", object.Class))
	}
	if alg := object.String("sealAlg"); alg != sealAlgorithm {
		return p, nil, unsupported(fmt.Sprintf("sealed with %q", alg))
	}
	params := cryptobyte.String(object.Bytes("encodedParams"))
	if p, err = readParameters(&params); err == nil && !params.Empty() {
		err = damaged("malformed encryption parameters")
	}
	return p, object.Bytes("encryptedContent"), err
}

// readSecret reads the key that was sealed. Java allows the same two classes
// (its security property jceks.key.serialFilter).
func readSecret(stream []byte, lim entry.Limits) (entry.Key, error) {
	object, _, err := javaser.Read(stream, lim.MaxDepth)
	if err != nil {
		return entry.Key{}, fmt.Errorf("JCEKS: secret key: %w", err)
	}
	key := entry.Key{Algorithm: object.String("algorithm")}
	switch {
	case object.Class == javaser.SecretKeySpec:
		key.Raw = bytes.Clone(object.Bytes("key"))
	case object.Class == javaser.KeyRep && object.Enum("type") == "SECRET" && object.String("format") == "RAW":
		key.Raw = bytes.Clone(object.Bytes("encoded"))
	default:
		return entry.Key{}, unsupported(fmt.Sprintf("key of class %q", object.Class))
	}
	if len(key.Raw) == 0 || key.Algorithm == "" {
		return entry.Key{}, damaged("no algorithm or no bytes")
	}
	return key, nil
}

func unsupported(what string) error {
	return &entry.FormatError{Kind: entry.ErrUnsupported, Format: "JCEKS", Offset: -1, What: "secret key: " + what}
}
