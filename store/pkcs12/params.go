package pkcs12

import "gokeytool/store/entry"

// Params says how a store is protected: the algorithms by the names that Java
// gives them in its keystore.pkcs12.* properties, and their iteration counts.
type Params struct {
	CertAlgorithm  string // encryption of the certificates, or None
	CertIterations int
	KeyAlgorithm   string // encryption of each key, or None
	KeyIterations  int
	MACAlgorithm   string // integrity of the whole file, or None
	MACIterations  int
}

// Named sets of parameters.
var (
	Default      = Params{}
	Java8        = Params{}
	Legacy       = Params{}
	OpenSSL3     = Params{}
	Java26       = Params{}
	Passwordless = Params{}
)

// Profile returns the parameters of that name: "default", "java8", "legacy",
// "openssl3", "java26" or "passwordless".
func Profile(name string) (Params, bool) { return Params{}, false }

// ParamsFromProperties makes parameters of Java's keystore.pkcs12.*
// properties, as lookup gives them; what is not set has Java's default.
func ParamsFromProperties(lookup func(string) (string, bool)) (Params, error) {
	return Default, nil
}

// NewFile returns an empty file that is to be protected as p says.
func NewFile(p Params) *entry.File { return &entry.File{} }

// FileParams returns how f is protected, and how Encode will protect it again.
func FileParams(f *entry.File) Params { return Default }
