// Package sunconfig reads the configuration of Java's provider for PKCS #11 (SunPKCS11,
// class sun.security.pkcs11.Config): name, library, slot, attributes and the like.
package sunconfig

import (
	"errors"

	"gokeytool/pkcs11"
)

// Config is a configuration. Of what it says, what matters without Java is here.
type Config struct {
	Name    string // the provider is called SunPKCS11-Name
	Library string // path of the module
	Slot    *uint64
	Index   *int // slotListIndex; 0 where neither is given

	Templates []Template // attributes, in the order of the file
}

// Template says which attributes an object gets that is made (attributes(...) = {...}).
type Template struct {
	Operation  string             // "generate", "import" or "*"
	Class      *uint64            // CKO number; nil for all
	KeyType    *uint64            // CKK number; nil for all
	Attributes []pkcs11.Attribute // a nil Value takes the attribute away
}

// Parse reads a configuration. The error is in Java's words.
func Parse(text []byte) (Config, error) { return Config{}, errors.New("not yet") }
