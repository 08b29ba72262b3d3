package commands

import (
	"bytes"
	"context"

	"gokeytool/x509util"
)

type exportcertOptions struct {
	bundle optional[string] // file of all trusted certificates; "-" is the standard output

	key, chain, fullchain, encrypt bool
	format, profile                optional[string]
	keyfilepass                    []byte // of the new file
}

func readExportcert(l line) exportcertOptions {
	return exportcertOptions{
		bundle:      l.text("bundle"),
		key:         l.has("key"),
		chain:       l.has("chain"),
		fullchain:   l.has("fullchain"),
		encrypt:     l.has("encrypt"),
		format:      l.text("format"),
		profile:     l.text("profile"),
		keyfilepass: l.secret("keyfilepass"),
	}
}

// own says whether more is to be written than keytool can.
func (o exportcertOptions) own() bool {
	return o.key || o.chain || o.fullchain || o.encrypt || o.format.given || o.profile.given
}

// exportcert writes the certificate of an alias, in DER or with -rfc in PEM.
// With options of our own it writes more than that.
func exportcert(ctx context.Context, s *session, o exportcertOptions) error {
	if o.bundle.given {
		return exportBundle(ctx, s, o.bundle.value)
	}
	if o.own() {
		return exportEntry(ctx, s, o)
	}
	if err := s.openKeystore(ctx, access{asks: asksOnce, file: s.opt.file}); err != nil {
		return err
	}
	if err := openable(s.opt.file); err != nil {
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
