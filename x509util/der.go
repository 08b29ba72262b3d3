package x509util

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"time"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The structures of certificates, requests and revocation lists are read here
// with Java's leniency (sun.security.util.DerValue): BER lengths that are
// longer than need be and constructed values of indefinite length are
// accepted, since keytool lists and imports certificates that have them.
// cryptobyte and encoding/asn1 refuse both. keytool prints the reason for which
// an extension can't be read: errors are Java's exceptions.

// Parts of the identifier octet (X.690, 8.1.2).
const (
	tagConstructed casn1.Tag = 0x20
	tagContext     casn1.Tag = 0x80
)

// maxIndefinite is how deep values of indefinite length may nest.
const maxIndefinite = 32

// derValue is one value: its identifier octet, the whole encoding and the
// content, both parts of the input.
type derValue struct {
	tag        casn1.Tag
	full, body []byte
	place
}

// context says whether v is context-specific with number n, constructed or
// primitive as told.
func (v derValue) context(n casn1.Tag, constructed bool) bool {
	want := tagContext | n
	if constructed {
		want |= tagConstructed
	}
	return v.tag == want
}

// A place is where values stand in what Java reads them from.
type place struct {
	at int // octets before them: errors name it

	// behind is how many octets follow, where that counts: before release 25,
	// Java passes over as many again after a value of indefinite length.
	behind  int
	counted bool
	passed  bool // it is beyond the end, which is neither more values nor none
}

func (v derValue) reader() derReader { return derReader{v.body, v.place} }

// derReader reads a sequence of values.
type derReader struct {
	rest []byte
	place
}

func (r *derReader) empty() bool { return len(r.rest) == 0 && !r.passed }

// peek returns the identifier octet of the next value, 0 at the end.
func (r *derReader) peek() casn1.Tag {
	if len(r.rest) == 0 {
		return 0
	}
	return casn1.Tag(r.rest[0])
}

// next reads one value.
func (r *derReader) next() (v derValue, err error) {
	in := r.rest
	head, length, err := readHeader(in, r.at)
	switch {
	case err != nil:
		return v, err
	case length == indefiniteLength:
		if v, _, err = splitIndefinite(in, 0); err != nil {
			return v, err
		}
		v.counted = r.counted
		r.skip(len(v.full))
		v.behind = len(r.rest)
		if r.counted {
			r.passed = r.behind > len(r.rest)
			r.skip(min(r.behind, len(r.rest)))
		}
		return v, nil
	}
	n := head + length
	v.tag, v.full, v.body = casn1.Tag(in[0]), in[:n:n], in[head:n:n]
	v.place = place{at: r.at + head, behind: r.behind + len(in) - n, counted: r.counted}
	r.skip(n)
	return v, nil
}

func (r *derReader) skip(n int) {
	r.rest = r.rest[n:]
	r.at += n
}

// all reads the values to the end.
func (r derReader) all() ([]derValue, error) {
	var vs []derValue
	for len(r.rest) > 0 {
		v, err := r.next()
		if err != nil {
			return nil, err
		}
		vs = append(vs, v)
	}
	return vs, nil
}

// readValue reads in as exactly one value.
func readValue(in []byte) (derValue, error) {
	v, n, err := splitValue(in, 0)
	if err == nil && n < len(in) {
		err = failIO("extra data at the end")
	}
	return v, err
}

// splitValue reads the value that in begins with, n bytes long.
func splitValue(in []byte, depth int) (v derValue, n int, err error) {
	head, length, err := readHeader(in, 0)
	if err != nil {
		return v, 0, err
	}
	if length == indefiniteLength {
		return splitIndefinite(in, depth)
	}
	n = head + length
	return derValue{casn1.Tag(in[0]), in[:n:n], in[head:n:n], place{at: head}}, n, nil
}

// indefiniteLength is that of a value which has its end behind its content.
const indefiniteLength = -1

const (
	tooManyLengthOctets = "Invalid lenByte"
	tooDeep             = "indefinite lengths nested too deeply"
)

// readHeader reads the identifier and length octets that in begins with, which
// stands at a place that an error names. The length of the content is no more
// than follows.
func readHeader(in []byte, at int) (head, length int, err error) {
	if len(in) < 2 {
		return 0, 0, failIO("Too short")
	}
	if in[0]&0x1f == 0x1f {
		return 0, 0, failIO("Tag number over 30 at " + strconv.Itoa(at) + " is not supported")
	}
	head, length = 2, int(in[1])
	if length == 0x80 {
		return head, indefiniteLength, nil
	}
	if length > 0x80 {
		octets := length & 0x7f
		if octets > 4 {
			return 0, 0, failIO(tooManyLengthOctets)
		}
		if len(in) < 2+octets {
			return 0, 0, failIO("Not enough length bytes")
		}
		length = 0
		for _, b := range in[2 : 2+octets] {
			length = length<<8 | int(b)
		}
		if length > 1<<31-1 {
			return 0, 0, failIO("Invalid length bytes")
		}
		head += octets
	}
	if len(in)-head < length {
		return 0, 0, &Error{Class: "java.io.EOFException", Text: "not enough content"}
	}
	return head, length, nil
}

// splitIndefinite reads a value of indefinite length, which ends with two
// zero octets after its last part.
func splitIndefinite(in []byte, depth int) (v derValue, n int, err error) {
	if casn1.Tag(in[0])&tagConstructed == 0 {
		return v, 0, failIO("Indefinite length encoding not supported with non-constructed data")
	}
	if depth >= maxIndefinite {
		return v, 0, failIO(tooDeep)
	}
	for n = 2; ; {
		if len(in)-n >= 2 && in[n] == 0 && in[n+1] == 0 {
			return derValue{casn1.Tag(in[0]), in[: n+2 : n+2], in[2:n:n], place{at: 2}}, n + 2, nil
		}
		_, k, err := splitValue(in[n:], depth+1)
		if err != nil {
			switch err.Error() {
			case tooDeep:
			case tooManyLengthOctets:
				err = failIO("Too much data")
			default:
				err = failIO("not enough data to resolve indef len BER")
			}
			return v, 0, err
		}
		n += k
	}
}

// encoded returns v as Java's DerValue.toByteArray does: with the shortest
// length, and by DER's rules throughout if its length was indefinite.
func (v derValue) encoded() []byte {
	body, indefinite := v.body, len(v.full) > 1 && v.full[1] == 0x80
	if indefinite {
		body = nil
		for r := v.reader(); !r.empty(); {
			part, err := r.next()
			if err != nil {
				return v.full
			}
			body = append(body, part.encoded()...)
		}
	}
	if size := headerSize(len(body)) + len(body); indefinite || size != len(v.full) {
		return append(appendHeader(make([]byte, 0, size), v.tag, len(body)), body...)
	}
	return v.full
}

// headerSize returns how many octets appendHeader appends.
func headerSize(length int) int {
	if length < 0x80 {
		return 2
	}
	return 2 + (bits.Len(uint(length))+7)/8
}

// appendHeader appends the identifier and length octets of a value.
func appendHeader(dst []byte, tag casn1.Tag, length int) []byte {
	dst = append(dst, byte(tag))
	if length < 0x80 {
		return append(dst, byte(length))
	}
	octets := headerSize(length) - 2
	dst = append(dst, 0x80|byte(octets))
	for i := octets - 1; i >= 0; i-- {
		dst = append(dst, byte(length>>(8*i)))
	}
	return dst
}

// boolean reads a BOOLEAN, whatever the tag; any other octet than 0 is true.
func (v derValue) boolean() (bool, error) {
	if len(v.body) != 1 {
		return false, failIO("DerValue.getBoolean, invalid length " + strconv.Itoa(len(v.body)))
	}
	return v.body[0] != 0, nil
}

// bigInteger reads an INTEGER as a two's complement number. Padding octets,
// which DER forbids, are accepted: Java reads certificates by BER's rules.
func (v derValue) bigInteger() (*big.Int, error) {
	return v.number(casn1.INTEGER)
}

// checkNumber is the error of number.
func (v derValue) checkNumber(tag casn1.Tag) error {
	if v.tag != tag {
		return failIO("DerValue.getBigIntegerInternal, not expected " + v.tagText())
	}
	if len(v.body) == 0 {
		return failIO("Invalid encoding: zero length Int value")
	}
	return nil
}

// number reads an integer of any tag that is one underneath.
func (v derValue) number(tag casn1.Tag) (*big.Int, error) {
	if err := v.checkNumber(tag); err != nil {
		return nil, err
	}
	n := new(big.Int).SetBytes(v.body)
	if v.body[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(v.body))))
	}
	return n, nil
}

// integer reads an INTEGER that fits Java's int, of any tag that is one
// underneath.
func (v derValue) integer(tag casn1.Tag) (int, error) {
	n, err := v.number(tag)
	if err != nil {
		return 0, err
	}
	switch {
	case n.Cmp(minInt32) < 0:
		return 0, failIO("Integer below minimum valid value")
	case n.Cmp(maxInt32) > 0:
		return 0, failIO("Integer exceeds maximum valid value")
	}
	return int(n.Int64()), nil
}

var minInt32, maxInt32 = big.NewInt(math.MinInt32), big.NewInt(math.MaxInt32)

// tagText is the identifier octet as Java prints a byte.
func (v derValue) tagText() string { return strconv.Itoa(int(int8(v.tag))) }

// octets reads an OCTET STRING. One in constructed form is put together from
// its parts.
func (v derValue) octets() ([]byte, error) { return v.octetsAt(0) }

func (v derValue) octetsAt(depth int) ([]byte, error) {
	if v.tag == casn1.OCTET_STRING {
		return v.body, nil
	}
	if v.tag&(tagConstructed|0x1f) != casn1.OCTET_STRING|tagConstructed || depth >= maxIndefinite { // of any class
		return nil, failIO("DerValue.getOctetString, not an Octet String: " + v.tagText())
	}
	var out []byte
	for r := v.reader(); !r.empty(); {
		part, err := r.next()
		if err != nil {
			return nil, err
		}
		octets, err := part.octetsAt(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, octets...)
	}
	return out, nil
}

// bits reads a BIT STRING: its octets and the number of bits.
func (v derValue) bits() (octets []byte, n int, err error) {
	if v.tag != casn1.BIT_STRING {
		return nil, 0, failIO("DerValue.getBitString, not a bit string " + v.tagText())
	}
	if len(v.body) == 0 {
		return nil, 0, failIO("Invalid encoding: zero length bit string")
	}
	if v.body[0] > 7 {
		return nil, 0, failIO("Invalid number of padding bits")
	}
	n = 8*(len(v.body)-1) - int(v.body[0])
	if n < 0 {
		return nil, 0, failIO("Not enough bytes in BitString")
	}
	return v.body[1:], n, nil
}

// bitSet says whether bit i, counted from the first, is one of n bits and set.
func bitSet(octets []byte, n, i int) bool {
	return i < n && octets[i/8]&(0x80>>(i%8)) != 0
}

// retag returns v read as of another tag, for implicit tagging (X.690, 8.14).
func (v derValue) retag(tag casn1.Tag) derValue {
	v.tag = tag
	return v
}

// oid reads an OBJECT IDENTIFIER as dotted decimal.
func (v derValue) oid() (string, error) {
	if v.tag != casn1.OBJECT_IDENTIFIER {
		return "", failIO("DerValue.getOID, not an OID " + v.tagText())
	}
	return oidText(v.body)
}

func oidText(b []byte) (string, error) {
	if s := commonOID(b); s != "" {
		return s, nil
	}
	if len(b) > maxOIDSize {
		return "", failIO("ObjectIdentifier encoded length exceeds the restriction in JDK (OId length(>=): " +
			strconv.Itoa(len(b)) + ", Restriction: " + strconv.Itoa(maxOIDSize) + ")")
	}
	if len(b) < 1 || b[len(b)-1]&0x80 != 0 {
		return "", failIO("ObjectIdentifier() -- Invalid DER encoding, not ended")
	}
	var short [32]byte // enough for most
	dst := short[:0]
	arc, first := uint64(0), true
	start := 0
	for i, x := range b {
		if i == start && x == 0x80 {
			return "", failIO("ObjectIdentifier() -- Invalid DER encoding, useless extra octet detected")
		}
		arc = arc<<7 | uint64(x&0x7f)
		if x&0x80 != 0 {
			continue
		}
		switch {
		case i-start >= 9: // beyond 63 bits, as in 2.25.UUID
			dst = appendLongArc(dst, b[start:i+1], first)
		case !first:
			dst = strconv.AppendUint(append(dst, '.'), arc, 10)
		case arc >= 80:
			dst = strconv.AppendUint(append(dst, "2."...), arc-80, 10)
		default:
			dst = append(dst, byte('0'+arc/40), '.')
			dst = strconv.AppendUint(dst, arc%40, 10)
		}
		arc, first, start = 0, false, i+1
	}
	return string(dst), nil
}

// commonOID returns as text what nearly every certificate has, which thus takes
// no memory; "" for any other.
func commonOID(b []byte) string {
	switch string(b) {
	case "\x55\x04\x03":
		return "2.5.4.3" // commonName
	case "\x55\x04\x06":
		return "2.5.4.6" // countryName
	case "\x55\x04\x07":
		return "2.5.4.7" // localityName
	case "\x55\x04\x08":
		return "2.5.4.8" // stateOrProvinceName
	case "\x55\x04\x0a":
		return "2.5.4.10" // organizationName
	case "\x55\x04\x0b":
		return "2.5.4.11" // organizationalUnitName
	case "\x55\x1d\x0e":
		return "2.5.29.14" // subjectKeyIdentifier
	case "\x55\x1d\x0f":
		return "2.5.29.15" // keyUsage
	case "\x55\x1d\x11":
		return "2.5.29.17" // subjectAltName
	case "\x55\x1d\x13":
		return "2.5.29.19" // basicConstraints
	case "\x55\x1d\x1f":
		return "2.5.29.31" // cRLDistributionPoints
	case "\x55\x1d\x20":
		return "2.5.29.32" // certificatePolicies
	case "\x55\x1d\x23":
		return "2.5.29.35" // authorityKeyIdentifier
	case "\x55\x1d\x25":
		return "2.5.29.37" // extKeyUsage
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01":
		return oidRSA
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05":
		return "1.2.840.113549.1.1.5" // SHA1withRSA
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b":
		return "1.2.840.113549.1.1.11" // SHA256withRSA
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c":
		return "1.2.840.113549.1.1.12" // SHA384withRSA
	case "\x2a\x86\x48\xce\x3d\x02\x01":
		return oidEC
	case "\x2a\x86\x48\xce\x3d\x03\x01\x07":
		return "1.2.840.10045.3.1.7" // secp256r1
	case "\x2b\x81\x04\x00\x22":
		return "1.3.132.0.34" // secp384r1
	case "\x2a\x86\x48\xce\x3d\x04\x03\x02":
		return "1.2.840.10045.4.3.2" // SHA256withECDSA
	case "\x2a\x86\x48\xce\x3d\x04\x03\x03":
		return "1.2.840.10045.4.3.3" // SHA384withECDSA
	}
	return ""
}

func appendLongArc(dst, b []byte, first bool) []byte {
	// The groups of seven bits, from the last, are packed into octets: shifting the
	// number for each would take the square of their count.
	packed := make([]byte, (7*len(b)+7)/8)
	bits, have, at := uint(0), 0, len(packed)
	for i := len(b) - 1; i >= 0; i-- {
		bits |= uint(b[i]&0x7f) << have
		for have += 7; have >= 8; have -= 8 {
			at--
			packed[at] = byte(bits)
			bits >>= 8
		}
	}
	if have > 0 {
		at--
		packed[at] = byte(bits)
	}
	n := new(big.Int).SetBytes(packed[at:])
	if first {
		n.Sub(n, big.NewInt(80))
		dst = append(dst, '2')
	}
	return n.Append(append(dst, '.'), 10)
}

// time reads a UTCTime or GeneralizedTime as Java does: two-digit years from
// 1950 on, seconds and fractions optional, offsets, days up to 31 in every
// month. tag says which of the two it is read as.
func (v derValue) time(tag casn1.Tag) (time.Time, error) {
	kind, years := "UTC", 2
	switch {
	case tag == casn1.GeneralizedTime:
		kind, years = "Generalized", 4
		if len(v.body) < 13 {
			return time.Time{}, failIO("DER Generalized Time length error")
		}
	case len(v.body) < 11 || len(v.body) > 17:
		return time.Time{}, failIO("DER UTC Time length error")
	}
	s := timeScanner{v.body, kind, nil}
	year := s.digits(years)
	if years == 2 {
		if year < 50 {
			year += 100
		}
		year += 1900
	}
	month, day := s.digits(2), s.digits(2)
	hour, minute := s.digits(2), s.digits(2)
	second, millis := 0, 0
	// Java wants seconds before an offset; they are as dispensable as before "Z".
	if len(s.rest) > 2 && s.rest[0] != '+' && s.rest[0] != '-' {
		second = s.digits(2)
		if years == 4 && len(s.rest) > 0 && (s.rest[0] == '.' || s.rest[0] == ',') {
			millis = s.fraction()
		}
	}
	if s.err != nil {
		return time.Time{}, s.err
	}
	if month == 0 || day == 0 || month > 12 || day > 31 || hour >= 24 || minute >= 60 || second >= 60 {
		return time.Time{}, failIO("Parse " + kind + " time, invalid format")
	}
	offset := s.offset()
	if s.err != nil {
		return time.Time{}, s.err
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, millis*int(time.Millisecond), time.UTC)
	return t.Add(-offset), nil
}

type timeScanner struct {
	rest []byte
	kind string
	err  error
}

func (s *timeScanner) fail(what string) {
	if s.err == nil {
		s.err = failIO("Parse " + s.kind + " time, " + what)
	}
}

func (s *timeScanner) digits(n int) int {
	value := 0
	for range n {
		if len(s.rest) == 0 || s.rest[0] < '0' || s.rest[0] > '9' {
			s.fail("invalid format")
			return 0
		}
		value = 10*value + int(s.rest[0]-'0')
		s.rest = s.rest[1:]
	}
	return value
}

// fraction reads a point or comma and the digits after it, in milliseconds.
func (s *timeScanner) fraction() int {
	s.rest = s.rest[1:]
	millis, scale, n := 0, 100, 0
	for len(s.rest) > 0 && s.rest[0] != 'Z' && s.rest[0] != '+' && s.rest[0] != '-' {
		millis += scale * s.digits(1)
		scale /= 10
		n++
		if s.err != nil {
			return 0
		}
	}
	switch {
	case n == 0:
		s.fail("empty fractional part")
	case len(s.rest) == 0:
		s.fail("invalid fractional part")
	}
	return millis
}

// offset reads "Z", "+hhmm" or "-hhmm" and the end.
func (s *timeScanner) offset() time.Duration {
	if len(s.rest) != 1 && len(s.rest) != 5 {
		s.fail("invalid offset")
		return 0
	}
	sign := s.rest[0]
	s.rest = s.rest[1:]
	switch {
	case sign == 'Z' && len(s.rest) == 0:
		return 0
	case sign == 'Z':
		s.fail("invalid format")
	case sign != '+' && sign != '-':
		s.fail("garbage offset")
	case len(s.rest) != 4:
		s.fail("invalid offset")
	}
	hours, minutes := s.digits(2), s.digits(2)
	if hours >= 24 || minutes >= 60 {
		s.fail(string(sign) + "hhmm")
	}
	d := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if sign == '-' {
		return -d
	}
	return d
}

// anyTime reads a UTCTime or a GeneralizedTime.
func (v derValue) anyTime() (time.Time, error) {
	if v.tag != casn1.UTCTime && v.tag != casn1.GeneralizedTime {
		return time.Time{}, failIO("DerValue.getGeneralizedTime, not a GeneralizedTime: " + v.tagText())
	}
	return v.time(v.tag)
}
