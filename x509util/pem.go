package x509util

// ParseCertificates reads the certificates of a file as keytool -importcert and
// -printcert accept it: DER, PEM or PKCS#7, in the order of the file.
func ParseCertificates(data []byte) ([]*Certificate, error) { return nil, errNotYet }

// ParseRequest reads a certificate request, PEM or DER.
func ParseRequest(data []byte) (*Request, error) { return nil, errNotYet }

// EncodePEM wraps der in PEM as keytool does.
func EncodePEM(blockType string, der []byte) []byte { return nil }
