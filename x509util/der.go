package x509util

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
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

// asValue takes what is left for the content of a value of that tag.
func (r derReader) asValue(tag casn1.Tag) derValue {
	return derValue{tag: tag, body: r.rest, place: r.place}.standalone()
}

// readValue reads in as exactly one value.
func readValue(in []byte) (derValue, error) {
	v, n, err := splitValue(in)
	if err == nil && n < len(in) {
		err = failIO("extra data at the end")
	}
	return v, err
}

// splitValue reads the value that in begins with, n bytes long.
func splitValue(in []byte) (v derValue, n int, err error) { return splitNested(in, 0) }

// splitNested is splitValue within so many values of indefinite length.
func splitNested(in []byte, depth int) (v derValue, n int, err error) {
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
		_, k, err := splitNested(in[n:], depth+1)
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

// explicit and implicit return the context-specific tags that replace others,
// around them and instead of them.
func explicit(n casn1.Tag) casn1.Tag { return n.ContextSpecific().Constructed() }
func implicit(n casn1.Tag) casn1.Tag { return n.ContextSpecific() }

func encodeString(tag casn1.Tag, s string) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
	return b.BytesOrPanic()
}

var derNull = []byte{5, 0}

// derOID encodes one of the OIDs of this package.
func derOID(dotted string) []byte {
	content, err := encodeOID(dotted)
	if err != nil {
		panic("x509util: malformed OID constant " + dotted)
	}
	return encodeString(casn1.OBJECT_IDENTIFIER, content)
}

// readSome reads the first n values in a constructed value.
func readSome(v derValue, n int) ([]derValue, error) {
	r := v.reader()
	parts := make([]derValue, n)
	for i := range parts {
		var err error
		if parts[i], err = r.next(); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// wellFormed says whether v consists of values.
func wellFormed(v derValue) error {
	for r := v.reader(); len(r.rest) > 0; {
		if _, err := r.next(); err != nil {
			return err
		}
	}
	return nil
}

// isContext says whether v is context-specific with the number, in either
// form.
func (v derValue) isContext(number casn1.Tag) bool {
	return v.tag&^tagConstructed == tagContext|number
}

// standalone is v as Java reads it once more from an encoding of its own.
func (v derValue) standalone() derValue {
	v.place = place{at: headerSize(len(v.body)), counted: v.counted}
	return v
}

// readSequence reads in as exactly one SEQUENCE, and returns a reader of what is in
// it. A value of another tag is an exception with that text.
func readSequence(in []byte, fault string) (derReader, error) {
	v, err := readValue(in)
	if err != nil {
		return derReader{}, err
	}
	if v.tag != casn1.SEQUENCE {
		return derReader{}, failIO(fault)
	}
	return v.reader(), nil
}
