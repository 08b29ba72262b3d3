package commands

import (
	"bytes"
	"cmp"
	"context"

	"gokeytool/store"
	"gokeytool/x509util"
)

// printcert prints the certificates of a file or of standard input, of a TLS
// server, or of those who signed a JAR.
func printcert(ctx context.Context, s *session) error {
	if err := s.openKeystoreIfAny(ctx); err != nil {
		return err
	}
	switch {
	case s.opt.given("jarfile"):
		return s.printSigners()
	case s.opt.given("sslserver"):
		return s.printServerCertificates(ctx)
	}
	data, err := s.readInput(s.opt.file.value)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return withHint(failf("Empty input"), s.whatFile(s.opt.file.value, data, forCertificates, nil)...)
	}
	certificates, err := x509util.ParseCertificates(data)
	if err != nil {
		return withHint(failf("Failed to parse input"), s.whatFile(s.opt.file.value, data, forCertificates, err)...)
	}
	if len(certificates) == 0 {
		return about(s.opt.file.value, withHint(failf("Empty input"), "it is a PKCS #7 message without certificates"))
	}
	if err := s.refusePrinted(certificates); err != nil {
		return about(s.opt.file.value, err)
	}
	if s.opt.json {
		return s.printcertJSON(certificates)
	}
	out := s.Stdout.Buffer()
	printer := s.printer()
	for i, c := range certificates {
		if len(certificates) > 1 {
			out.Printf("Certificate[%s]:\n", group(int64(i+1)))
		}
		if s.opt.rfc {
			out.Binary(x509util.EncodePEM("CERTIFICATE", c.Raw, s.release))
		} else if err := printer.Certificate(out.Lines(), c); err != nil {
			return err
		}
		if i < len(certificates)-1 {
			out.Print("\n")
		}
	}
	s.warn(s.judge().Chain("The certificate", certificates, s.trusted, s.anchored(certificates))...)
	if err := out.Flush(); err != nil {
		return err
	}
	s.warnOfFormat()
	return nil
}

// openKeystoreIfAny opens the keystore of a command that needs none: keytool
// looks into it for trusted certificates, without ever asking for a password.
// Unless it was named, a keystore that can't be opened is none.
func (s *session) openKeystoreIfAny(ctx context.Context) error {
	if err := cmp.Or(s.checkProviders(), s.checkStoreProvider()); err != nil {
		return err
	}
	err := s.openKeystore(ctx, access{creates: true, asks: asksNever, file: s.opt.file})
	if err != nil && !s.opt.keystore.given && !s.opt.cacerts {
		s.ks = nil
		return checkFileName(s.opt.file)
	}
	if err != nil || !s.ownStyle() || !s.unread() {
		return err
	}
	k := s.ks
	if _, err := openEmpty(func(password []byte) (*store.Store, error) { return k.reopen(password, s.opt.storetype.value) }); err == nil {
		return nil
	}
	if !s.opt.keystore.given && !s.opt.cacerts {
		s.ks = nil
		return nil
	}
	return noPassword(k.path, "storepass")
}
