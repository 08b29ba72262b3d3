// Package jks reads and writes JKS, the keystore format of Sun's Java since
// 1.2: private keys with their certificate chains, and trusted certificates.
// Versions 1 and 2 are read, version 2 is written, as Java does.
//
// The work is divided between this project's own framing of the file and the
// keystore-go library. The framing is ours because a keystore is to come out
// as it went in: the library keeps entries in a map, which loses their order,
// entries of one name and the bytes of those that nobody touched, and it
// allocates what a length in the file tells it to before looking whether the
// file is that long. The protection of private keys is the library's, which
// gets and gives them in a file of one entry that our framing makes or reads.
// Passwords with characters beyond Latin-1, which it cannot express, take the
// same algorithm here (see protector.go).
//
// The format is weak: SHA-1 protects both keys and file, without iterations,
// so that only a long random password resists guessing. It is here for the
// files there are.
package jks

import (
	"gokeytool/store/entry"
	"gokeytool/store/internal/jksfile"
)

var format = jksfile.Format{Name: "JKS", Magic: 0xFEEDFEED}

// Decode reads a JKS file. With a nil password its integrity is not checked,
// and as in Java the digest may then be missing. The entries are slices of
// data, which must not change while they are in use.
//
// The errors are *entry.FormatError, or wrap entry.ErrPassword when the
// digest does not match the password.
func Decode(data, password []byte, lim entry.Limits) (*entry.File, error) {
	return format.Decode(data, password, lim)
}

// Encode writes a JKS file of version 2 with the entries in their order. An
// entry that still has its Origin is written byte for byte as it was read,
// from JKS or JCEKS; whoever changes one clears it. Secret keys are
// entry.ErrUnsupported, as is writing without a password (an empty one is
// possible).
func Encode(f *entry.File, password []byte) ([]byte, error) {
	return format.Encode(f, password)
}
