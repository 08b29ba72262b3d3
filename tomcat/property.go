package tomcat

import "strings"

// maxRounds is how often Tomcat looks for properties in what it has put in place
// of others.
const maxRounds = 20

// expand replaces ${NAME} and ${NAME:-DEFAULT} in a value, as Tomcat's
// IntrospectionUtils.replaceProperties does: a name with ":-" is first looked up
// whole, what comes out is expanded again, and what is not known stays as it is.
// It returns the names that are not known.
//
// What it builds, in bytes and round after round, is taken from room. It is not
// ok, and the value stays as it is, where that is not enough: properties that
// name each other grow without bound.
func expand(value string, lookup func(string) (string, bool), room *int) (expanded string, unknown []string, ok bool) {
	expanded = value
	for range maxRounds {
		before := expanded
		if expanded, unknown, ok = expandOnce(before, lookup, *room); !ok {
			*room = 0
			return value, nil, false
		}
		if expanded == before {
			break
		}
		*room -= len(expanded)
	}
	return expanded, unknown, true
}

// expandOnce is expand for the value as it stands. It stops where more than
// room bytes come out.
func expandOnce(value string, lookup func(string) (string, bool), room int) (expanded string, unknown []string, ok bool) {
	if !strings.Contains(value, "${") {
		return value, nil, true
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(value, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			b.WriteString(value)
			return b.String(), unknown, b.Len() <= room
		}
		b.WriteString(before)
		v, known := lookup(name)
		if !known {
			var plain string
			if plain, v, known = strings.Cut(name, ":-"); known {
				if w, ok := lookup(plain); ok {
					v = w
				}
			}
		}
		if b.Len()+len(v) > room {
			return "", nil, false
		}
		if known {
			b.WriteString(v)
		} else {
			b.WriteString("${" + name + "}")
			unknown = append(unknown, name)
		}
		value = after
	}
}
