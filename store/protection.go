package store

import (
	"gokeytool/store/entry"
	"gokeytool/store/jceks"
	"gokeytool/store/pkcs12"
)

// Params returns how a PKCS12 store is protected, which is also how it will be
// saved; ok is false for the other types, which have one manner only. Each key
// has its own; the one that is named is that of new ones.
func (s *Store) Params() (p pkcs12.Params, ok bool) {
	if s.typ != PKCS12 {
		return pkcs12.Params{}, false
	}
	return pkcs12.FileParams(s.file), true
}

// ProtectPKCS12 says how a PKCS12 store protects new keys, and of a new store
// everything. What was read from a file stays protected as it is; to protect
// that otherwise, put its entries into a store of NewPKCS12. The error, for a
// store of another type, is entry.ErrUnsupported. Parameters that are wrong are
// an error only when something is to be protected by them.
func (s *Store) ProtectPKCS12(p pkcs12.Params) error {
	if s.typ != PKCS12 {
		return s.typ.not(PKCS12)
	}
	pkcs12.SetDefaults(s.file, p)
	return nil
}

// ProtectJCEKS says how a JCEKS store protects new keys. The error, for a store
// of another type, is entry.ErrUnsupported.
func (s *Store) ProtectJCEKS(p jceks.Params) error {
	if s.typ != JCEKS {
		return s.typ.not(JCEKS)
	}
	jceks.SetDefaults(s.file, p)
	return nil
}

// not is the error of parameters that are those of another type.
func (t Type) not(other Type) error {
	return &entry.FormatError{Kind: entry.ErrUnsupported, Format: string(t), Offset: -1, What: "it takes no parameters of " + string(other)}
}

// ProtectedBy says whether a PKCS12 store, as it was read, is protected as p
// says, each of its keys too, and Java sees them all: to write its entries again
// would change nothing.
func (s *Store) ProtectedBy(p pkcs12.Params) bool { return s.typ == PKCS12 && p.Protects(s.file) }

// EncryptionAlgorithms returns, sorted and each once, the algorithms that whoever
// reads all of a PKCS12 store has to know, by the names of pkcs12.Params. Other
// types have none.
func (s *Store) EncryptionAlgorithms() []string {
	if s.typ != PKCS12 {
		return nil
	}
	return pkcs12.EncryptionAlgorithms(s.file)
}

// Untrusted returns the certificates of a PKCS12 file that stand in no entry, as
// it was read: without Java's trust mark, and in no key's chain. Java does not
// list them.
func (s *Store) Untrusted() []entry.Certificate {
	if s.typ != PKCS12 {
		return nil
	}
	return pkcs12.Untrusted(s.file)
}

// Passed returns what Java passes over in a PKCS12 file, as it was read, and is
// no entry. It is carried along when the store is changed.
func (s *Store) Passed() []pkcs12.Hidden {
	if s.typ != PKCS12 {
		return nil
	}
	return pkcs12.Passed(s.file)
}

// Refused returns why Java does not open a PKCS12 file that was read here; empty
// if it does.
func (s *Store) Refused() string {
	if s.typ != PKCS12 {
		return ""
	}
	return pkcs12.Refused(s.file)
}
