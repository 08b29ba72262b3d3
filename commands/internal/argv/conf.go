package argv

import (
	"fmt"
	"path/filepath"
	"strings"

	"gokeytool/internal/properties"
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
	props, ok := properties.Parse(data)
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
