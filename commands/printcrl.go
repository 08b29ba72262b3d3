package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"gokeytool/internal/console"
	"gokeytool/internal/jsontime"
	"gokeytool/store"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
	"gokeytool/x509util/keytool"
)

// notVerified frames the warning about a CRL whose signer is not known.
const notVerified = `*******************************************
WARNING: not verified. Make sure -keystore is correct%s.
*******************************************


`

// printcrl prints the CRLs of a file, of an address or of standard
// input, and who signed them, if that is an entry of the keystore or of cacerts.
func printcrl(ctx context.Context, s *session) error {
	if err := s.openKeystoreIfAny(ctx); err != nil {
		return err
	}
	data, err := s.readLists(ctx)
	if err != nil {
		return err
	}
	var lists []*x509util.CRL
	if len(data) > 0 {
		lists, err = x509util.ParseCRLs(data)
		var input *x509util.InputError
		if errors.As(err, &input) {
			said := cmp.Or(keytool.UnreadableCRLError(data, s.release), java("java.security.cert.CRLException", "No CRL data found"))
			return withHint(said, s.whatFile(s.opt.file.value, data, forCRL, err)...)
		}
		if err != nil {
			return about(s.opt.file.value, java("java.security.cert.CRLException", err.Error()))
		}
	}
	if len(lists) == 0 && s.ownStyle() {
		return fmt.Errorf("there is no CRL in %s", cmp.Or(s.opt.file.value, "the standard input"))
	}
	if s.opt.json {
		return s.printcrlJSON(lists)
	}
	out := s.Stdout.Buffer()
	for _, list := range lists {
		if s.opt.rfc {
			out.Binary(x509util.EncodePEM("X509 CRL", list.Raw, s.release))
		} else if err := s.printer().CRL(out.Lines(), list); err != nil {
			return err
		}
		signer, err := s.findCRLSigner(list)
		if err != nil {
			return err
		}
		s.writeCRLSigner(out, signer)
		s.warn(s.judge().CRL("The CRL", list, signer.spki())...)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	s.warnOfFormat()
	return nil
}

// readLists reads what -file names, a file or an address, or else standard
// input.
func (s *session) readLists(ctx context.Context) ([]byte, error) {
	if s.opt.file.given {
		return s.readAddress(ctx, s.opt.file.value)
	}
	return s.readInput("")
}

// printcrlJSON prints CRLs.
func (s *session) printcrlJSON(lists []*x509util.CRL) error {
	out := jsonCRLs{Version: jsonSchema, CRLs: []jsonCRL{}}
	for _, list := range lists {
		described := describeCRL(list)
		signer, err := s.findCRLSigner(list)
		if err != nil {
			return err
		}
		if signer != nil {
			described.VerifiedBy = &jsonVerifier{signer.alias, signer.where}
		}
		s.warn(s.judge().CRL("The CRL", list, signer.spki())...)
		out.CRLs = append(out.CRLs, described)
	}
	s.warnOfFormat()
	out.Warnings = s.takeWarnings()
	return s.printJSON(out)
}

// listSigner is the entry whose key has signed a CRL.
type listSigner struct {
	alias, where string
	certificate  *x509util.Certificate
}

// spki is the public key of a signer; nil of none.
func (l *listSigner) spki() []byte {
	if l == nil {
		return nil
	}
	return l.certificate.SPKI
}

// findCRLSigner finds who signed the list, in cacerts with -trustcacerts and in
// the keystore; nil if that is not known.
func (s *session) findCRLSigner(list *x509util.CRL) (*listSigner, error) {
	if s.opt.trustcacerts {
		cacerts, err := s.cacerts()
		if err != nil {
			return nil, err
		}
		if alias, c := s.crlSigner(cacerts, list); c != nil {
			return &listSigner{alias, "cacerts", c}, nil
		}
	}
	if s.ks != nil && s.ks.Store != nil {
		if alias, c := s.crlSigner(s.ks.Store, list); c != nil {
			return &listSigner{alias, "keystore", c}, nil
		}
	}
	return nil, nil
}

// writeCRLSigner writes whose key signed the list.
func (s *session) writeCRLSigner(out *console.Writer, signer *listSigner) {
	if signer != nil {
		out.Printf("Verified by %s in %s with a %s\n", signer.alias, signer.where, s.judge().DescribeKey(signer.spki()))
		return
	}
	advice := " or specify -trustcacerts"
	if s.opt.trustcacerts {
		advice = ""
	}
	out.Printf(notVerified, advice)
}

// crlSigner finds the entry whose key signed the list.
func (s *session) crlSigner(ks *store.Store, list *x509util.CRL) (alias string, signer *x509util.Certificate) {
	for _, e := range ks.JavaOrder() {
		if len(e.Chain) == 0 {
			continue
		}
		c, err := x509util.ParseCertificate(e.Chain[0].DER)
		if err != nil || !c.Subject.Equal(list.Issuer) {
			continue
		}
		key, err := c.PublicKey()
		if err == nil {
			err = list.CheckSignatureFrom(key)
		}
		if err == nil {
			return ks.JavaAlias(e), c
		}
		if _, ok := errors.AsType[*keys.UnsupportedError](err); ok {
			s.hint(fmt.Sprintf("the signature of <%s> on the CRL %s", ks.JavaAlias(e), x509util.CantVerify(err)))
		}
	}
	return "", nil
}

// jsonCRLs is what printcrl prints.
type jsonCRLs struct {
	Version  int       `json:"version"`
	CRLs     []jsonCRL `json:"crls"`
	Warnings []string  `json:"warnings"`
}

// jsonCRL is a CRL.
type jsonCRL struct {
	Issuer     string                          `json:"issuer"`
	ThisUpdate jsontime.Time                   `json:"thisUpdate"`
	NextUpdate *jsontime.Time                  `json:"nextUpdate"`
	Signature  string                          `json:"signature"`
	Version    int                             `json:"version"`
	Revoked    []jsonRevoked                   `json:"revoked"`
	Extensions []x509util.ExtensionDescription `json:"extensions"`
	VerifiedBy *jsonVerifier                   `json:"verifiedBy"` // null: not known
}

// jsonRevoked is a certificate on a CRL.
type jsonRevoked struct {
	Serial     string                          `json:"serial"` // in hexadecimal
	Date       jsontime.Time                   `json:"date"`
	Reason     string                          `json:"reason,omitempty"` // RFC 5280, section 5.3.1
	Extensions []x509util.ExtensionDescription `json:"extensions"`
}

// jsonVerifier is the entry whose key has signed a CRL.
type jsonVerifier struct {
	Alias    string `json:"alias"`
	Keystore string `json:"keystore"` // keystore or cacerts
}

// describeCRL tells what a CRL says.
func describeCRL(list *x509util.CRL) jsonCRL {
	out := jsonCRL{
		Issuer: list.Issuer.String(), ThisUpdate: jsontime.New(list.ThisUpdate), Signature: list.SigName, Version: list.Version,
		Revoked: []jsonRevoked{}, Extensions: x509util.ListExtensions(list.Extensions),
	}
	if !list.NextUpdate.IsZero() {
		out.NextUpdate = jsonTime(list.NextUpdate)
	}
	for _, r := range list.Revoked {
		out.Revoked = append(out.Revoked, jsonRevoked{
			Serial: r.Serial.Text(16), Date: jsontime.New(r.Date), Reason: r.Reason(), Extensions: x509util.ListExtensions(r.Extensions),
		})
	}
	return out
}
