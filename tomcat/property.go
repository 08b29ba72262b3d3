package tomcat

import "strings"

// maxRounds is how often Tomcat looks for properties in what it has put in place
// of others.
const maxRounds = 20

// expand replaces ${NAME} and ${NAME:-DEFAULT} in a value, as Tomcat's
// IntrospectionUtils.replaceProperties does: a name with ":-" is first looked up
// whole, what comes out is expanded again, and what is not known stays as it is.
// It returns the names that are not known.
func expand(value string, lookup func(string) (string, bool)) (expanded string, unknown []string) {
	expanded = value
	for range maxRounds {
		before := expanded
		expanded, unknown = expandOnce(before, lookup)
		if expanded == before || len(expanded) > MaxSize {
			break
		}
	}
	return expanded, unknown
}

// expandOnce is expand for the value as it stands.
func expandOnce(value string, lookup func(string) (string, bool)) (expanded string, unknown []string) {
	if !strings.Contains(value, "${") {
		return value, nil
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(value, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			b.WriteString(value)
			return b.String(), unknown
		}
		b.WriteString(before)
		v, ok := lookup(name)
		if !ok {
			var fallback string
			var plain string
			if plain, fallback, ok = strings.Cut(name, ":-"); ok {
				if w, known := lookup(plain); known {
					fallback = w
				}
				v = fallback
			}
		}
		if ok {
			b.WriteString(v)
		} else {
			b.WriteString("${" + name + "}")
			unknown = append(unknown, name)
		}
		value = after
	}
}
