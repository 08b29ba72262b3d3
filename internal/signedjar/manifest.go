package signedjar

import (
	"bytes"
	"strings"
)

// manifest is a manifest or a signature file (JAR File Specification, "Name-
// Value pairs and Sections").
type manifest struct {
	raw, rawMain []byte // rawMain: the main section with the empty line behind it
	main         []attribute
	sections     []*section
	byName       map[string]*section
}

type section struct {
	name       string
	attributes []attribute
	raw        []byte // with the empty line behind it
}

type attribute struct{ name, value string }

func parseManifest(data []byte) (*manifest, error) {
	m := &manifest{raw: data, byName: make(map[string]*section)}
	rest := data
	var err error
	if m.rawMain, m.main, rest, err = nextSection(rest); err != nil {
		return nil, err
	}
	for len(rest) > 0 {
		var s section
		if s.raw, s.attributes, rest, err = nextSection(rest); err != nil {
			return nil, err
		}
		if len(s.attributes) == 0 {
			continue // empty lines at the end
		}
		if !strings.EqualFold(s.attributes[0].name, "Name") {
			return nil, refuse("invalid manifest format")
		}
		s.name, s.attributes = s.attributes[0].value, s.attributes[1:]
		if _, twice := m.byName[s.name]; !twice {
			m.byName[s.name] = &s
		}
		m.sections = append(m.sections, &s)
	}
	return m, nil
}

// nextSection reads lines up to an empty one. A line that begins with a blank
// goes on with the one before.
func nextSection(data []byte) (raw []byte, attributes []attribute, rest []byte, err error) {
	rest = data
	for len(rest) > 0 {
		line := rest
		if i := bytes.IndexAny(rest, "\r\n"); i >= 0 {
			line = rest[:i]
			n := 1
			if rest[i] == '\r' && i+1 < len(rest) && rest[i+1] == '\n' {
				n = 2
			}
			rest = rest[i+n:]
		} else {
			rest = nil
		}
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' {
			if len(attributes) == 0 {
				return nil, nil, nil, refuse("misplaced continuation line")
			}
			attributes[len(attributes)-1].value += string(line[1:])
			continue
		}
		name, value, ok := strings.Cut(string(line), ": ")
		if !ok {
			return nil, nil, nil, refuse("invalid header field")
		}
		attributes = append(attributes, attribute{name, value})
	}
	return data[:len(data)-len(rest)], attributes, rest, nil
}
