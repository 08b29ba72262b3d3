// Package javaregexp compiles regular expressions of java.util.regex, as
// configurations of Java programs have them, for package regexp, whose cost is
// linear in the text.
//
// What backtracking is needed for can't be done: references to groups, looking
// ahead and behind, atomic groups, and possessive quantifiers where they make a
// difference. Nor is the rarer syntax of character classes: intersections and
// unions within one.
package javaregexp

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The causes of a refusal, for errors.Is. The error itself says what it is, and
// where.
var (
	// ErrSyntax: Java refuses the expression as well (PatternSyntaxException).
	ErrSyntax = errors.New("not a regular expression")
	// ErrUnsupported: Java takes it.
	ErrUnsupported = errors.New("not possible here")
)

// MaxLength bounds an expression, in bytes.
const MaxLength = 16 << 10

// maxDepth bounds groups in groups.
const maxDepth = 200

// Compile returns a regular expression that matches the texts which Java's
// Matcher.matches holds to match expr: whole ones. Groups do not capture.
func Compile(expr string) (*regexp.Regexp, error) {
	if len(expr) > MaxLength {
		return nil, fmt.Errorf("%w: it has %d bytes, and %d are possible", ErrUnsupported, len(expr), MaxLength)
	}
	if !utf8.ValidString(expr) {
		return nil, fmt.Errorf("%w: it is not UTF-8", ErrSyntax)
	}
	t := translator{in: expr}
	if err := t.alternatives(0); err != nil {
		return nil, err
	}
	re, err := regexp.Compile(`\A(?:` + t.out.String() + `)\z`)
	if err != nil {
		cause := err.Error()
		if e, ok := errors.AsType[*syntax.Error](err); ok { // too large, above all
			cause = fmt.Sprintf("%s: %q", e.Code, abridge(e.Expr))
		}
		return nil, fmt.Errorf("%w: %s", ErrUnsupported, cause)
	}
	return re, nil
}

// translator writes an expression in Go's syntax.
type translator struct {
	in  string
	pos int
	out strings.Builder
}

func (t *translator) errorf(cause error, at int, format string, args ...any) error {
	return fmt.Errorf("%w: %s at byte %d of %q", cause, fmt.Sprintf(format, args...), at, abridge(t.in))
}

func abridge(s string) string {
	if len(s) <= 100 {
		return s
	}
	cut := 100
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

func (t *translator) rest() string { return t.in[t.pos:] }

// next takes the next character.
func (t *translator) next() (rune, bool) {
	if t.pos >= len(t.in) {
		return 0, false
	}
	r, size := utf8.DecodeRuneInString(t.rest())
	t.pos += size
	return r, true
}

// alternatives translates up to the end, or that of a group of the given depth.
func (t *translator) alternatives(depth int) error {
	if depth > maxDepth {
		return t.errorf(ErrUnsupported, t.pos, "groups are more than %d deep", maxDepth)
	}
	for t.pos < len(t.in) {
		switch t.in[t.pos] {
		case '|':
			t.pos++
			t.out.WriteByte('|')
		case ')':
			if depth == 0 {
				return t.errorf(ErrSyntax, t.pos, "an unmatched closing ')'")
			}
			return nil
		default:
			if err := t.term(depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// term translates an atom with its quantifier.
func (t *translator) term(depth int) error {
	written := t.out.Len()
	single, err := t.atom(depth)
	if err != nil {
		return err
	}
	atom := t.out.String()[written:]
	if atom == "" || strings.HasPrefix(atom, "(?") && strings.HasSuffix(atom, "i)") && !strings.Contains(atom, ":") {
		return nil // \Q\E, or flags: there is nothing to repeat
	}
	at := t.pos
	quantifier, exact, err := t.quantifier()
	if err != nil || quantifier == "" {
		return err
	}
	t.out.WriteString(quantifier)
	switch {
	case strings.HasPrefix(t.rest(), "?"):
		t.pos++ // reluctant: the same texts match as a whole
	case strings.HasPrefix(t.rest(), "+"):
		t.pos++
		if !single || !exact && !t.possessiveIsGreedy(atom, depth) {
			return t.errorf(ErrUnsupported, at, "the possessive quantifier %q", t.in[at:t.pos])
		}
	}
	return nil
}

// possessiveIsGreedy reports whether giving nothing back makes no difference for
// a repeated character: nothing follows, or a character that is not one of them.
func (t *translator) possessiveIsGreedy(atom string, depth int) bool {
	rest := t.rest()
	if strings.Trim(rest, ")") == "" || depth == 0 && rest[0] == '|' {
		return true
	}
	c := rest[0]
	if c == '\\' && len(rest) > 1 && !isLetter(rest[1]) && !isDigit(rest[1]) && rest[1] < utf8.RuneSelf {
		c, rest = rest[1], rest[1:]
	} else if strings.IndexByte(`\[]().*+?{}|^$`, c) >= 0 || c >= utf8.RuneSelf {
		return false
	}
	if len(rest) > 1 && strings.IndexByte("*?{", rest[1]) >= 0 {
		return false // it may be missing
	}
	re, err := regexp.Compile(`\A(?:` + atom + `)\z`)
	return err == nil && !re.MatchString(string(c))
}

// quantifier translates a quantifier without its suffix; "" where there is none.
func (t *translator) quantifier() (text string, exact bool, err error) {
	rest := t.rest()
	if rest == "" {
		return "", false, nil
	}
	switch rest[0] {
	case '*', '+', '?':
		t.pos++
		return rest[:1], false, nil
	case '{':
	default:
		return "", false, nil
	}
	body, _, ok := strings.Cut(rest[1:], "}")
	least, most, ranged := strings.Cut(body, ",")
	n, err := strconv.ParseUint(least, 10, 31)
	if !ok || err != nil {
		return "", false, t.errorf(ErrSyntax, t.pos, "an illegal repetition")
	}
	if ranged && most != "" {
		m, err := strconv.ParseUint(most, 10, 31)
		if err != nil || m < n {
			return "", false, t.errorf(ErrSyntax, t.pos, "an illegal repetition range")
		}
	}
	t.pos += len(body) + 2
	return "{" + body + "}", !ranged || least == most, nil
}

// atom translates one element. single tells that it stands for one character.
func (t *translator) atom(depth int) (single bool, err error) {
	at := t.pos
	r, _ := t.next()
	switch r {
	case '(':
		return false, t.group(at, depth)
	case '[':
		t.pos = at
		return true, t.class()
	case '\\':
		return t.escape(false)
	case '.':
		t.out.WriteString(`[^\n\r\x{85}\x{2028}\x{2029}]`)
		return true, nil
	case '^', '$':
		t.out.WriteString("(?:" + string(r) + ")")
		return false, nil
	case '*', '+', '?':
		return false, t.errorf(ErrSyntax, at, "a dangling meta character '%c'", r)
	case '{':
		t.pos = at
		return false, t.nothing()
	}
	t.out.WriteString(regexp.QuoteMeta(string(r)))
	return true, nil
}

// nothing reads a repetition with nothing to repeat before it, which Java takes.
func (t *translator) nothing() error {
	if _, _, err := t.quantifier(); err != nil {
		return err
	}
	if rest := t.rest(); rest != "" && (rest[0] == '?' || rest[0] == '+') {
		t.pos++
	}
	return nil
}

// group translates what stands in parentheses, of which the first is taken.
func (t *translator) group(at, depth int) error {
	open := "(?:"
	if strings.HasPrefix(t.rest(), "?") {
		t.pos++
		rest := t.rest()
		switch {
		case strings.HasPrefix(rest, ":"):
			t.pos++
		case strings.HasPrefix(rest, "="), strings.HasPrefix(rest, "!"):
			return t.errorf(ErrUnsupported, at, "looking ahead, %s", t.in[at:t.pos+1])
		case strings.HasPrefix(rest, "<="), strings.HasPrefix(rest, "<!"):
			return t.errorf(ErrUnsupported, at, "looking behind, %s", t.in[at:t.pos+2])
		case strings.HasPrefix(rest, ">"):
			return t.errorf(ErrUnsupported, at, "an atomic group, (?>")
		case strings.HasPrefix(rest, "<"):
			name, _, ok := strings.Cut(rest[1:], ">")
			if !ok || !isGroupName(name) {
				return t.errorf(ErrSyntax, at, "a group's name that is none")
			}
			t.pos += len(name) + 2
		default:
			flags := rest[:len(rest)-len(strings.TrimLeft(rest, "idmsuxU-"))]
			t.pos += len(flags)
			end, ok := t.next()
			if !ok || end != ':' && end != ')' || strings.Count(flags, "-") > 1 {
				return t.errorf(ErrSyntax, at, "an unknown inline modifier")
			}
			if strings.Trim(flags, "i-") != "" {
				return t.errorf(ErrUnsupported, at, "the flags %q", flags)
			}
			switch on, off, _ := strings.Cut(flags, "-"); {
			case off != "":
				open = "(?-i"
			case on != "":
				open = "(?i"
			default:
				open = "(?"
			}
			if end == ')' {
				if open != "(?" {
					t.out.WriteString(open + ")")
				}
				return nil
			}
			open += ":"
		}
	}
	t.out.WriteString(open)
	if err := t.alternatives(depth + 1); err != nil {
		return err
	}
	if t.pos >= len(t.in) {
		return t.errorf(ErrSyntax, at, "an unclosed group")
	}
	t.pos++
	t.out.WriteByte(')')
	return nil
}

func isGroupName(name string) bool {
	if name == "" || !isLetter(name[0]) {
		return false
	}
	for i := range len(name) {
		if !isLetter(name[i]) && !isDigit(name[i]) {
			return false
		}
	}
	return true
}

// class translates a character class.
func (t *translator) class() error {
	at := t.pos
	t.pos++
	t.out.WriteByte('[')
	if strings.HasPrefix(t.rest(), "^") {
		t.pos++
		t.out.WriteByte('^')
	}
	for first := true; ; first = false {
		here := t.pos
		r, ok := t.next()
		switch {
		case !ok:
			return t.errorf(ErrSyntax, at, "an unclosed character class")
		case r == ']' && !first:
			t.out.WriteByte(']')
			return nil
		case r == '[':
			return t.errorf(ErrUnsupported, here, "a character class within another")
		case r == '&' && strings.HasPrefix(t.rest(), "&"):
			return t.errorf(ErrUnsupported, here, "the intersection of character classes")
		}
		low, single, err := t.member(r)
		if err != nil {
			return err
		}
		if !single || !strings.HasPrefix(t.rest(), "-") || strings.HasPrefix(t.rest(), "-]") || strings.HasPrefix(t.rest(), "-[") {
			if single {
				t.out.WriteString(quoteRune(low))
			}
			continue
		}
		t.pos++
		if r, ok = t.next(); !ok {
			return t.errorf(ErrSyntax, at, "an unclosed character class")
		}
		high, single, err := t.member(r)
		switch {
		case err != nil:
			return err
		case !single, high < low:
			return t.errorf(ErrSyntax, here, "an illegal character range")
		}
		t.out.WriteString(quoteRune(low) + "-" + quoteRune(high))
	}
}

// member reads a character of a class, of which r is the first. What stands for
// several it writes itself.
func (t *translator) member(r rune) (_ rune, single bool, err error) {
	if r != '\\' {
		return r, true, nil
	}
	if r, ok := t.character(); ok {
		return r, true, nil
	}
	_, err = t.escape(true)
	return 0, false, err
}

func quoteRune(r rune) string { return fmt.Sprintf(`\x{%x}`, r) }

// character reads an escape that stands for one character; the backslash is
// taken. Where it is another, it is left alone.
func (t *translator) character() (rune, bool) {
	before := t.pos
	r, ok := t.next()
	if !ok {
		return 0, false
	}
	digits := func(base, most int) (rune, bool) {
		n := 0
		for n < most && n < len(t.rest()) && isDigitOf(base, t.rest()[n]) {
			n++
		}
		v, err := strconv.ParseUint(t.rest()[:n], base, 32)
		if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
			return 0, false
		}
		t.pos += n
		return rune(v), true
	}
	var c rune
	switch r {
	case 't':
		return '\t', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 'f':
		return '\f', true
	case 'a':
		return '\a', true
	case 'e':
		return 0x1b, true
	case 'c':
		if c, ok = t.next(); ok {
			return c ^ 64, true
		}
	case '0': // \0377 at most
		most := 2
		if len(t.rest()) > 0 && t.rest()[0] <= '3' {
			most = 3
		}
		if c, ok = digits(8, most); ok {
			return c, true
		}
	case 'u':
		at := t.pos
		if c, ok = digits(16, 4); ok && t.pos == at+4 {
			return c, true
		}
	case 'x':
		at := t.pos
		if strings.HasPrefix(t.rest(), "{") {
			t.pos++
			if c, ok = digits(16, 8); ok && strings.HasPrefix(t.rest(), "}") {
				t.pos++
				return c, true
			}
		} else if c, ok = digits(16, 2); ok && t.pos == at+2 {
			return c, true
		}
	default:
		if r >= utf8.RuneSelf || !isLetter(byte(r)) && !isDigit(byte(r)) {
			return r, true
		}
	}
	t.pos = before
	return 0, false
}

// classes are Java's escapes for kinds of characters, without brackets.
var classes = map[rune]string{
	'd': `0-9`,
	's': `\t\n\x0B\f\r `,
	'w': `0-9A-Za-z_`,
	'h': ` \t\x{A0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}`,
	'v': `\n\x0B\f\r\x{85}\x{2028}\x{2029}`,
}

// complements are what their capital letters stand for, within a class.
var complements = map[rune]string{
	'D': `\D`,
	'W': `\W`,
}

// posix are Java's names for kinds of ASCII characters.
var posix = map[string]string{
	"Lower": "[:lower:]", "Upper": "[:upper:]", "ASCII": "[:ascii:]", "Alpha": "[:alpha:]", "Digit": "[:digit:]",
	"Alnum": "[:alnum:]", "Punct": "[:punct:]", "Graph": "[:graph:]", "Print": "[:print:]", "Blank": "[:blank:]",
	"Cntrl": "[:cntrl:]", "XDigit": "[:xdigit:]", "Space": "[:space:]",
}

// escape translates what follows a backslash, in a class or elsewhere.
func (t *translator) escape(inClass bool) (single bool, err error) {
	at := t.pos - 1
	if r, ok := t.character(); ok {
		t.out.WriteString(quoteRune(r))
		return true, nil
	}
	r, ok := t.next()
	if !ok {
		return false, t.errorf(ErrSyntax, at, "a backslash with nothing after it")
	}
	class := func(body string, negated bool) (bool, error) {
		switch {
		case inClass && !negated:
			t.out.WriteString(body)
		case inClass:
			return true, t.errorf(ErrUnsupported, at, `\%c in a character class`, r)
		case negated:
			t.out.WriteString("[^" + body + "]")
		default:
			t.out.WriteString("[" + body + "]")
		}
		return true, nil
	}
	if body, ok := classes[r]; ok {
		return class(body, false)
	}
	if text, ok := complements[r]; ok && inClass {
		t.out.WriteString(text)
		return true, nil
	}
	if 'A' <= r && r <= 'Z' {
		if body, ok := classes[r+'a'-'A']; ok {
			return class(body, true)
		}
	}
	switch {
	case r == 'p' || r == 'P':
		name := t.rest()
		if strings.HasPrefix(name, "{") {
			if name, _, ok = strings.Cut(name[1:], "}"); !ok {
				return false, t.errorf(ErrSyntax, at, "an unclosed character family")
			}
			t.pos += len(name) + 2
		} else if _, ok := t.next(); ok {
			name = t.in[at+2 : t.pos]
		}
		if body, ok := posix[name]; ok {
			return class(body, r == 'P')
		}
		text := `\` + string(r) + "{" + strings.TrimPrefix(name, "Is") + "}"
		if _, err := regexp.Compile(text); err != nil || name == "" {
			return false, t.errorf(ErrUnsupported, at, "the family of characters %q", name)
		}
		t.out.WriteString(text)
		return true, nil
	case r == 'Q':
		text, _, closed := strings.Cut(t.rest(), `\E`)
		t.pos += len(text)
		if closed {
			t.pos += 2
		}
		if inClass {
			for _, r := range text {
				t.out.WriteString(quoteRune(r))
			}
			return true, nil
		}
		// A quantifier belongs to the last character.
		if _, size := utf8.DecodeLastRuneInString(text); size < len(text) {
			t.out.WriteString(regexp.QuoteMeta(text[:len(text)-size]))
			text = text[len(text)-size:]
		}
		t.out.WriteString(regexp.QuoteMeta(text))
		return false, nil
	case inClass:
	case r == 'A' || r == 'z' || r == 'Z':
		// Only the whole matches, so that a line end at its end changes nothing.
		t.out.WriteString(`(?:\` + strings.Replace(string(r), "Z", "z", 1) + ")")
		return false, nil
	case r == 'b' || r == 'B':
		t.out.WriteString(`(?:\` + string(r) + ")")
		return false, nil
	case r == 'R':
		t.out.WriteString(`(?:\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])`)
		return false, nil
	case '1' <= r && r <= '9', r == 'k':
		return false, t.errorf(ErrUnsupported, at, `a reference to a group, \%c`, r)
	case r == 'G' || r == 'X' || r == 'N':
		return false, t.errorf(ErrUnsupported, at, `\%c`, r)
	}
	return false, t.errorf(ErrSyntax, at, `an illegal escape sequence, \%c`, r)
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

func isDigitOf(base int, c byte) bool {
	if base == 8 {
		return '0' <= c && c <= '7'
	}
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
