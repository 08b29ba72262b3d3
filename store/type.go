package store

import (
	"fmt"
	"strings"

	"gokeytool/internal/javastring"
	"gokeytool/store/bks"
	"gokeytool/store/entry"
	"gokeytool/store/jceks"
	"gokeytool/store/jks"
	"gokeytool/store/pem"
	"gokeytool/store/pkcs12"
)

// Type is a keystore format, by the name that Java and keytool's -storetype
// give it.
type Type string

// The formats.
const (
	JKS    Type = "JKS"
	JCEKS  Type = "JCEKS"
	PKCS12 Type = "PKCS12"
	// CaseExactJKS is a JKS file in which aliases that differ in case only
	// are different entries. Nothing in the file tells it from JKS: it is
	// never detected, only asked for.
	CaseExactJKS Type = "CaseExactJKS"
	// Java by itself knows none of the following as a keystore. They are read
	// where Options allow it, and cannot be saved.
	PEM   Type = "PEM"   // a text of keys and certificates
	DER   Type = "DER"   // certificates
	PKCS7 Type = "PKCS7" // certificates in a PKCS #7 message
	BKS   Type = "BKS"   // BouncyCastle's
	UBER  Type = "UBER"  // BouncyCastle's, encrypted
	// PKCS11 is a token, no file: see OpenDevice. ParseType does not know it.
	PKCS11 Type = "PKCS11"
)

// ParseType returns the type that a user names, ignoring case as Java does.
// The error is an *UnknownTypeError.
func ParseType(name string) (Type, error) {
	for _, t := range []Type{JKS, JCEKS, PKCS12, CaseExactJKS, PEM, DER, PKCS7, BKS, UBER} {
		if strings.EqualFold(name, string(t)) {
			return t, nil
		}
	}
	return "", &UnknownTypeError{Name: name}
}

// UnknownTypeError says that no keystore format is called Name.
type UnknownTypeError struct{ Name string }

func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("unknown keystore type %q: JKS, JCEKS and PKCS12 are known", e.Name)
}

// codec is what the store needs of a format. Each format's package has decode
// and unseal, and unless it is foreign encode and seal; the others are nil
// where they gain nothing over these.
type codec struct {
	decode func(data, password []byte, lim entry.Limits) (*entry.File, error)
	encode func(f *entry.File, password []byte) ([]byte, error)
	seal   func(key entry.Key, password []byte, f *entry.File) ([]byte, error)
	unseal func(e *entry.Entry, password []byte, lim entry.Limits) (entry.Key, error)

	// rounds is the iteration count of what unseal derives; nil for none.
	rounds func(e *entry.Entry) int
	// view is decode for a file that will not be encoded again, in less memory.
	view func(data, password []byte, lim entry.Limits) (*entry.File, error)
	// encodeDecode is encode and then decode, in less time.
	encodeDecode func(f *entry.File, password []byte, lim entry.Limits) (data []byte, back *entry.File, err error)
	// loose returns the certificates of no entry, in a format that puts chains
	// together of all certificates of a file.
	loose func(f *entry.File) []entry.Certificate
}

func (t Type) codec() codec {
	switch t {
	case JKS, CaseExactJKS:
		return codec{decode: jks.Decode, encode: jks.Encode, seal: jks.Seal, unseal: jks.Unseal}
	case JCEKS:
		return codec{decode: jceks.Decode, encode: jceks.Encode, seal: jceks.Seal, unseal: jceks.Unseal, rounds: jceks.Rounds}
	case PKCS12:
		return codec{decode: pkcs12.Decode, encode: pkcs12.Encode, seal: pkcs12.Seal, unseal: pkcs12.Unseal, rounds: pkcs12.Rounds,
			view: pkcs12.View, encodeDecode: pkcs12.EncodeDecode, loose: pkcs12.Untrusted}
	case PEM:
		return codec{decode: pem.Decode, unseal: pem.Unseal, rounds: pem.Rounds}
	case DER:
		return codec{decode: pem.DecodeDER, unseal: pem.Unseal, rounds: pem.Rounds}
	case PKCS7:
		return codec{decode: pem.DecodePKCS7, unseal: pem.Unseal, rounds: pem.Rounds}
	case BKS:
		return codec{decode: bks.Decode, unseal: bks.Unseal, rounds: bks.Rounds}
	case UBER:
		return codec{decode: bks.DecodeUBER, unseal: bks.Unseal, rounds: bks.Rounds}
	}
	panic("store: no codec for type " + string(t))
}

// Foreign says whether the format is one that Java by itself does not know.
// Its files can be read, but not written.
func (t Type) Foreign() bool { return t.Unprotected() || t == BKS || t == UBER }

// notWritten is the error of what would write a file of a foreign format.
func (t Type) notWritten() error {
	return &entry.FormatError{Kind: entry.ErrUnsupported, Format: string(t), Offset: -1, What: "files of this type are only read"}
}

// Unprotected says whether files of the format have no password: PEM, DER and PKCS7.
// Keys in PEM may have one.
func (t Type) Unprotected() bool { return t == PEM || t == DER || t == PKCS7 }

// fold returns the alias as the format compares it.
func (t Type) fold(alias string) string {
	if t == CaseExactJKS || t == PKCS11 {
		return alias
	}
	return javastring.Lower(alias)
}

// secrets says whether the format holds secret keys.
func (t Type) secrets() bool { return t == JCEKS || t == PKCS12 || t == PKCS11 }
