package probe

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"

	"golang.org/x/crypto/ocsp"

	"gokeytool/finding"
	"gokeytool/x509util"
)

// examineStaple looks at the stapled OCSP response.
func (p *prober) examineStaple(state *tls.ConnectionState) (finding.Finding, string) {
	c := finding.Finding{Check: "OCSP staple", Severity: finding.Good}
	if len(state.OCSPResponse) == 0 {
		c.Text = "none"
		return c, "none"
	}
	leaf := state.PeerCertificates[0]
	issuer := p.issuerOf(state)
	response, err := ocsp.ParseResponseForCert(state.OCSPResponse, leaf, issuer)
	if err == nil && issuer != nil {
		err = authorized(response, issuer)
	}
	if err != nil {
		c.Severity, c.Text = finding.Error, fmt.Sprintf("the stapled response is bad: %v", err)
		return c, "bad"
	}
	if issuer == nil {
		// Anybody could have signed it.
		c.Severity, c.Text = finding.Warning, "not verified: the server does not send the issuer of its certificate, and the issuer is not in "+p.cfg.RootsName
		return c, "not verified"
	}
	status := map[int]string{ocsp.Good: "good", ocsp.Revoked: "revoked"}[response.Status]
	status = cmp.Or(status, "unknown")
	if response.Status != ocsp.Good {
		c.Severity = finding.Error
	}
	c.Text = fmt.Sprintf("%s, of %s", status, x509util.Day(response.ThisUpdate))
	if !response.NextUpdate.IsZero() {
		c.Text += ", good until " + x509util.Day(response.NextUpdate)
		if p.cfg.Now().After(response.NextUpdate) {
			c.Severity = finding.Error
			c.Text = fmt.Sprintf("the stapled response (%s) was good until %s", status, x509util.Day(response.NextUpdate))
		}
	}
	return c, status
}

// issuerOf returns the certificate that signed the server's: of those that it
// sent, or of those that are trusted. nil if none of them did.
func (p *prober) issuerOf(state *tls.ConnectionState) *x509.Certificate {
	leaf := state.PeerCertificates[0]
	for _, c := range state.PeerCertificates {
		if bytes.Equal(c.RawSubject, leaf.RawIssuer) && leaf.CheckSignatureFrom(c) == nil {
			return c
		}
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: p.cfg.Roots, CurrentTime: leaf.NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil || len(chains[0]) < 2 {
		return nil
	}
	return chains[0][1]
}

// authorized says why a response whose signature is good does not count: it must
// be signed by the issuer of the certificate, or by somebody to whom the issuer
// has given that task (RFC 6960, section 4.2.2.2), not by any of its customers.
func authorized(response *ocsp.Response, issuer *x509.Certificate) error {
	signer := response.Certificate
	switch {
	case signer == nil || bytes.Equal(signer.Raw, issuer.Raw):
		return nil
	case !slices.Contains(signer.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return fmt.Errorf("it is signed by %s, which may not sign responses (no OCSPSigning)", showName(signer.RawSubject))
	case response.ProducedAt.Before(signer.NotBefore) || response.ProducedAt.After(signer.NotAfter):
		return fmt.Errorf("it is signed by %s, whose certificate was not valid on %s", showName(signer.RawSubject), x509util.Day(response.ProducedAt))
	}
	return nil
}
