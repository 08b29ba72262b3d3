package keytool

import (
	"cmp"
	"io"
	"slices"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/x509util"
	"gokeytool/x509util/internal/ber"
	"gokeytool/x509util/keys"
)

// CRL writes c as keytool -printcrl does, without the lines about who
// verified it.
func (p *Printer) CRL(w io.Writer, c *x509util.CRL) error {
	t := p.text()
	defer t.free()
	judge := Judge{p.release(), p.Policy}
	t.add("X.509 CRL v")
	t.int(c.Version)
	t.add("\nSignature Algorithm: ")
	name := c.SigAlg.Name(t.rel)
	t.add(name)
	t.algorithmParams(c.SigAlg)
	t.add(judge.signatureNote(name, usageAny))
	t.add(", OID=")
	t.add(c.SigAlg.OID)
	t.add("\nIssuer: ")
	t.untrusted(c.Issuer.String())
	t.add("\n\nThis Update: ")
	t.date(c.ThisUpdate)
	t.add("\n")
	if c.HasNextUpdate {
		t.add("Next Update: ")
		t.date(c.NextUpdate)
		t.add("\n")
	}
	if len(c.Revoked) == 0 {
		t.add("\nNO certificates have been revoked\n")
	} else {
		t.add("\nRevoked Certificates: ")
		t.int(len(c.Revoked))
		var issuer x509util.Name // of the entry's certificate, if not that of the list
		foreign := false
		for i, e := range c.Revoked {
			t.add("\n[")
			t.int(i + 1)
			t.add("] ")
			if name, ok := issuerOf(&e); ok {
				issuer, foreign = name, !name.Equal(c.Issuer)
			}
			t.revoked(e, issuer, foreign)
			if len(t.buf) > 32<<10 { // a list may have a million entries
				if err := t.writeTo(w); err != nil {
					return err
				}
				t.buf = t.buf[:0]
			}
		}
	}
	if c.HasExtensions {
		t.add("\nCRL Extensions: ")
		t.int(len(c.RawExtensions))
		t.crlExtensions(c.RawExtensions, "\n[")
	}
	t.add("\nSignature:\n")
	t.hexDump(c.Signature)
	t.add("\n\n")
	return t.writeTo(w)
}

// issuerOf returns who issued the certificate of the entry, if the entry says so;
// else it is the same as of the entry before (RFC 5280, 5.3.3).
func issuerOf(e *x509util.RevokedCertificate) (x509util.Name, bool) {
	for _, ext := range e.RawExtensions {
		if ext.OID != "2.5.29.29" {
			continue
		}
		r, err := ber.ParseSequence(ext.Value, "")
		if err != nil {
			break
		}
		for !r.Empty() {
			v, err := r.Next()
			if err != nil {
				break
			}
			if !v.Context(4, true) {
				continue
			}
			if name, err := x509util.ParseName(v.Body); err == nil {
				return name, true
			}
		}
	}
	return x509util.Name{}, false
}

func (t *text) revoked(e x509util.RevokedCertificate, issuer x509util.Name, foreign bool) {
	t.serialNumber(e.Serial)
	t.add("  On: ")
	t.date(e.Date)
	if foreign {
		t.add("\n    Certificate issuer: ")
		t.untrusted(issuer.String())
	}
	if e.HasExtensions {
		t.add("\n    CRL Entry Extensions: ")
		t.int(len(e.RawExtensions))
		t.crlExtensions(e.RawExtensions, "\n    [")
	}
	t.add("\n")
}

// crlExtensions appends extensions sorted as keytool does, each after before
// and its number. Unknown ones are shown with their OCTET STRING's header.
func (t *text) crlExtensions(exts []x509util.RawExtension, before string) {
	key := func(e x509util.RawExtension) string { return cmp.Or(kindOf(e.OID).name, e.OID) }
	sorted := slices.SortedStableFunc(slices.Values(exts), func(a, b x509util.RawExtension) int {
		return cmp.Compare(key(a), key(b))
	})
	for i, e := range sorted {
		t.add(before)
		t.int(i + 1)
		t.add("]: ")
		if kindOf(e.OID).name != "" {
			t.extension(e)
			continue
		}
		t.extensionHead(e)
		t.add("Extension unknown: DER encoded OCTET string =\n")
		t.hexDump(append(ber.AppendHeader(nil, casn1.OCTET_STRING, len(e.Value)), e.Value...))
		t.add("\n")
	}
}

// algorithmParams appends what Java's AlgorithmId.toString has after the name.
func (t *text) algorithmParams(a keys.Algorithm) {
	if !a.HasParams() {
		return
	}
	t.add(", ")
	if a.OID == keys.OIDRSASSAPSS {
		if params, err := keys.ParsePSSParams(a.Params.Full); err == nil {
			t.pssParams(params)
			return
		}
	}
	t.add("params unparsed")
}

// pssParams appends Java's PSSParameterSpec.toString.
func (t *text) pssParams(p keys.PSSParams) {
	t.add("PSSParameterSpec[hashAlgorithm=")
	t.add(keys.Algorithm{OID: p.Digest}.Name(t.rel))
	t.add(", maskGenAlgorithm=MGF1ParameterSpec[hashAlgorithm=")
	t.add(keys.Algorithm{OID: p.MGFDigest}.Name(t.rel))
	t.add("], saltLength=")
	t.int(p.SaltLength)
	t.add(", trailerField=")
	t.int(p.Trailer)
	t.add("]")
}
