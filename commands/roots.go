package commands

import (
	"crypto/x509"
	"fmt"

	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// addRoot adds a trusted certificate to those that Go's TLS knows. The error is
// for one that it can't take, because its key is not supported.
func addRoot(roots *x509.CertPool, c entry.Certificate) error {
	if parsed, err := x509.ParseCertificate(x509util.Encoded(c.DER)); err == nil {
		roots.AddCert(parsed)
		return nil
	}
	parsed, err := x509util.ParseCertificate(c.DER)
	if err != nil {
		return nil // check's business
	}
	if _, err = parsed.PublicKey(); err == nil {
		return nil
	}
	return fmt.Errorf("%s %s", parsed.Called(), x509util.CantVerify(err))
}
