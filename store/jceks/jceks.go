// Package jceks reads and writes JCEKS, the keystore format of the JCE
// provider that came with Java 1.4: JKS with better protected private keys,
// and with secret keys.
//
// The file is framed as in JKS (see package jksfile). A private key is a
// PKCS #8 EncryptedPrivateKeyInfo under Sun's own PBEWithMD5AndTripleDES,
// which is not that of PKCS #5 (see pbe.go); keys protected in the manner of
// JKS are opened too, as Java does. A secret key is a
// javax.crypto.SealedObject in Java's object serialization, encrypted in the
// same way, and what it holds is again a serialised object: a SecretKeySpec,
// or a KeyRep, which stands for the other key classes of Java. Other classes
// are entry.ErrUnsupported when they are to be opened; until then they are
// carried like everything else. (Java refuses the whole file then.)
//
// Passwords of keys are UTF-8, as since JDK 25; older releases take only
// printable ASCII there, and say so. The password of the file is UTF-16, as
// in JKS.
package jceks

import (
	"errors"
	"fmt"
	"strconv"

	"gokeytool/store/entry"
	"gokeytool/store/internal/jksfile"
	"gokeytool/store/jceks/internal/javaser"
	"gokeytool/store/jks"
)

// format reads JKS files as well, as Java's JCEKS keystore does.
var format = jksfile.Format{Name: "JCEKS", Magic: 0xCECECECE, Accept: 0xFEEDFEED, SecretKey: objectSize}

func objectSize(data []byte, lim entry.Limits) (int, error) {
	_, n, err := javaser.Read(data, lim.MaxDepth)
	return n, err
}

// DefaultIterations is how often the JDK hashes the password of a key, unless
// the property jdk.jceks.iterationCount says otherwise. Files of the years
// before 2018 have 20.
const DefaultIterations = 200_000

// Params are the parameters of the keys that are sealed for a file, which has
// them as its Origin. A file without them has DefaultIterations.
type Params struct {
	Iterations int // from 1; Java makes 10,000 to 5,000,000, and opens up to that
}

// ParamsFromProperties makes parameters of the property jdk.jceks.iterationCount
// as lookup gives it. As in Java a value that is no number from 10,000 to
// 5,000,000 stands for the default.
func ParamsFromProperties(lookup func(string) (string, bool)) Params {
	value, _ := lookup("jdk.jceks.iterationCount")
	if n, err := strconv.Atoi(value); err == nil && n >= 10_000 && n <= 5_000_000 {
		return Params{Iterations: n}
	}
	return Params{Iterations: DefaultIterations}
}

// SetDefaults says how to protect the keys that are sealed for f from now on.
func SetDefaults(f *entry.File, p Params) { f.Origin = &p }

// Decode reads a JCEKS file, or a JKS file. With a nil password its integrity
// is not checked, and as in Java the digest may then be missing. The entries
// are slices of data, which must not change while they are in use.
//
// The errors are *entry.FormatError, or wrap entry.ErrPassword when the
// digest does not match the password.
func Decode(data, password []byte, lim entry.Limits) (*entry.File, error) {
	return format.Decode(data, password, lim)
}

// Encode writes a JCEKS file of version 2 with the entries in their order. An
// entry that still has its Origin is written byte for byte as it was read,
// from JKS or JCEKS; whoever changes one clears it. Writing without a password
// is an error (an empty one is possible).
func Encode(f *entry.File, password []byte) ([]byte, error) {
	return format.Encode(f, password)
}

// Seal protects a private or a secret key as Java's JCEKS does, with the
// parameters of the file; f may be nil. A secret key is written as a
// SecretKeySpec, whatever its algorithm.
func Seal(key entry.Key, password []byte, f *entry.File) ([]byte, error) {
	iterations := DefaultIterations
	if f != nil {
		if p, ok := f.Origin.(*Params); ok {
			iterations = p.Iterations
		}
	}
	switch {
	case password == nil:
		return nil, fmt.Errorf("JCEKS: a key cannot be protected %w", entry.ErrNoPassword)
	case iterations < 1:
		return nil, fmt.Errorf("JCEKS: %d iterations", iterations)
	case len(key.PKCS8) > 0:
		return sealPrivate(key.PKCS8, password, iterations)
	default:
		return sealSecret(key, password, iterations)
	}
}

// Unseal opens a private or a secret key. The error is entry.ErrPassword if
// the password is wrong, entry.ErrUnsupported if the key is protected
// otherwise or of an unknown class, entry.ErrLimit if it takes more than
// lim.MaxIterations, entry.ErrDamaged if its structure is broken.
func Unseal(e *entry.Entry, password []byte, lim entry.Limits) (entry.Key, error) {
	switch e.Kind {
	case entry.PrivateKey:
		key, err := unsealPrivate(e.Sealed, password, lim)
		if errors.Is(err, errOtherProtector) {
			return jks.Unseal(e, password, lim)
		}
		return key, err
	case entry.SecretKey:
		return unsealSecret(e.Sealed, password, lim)
	}
	return entry.Key{}, fmt.Errorf("JCEKS: a %v has no key: %w", e.Kind, entry.ErrUnsupported)
}

// Rounds is the iteration count of the derivation that opens the key of an
// entry; 0 where none does.
func Rounds(e *entry.Entry) int {
	var p parameters
	var err error
	switch e.Kind {
	case entry.PrivateKey:
		p, _, err = splitPrivate(e.Sealed)
	case entry.SecretKey:
		p, _, err = splitSecret(e.Sealed, entry.DefaultLimits.MaxDepth)
	}
	if err != nil {
		return 0
	}
	return p.iterations
}
