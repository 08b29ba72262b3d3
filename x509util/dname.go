package x509util

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// ParseDName reads a name as keytool's -dname option takes it, least
// significant part first: "CN=Duke, OU=Java, O=\"Example, Inc.\", C=US". The
// empty string is the empty name.
//
// This is the syntax of RFC 1779, 2253 and 4514 with the liberties of Java's
// X500Name: parts are separated by commas or semicolons, attributes of one
// part by '+'; a value may stand in quotation marks, may be '#' and hex
// digits, and may have characters escaped by a backslash or written as a
// backslash and two hex digits. Errors are *jdk.Error with Java's text.
func ParseDName(s string) (Name, error) {
	if s == "" {
		return ParseName([]byte{0x30, 0})
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	var given, sorted [][]byte
	for part := range splitDName(s, ",;", escapedSeparator) {
		attributes, err := parseRDN(part)
		if err != nil {
			return Name{}, err
		}
		given = append(given, encodeSet(attributes))
		slices.SortFunc(attributes, bytes.Compare) // DER's order of a SET OF
		sorted = append(sorted, encodeSet(attributes))
	}
	n, err := joinName(sorted)
	if err != nil {
		return Name{}, err
	}
	// Java shows it in the order in which it was given until it is read again.
	shown, err := joinName(given)
	n.rdns = shown.rdns
	return n, err
}

// NamePart is one attribute of a name: a keyword such as "CN", and its value as
// it is, in which no character means anything else.
type NamePart struct{ Keyword, Value string }

// NewName makes a name of its parts, least significant first.
func NewName(parts []NamePart) (Name, error) {
	var rdns [][]byte
	for _, part := range parts {
		oid, err := parseKeyword(part.Keyword)
		if err != nil {
			return Name{}, err
		}
		text := strings.ToValidUTF8(part.Value, "\uFFFD")
		tag := casn1.PrintableString
		if strings.ContainsFunc(text, func(c rune) bool { return !isPrintableStringChar(c) }) {
			tag = casn1.UTF8String
		}
		attribute, err := encodeAttribute(oid, ber.Encode(tag, text))
		if err != nil {
			return Name{}, err
		}
		rdns = append(rdns, ber.Encode(casn1.SET, string(attribute)))
	}
	return joinName(rdns)
}

// joinName makes a name of its parts' DER, least significant first.
func joinName(rdns [][]byte) (Name, error) {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, rdn := range slices.Backward(rdns) {
			b.AddBytes(rdn)
		}
	})
	der, err := b.Bytes()
	if err != nil {
		return Name{}, err
	}
	return ParseName(der)
}

// splitDName yields the parts of s between separators that are neither
// escaped nor within quotation marks. The rules are Java's: a quotation mark
// after a backslash doesn't count, and exactly one means "within".
func splitDName(s, separators string, escaped func(s string, from, i int) bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		start, from, quotes := 0, 0, 0
		for {
			i := strings.IndexAny(s[from:], separators)
			if i < 0 {
				break
			}
			i += from
			for j := from; j < i; j++ {
				if s[j] == '"' && (j == from || s[j-1] != '\\') {
					quotes++
				}
			}
			if quotes != 1 && !escaped(s, from, i) {
				if !yield(s[start:i]) {
					return
				}
				start, quotes = i+1, 0
			}
			from = i + 1
		}
		yield(s[start:])
	}
}

// escapedSeparator says whether the comma or semicolon at s[i] is escaped. Of
// several backslashes before it Java counts all since the last separator, not
// only those that touch it.
func escapedSeparator(s string, from, i int) bool {
	if i == 0 || s[i-1] != '\\' {
		return false
	}
	if i == 1 || s[i-2] != '\\' {
		return true
	}
	return strings.Count(s[from:i], `\`)%2 == 1
}

// escapedPlus is the simpler rule for a '+'.
func escapedPlus(s string, _, i int) bool { return i == 0 || s[i-1] == '\\' }

// parseRDN reads one part, "CN=Duke" or "CN=Duke+UID=duke", and encodes its
// attributes.
func parseRDN(s string) ([][]byte, error) {
	var attributes [][]byte
	for part := range splitDName(s, "+", escapedPlus) {
		if part == "" {
			return nil, jdk.IOError(`empty AVA in RDN "` + s + `"`)
		}
		a, err := parseAttribute(part)
		if err != nil {
			return nil, err
		}
		attributes = append(attributes, a)
	}
	return attributes, nil
}

func encodeSet(elements [][]byte) []byte {
	return ber.Encode(casn1.SET, string(bytes.Join(elements, nil)))
}

// ErrAVA is the error of ParseDName for a part of a name without "=", as where a comma
// was not escaped. AVA is short for attribute value assertion.
var ErrAVA = jdk.IOError("Incorrect AVA format")

// parseAttribute reads "CN=Duke" and encodes it.
func parseAttribute(s string) ([]byte, error) {
	key, text, ok := strings.Cut(s, "=")
	if !ok {
		return nil, ErrAVA
	}
	oid, err := parseKeyword(key)
	if err != nil {
		return nil, err
	}
	value, err := parseValue(oid, strings.TrimLeft(text, " \n"))
	if err != nil {
		return nil, err
	}
	return encodeAttribute(oid, value)
}

// encodeAttribute encodes an AttributeTypeAndValue of its OBJECT IDENTIFIER's
// content and the DER of its value.
func encodeAttribute(oid string, value []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(casn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(oid)) })
		b.AddBytes(value)
	})
	return b.Bytes()
}

// parseKeyword returns the content of the OBJECT IDENTIFIER that a keyword, in
// any case, or "2.5.4.3" or "OID.2.5.4.3" stands for.
func parseKeyword(s string) (string, error) {
	s = javaTrim(strings.ToUpper(s))
	for _, k := range keywords {
		if k.text == s {
			return k.oid, nil
		}
	}
	s = strings.TrimPrefix(s, "OID.")
	if s == "" || s[0] < '0' || s[0] > '9' {
		return "", jdk.IOError(`Invalid keyword "` + s + `"`)
	}
	return ber.OIDContent(s)
}

// parseValue reads a value and encodes it: as IA5String where the attribute
// asks for it, else as PrintableString where that suffices, else as
// UTF8String.
func parseValue(oid, s string) ([]byte, error) {
	p := valueParser{rest: s, printable: true}
	var err error
	switch {
	case s == "":
		return ber.Encode(casn1.PrintableString, ""), nil
	case s[0] == '#':
		return parseHexValue(s[1:])
	case s[0] == '"':
		p.rest = s[1:]
		err = p.quoted()
	default:
		err = p.plain()
	}
	if err != nil {
		return nil, err
	}
	text := p.text.String()
	switch {
	case oid == attrEmailAddress || oid == attrDomainComponent:
		return ber.Encode(casn1.IA5String, asciiOnly(text)), nil
	case p.printable:
		return ber.Encode(casn1.PrintableString, text), nil
	}
	return ber.Encode(casn1.UTF8String, text), nil
}

// asciiOnly replaces what is not ASCII by question marks, as Java encodes it.
func asciiOnly(s string) string {
	return strings.Map(func(c rune) rune {
		if c > 0x7F {
			return '?'
		}
		return c
	}, s)
}

// parseHexValue reads the hex digits of a value's encoding.
func parseHexValue(s string) ([]byte, error) {
	if i := strings.IndexAny(s, "+,;"); i >= 0 {
		s = s[:i]
	}
	var encoded []byte
	for i, c := range s {
		d := hexDigit(c)
		if d < 0 {
			return nil, jdk.IOError("AVA parse, invalid hex digit: " + string(c))
		}
		if i%2 == 0 {
			encoded = append(encoded, byte(d)<<4)
		} else {
			encoded[i/2] |= byte(d)
		}
	}
	switch {
	case s == "":
		return nil, jdk.IOError("AVA parse, zero hex digits")
	case len(s)%2 == 1:
		return nil, jdk.IOError("AVA parse, odd number of hex digits")
	}
	v, err := ber.Parse(encoded)
	if err != nil {
		return nil, err
	}
	return ber.Encode(v.Tag, string(v.Body)), nil // with the shortest length
}

// eof stands for a character after the last.
const eof = rune(-1)

// A valueParser reads a value character by character.
type valueParser struct {
	rest      string
	text      strings.Builder
	printable bool   // only characters of PrintableString so far
	pending   []byte // octets written as \xx, not yet part of text
}

func (p *valueParser) next() rune {
	if p.rest == "" {
		return eof
	}
	c, size := utf8.DecodeRuneInString(p.rest)
	p.rest = p.rest[size:]
	return c
}

// must is next where the end of the value is an error of that text.
func (p *valueParser) must(text string) (rune, error) {
	c := p.next()
	if c == eof {
		return 0, jdk.IOError(text)
	}
	return c, nil
}

// octet takes two hex digits after a backslash, of which c is the first; it is
// false where c is not a hex digit. A value with such octets becomes a
// UTF8String.
func (p *valueParser) octet(c rune) (bool, error) {
	high := hexDigit(c)
	if high < 0 {
		return false, nil
	}
	c, err := p.must("unexpected EOF - escaped hex value must include two valid digits")
	if err != nil {
		return false, err
	}
	low := hexDigit(c)
	if low < 0 {
		return false, jdk.IOError("escaped hex value must include two valid digits")
	}
	p.printable = false
	p.pending = append(p.pending, byte(high<<4|low))
	return true, nil
}

// flush makes the pending octets text.
func (p *valueParser) flush() {
	p.text.WriteString(ber.DecodeUTF8(p.pending))
	p.pending = p.pending[:0]
}

func (p *valueParser) write(c rune) {
	p.printable = p.printable && isPrintableStringChar(c)
	p.text.WriteRune(c)
}

// quoted reads a value that began with a quotation mark.
func (p *valueParser) quoted() error {
	const unended = "Quoted string did not end in quote"
	for {
		c, err := p.must(unended)
		if err != nil {
			return err
		}
		if c == '"' {
			break
		}
		if c == '\\' {
			if c, err = p.must(unended); err != nil {
				return err
			}
			if octet, err := p.octet(c); err != nil {
				return err
			} else if octet {
				continue
			}
			if !strings.ContainsRune(",=\n+<>#;\\\"", c) {
				return jdk.IOError("Invalid escaped character in AVA: " + string(c))
			}
		}
		p.flush()
		p.write(c)
	}
	p.flush()
	if strings.Trim(p.rest, " \n") != "" {
		return jdk.IOError("AVA had characters other than whitespace after terminating quote")
	}
	text := javaTrim(p.text.String())
	p.text.Reset()
	p.text.WriteString(text)
	return nil
}

// plain reads a value without quotation marks. Blanks that are not escaped
// and followed by nothing are dropped; so are, in Java as here, those before
// octets at the end.
func (p *valueParser) plain() error {
	blanks := 0
	for c := p.next(); ; c = p.next() {
		escaped := c == '\\'
		if escaped {
			var err error
			if c, err = p.must("Invalid trailing backslash"); err != nil {
				return err
			}
			octet, err := p.octet(c)
			if err != nil {
				return err
			}
			if octet {
				if p.atEnd() {
					break
				}
				continue
			}
			if !strings.ContainsRune(",=\n+<>#;\\\" ", c) {
				return jdk.IOError("Invalid escaped character in AVA: '" + string(c) + "'")
			}
		} else if strings.ContainsRune(",+<>;\"", c) {
			return jdk.IOError("Character '" + string(c) + "' in AVA appears without escape")
		}
		if len(p.pending) > 0 {
			p.text.WriteString(strings.Repeat(" ", blanks))
			blanks = 0
			p.flush()
		}
		if c == ' ' && !escaped {
			blanks++
		} else {
			p.text.WriteString(strings.Repeat(" ", blanks))
			blanks = 0
			p.write(c)
		}
		if p.atEnd() {
			break
		}
	}
	p.flush()
	return nil
}

// atEnd says whether the value ends here: at its last character or at a
// separator, which can stand here where Java's rules of splitting and of
// reading disagree; what follows it is ignored.
func (p *valueParser) atEnd() bool {
	return p.rest == "" || strings.ContainsRune("+,;", rune(p.rest[0]))
}

func hexDigit(c rune) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// isPrintableStringChar says whether c may stand in a PrintableString (X.680,
// section 41.4).
func isPrintableStringChar(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c != eof && strings.ContainsRune(" '()+,-./:=?", c)
}
