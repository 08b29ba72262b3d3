// Package ber reads BER (X.690) as Java does, and writes the little DER that is made
// in more than one place.
//
// Certificates, requests and revocation lists are read with the leniency of
// sun.security.util.DerValue: lengths that are longer than need be and constructed
// values of indefinite length are accepted, since keytool lists and imports
// certificates that have them. cryptobyte and encoding/asn1 refuse both. keytool
// prints the reason for which an extension can't be read: errors are Java's
// exceptions, each a *jdk.Error.
//
// Tags above 30 and lengths of more than four octets are refused, as in Java. The
// DER of whole structures is built by cryptobyte where it is needed.
package ber

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
)

// Parts of the identifier octet (X.690, 8.1.2).
const (
	TagConstructed casn1.Tag = 0x20
	TagContext     casn1.Tag = 0x80
)

// MaxNesting is how deep values of indefinite length may nest.
const MaxNesting = 32

// Value is one value: its identifier octet, the whole encoding and the
// content, both parts of the input.
type Value struct {
	Tag        casn1.Tag
	Full, Body []byte
	place
}

// Context says whether v is context-specific with number n, constructed or
// primitive as told.
func (v Value) Context(n casn1.Tag, constructed bool) bool {
	want := TagContext | n
	if constructed {
		want |= TagConstructed
	}
	return v.Tag == want
}

// A place is where values stand in what Java reads them from.
type place struct {
	at int // octets before them: errors name it

	// behind is how many octets follow, where that counts: before release 25,
	// Java passes over as many again after a value of indefinite length.
	behind  int
	Counted bool
	passed  bool // it is beyond the end, which is neither more values nor none
}

// Reader reads the values that v consists of.
func (v Value) Reader() Reader { return Reader{v.Body, v.place} }

// Reader reads a sequence of values.
type Reader struct {
	Rest []byte
	place
}

// Empty says whether there are no more values.
func (r *Reader) Empty() bool { return len(r.Rest) == 0 && !r.passed }

// Peek returns the identifier octet of the next value, 0 at the end.
func (r *Reader) Peek() casn1.Tag {
	if len(r.Rest) == 0 {
		return 0
	}
	return casn1.Tag(r.Rest[0])
}

// Next reads one value.
func (r *Reader) Next() (v Value, err error) {
	in := r.Rest
	head, length, err := readHeader(in, r.at)
	switch {
	case err != nil:
		return v, err
	case length == indefiniteLength:
		if v, _, err = splitIndefinite(in, 0); err != nil {
			return v, err
		}
		v.Counted = r.Counted
		r.skip(len(v.Full))
		v.behind = len(r.Rest)
		if r.Counted {
			r.passed = r.behind > len(r.Rest)
			r.skip(min(r.behind, len(r.Rest)))
		}
		return v, nil
	}
	n := head + length
	v.Tag, v.Full, v.Body = casn1.Tag(in[0]), in[:n:n], in[head:n:n]
	v.place = place{at: r.at + head, behind: r.behind + len(in) - n, Counted: r.Counted}
	r.skip(n)
	return v, nil
}

func (r *Reader) skip(n int) {
	r.Rest = r.Rest[n:]
	r.at += n
}

// All reads the values to the end.
func (r Reader) All() ([]Value, error) {
	var vs []Value
	for len(r.Rest) > 0 {
		v, err := r.Next()
		if err != nil {
			return nil, err
		}
		vs = append(vs, v)
	}
	return vs, nil
}

// AsValue takes what is left for the content of a value of that tag.
func (r Reader) AsValue(tag casn1.Tag) Value {
	return Value{Tag: tag, Body: r.Rest, place: r.place}.Standalone()
}

// Parse reads in as exactly one value.
func Parse(in []byte) (Value, error) {
	v, n, err := Split(in)
	if err == nil && n < len(in) {
		err = jdk.IOError("extra data at the end")
	}
	return v, err
}

// Split reads the value that in begins with, n bytes long.
func Split(in []byte) (v Value, n int, err error) { return splitNested(in, 0) }

// splitNested is Split within so many values of indefinite length.
func splitNested(in []byte, depth int) (v Value, n int, err error) {
	head, length, err := readHeader(in, 0)
	if err != nil {
		return v, 0, err
	}
	if length == indefiniteLength {
		return splitIndefinite(in, depth)
	}
	n = head + length
	return Value{casn1.Tag(in[0]), in[:n:n], in[head:n:n], place{at: head}}, n, nil
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
		return 0, 0, jdk.IOError("Too short")
	}
	if in[0]&0x1f == 0x1f {
		return 0, 0, jdk.IOError("Tag number over 30 at " + strconv.Itoa(at) + " is not supported")
	}
	head, length = 2, int(in[1])
	if length == 0x80 {
		return head, indefiniteLength, nil
	}
	if length > 0x80 {
		octets := length & 0x7f
		if octets > 4 {
			return 0, 0, jdk.IOError(tooManyLengthOctets)
		}
		if len(in) < 2+octets {
			return 0, 0, jdk.IOError("Not enough length bytes")
		}
		length = 0
		for _, b := range in[2 : 2+octets] {
			length = length<<8 | int(b)
		}
		if length > 1<<31-1 {
			return 0, 0, jdk.IOError("Invalid length bytes")
		}
		head += octets
	}
	if len(in)-head < length {
		return 0, 0, &jdk.Error{Class: "java.io.EOFException", Text: "not enough content"}
	}
	return head, length, nil
}

// splitIndefinite reads a value of indefinite length, which ends with two
// zero octets after its last part.
func splitIndefinite(in []byte, depth int) (v Value, n int, err error) {
	if casn1.Tag(in[0])&TagConstructed == 0 {
		return v, 0, jdk.IOError("Indefinite length encoding not supported with non-constructed data")
	}
	if depth >= MaxNesting {
		return v, 0, jdk.IOError(tooDeep)
	}
	for n = 2; ; {
		if len(in)-n >= 2 && in[n] == 0 && in[n+1] == 0 {
			return Value{casn1.Tag(in[0]), in[: n+2 : n+2], in[2:n:n], place{at: 2}}, n + 2, nil
		}
		_, k, err := splitNested(in[n:], depth+1)
		if err != nil {
			switch err.Error() {
			case tooDeep:
			case tooManyLengthOctets:
				err = jdk.IOError("Too much data")
			default:
				err = jdk.IOError("not enough data to resolve indef len BER")
			}
			return v, 0, err
		}
		n += k
	}
}

// Encoded returns v as Java's DerValue.toByteArray does: with the shortest
// length, and by DER's rules throughout if its length was indefinite.
func (v Value) Encoded() []byte {
	body, indefinite := v.Body, len(v.Full) > 1 && v.Full[1] == 0x80
	if indefinite {
		body = nil
		for r := v.Reader(); !r.Empty(); {
			part, err := r.Next()
			if err != nil {
				return v.Full
			}
			body = append(body, part.Encoded()...)
		}
	}
	if size := headerSize(len(body)) + len(body); indefinite || size != len(v.Full) {
		return append(AppendHeader(make([]byte, 0, size), v.Tag, len(body)), body...)
	}
	return v.Full
}

// headerSize returns how many octets AppendHeader appends.
func headerSize(length int) int {
	if length < 0x80 {
		return 2
	}
	return 2 + (bits.Len(uint(length))+7)/8
}

// AppendHeader appends the identifier and length octets of a value.
func AppendHeader(dst []byte, tag casn1.Tag, length int) []byte {
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

// Boolean reads a BOOLEAN, whatever the tag; any other octet than 0 is true.
func (v Value) Boolean() (bool, error) {
	if len(v.Body) != 1 {
		return false, jdk.IOError("DerValue.getBoolean, invalid length " + strconv.Itoa(len(v.Body)))
	}
	return v.Body[0] != 0, nil
}

// BigInteger reads an INTEGER as a two's complement number. Padding octets,
// which DER forbids, are accepted: Java reads certificates by BER's rules.
func (v Value) BigInteger() (*big.Int, error) {
	return v.number(casn1.INTEGER)
}

// CheckNumber is the error of number.
func (v Value) CheckNumber(tag casn1.Tag) error {
	if v.Tag != tag {
		return jdk.IOError("DerValue.getBigIntegerInternal, not expected " + v.TagText())
	}
	if len(v.Body) == 0 {
		return jdk.IOError("Invalid encoding: zero length Int value")
	}
	return nil
}

// number reads an integer of any tag that is one underneath.
func (v Value) number(tag casn1.Tag) (*big.Int, error) {
	if err := v.CheckNumber(tag); err != nil {
		return nil, err
	}
	n := new(big.Int).SetBytes(v.Body)
	if v.Body[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(v.Body))))
	}
	return n, nil
}

// Integer reads an INTEGER that fits Java's int, of any tag that is one
// underneath.
func (v Value) Integer(tag casn1.Tag) (int, error) {
	n, err := v.number(tag)
	if err != nil {
		return 0, err
	}
	switch {
	case n.Cmp(minInt32) < 0:
		return 0, jdk.IOError("Integer below minimum valid value")
	case n.Cmp(maxInt32) > 0:
		return 0, jdk.IOError("Integer exceeds maximum valid value")
	}
	return int(n.Int64()), nil
}

var minInt32, maxInt32 = big.NewInt(math.MinInt32), big.NewInt(math.MaxInt32)

// TagText is the identifier octet as Java prints a byte.
func (v Value) TagText() string { return strconv.Itoa(int(int8(v.Tag))) }

// Octets reads an OCTET STRING. One in constructed form is put together from
// its parts.
func (v Value) Octets() ([]byte, error) { return v.octetsAt(0) }

func (v Value) octetsAt(depth int) ([]byte, error) {
	if v.Tag == casn1.OCTET_STRING {
		return v.Body, nil
	}
	if v.Tag&(TagConstructed|0x1f) != casn1.OCTET_STRING|TagConstructed || depth >= MaxNesting { // of any class
		return nil, jdk.IOError("DerValue.getOctetString, not an Octet String: " + v.TagText())
	}
	var out []byte
	for r := v.Reader(); !r.Empty(); {
		part, err := r.Next()
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

// Bits reads a BIT STRING: its octets and the number of bits.
func (v Value) Bits() (octets []byte, n int, err error) {
	if v.Tag != casn1.BIT_STRING {
		return nil, 0, jdk.IOError("DerValue.getBitString, not a bit string " + v.TagText())
	}
	if len(v.Body) == 0 {
		return nil, 0, jdk.IOError("Invalid encoding: zero length bit string")
	}
	if v.Body[0] > 7 {
		return nil, 0, jdk.IOError("Invalid number of padding bits")
	}
	n = 8*(len(v.Body)-1) - int(v.Body[0])
	if n < 0 {
		return nil, 0, jdk.IOError("Not enough bytes in BitString")
	}
	return v.Body[1:], n, nil
}

// BitSet says whether bit i, counted from the first, is one of n bits and set.
func BitSet(octets []byte, n, i int) bool {
	return i < n && octets[i/8]&(0x80>>(i%8)) != 0
}

// Retag returns v read as of another tag, for implicit tagging (X.690, 8.14).
func (v Value) Retag(tag casn1.Tag) Value {
	v.Tag = tag
	return v
}

// Explicit and implicit return the context-specific tags that replace others,
// around them and instead of them.
func Explicit(n casn1.Tag) casn1.Tag { return n.ContextSpecific().Constructed() }

// Implicit returns the context-specific tag that takes the place of another.
func Implicit(n casn1.Tag) casn1.Tag { return n.ContextSpecific() }

// Encode returns the DER of a value with that content.
func Encode(tag casn1.Tag, s string) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
	return b.BytesOrPanic()
}

// Null is the DER of NULL.
var Null = []byte{5, 0}

// EncodeOID returns the DER of an OBJECT IDENTIFIER, which is a constant: one that
// is malformed makes it panic.
func EncodeOID(dotted string) []byte {
	content, err := OIDContent(dotted)
	if err != nil {
		panic("ber: malformed OID constant " + dotted)
	}
	return Encode(casn1.OBJECT_IDENTIFIER, content)
}

// First reads the first n values in a constructed value.
func First(v Value, n int) ([]Value, error) {
	r := v.Reader()
	parts := make([]Value, n)
	for i := range parts {
		var err error
		if parts[i], err = r.Next(); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// WellFormed says whether v consists of values.
func WellFormed(v Value) error {
	for r := v.Reader(); len(r.Rest) > 0; {
		if _, err := r.Next(); err != nil {
			return err
		}
	}
	return nil
}

// IsContext says whether v is context-specific with the number, in either
// form.
func (v Value) IsContext(number casn1.Tag) bool {
	return v.Tag&^TagConstructed == TagContext|number
}

// Standalone is v as Java reads it once more from an encoding of its own.
func (v Value) Standalone() Value {
	v.place = place{at: headerSize(len(v.Body)), Counted: v.Counted}
	return v
}

// ParseSequence reads in as exactly one SEQUENCE, and returns a reader of what is in
// it. A value of another tag is an exception with that text.
func ParseSequence(in []byte, fault string) (Reader, error) {
	v, err := Parse(in)
	if err != nil {
		return Reader{}, err
	}
	if v.Tag != casn1.SEQUENCE {
		return Reader{}, jdk.IOError(fault)
	}
	return v.Reader(), nil
}
