package commands_test

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Two runs of a command that makes keys differ in what was drawn at random and
// in the seconds that passed between. A masker holds everything else: random
// values are replaced by their kind and numbered in the order in which they
// first appear in the case, so that what is equal on one side (a key
// identifier and its certificate's authority, a serial number printed twice)
// must be so on the other; times are cut out, to be compared apart.
type masker struct {
	numbers map[string]int
}

var (
	// The random values of keytool's output. A line of a PEM body is part of
	// a run of lines, all but the last of one width.
	randomValue = regexp.MustCompile(`(?m)` + strings.Join([]string{
		`(?P<serial>(?:Serial number: |SerialNumber: \[ {4})[0-9a-f ]+)`,
		`(?P<fingerprint>\b(?:[0-9A-F]{2}:){15,31}[0-9A-F]{2}\b)`,
		`(?P<identifier>KeyIdentifier \[\n(?:[0-9A-F]{4}: .*\n)+)`,
		`(?P<pem>(?:^[A-Za-z0-9+/]{64}\r?\n)+(?:^[A-Za-z0-9+/]{1,63}={0,2}\r?\n)?)`,
	}, "|"))
	// The dates of keytool's output: java.util.Date's, and the short form of
	// keystore entries.
	longDate  = regexp.MustCompile(`\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d [A-Z]+ \d{4}\b`)
	shortDate = regexp.MustCompile(`\b[A-Z][a-z]{2} \d{1,2}, \d{4}\b`)
)

// mask returns the text without random values and times, and the times.
func (m *masker) mask(text string) (masked string, times []time.Time) {
	if m.numbers == nil {
		m.numbers = make(map[string]int)
	}
	kinds := randomValue.SubexpNames()
	masked = replaceSubmatches(randomValue, text, func(match []string) string {
		kind := ""
		for i, value := range match[1:] {
			if value != "" {
				kind = kinds[i+1]
			}
		}
		value := match[0]
		prefix, end := "", ""
		switch kind {
		case "serial":
			if prefix, value, _ = strings.Cut(value, ": "); strings.HasPrefix(value, "[") {
				value = strings.TrimPrefix(value, "[    ")
				prefix += ": ["
			}
			value = strings.ReplaceAll(value, " ", "")
		case "pem":
			end = "\n"
			if strings.HasSuffix(value, "\r\n") {
				end = "\r\n"
			}
			kind = fmt.Sprintf("base64 in %d columns", strings.IndexAny(value, "\r\n"))
		}
		return prefix + m.number(kind, value) + end
	})
	for _, date := range []struct {
		re     *regexp.Regexp
		layout string
	}{{longDate, "Mon Jan 02 15:04:05 MST 2006"}, {shortDate, "Jan 2, 2006"}} {
		masked = date.re.ReplaceAllStringFunc(masked, func(s string) string {
			t, err := time.Parse(date.layout, s)
			if err != nil {
				return s
			}
			times = append(times, t)
			return "<date>"
		})
	}
	return masked, times
}

// number names a value by its kind and the order of its first appearance.
func (m *masker) number(kind, value string) string {
	key := kind + " " + value
	if m.numbers[key] == 0 {
		m.numbers[key] = len(m.numbers) + 1
	}
	return fmt.Sprintf("<%s %d>", kind, m.numbers[key])
}

func replaceSubmatches(re *regexp.Regexp, text string, replace func(match []string) string) string {
	var b strings.Builder
	last := 0
	for _, at := range re.FindAllStringSubmatchIndex(text, -1) {
		match := make([]string, len(at)/2)
		for i := range match {
			if at[2*i] >= 0 {
				match[i] = text[at[2*i]:at[2*i+1]]
			}
		}
		b.WriteString(text[last:at[0]])
		b.WriteString(replace(match))
		last = at[1]
	}
	b.WriteString(text[last:])
	return b.String()
}

// sameTimes says whether the times of two runs agree: exactly, or as far as
// the runs were apart. Short dates change at midnight only.
func sameTimes(a, b []time.Time, apart time.Duration) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		difference := a[i].Sub(b[i]).Abs()
		isDay := a[i].Equal(a[i].Truncate(24*time.Hour)) && b[i].Equal(b[i].Truncate(24*time.Hour))
		midnight := time.Now().UTC().Truncate(24 * time.Hour)
		if isDay && difference == 24*time.Hour && time.Since(midnight) < apart {
			continue
		}
		if difference > apart {
			return false
		}
	}
	return true
}
