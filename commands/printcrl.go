package commands

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"gokeytool/store"
	"gokeytool/x509util"
)

// notVerified frames the warning about a revocation list nobody vouches for.
const notVerified = `*******************************************
WARNING: not verified. Make sure -keystore is correct%s.
*******************************************


`

// printcrl prints the revocation lists of a file or of standard input, and who
// signed them, if that is an entry of the keystore or of cacerts.
func printcrl(ctx context.Context, s *session) error {
	if err := s.openKeystoreIfAny(ctx); err != nil {
		return err
	}
	data, err := s.readInput(s.opt.file)
	if err != nil {
		return err
	}
	var lists []*x509util.CRL
	if len(data) > 0 {
		lists, err = x509util.ParseCRLs(data)
		var input *x509util.InputError
		if errors.As(err, &input) {
			return withHint(java("java.security.cert.CRLException", "No CRL data found"), describeInput(s.opt.file, err)...)
		}
		if err != nil {
			return java("java.security.cert.CRLException", err.Error())
		}
	}
	out := bufio.NewWriter(s.Stdout)
	for _, list := range lists {
		if err := s.printer().CRL(out, list); err != nil {
			return err
		}
		signer, err := s.writeCRLSigner(out, list)
		if err != nil {
			return err
		}
		var spki []byte
		if signer != nil {
			spki = signer.SPKI
		}
		s.warn(s.judge().CRL("The CRL", list, spki)...)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	s.warnOfFormat()
	return nil
}

// writeCRLSigner writes whose key signed the list, and returns the
// certificate; nil if it is not known.
func (s *session) writeCRLSigner(out *bufio.Writer, list *x509util.CRL) (*x509util.Certificate, error) {
	if s.opt.trustcacerts {
		cacerts, err := s.cacerts()
		if err != nil {
			return nil, err
		}
		if alias, c := crlSigner(cacerts, list); c != nil {
			s.writeVerifiedBy(out, alias, "cacerts", c)
			return c, nil
		}
	}
	if s.ks != nil && s.ks.Store != nil {
		if alias, c := crlSigner(s.ks.Store, list); c != nil {
			s.writeVerifiedBy(out, alias, "keystore", c)
			return c, nil
		}
	}
	advice := " or specify -trustcacerts"
	if s.opt.trustcacerts {
		advice = ""
	}
	fmt.Fprintf(out, notVerified, advice)
	return nil, nil
}

func (s *session) writeVerifiedBy(out *bufio.Writer, alias, where string, c *x509util.Certificate) {
	fmt.Fprintf(out, "Verified by %s in %s with a %s\n", x509util.Printable(alias), where, s.judge().DescribeKey(c.SPKI))
}

// crlSigner finds the entry whose key signed the list.
func crlSigner(ks *store.Store, list *x509util.CRL) (alias string, signer *x509util.Certificate) {
	for _, e := range ks.JavaOrder() {
		if len(e.Chain) == 0 {
			continue
		}
		c, err := x509util.ParseCertificate(e.Chain[0].DER)
		if err != nil || !c.Subject.Equal(list.Issuer) {
			continue
		}
		key, err := c.PublicKey()
		if err == nil && list.CheckSignatureFrom(key) == nil {
			return ks.AliasOf(e.Alias), c
		}
	}
	return "", nil
}
