// Package properties reads Java's properties files.
package properties

import (
	"bytes"
	"strings"
	"unicode/utf16"
)

// Parse reads a properties file, as java.util.Properties.load does: ISO 8859-1, # and ! comments,
// lines continued by a backslash, keys ended by =, : or a blank, \uXXXX and the
// usual escapes. It returns false for a malformed \uXXXX, the only error there is.
func Parse(data []byte) (map[string]string, bool) {
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
