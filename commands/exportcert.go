package commands

import (
	"bytes"
	"context"
	"slices"

	"gokeytool/x509util"
)

// exportcert writes the certificate of an alias, in DER or with -rfc in PEM.
// With options of our own it writes more than that.
func exportcert(ctx context.Context, s *session) error {
	if s.req.Has("bundle") {
		return exportBundle(ctx, s)
	}
	if slices.ContainsFunc(ownExport, s.req.Has) {
		return exportEntry(ctx, s)
	}
	if err := s.openKeystore(ctx, access{asks: asksOnce, file: s.opt.file}); err != nil {
		return err
	}
	if err := s.openable("file", s.opt.file.value); err != nil {
		return err
	}
	s.warnUnverified()
	alias := s.aliasOrDefault()
	e, err := s.ks.get(alias)
	if err != nil {
		return err
	}
	if len(e.Chain) == 0 {
		return failf("Alias <%s> has no certificate", alias)
	}
	var out bytes.Buffer
	s.dump(&out, x509util.Encoded(e.Chain[0].DER))
	if err := s.writeOutput(s.opt.file.value, out.Bytes()); err != nil {
		return err
	}
	s.warnOfChain("The certificate", e.Chain[:1])
	if s.opt.file.value != "" {
		s.talk().Printf("Certificate stored in file <%s>\n", s.opt.file.value)
	}
	s.warnOfFormat()
	return nil
}
