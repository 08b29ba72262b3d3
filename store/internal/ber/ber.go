// Package ber turns BER (ITU-T X.690 section 8) into DER as far as a PKCS #12
// file needs it: indefinite lengths become definite, lengths become minimal,
// strings in pieces become one string. The order in sets and the values
// themselves are left alone. It also writes the few DER shapes that such a
// file is made of.
//
// Time is linear in the input, depth is bounded, and bytes that are already
// in this form are returned as they are, without a copy.
package ber

import (
	"errors"
	"fmt"
	"slices"

	"gokeytool/store/entry"
)

const (
	constructed = 0x20
	indefinite  = -1
)

// ToDER reads the first element of data and returns it in DER, with the
// number of bytes that it took in data. Bytes behind it are the caller's
// matter. Errors are *entry.FormatError with the offset in data: ErrDamaged,
// or ErrLimit where elements nest deeper than maxDepth.
func ToDER(data []byte, maxDepth int) (der []byte, n int, err error) {
	t := transcoder{src: data, maxDepth: maxDepth}
	return t.toDER()
}

// ToDERLoosely is ToDER, but what an element of definite length holds is left
// as it is from where it is no longer made of elements: who reads no further
// than Java does never meets it.
func ToDERLoosely(data []byte, maxDepth int) (der []byte, n int, err error) {
	t := transcoder{src: data, maxDepth: maxDepth, loose: true}
	return t.toDER()
}

func (t *transcoder) toDER() (der []byte, n int, err error) {
	data, maxDepth := t.src, t.maxDepth
	n, size, same, err := t.measure(0, len(data), maxDepth)
	if err != nil {
		return nil, 0, err
	}
	if same {
		return data[:n:n], n, nil
	}
	t.dst = make([]byte, 0, size)
	t.emit(0)
	return t.dst, n, nil
}

// transcoder works in two passes: measure notes the content length of every
// constructed element that has to be rewritten, in the order in which they
// begin; emit writes them in the same order.
type transcoder struct {
	src      []byte
	maxDepth int
	loose    bool
	junk     map[int]int // by an element's offset, that of what is no element in it
	lens     []int       // content lengths in DER, or one of the constants below
	dst      []byte
}

const (
	verbatim = -1 // the element is DER already
	opaque   = -2 // its content stays, whatever it is
)

// header is an element's identifier and length octets.
type header struct {
	start, content int  // offsets of the identifier and of the content
	end            int  // offset behind the content; indefinite if not known yet
	tag            byte // first identifier octet
	tagLen         int
	minimal        bool // the length is written as DER would
}

func (t *transcoder) header(pos, end int) (h header, err error) {
	fail := func(what string) (header, error) { return h, damaged(pos, what) }
	h.start = pos
	if pos >= end {
		return fail("element missing")
	}
	h.tag = t.src[pos]
	h.tagLen = 1
	if h.tag&0x1f == 0x1f { // high tag number form, X.690 section 8.1.2.4
		for {
			if pos+h.tagLen >= end || h.tagLen > 5 {
				return fail("malformed tag")
			}
			h.tagLen++
			if t.src[pos+h.tagLen-1]&0x80 == 0 {
				break
			}
		}
	}
	p := pos + h.tagLen
	if p >= end {
		return fail("element cut short")
	}
	first := int(t.src[p])
	p++
	if first == 0x80 { // section 8.1.3.6
		if h.tag&constructed == 0 {
			return fail("primitive element of indefinite length")
		}
		h.content, h.end = p, indefinite
		return h, nil
	}
	length := first
	if first > 0x80 {
		count := first & 0x7f
		if count > end-p {
			return fail("element cut short")
		}
		length = 0
		for _, b := range t.src[p : p+count] {
			if length > (end-p)>>8 {
				return fail("element longer than what holds it")
			}
			length = length<<8 | int(b)
		}
		p += count
	}
	if length > end-p {
		return fail("element longer than what holds it")
	}
	h.content, h.end = p, p+length
	h.minimal = p-pos == h.tagLen+lenSize(length)
	return h, nil
}

// measure looks at the element at pos and returns the offset behind it, its
// size in DER, and whether it is DER already.
func (t *transcoder) measure(pos, end, depth int) (next, size int, same bool, err error) {
	h, err := t.header(pos, end)
	if err != nil {
		return 0, 0, false, err
	}
	if h.tag&constructed == 0 {
		length := h.end - h.content
		return h.end, h.tagLen + lenSize(length) + length, h.minimal, nil
	}
	if depth <= 0 {
		return 0, 0, false, tooDeep(pos, t.maxDepth)
	}
	if isString(h.tag) {
		next, length, err := t.pieces(h, end, depth, nil)
		if t.passes(h, err) {
			return t.opaque(h)
		}
		t.lens = append(t.lens, length)
		return next, 1 + lenSize(length) + length, false, err
	}
	slot := len(t.lens)
	t.lens = append(t.lens, 0)
	stop := h.end
	if stop == indefinite {
		stop = end
	}
	same = h.minimal
	length := 0
	p := h.content
	for {
		if h.end == indefinite {
			if done, err := t.endOfContents(p, end); err != nil {
				return 0, 0, false, err
			} else if done {
				next = p + 2
				break
			}
		} else if p == stop {
			next = p
			break
		}
		before := len(t.lens)
		q, childSize, childSame, err := t.measure(p, stop, depth-1)
		if t.passes(h, err) {
			if t.junk == nil {
				t.junk = make(map[int]int)
			}
			t.lens, t.junk[h.start] = t.lens[:before], p
			length += stop - p
			next = stop
			break
		}
		if err != nil {
			return 0, 0, false, err
		}
		same = same && childSame
		length += childSize
		p = q
	}
	if same {
		t.lens = append(t.lens[:slot], verbatim)
	} else {
		t.lens[slot] = length
	}
	return next, h.tagLen + lenSize(length) + length, same, nil
}

// passes says whether an error in an element's content is passed over.
func (t *transcoder) passes(h header, err error) bool {
	return t.loose && h.end != indefinite && errors.Is(err, entry.ErrDamaged)
}

// opaque is what measure says of a string in pieces whose content is left as it
// is.
func (t *transcoder) opaque(h header) (next, size int, same bool, err error) {
	t.lens = append(t.lens, opaque)
	length := h.end - h.content
	return h.end, h.tagLen + lenSize(length) + length, h.minimal, nil
}

// pieces goes through the pieces of a constructed string, which are OCTET
// STRINGs (X.690 sections 8.7.3 and 8.23.6), and returns the offset behind
// the string and the sum of their lengths. It hands each piece to visit.
func (t *transcoder) pieces(h header, end, depth int, visit func([]byte)) (next, length int, err error) {
	if depth <= 0 {
		return 0, 0, tooDeep(h.start, t.maxDepth)
	}
	stop := h.end
	if stop == indefinite {
		stop = end
	}
	p := h.content
	for {
		if h.end == indefinite {
			if done, err := t.endOfContents(p, end); err != nil {
				return 0, 0, err
			} else if done {
				return p + 2, length, nil
			}
		} else if p == stop {
			return p, length, nil
		}
		piece, err := t.header(p, stop)
		switch {
		case err != nil:
			return 0, 0, err
		case piece.tag == 0x04:
			if visit != nil {
				visit(t.src[piece.content:piece.end])
			}
			length += piece.end - piece.content
			p = piece.end
		case piece.tag == 0x04|constructed:
			q, n, err := t.pieces(piece, stop, depth-1, visit)
			if err != nil {
				return 0, 0, err
			}
			length += n
			p = q
		default:
			return 0, 0, damaged(p, "string with a piece that is no string")
		}
	}
}

func (t *transcoder) endOfContents(p, end int) (bool, error) {
	if end-p < 2 {
		return false, damaged(p, "end of an element missing")
	}
	return t.src[p] == 0 && t.src[p+1] == 0, nil
}

// emit writes the element at pos, which measure has gone through, and returns
// the offset behind it.
func (t *transcoder) emit(pos int) (next int) {
	h, _ := t.header(pos, len(t.src))
	if h.tag&constructed == 0 {
		t.open(h, h.tag, h.end-h.content)
		t.dst = append(t.dst, t.src[h.content:h.end]...)
		return h.end
	}
	length := t.lens[0]
	t.lens = t.lens[1:]
	if length == opaque {
		t.open(h, h.tag, h.end-h.content)
		t.dst = append(t.dst, t.src[h.content:h.end]...)
		return h.end
	}
	if length == verbatim {
		t.dst = append(t.dst, t.src[h.start:h.end]...)
		return h.end
	}
	if isString(h.tag) {
		t.open(h, h.tag&^constructed, length)
		next, _, _ = t.pieces(h, len(t.src), t.maxDepth, func(piece []byte) {
			t.dst = append(t.dst, piece...)
		})
		return next
	}
	t.open(h, h.tag, length)
	p := h.content
	junk, has := t.junk[h.start]
	for {
		if has && p == junk {
			t.dst = append(t.dst, t.src[p:h.end]...)
			return h.end
		}
		if h.end == indefinite {
			if t.src[p] == 0 && t.src[p+1] == 0 {
				return p + 2
			}
		} else if p == h.end {
			return p
		}
		p = t.emit(p)
	}
}

// open writes identifier and length octets.
func (t *transcoder) open(h header, tag byte, length int) {
	t.dst = append(t.dst, tag)
	t.dst = append(t.dst, t.src[h.start+1:h.start+h.tagLen]...)
	t.dst = appendLength(t.dst, length)
}

// isString says whether a constructed element with this identifier is a
// string in pieces: OCTET STRING, UTF8String and the restricted character
// strings of universal class. (A BIT STRING in pieces occurs in no such file.)
func isString(tag byte) bool {
	number := tag & 0x1f
	return tag&0xc0 == 0 && (number == 4 || number == 12 || number >= 18 && number <= 22 || number >= 25 && number <= 30)
}

// Append writes an element whose content is the concatenation of parts.
func Append(dst []byte, tag byte, parts ...[]byte) []byte {
	n := 0
	for _, part := range parts {
		n += len(part)
	}
	dst = slices.Grow(dst, 1+lenSize(n)+n)
	dst = AppendHeader(dst, tag, n)
	for _, part := range parts {
		dst = append(dst, part...)
	}
	return dst
}

// TLV returns an element whose content is the concatenation of parts.
func TLV(tag byte, parts ...[]byte) []byte { return Append(nil, tag, parts...) }

// AppendHeader writes the identifier and length of an element whose content
// of n bytes is to follow.
func AppendHeader(dst []byte, tag byte, n int) []byte {
	return appendLength(append(dst, tag), n)
}

// Size returns the size of an element with n bytes of content.
func Size(n int) int { return 1 + lenSize(n) + n }

// Integer returns the INTEGER n, which must not be negative.
func Integer(n int) []byte {
	var content []byte
	for v := n; v > 0; v >>= 8 {
		content = append(content, byte(v))
	}
	if len(content) == 0 || content[len(content)-1]&0x80 != 0 {
		content = append(content, 0)
	}
	slices.Reverse(content)
	return TLV(0x02, content)
}

func appendLength(dst []byte, n int) []byte {
	if n < 0x80 {
		return append(dst, byte(n))
	}
	count := lenSize(n) - 1
	dst = append(dst, 0x80|byte(count))
	for i := count - 1; i >= 0; i-- {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

// lenSize returns how many octets the length n takes in DER.
func lenSize(n int) int {
	size := 1
	if n >= 0x80 {
		for ; n > 0; n >>= 8 {
			size++
		}
	}
	return size
}

func damaged(offset int, what string) error {
	return &entry.FormatError{Kind: entry.ErrDamaged, Format: "PKCS12", Offset: offset, What: what}
}

func tooDeep(offset, limit int) error {
	return &entry.FormatError{Kind: entry.ErrLimit, Format: "PKCS12", Offset: offset,
		What: fmt.Sprintf("structure nested more than %d deep", limit)}
}
