// Package keytool says what keytool says of certificates, requests and revocation
// lists: their text (Printer), its warnings (Judge, by the security properties of a
// Policy), and the exceptions in which it ends where Java can't read them (JavaError,
// UnreadableError, Refusal). It has Java's dates and time zones, and the values of
// -startdate.
//
// Everything is word for word that of the JDK releases that package jdk knows, but
// that control characters are escaped. What Java refuses is printed as far as it can
// be read. Texts of keytool's that need a keystore or a command line are not here.
package keytool

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"gokeytool/internal/console"
	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// Printer writes certificates, requests and revocation lists as keytool of a
// release prints them. Its zero value follows the default release in UTC.
//
// What keytool refuses as a whole (such as a critical extension that can't be
// read) is printed with what can be said of it. Control characters from names
// and the like, which keytool sends to the terminal raw, are escaped by
// console.Line.
type Printer struct {
	Release jdk.Release // zero is jdk.Default
	// Location is the time zone of dates; nil is UTC.
	Location *time.Location
	// Trusted says whether a certificate is a trusted one of the keystore
	// in use (or of cacerts): keytool then doesn't judge its signature
	// algorithm. nil: none is.
	Trusted func(*x509util.Certificate) bool
	// Policy is that of the Judge whose notes are printed.
	Policy *Policy
}

func (p *Printer) release() jdk.Release { return cmp.Or(p.Release, jdk.Default) }

// Certificate writes c as keytool -printcert and -list -v do, from "Owner:"
// to the last extension. The error is the writer's.
func (p *Printer) Certificate(w io.Writer, c *x509util.Certificate) error {
	t := p.text()
	defer t.free()
	judge := Judge{p.release(), p.Policy}
	t.add("Owner: ")
	t.untrusted(c.Subject.String())
	t.add("\nIssuer: ")
	t.untrusted(c.Issuer.String())
	t.add("\nSerial number: ")
	t.buf = c.Serial.Append(t.buf, 16)
	t.add("\nValid from: ")
	t.date(c.NotBefore)
	t.add(" until: ")
	t.date(c.NotAfter)
	t.add("\nCertificate fingerprints:\n\t SHA1: ")
	t.buf = x509util.AppendFingerprint(t.buf, c.Raw, "SHA-1")
	t.add("\n\t SHA256: ")
	t.buf = x509util.AppendFingerprint(t.buf, c.Raw, "SHA-256")
	t.add("\nSignature algorithm name: ")
	name := c.SigAlg.Name(t.rel)
	t.add(name)
	if p.Trusted == nil || !p.Trusted(c) {
		t.add(judge.signatureNote(name, usageOf(c)))
	}
	t.add("\nSubject Public Key Algorithm: ")
	t.key(c.SPKI, judge, usageOf(c))
	t.add("\nVersion: ")
	t.int(c.Version)
	t.add("\n")
	t.extensions("Extensions: ", c.RawExtensions)
	return t.writeTo(w)
}

// text is a page under way.
type text struct {
	buf []byte
	rel jdk.Release
	loc *time.Location
}

var pages = sync.Pool{New: func() any { return &text{buf: make([]byte, 0, 8<<10)} }}

func (p *Printer) text() *text {
	t := pages.Get().(*text)
	*t = text{buf: t.buf[:0], rel: p.release(), loc: p.Location}
	return t
}

func (t *text) free() {
	if cap(t.buf) <= 64<<10 {
		pages.Put(t)
	}
}

func (t *text) writeTo(w io.Writer) error {
	_, err := w.Write(t.buf)
	return err
}

// add appends text of ours.
func (t *text) add(s string) { t.buf = append(t.buf, s...) }

// untrusted appends text from the file.
func (t *text) untrusted(s string) { t.buf = console.AppendLine(t.buf, s) }

func (t *text) int(n int) { t.buf = strconv.AppendInt(t.buf, int64(n), 10) }

func (t *text) bool(b bool) { t.buf = strconv.AppendBool(t.buf, b) }

func (t *text) date(d time.Time) { t.buf = appendJavaDate(t.buf, d, t.loc, t.rel) }

// key appends a public key in words and what is to be thought of it.
func (t *text) key(spki []byte, judge Judge, u usage) {
	k, err := keys.Describe(spki, t.rel)
	if err != nil {
		// keytool refuses such a certificate.
		t.add("unreadable ")
		t.untrusted(cmp.Or(k.Algorithm, "public"))
		t.add(" key")
		return
	}
	t.add(k.Text(t.rel))
	t.add(judge.key(k, circumstances{usage: u}).note())
}

// extensions appends the extensions of a certificate or a request under a
// title, in keytool's order: those it reads by their names, with those it
// doesn't know under their OIDs, then those it fails to read by OID
// (sun.security.x509.CertificateExtensions keeps two sorted maps).
func (t *text) extensions(title string, exts []x509util.RawExtension) {
	if len(exts) == 0 {
		return
	}
	t.add("\n")
	t.add(title)
	t.add("\n\n")
	type part struct {
		key    string
		failed bool
		text   []byte
	}
	parts := make([]part, 0, len(exts))
	scratch := pages.Get().(*text)
	*scratch = text{buf: scratch.buf[:0], rel: t.rel, loc: t.loc}
	defer scratch.free()
	for _, e := range exts {
		start := len(scratch.buf)
		key, ok := scratch.extension(e)
		parts = append(parts, part{key, !ok, scratch.buf[start:]})
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		if a.failed != b.failed {
			if a.failed {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.key, b.key)
	})
	for i, part := range parts {
		t.add("#")
		t.int(i + 1)
		t.add(": ")
		t.buf = append(t.buf, part.text...)
		t.add("\n")
	}
}

// extension appends one extension. key is what it is sorted by; ok is false
// if it is of a known kind but not readable.
func (t *text) extension(e x509util.RawExtension) (key string, ok bool) {
	t.extensionHead(e)
	kind := kindOf(e.OID)
	value, err := readExtension(e, t.rel)
	switch {
	case err != nil:
		t.add("Unparseable ")
		t.add(kind.name)
		t.add(" extension due to\n")
		t.throwable(err)
		t.add("\n\n")
		t.hexDump(e.Value)
		return e.OID, false
	case value != nil:
		value.print(t)
	case kind.name != "": // OCSPNoCheck: its value is of no interest
	case len(e.Value) == 0:
		t.add("(Empty value)\n")
	default:
		t.hexDump(e.Value)
		t.add("\n")
	}
	return cmp.Or(kind.name, e.OID), true
}

func (t *text) extensionHead(e x509util.RawExtension) {
	t.add("ObjectId: ")
	t.add(e.OID)
	t.add(" Criticality=")
	t.bool(e.Critical)
	t.add("\n")
}

// throwable appends an exception as Java prints it.
func (t *text) throwable(err error) {
	e, ok := err.(*jdk.Error)
	if !ok {
		e = jdk.IOError(err.Error()).(*jdk.Error)
	}
	t.add(e.Class)
	if e.Text != "" {
		t.add(": ")
		t.untrusted(e.Text)
	}
}

// hexDump appends b in lines of 16 bytes with an offset before and the ASCII
// characters behind (sun.security.util.HexDumpEncoder). The offset is of four
// digits and starts again after 64 KiB.
func (t *text) hexDump(b []byte) {
	const digits = "0123456789ABCDEF"
	for offset := 0; offset < len(b); offset += 16 {
		line := b[offset:min(offset+16, len(b))]
		t.buf = append(t.buf,
			digits[offset>>12&15], digits[offset>>8&15], digits[offset>>4&15], digits[offset&15], ':', ' ')
		for i := range 16 {
			if i < len(line) {
				t.buf = append(t.buf, digits[line[i]>>4], digits[line[i]&15], ' ')
			} else {
				t.add("   ")
			}
			if i == 7 {
				t.add("  ")
			}
		}
		t.add(" ")
		for _, c := range line {
			if c < ' ' || c > 'z' {
				c = '.'
			}
			t.buf = append(t.buf, c)
		}
		t.add("\n")
	}
}
