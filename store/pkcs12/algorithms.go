package pkcs12

import (
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
	"gokeytool/store/internal/pbe"
)

// EncryptionAlgorithms returns, sorted and each once, the encryption
// algorithms that whoever reads all of f has to know: of its encrypted parts
// and of its keys, by the names of Params. Of keys under an algorithm that this
// package does not know nothing is said; Unseal does. f is as it was read.
func EncryptionAlgorithms(f *entry.File) []string {
	var names []string
	add := func(name string) {
		if at, found := slices.BinarySearch(names, name); !found {
			names = slices.Insert(names, at, name)
		}
	}
	for _, s := range originOf(f).safes {
		if s.scheme != nil {
			add(s.scheme.Name())
		}
	}
	for _, e := range f.Entries {
		if e.Kind == entry.TrustedCertificate {
			continue
		}
		if scheme := keySchemeOf(e.Sealed); scheme != nil {
			add(scheme.Name())
		}
	}
	return names
}

// Protects says whether f, as it was read, is protected as p says, each of its
// keys too, and Java sees them all: to write its entries again would change
// nothing.
func (p Params) Protects(f *entry.File) bool {
	if FileParams(f) != p {
		return false
	}
	for _, e := range f.Entries {
		if e.Kind == entry.TrustedCertificate {
			continue
		}
		scheme := keySchemeOf(e.Sealed)
		if HiddenFromJava(e) || scheme == nil || !strings.EqualFold(scheme.Name(), p.KeyAlgorithm) || scheme.Iterations() != p.KeyIterations {
			return false
		}
	}
	return true
}

// keySchemeOf is what a key is encrypted with; nil if it is not, or if that
// can't be told.
func keySchemeOf(sealed []byte) *pbe.Scheme {
	der, _, err := ber.ToDER(sealed, entry.DefaultLimits.MaxDepth)
	if err != nil {
		return nil
	}
	var info, algorithm cryptobyte.String
	s := cryptobyte.String(der)
	if !s.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&algorithm, asn1.SEQUENCE) {
		return nil // a PrivateKeyInfo begins with a number
	}
	scheme, err := pbe.ParseScheme(algorithm)
	if err != nil {
		return nil
	}
	return scheme
}
