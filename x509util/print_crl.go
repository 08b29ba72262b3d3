package x509util

import (
	"cmp"
	"io"
	"slices"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// CRL writes c as keytool -printcrl does, without the lines about who
// verified it.
func (p *Printer) CRL(w io.Writer, c *CRL) error {
	t := p.text()
	defer t.free()
	judge := Judge{p.release(), p.Policy}
	t.add("X.509 CRL v")
	t.int(c.Version)
	t.add("\nSignature Algorithm: ")
	name := c.sigAlg.name(t.rel)
	t.add(name)
	t.algorithmParams(c.sigAlg)
	t.add(judge.signatureNote(name, usageAny))
	t.add(", OID=")
	t.add(c.sigAlg.oid)
	t.add("\nIssuer: ")
	t.untrusted(c.Issuer.String())
	t.add("\n\nThis Update: ")
	t.date(c.ThisUpdate)
	t.add("\n")
	if c.hasNext {
		t.add("Next Update: ")
		t.date(c.NextUpdate)
		t.add("\n")
	}
	if len(c.Revoked) == 0 {
		t.add("\nNO certificates have been revoked\n")
	} else {
		t.add("\nRevoked Certificates: ")
		t.int(len(c.Revoked))
		var issuer Name // of the entry's certificate, if not that of the list
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
	if c.hasExts {
		t.add("\nCRL Extensions: ")
		t.int(len(c.exts))
		t.crlExtensions(c.exts, "\n[")
	}
	t.add("\nSignature:\n")
	t.hexDump(c.Signature)
	t.add("\n\n")
	return t.writeTo(w)
}

// issuerOf returns who issued the certificate of the entry, if the entry says so;
// else it is the same as of the entry before (RFC 5280, 5.3.3).
func issuerOf(e *RevokedCertificate) (Name, bool) {
	for _, ext := range e.exts {
		if ext.oid != "2.5.29.29" {
			continue
		}
		r, err := readSequence(ext.value, "")
		if err != nil {
			break
		}
		for !r.empty() {
			v, err := r.next()
			if err != nil {
				break
			}
			if !v.context(4, true) {
				continue
			}
			if name, err := ParseName(v.body); err == nil {
				return name, true
			}
		}
	}
	return Name{}, false
}

func (t *text) revoked(e RevokedCertificate, issuer Name, foreign bool) {
	t.serialNumber(e.Serial)
	t.add("  On: ")
	t.date(e.Date)
	if foreign {
		t.add("\n    Certificate issuer: ")
		t.untrusted(issuer.String())
	}
	if e.hasExts {
		t.add("\n    CRL Entry Extensions: ")
		t.int(len(e.exts))
		t.crlExtensions(e.exts, "\n    [")
	}
	t.add("\n")
}

// crlExtensions appends extensions sorted as keytool does, each after before
// and its number. Unknown ones are shown with their OCTET STRING's header.
func (t *text) crlExtensions(exts []extension, before string) {
	key := func(e extension) string { return cmp.Or(kindOf(e.oid).name, e.oid) }
	sorted := slices.SortedStableFunc(slices.Values(exts), func(a, b extension) int {
		return cmp.Compare(key(a), key(b))
	})
	for i, e := range sorted {
		t.add(before)
		t.int(i + 1)
		t.add("]: ")
		if kindOf(e.oid).name != "" {
			t.extension(e)
			continue
		}
		t.extensionHead(e)
		t.add("Extension unknown: DER encoded OCTET string =\n")
		t.hexDump(append(appendHeader(nil, casn1.OCTET_STRING, len(e.value)), e.value...))
		t.add("\n")
	}
}

// algorithmParams appends what Java's AlgorithmId.toString has after the name.
func (t *text) algorithmParams(a algorithm) {
	if !a.hasParams() {
		return
	}
	t.add(", ")
	if a.oid == oidRSASSAPSS {
		if params, err := parsePSSParams(a.params.full); err == nil {
			t.pssParams(params)
			return
		}
	}
	t.add("params unparsed")
}

// pssParams appends Java's PSSParameterSpec.toString.
func (t *text) pssParams(p pssParams) {
	t.add("PSSParameterSpec[hashAlgorithm=")
	t.add(algorithm{oid: p.digest}.name(t.rel))
	t.add(", maskGenAlgorithm=MGF1ParameterSpec[hashAlgorithm=")
	t.add(algorithm{oid: p.mgfDigest}.name(t.rel))
	t.add("], saltLength=")
	t.int(p.saltLength)
	t.add(", trailerField=")
	t.int(p.trailer)
	t.add("]")
}
