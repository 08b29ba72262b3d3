package argv

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// maxConf bounds a -conf file, in bytes: pre-configured options are a few lines.
const maxConf = 1 << 20

// configured reads the options that a -conf file has for the command: those
// under keytool.all, then those under keytool.COMMAND or its older name.
func (p *parser) configured(name string, c *Command) ([]string, error) {
	data, err := p.readFile(name)
	if err != nil {
		return nil, p.failure("java.io.FileNotFoundException", name+" ("+reason(err)+")", err)
	}
	if len(data) > maxConf {
		return nil, p.failure("java.io.IOException", fmt.Sprintf("%s is larger than %d bytes", name, maxConf), nil)
	}
	props, ok := parseProperties(data)
	if !ok {
		return nil, p.failure("java.lang.IllegalArgumentException", `Malformed \uxxxx encoding.`, nil)
	}
	words, err := p.configuredLine(nil, props["keytool.all"])
	if err != nil {
		return nil, err
	}
	line, given := props["keytool."+c.Name]
	for _, alias := range c.Aliases {
		older, also := props["keytool."+alias]
		if given && also {
			return nil, p.failure("java.io.IOException", fmt.Sprintf(
				"Cannot have both -%s and -%s as pre-configured options", c.Name, alias), nil)
		}
		if also {
			line = older
		}
	}
	return p.configuredLine(words, line)
}

// configuredLine splits a line of options as Java's StreamTokenizer does and
// expands the properties in each word.
func (p *parser) configuredLine(words []string, line string) ([]string, error) {
	for {
		line = strings.TrimLeftFunc(line, func(r rune) bool { return r <= ' ' })
		if line == "" {
			return words, nil
		}
		var word string
		if q := line[0]; q == '"' || q == '\'' {
			word, line = quoted(line[1:], q)
		} else {
			end := strings.IndexFunc(line, func(r rune) bool { return r <= ' ' || r == '"' || r == '\'' })
			if end < 0 {
				end = len(line)
			}
			word, line = line[:end], line[end:]
		}
		word, err := p.expand(word)
		if err != nil {
			return nil, err
		}
		words = append(words, word)
	}
}

// quoted reads up to the closing quote, the end of the line or of the text.
// Inside, a backslash stands before one of abfnrtv, before up to three octal
// digits, or before any other character, which then stands for itself.
func quoted(s string, quote byte) (word, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == quote:
			return b.String(), s[i+1:]
		case c == '\n' || c == '\r':
			return b.String(), s[i:]
		case c != '\\' || i+1 == len(s):
			if c != '\\' {
				b.WriteByte(c)
			}
			continue
		}
		i++
		c = s[i]
		if octal(c) {
			n, most := rune(c-'0'), 2
			if c > '3' {
				most = 1
			}
			for ; most > 0 && i+1 < len(s) && octal(s[i+1]); most-- {
				i++
				n = n<<3 + rune(s[i]-'0')
			}
			b.WriteRune(n)
			continue
		}
		if at := strings.IndexByte("abfnrtv", c); at >= 0 {
			c = "\a\b\f\n\r\t\v"[at]
		}
		b.WriteByte(c)
	}
	return b.String(), ""
}

func octal(c byte) bool { return '0' <= c && c <= '7' }

// expand replaces ${name} by the Java property and ${/} by the file separator.
// ${{...}} and an opening without an end are left as they are.
func (p *parser) expand(s string) (string, error) {
	var b strings.Builder
	for {
		at := strings.Index(s, "${")
		if at < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		b.WriteString(s[:at])
		s = s[at:]
		end := strings.IndexByte(s, '}')
		if strings.HasPrefix(s, "${{") {
			end = strings.Index(s, "}}")
			if end >= 0 {
				end++
			}
			if end == len(s)-1 {
				end = -1
			}
		}
		if end < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		name := s[2:end]
		if strings.HasPrefix(name, "{") {
			b.WriteString(s[:end+1])
		} else if name == "/" {
			b.WriteRune(filepath.Separator)
		} else {
			if name == "" {
				return "", p.failure("java.lang.IllegalArgumentException", "key can't be empty", nil)
			}
			value, ok := p.property(name)
			if !ok {
				return "", p.failure("sun.security.util.PropertyExpander$ExpandException",
					"unable to expand property "+name, nil)
			}
			b.WriteString(value)
		}
		s = s[end+1:]
	}
}

func (p *parser) property(name string) (string, bool) {
	if value, ok := p.req.Property(name); ok {
		return value, true
	}
	if p.env.Property == nil {
		return "", false
	}
	return p.env.Property(name)
}

// parseProperties reads a Java properties file: ISO 8859-1, # and ! comments,
// lines continued by a backslash, keys ended by =, : or a blank, \uXXXX and the
// usual escapes. It returns false for a malformed \uXXXX, the only error there is.
func parseProperties(data []byte) (map[string]string, bool) {
	props := make(map[string]string)
	for len(data) > 0 {
		var line []byte
		line, data = logicalLine(data)
		if len(line) == 0 {
			continue
		}
		end, separated := len(line), false
		for i := 0; i < len(line); i++ {
			if line[i] == '\\' {
				i++
			} else if c := line[i]; c == '=' || c == ':' || blank(c) {
				end = i
				break
			}
		}
		value := line[end:]
		for len(value) > 0 && (blank(value[0]) || !separated && (value[0] == '=' || value[0] == ':')) {
			separated = separated || !blank(value[0])
			value = value[1:]
		}
		k, ok := unescape(line[:end])
		v, ok2 := unescape(value)
		if !ok || !ok2 {
			return nil, false
		}
		props[k] = v
	}
	return props, true
}

// logicalLine takes the next line with its continuations, without the blanks
// before each part; it is empty for a comment.
func logicalLine(data []byte) (line, rest []byte) {
	for {
		data = bytes.TrimLeft(data, " \t\f")
		end := bytes.IndexAny(data, "\r\n")
		part := data
		if rest = nil; end >= 0 {
			part, rest = data[:end], data[end+1:]
			if data[end] == '\r' && len(rest) > 0 && rest[0] == '\n' {
				rest = rest[1:]
			}
		}
		if len(line) == 0 && len(part) > 0 && (part[0] == '#' || part[0] == '!') {
			return nil, rest
		}
		slashes := len(part) - len(bytes.TrimRight(part, `\`))
		if slashes%2 == 0 {
			return append(line, part...), rest
		}
		line = append(line, part[:len(part)-1]...)
		if rest == nil {
			return line, nil
		}
		data = rest
	}
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\f' }

// unescape decodes the escapes of a key or a value.
func unescape(s []byte) (string, bool) {
	units := make([]uint16, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '\\' || i+1 == len(s) {
			if c != '\\' {
				units = append(units, uint16(c))
			}
			continue
		}
		i++
		switch c = s[i]; c {
		case 'u':
			var unit uint16
			if i+4 >= len(s) {
				return "", false
			}
			for _, h := range s[i+1 : i+5] {
				at := strings.IndexByte("0123456789abcdef", h|0x20)
				if at < 0 || h < '0' {
					return "", false
				}
				unit = unit<<4 | uint16(at)
			}
			units = append(units, unit)
			i += 4
			continue
		case 't':
			c = '\t'
		case 'r':
			c = '\r'
		case 'n':
			c = '\n'
		case 'f':
			c = '\f'
		}
		units = append(units, uint16(c))
	}
	return string(utf16.Decode(units)), true
}
