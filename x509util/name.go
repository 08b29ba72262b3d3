package x509util

// Name is a distinguished name (RFC 5280, section 4.1.2.4). It keeps the DER
// it was read from or made as. The zero Name is the empty name.
type Name struct {
	der []byte
}

// ParseDName reads a name as keytool's -dname option takes it:
// "CN=Duke, OU=Java, O=\"Example, Inc.\", C=US".
func ParseDName(s string) (Name, error) { return Name{}, errNotYet }

// ParseName reads a DER-encoded name.
func ParseName(der []byte) (Name, error) { return Name{der: der}, nil }

// DER returns the encoded name.
func (n Name) DER() []byte { return n.der }

// String returns the name as Java's X500Name.toString does.
func (n Name) String() string { return "" }

// Equal reports whether two names are equal as Java's X500Name.equals sees it.
func (n Name) Equal(o Name) bool { return false }

// IsEmpty reports whether the name has no parts.
func (n Name) IsEmpty() bool { return true }

// CommonName returns the value of the last CN, or "" where there is none.
func (n Name) CommonName() string { return "" }
