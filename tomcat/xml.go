package tomcat

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf16"
)

// SyntaxError says why a text is not a server.xml.
type SyntaxError struct {
	// Line is counted from 1; zero where there is none.
	Line int
	// Text says what is wrong.
	Text string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return "tomcat: server.xml: " + e.Text
	}
	return fmt.Sprintf("tomcat: server.xml line %d: %s", e.Line, e.Text)
}

// element is an XML element with its place.
type element struct {
	name     string
	line     int
	attrs    []attribute
	children []*element
	// file is the one it is in; empty for the server.xml.
	file string
	// text is that of the element itself, without what is in its children.
	text []byte
}

// attribute is an attribute as it was written, except for entities and line ends.
type attribute struct {
	name, value string
	line        int
}

// get returns the attribute of a name, whose first letter may be of either
// case: Tomcat makes it upper-case to find the setter.
func (e *element) get(name string) *attribute {
	for i := range e.attrs {
		if sameName(e.attrs[i].name, name) {
			return &e.attrs[i]
		}
	}
	return nil
}

// all goes through an element and what is in it.
func (e *element) all() iter.Seq[*element] {
	return func(yield func(*element) bool) { e.walk(yield) }
}

func (e *element) walk(yield func(*element) bool) bool {
	if !yield(e) {
		return false
	}
	for _, c := range e.children {
		if !c.walk(yield) {
			return false
		}
	}
	return true
}

// value is that of an attribute, and empty where there is none.
func value(e *element, name string) string {
	if a := e.get(name); a != nil {
		return a.value
	}
	return ""
}

// sameName compares the names of attributes as Tomcat does.
func sameName(a, b string) bool {
	return a == b || len(a) == len(b) && len(a) > 0 && a[1:] == b[1:] && a[0]|0x20 == b[0]|0x20
}

// parseXML reads a document into its tree. External entities and those of a
// document type are not followed.
func parseXML(data []byte) (*element, error) {
	if len(data) > MaxSize {
		return nil, &SyntaxError{Text: fmt.Sprintf("%d bytes are more than the limit of %d", len(data), MaxSize)}
	}
	data, err := toUTF8(data)
	if err != nil {
		return nil, err
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	// The text is UTF-8 by now, whatever its declaration says.
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var (
		root     *element
		stack    []*element
		line     = 1
		offset   int64
		entities bool
	)
	for {
		start := dec.InputOffset()
		line += bytes.Count(data[offset:start], []byte{'\n'})
		offset = start
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, syntaxError(err, line, entities)
		}
		switch token := token.(type) {
		case xml.ProcInst:
			if token.Target == "xml" && start > 0 {
				return nil, &SyntaxError{line, "<?xml has to be the first of all, before empty lines and comments"}
			}
		case xml.Directive:
			entities = entities || bytes.Contains(token, []byte("ENTITY"))
		case xml.StartElement:
			switch {
			case root != nil && len(stack) == 0:
				return nil, &SyntaxError{line, fmt.Sprintf("a second root element <%s>", clip(token.Name.Local, 60))}
			case len(token.Attr) > maxAttributes:
				return nil, &SyntaxError{line, fmt.Sprintf("<%s> has more than %d attributes", clip(token.Name.Local, 60), maxAttributes)}
			case len(stack) == maxDepth:
				return nil, &SyntaxError{line, fmt.Sprintf("elements are nested more than %d deep", maxDepth)}
			}
			e := &element{name: token.Name.Local, line: line}
			lines := attributeLines(data[start:dec.InputOffset()], line)
			for i, a := range token.Attr {
				at := attribute{a.Name.Local, flatten(a.Value), line}
				if i < len(lines) {
					at.line = lines[i]
				}
				if a.Name.Space != "" || at.name == "xmlns" {
					continue
				}
				for _, before := range e.attrs {
					if before.name == at.name {
						return nil, &SyntaxError{at.line, fmt.Sprintf("<%s> has the attribute %s twice", clip(e.name, 60), clip(at.name, 60))}
					}
				}
				e.attrs = append(e.attrs, at)
			}
			if root == nil {
				root = e
			} else {
				parent := stack[len(stack)-1]
				parent.children = append(parent.children, e)
			}
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			switch {
			case len(stack) > 0:
				e := stack[len(stack)-1]
				e.text = append(e.text, token...)
			case len(bytes.TrimSpace(token)) > 0:
				return nil, &SyntaxError{line, "text outside the root element: this is not XML"}
			}
		}
	}
	if root == nil {
		return nil, &SyntaxError{0, "there is no element in it"}
	}
	return root, nil
}

// syntaxError puts encoding/xml's errors into our words.
func syntaxError(err error, line int, entities bool) error {
	var se *xml.SyntaxError
	if !errors.As(err, &se) {
		return &SyntaxError{line, strings.TrimPrefix(err.Error(), "xml: ")}
	}
	text := se.Msg
	if entities && strings.Contains(text, "entity") {
		text += ": entities of a document type are not read; put their text in their place"
	}
	if text == "invalid UTF-8" {
		text += "; save the file as UTF-8, or write the encoding that it has into its first line: <?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
	}
	if strings.HasPrefix(text, "invalid character entity") && !strings.HasSuffix(text, ";") {
		text += "; a & in a value, as in a password, is written &amp;"
	}
	return &SyntaxError{se.Line, text}
}

// attributeLines returns the lines on which the attributes of a start tag begin.
// The tag was parsed already, so that it is well formed.
func attributeLines(tag []byte, line int) []int {
	var lines []int
	i := 0
	until := func(stop string) { // moves to one of the bytes
		for i < len(tag) && strings.IndexByte(stop, tag[i]) < 0 {
			if tag[i] == '\n' {
				line++
			}
			i++
		}
	}
	until(" \t\r\n/>")
	for {
		for i < len(tag) && strings.IndexByte(" \t\r\n/>", tag[i]) >= 0 {
			if tag[i] == '\n' {
				line++
			}
			i++
		}
		if i >= len(tag) {
			return lines
		}
		lines = append(lines, line)
		until(`"'`)
		if i >= len(tag) {
			return lines
		}
		quote := tag[i]
		i++
		until(string(quote))
		i++
	}
}

// flatten makes line ends and tabs of an attribute's value spaces, as XML 1.0
// (3.3.3) has it and encoding/xml has not.
func flatten(value string) string {
	if !strings.ContainsAny(value, "\t\r\n") {
		return value
	}
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\r' || r == '\n' {
			return ' '
		}
		return r
	}, value)
}

// toUTF8 converts a text from the encoding of its byte order mark or XML
// declaration.
func toUTF8(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:], nil
	case bytes.HasPrefix(data, []byte("\xfe\xff")), bytes.HasPrefix(data, []byte("\xff\xfe")):
		units := make([]uint16, len(data)/2-1)
		for i := range units {
			high, low := data[2+2*i], data[3+2*i]
			if data[0] == 0xff {
				high, low = low, high
			}
			units[i] = uint16(high)<<8 | uint16(low)
		}
		return []byte(string(utf16.Decode(units))), nil
	}
	switch encoding := declaredEncoding(data); strings.ToLower(encoding) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return data, nil
	case "iso-8859-1", "latin1", "iso8859-1", "iso_8859-1":
		out := make([]byte, 0, len(data)+16)
		for _, b := range data {
			out = append(out, string(rune(b))...)
		}
		return out, nil
	default:
		return nil, &SyntaxError{1, fmt.Sprintf("the encoding %q is not known: use UTF-8", encoding)}
	}
}

// declaredEncoding returns the encoding in an XML declaration, and nothing where
// there is none.
func declaredEncoding(data []byte) string {
	head := data[:min(len(data), 256)]
	if !bytes.HasPrefix(head, []byte("<?xml")) {
		return ""
	}
	end := bytes.Index(head, []byte("?>"))
	at := bytes.Index(head, []byte("encoding"))
	if end < 0 || at < 0 || at > end {
		return ""
	}
	value := bytes.TrimLeft(head[at+len("encoding"):end], " \t\r\n=")
	if len(value) == 0 || value[0] != '"' && value[0] != '\'' {
		return ""
	}
	if close := bytes.IndexByte(value[1:], value[0]); close >= 0 {
		return string(value[1 : 1+close])
	}
	return ""
}
