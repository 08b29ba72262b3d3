package sunconfig

import "fmt"

// Kinds of tokens; an ordinary character and a quote are their own kind.
const (
	endOfFile rune = -1
	word      rune = -3
	endOfLine rune = '\n'
	quote     rune = '"'
)

// tokenizer cuts a configuration as Java's StreamTokenizer does, with the syntax that
// Config gives it.
type tokenizer struct {
	text []rune
	next int  // in text
	line int  // of the last token
	kind rune // of the last token
	// value is that of a word or a quoted text; other tokens have none.
	value    string
	hasValue bool
}

// read returns the next character; -1 at the end.
func (t *tokenizer) read() rune {
	if t.next >= len(t.text) {
		t.next = len(t.text) + 1
		return -1
	}
	t.next++
	return t.text[t.next-1]
}

// unread gives the last character of read back.
func (t *tokenizer) unread() { t.next-- }

// isWord says whether a character belongs into words. Beyond Latin-1 all do.
func isWord(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c > 0xff:
		return true
	case c == ':', c == '.', c == '_', c == '-', c == '/', c == '\\', c == '$', c == '{', c == '}', c == '*', c == '+', c == '~':
		return true
	}
	return false
}

// advance reads a token and returns its kind.
func (t *tokenizer) advance() rune {
	t.value, t.hasValue = "", false
	t.kind = t.scan()
	return t.kind
}

func (t *tokenizer) scan() rune {
	for {
		c := t.read()
		switch {
		case c < 0:
			return endOfFile
		case c == '\r' || c == '\n':
			t.line++
			if c == '\r' && t.next < len(t.text) && t.text[t.next] == '\n' {
				t.next++
			}
			return endOfLine
		case c <= ' ':
		case c == '#':
			for c >= 0 && c != '\n' && c != '\r' {
				c = t.read()
			}
			t.unread()
		case c == quote:
			t.value, t.hasValue = t.quoted(), true
			return quote
		case isWord(c):
			start := t.next - 1
			for c = t.read(); isWord(c); c = t.read() {
			}
			t.unread()
			t.value, t.hasValue = string(t.text[start:t.next]), true
			return word
		default:
			return c
		}
	}
}

// escapes are what a backslash makes of letters.
var escapes = map[rune]rune{'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// quoted reads what stands between quotes, up to the end of the line where the second
// is missing.
func (t *tokenizer) quoted() string {
	var text []rune
	c := t.read()
	for c >= 0 && c != quote && c != '\n' && c != '\r' {
		if c != '\\' {
			text = append(text, c)
			c = t.read()
			continue
		}
		switch c = t.read(); {
		case '0' <= c && c <= '7':
			value, most := rune(0), 2
			if c <= '3' { // \377 is the last
				most = 3
			}
			for ; most > 0 && '0' <= c && c <= '7'; most-- {
				value = value<<3 + c - '0'
				c = t.read()
			}
			text = append(text, value)
			continue
		case escapes[c] != 0:
			c = escapes[c]
		case c < 0:
			c = 0xffff // what Java makes of the end
		}
		text = append(text, c)
		c = t.read()
	}
	if c != quote {
		t.unread()
	}
	return string(text)
}

// String is what errors say of the last token.
func (t *tokenizer) String() string {
	shown := t.value
	switch t.kind {
	case endOfFile:
		shown = "EOF"
	case endOfLine:
		shown = "EOL"
	case word, quote:
	default:
		shown = "'" + string(t.kind) + "'"
	}
	return fmt.Sprintf("Token[%s], line %d", shown, t.line)
}
