package keytool

import (
	"io"
	"slices"
	"unicode/utf16"

	"gokeytool/x509util"
	"gokeytool/x509util/internal/ber"
)

// Request writes r as keytool -printcertreq does.
func (p *Printer) Request(w io.Writer, r *x509util.Request) error {
	t := p.text()
	defer t.free()
	judge := Judge{p.release(), p.Policy}
	t.add("PKCS #10 Certificate Request (Version 1.0)\nSubject: ")
	t.untrusted(r.Subject.String())
	t.add("\nFormat: X.509\nPublic Key: ")
	t.key(r.SPKI, judge, usageAny)
	t.add("\nSignature algorithm: ")
	name := r.SigAlg.Name(t.rel)
	t.add(name)
	t.add(judge.signatureNote(name, usageAny))
	t.add("\n")
	for _, a := range hashOrder(r.Attributes) {
		if a.OID == "1.2.840.113549.1.9.14" {
			t.extensions("Extension Request:", r.RawExtensions)
		} else {
			t.attribute(a)
		}
	}
	return t.writeTo(w)
}

// attribute appends an attribute (RFC 2985) that is not the extension request.
// Where keytool prints a Java object's address, the value follows as bytes.
func (t *text) attribute(a x509util.Attribute) {
	t.add("Attribute: ")
	t.add(a.OID)
	t.add("\n")
	name := ber.OIDName(a.OID, t.rel)
	if name == "" {
		name = a.OID
	}
	t.add(name)
	t.add(": ")
	if !t.attributeValue(a) {
		t.add("\n")
		t.hexDump(a.Set)
		return
	}
	t.add("\n")
}

func (t *text) attributeValue(a x509util.Attribute) bool {
	switch a.OID {
	case "1.2.840.113549.1.9.7": // challengePassword
		if len(a.Values) != 1 {
			return false
		}
		s, ok := attributeString(a.Values[0])
		t.untrusted(s)
		return ok
	case "1.2.840.113549.1.9.1", "1.2.840.113549.1.9.2", "1.2.840.113549.1.9.8":
		// emailAddress, unstructuredName, unstructuredAddress
		start := len(t.buf)
		t.add("[")
		for i, value := range a.Values {
			s, ok := attributeString(value)
			if !ok {
				t.buf = t.buf[:start]
				return false
			}
			if i > 0 {
				t.add(", ")
			}
			t.untrusted(s)
		}
		t.add("]")
		return true
	case "1.2.840.113549.1.9.3": // contentType
		if len(a.Values) != 1 {
			return false
		}
		v, err := ber.Parse(a.Values[0])
		if err != nil {
			return false
		}
		oid, err := v.OID()
		t.add(oid)
		return err == nil
	case "1.2.840.113549.1.9.5": // signingTime
		if len(a.Values) != 1 {
			return false
		}
		v, err := ber.Parse(a.Values[0])
		if err != nil {
			return false
		}
		date, err := v.AnyTime()
		if err != nil {
			return false
		}
		t.date(date)
		return true
	}
	return false
}

func attributeString(der []byte) (string, bool) {
	v, err := ber.Parse(der)
	if err != nil {
		return "", false
	}
	return ber.DecodeString(v.Tag, v.Body)
}

// hashOrder puts attributes in the order in which a Java Hashtable with room
// for three, filled with them by OID, gives them back. Of two with one OID the
// later takes the place of the earlier.
func hashOrder(attributes []x509util.Attribute) []x509util.Attribute {
	table := make([][]x509util.Attribute, 3)
	slot := func(oid string, size int) int { return int(javaHash(oid) & 0x7fffffff % uint32(size)) }
	count := 0
next:
	for _, a := range attributes {
		bucket := table[slot(a.OID, len(table))]
		for i := range bucket {
			if bucket[i].OID == a.OID {
				bucket[i] = a
				continue next
			}
		}
		if count >= len(table)*3/4 {
			larger := make([][]x509util.Attribute, 2*len(table)+1)
			for _, bucket := range slices.Backward(table) {
				for _, moved := range bucket {
					i := slot(moved.OID, len(larger))
					larger[i] = slices.Insert(larger[i], 0, moved)
				}
			}
			table = larger
		}
		i := slot(a.OID, len(table))
		table[i] = slices.Insert(table[i], 0, a)
		count++
	}
	ordered := make([]x509util.Attribute, 0, count)
	for _, bucket := range slices.Backward(table) {
		ordered = append(ordered, bucket...)
	}
	return ordered
}

// javaHash is String.hashCode.
func javaHash(s string) uint32 {
	h := uint32(0)
	for _, unit := range utf16.Encode([]rune(s)) {
		h = 31*h + uint32(unit)
	}
	return h
}
