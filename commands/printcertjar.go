package commands

import (
	"errors"
	"fmt"
	"io/fs"

	"gokeytool/internal/atomicfile"
	"gokeytool/internal/console"
	"gokeytool/internal/signedjar"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
	"gokeytool/x509util/keytool"
)

// printSigners prints who signed a JAR.
func (s *session) printSigners(path string) error {
	signers, err := jarSigners(path)
	if err != nil {
		return about(path, err)
	}
	if s.opt.json {
		return s.signersJSON(signers)
	}
	out := s.Stdout.Buffer()
	for i, signer := range signers {
		out.Printf("Signer #%d:\n\n", i+1)
		if err := s.printSignerChain(out, signer.Chain); err != nil {
			return err
		}
		s.warnOfSigner("The certificate", signer.Chain, i, len(signers))
		if signer.Timestamp == nil {
			continue
		}
		out.Print("Timestamp:\n\n")
		if err := s.printSignerChain(out, signer.Timestamp); err != nil {
			return err
		}
		s.warnOfSigner("The TSA certificate", signer.Timestamp, i, len(signers))
	}
	if len(signers) == 0 {
		out.Print("Not a signed jar file\n")
	}
	return out.Flush()
}

// signersJSON prints who signed a JAR.
func (s *session) signersJSON(signers []*signedjar.Signer) error {
	out := jsonSigners{Version: jsonSchema, Signers: []jsonSigner{}}
	for i, signer := range signers {
		out.Signers = append(out.Signers, jsonSigner{describeCertificates(signer.Chain), describeCertificates(signer.Timestamp)})
		s.warnOfSigner("The certificate", signer.Chain, i, len(signers))
		s.warnOfSigner("The TSA certificate", signer.Timestamp, i, len(signers))
	}
	out.Warnings = s.takeWarnings()
	return s.printJSON(out)
}

// warnOfSigner adds what is weak about the certificates of one of several
// signers, i counting from 0, which keytool numbers otherwise than those of a
// chain. Nor does it look there at what a certificate is for.
func (s *session) warnOfSigner(label string, chain []*x509util.Certificate, i, signers int) {
	anchored := s.anchored(chain)
	for n, c := range chain {
		name := label
		if len(chain) > 1 {
			name += fmt.Sprintf(" #%d", n+1)
		}
		if signers > 1 {
			name += fmt.Sprintf(" of signer #%d", i+1)
		}
		s.warn(s.judge().Certificate(name, c, keytool.Standing{Trusted: s.trusted(c), Issuing: true, Anchored: anchored})...)
	}
}

func (s *session) printSignerChain(out *console.Writer, chain []*x509util.Certificate) error {
	for i, c := range chain {
		out.Printf("Certificate #%d:\n", i+1)
		if s.opt.rfc {
			out.Printf("Certificate owner: %s\n\n", c.Subject.String())
			out.Binary(x509util.EncodePEM("CERTIFICATE", c.Raw, s.release))
		} else if err := s.printer().Certificate(out.Lines(), c); err != nil {
			return err
		}
		out.Print("\n")
	}
	return nil
}

// jarSigners reads and verifies the signatures of a JAR.
func jarSigners(path string) ([]*signedjar.Signer, error) {
	file, err := atomicfile.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, java("java.nio.file.NoSuchFileException", path)
	}
	if err != nil {
		return nil, fileError(path, pathCause(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fileError(path, pathCause(err))
	}
	signers, err := signedjar.Signers(file, info.Size())
	var verify *signedjar.VerifyError
	switch {
	case errors.As(err, &verify):
		why := path + " was changed after it was signed"
		if _, ok := errors.AsType[*keys.UnsupportedError](err); ok {
			why = "its signature " + x509util.CantVerify(errors.Unwrap(verify))
		}
		return nil, withHint(java("java.lang.SecurityException", verify.Text), why)
	case errors.Is(err, signedjar.ErrFormat):
		return nil, withHint(java("java.util.zip.ZipException", "zip END header not found"), err.Error())
	}
	return signers, err
}

// jsonSigners is what printcert -jarfile prints.
type jsonSigners struct {
	Version  int          `json:"version"`
	Signers  []jsonSigner `json:"signers"`
	Warnings []string     `json:"warnings"`
}

// jsonSigner is who signed a JAR, and who says when.
type jsonSigner struct {
	Certificates []jsonCertificate `json:"certificates"`
	Timestamp    []jsonCertificate `json:"timestamp"` // of who says when; empty without one
}
