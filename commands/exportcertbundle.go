package commands

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"

	"gokeytool/internal/console"
	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// exportBundle writes the trusted certificates of a keystore in PEM, each
// below its alias.
func exportBundle(ctx context.Context, s *session, file string) error {
	if err := s.openKeystore(ctx, access{asks: asksOnce, file: s.opt.file}); err != nil {
		return err
	}
	var out bytes.Buffer
	n := 0
	for _, e := range s.ks.Sorted() {
		if e.Kind != entry.TrustedCertificate {
			continue
		}
		n++
		fmt.Fprintf(&out, "# %s\n", console.Line(s.ks.JavaAlias(e)))
		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: x509util.Encoded(e.Chain[0].DER)}); err != nil {
			return err
		}
	}
	if n == 0 {
		return withHint(fmt.Errorf("%s holds no trusted certificates that can be read", s.ks.path), s.whyNoTrust()...)
	}
	if file == "-" {
		file = ""
	}
	if err := s.writeOutput(file, out.Bytes()); err != nil || file == "" {
		return err
	}
	s.talk().Printf("%s in file <%s>\n", text.CountGrouped(n, "certificate stored", "certificates stored"), file)
	return nil
}

// whyNoTrust says why a keystore may have no trusted certificates.
func (s *session) whyNoTrust() []string {
	switch {
	case s.ks.Type() != store.PKCS12:
	case len(s.ks.Untrusted()) > 0:
		return []string{"its certificates lack Java's mark: " + s.trustmarkLine(s.ks)}
	case s.ks.password == nil:
		return []string{"without its password its certificates stay unread: give it with -storepass"}
	}
	return []string{"the certificate of a key is exported with its alias: " + s.here().Line([]string{"export", "-fullchain", "-alias", "ALIAS"})}
}
