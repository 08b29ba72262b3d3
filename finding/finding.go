// Package finding is the vocabulary of verdicts. Whatever is looked at here, a file, a
// key with its chain, a line of a server.xml or a server, the result is a list of
// Findings: how much each matters, what was found, and what to do.
//
// Most tell only what is wrong. Checks tell also what was looked at and holds.
package finding

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Severity is how much a Finding matters, the gravest first. The zero value is an
// error: what nobody has found to be good is not good.
type Severity uint8

const (
	// Error: something does not work, or will not for long.
	Error Severity = iota
	// Warning: it works, but not everywhere, or not safely.
	Warning
	// Info: good to know.
	Info
	// Good: it was looked at, and holds.
	Good
)

var severities = [...]string{"error", "warning", "info", "good"}

// String is the severity in a word: "error", "warning", "info" or "good".
func (s Severity) String() string { return severities[s] }

// MarshalText writes the word of String.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word of String.
func (s *Severity) UnmarshalText(text []byte) error {
	i := slices.Index(severities[:], string(text))
	if i < 0 {
		return fmt.Errorf("finding: no severity %q", text)
	}
	*s = Severity(i)
	return nil
}

// Finding is something that was found. In JSON it has its ID, severity, alias, text
// and remedy; see Checks for the others.
type Finding struct {
	// Check is what was looked at, in a list that tells also what holds. It is
	// short and stable: "key", "chain", "names", "dates", "usage", "strength",
	// "suites", "handshake TLSv1.3", "resumption TLSv1.3", "HTTP" and the like.
	Check string `json:"-"`
	// ID names the kind of finding; IDs are stable, see docs/check.md. It is
	// empty where there is nothing wrong, and where Check says it all.
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Alias is the entry of a keystore it is about, as Java shows it; empty
	// where it is about the file.
	Alias string `json:"alias,omitempty"`
	// Text says what was found and why that matters, in a line.
	Text string `json:"text"`
	// Remedy says what to do: a line for bash, with a comment where the line by
	// itself is not enough, or only a comment where no command fixes it. About a
	// server.xml it is a sentence. It has no password. It may be empty.
	Remedy string `json:"remedy,omitempty"`
	// At is the place in a server.xml, or a file beside it, that it is about.
	At Place `json:"-"`
}

// Place is where in Tomcat's configuration a Finding is about.
type Place struct {
	// File is the file it is in where that is not the server.xml itself.
	File string
	// Line is counted from 1; zero where it has no place.
	Line int
	// Element and Attribute are names, such as "SSLHostConfig" and
	// "protocols"; Attribute may be empty.
	Element, Attribute string
	// Connector is the Line of the connector it belongs to; zero where it
	// is about the file.
	Connector int
}

// String is the element with its attribute; empty for none.
func (p Place) String() string { return strings.TrimSpace(p.Element + " " + p.Attribute) }

// OK says that what was looked at works, if only with a warning.
func (f Finding) OK() bool { return f.Severity != Error }

// Warn says that it works, and that there is something to know.
func (f Finding) Warn() bool { return f.Severity == Warning || f.Severity == Info }

// String is the finding in a line: place, severity, text and remedy.
func (f Finding) String() string {
	var b strings.Builder
	if f.At.File != "" {
		b.WriteString(f.At.File + ": ")
	}
	if f.At.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.At.Line)
	}
	b.WriteString(f.Severity.String() + ": ")
	if place := f.At.String(); place != "" {
		b.WriteString(place + ": ")
	}
	b.WriteString(f.Text)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	return b.String()
}

// Checks are findings that tell also what holds. In JSON each has the name of its
// check, its ID, whether it is OK and a warning, its text as detail, and its remedy.
type Checks []Finding

// check is a Finding in the JSON of Checks.
type check struct {
	Name   string `json:"name"`
	ID     string `json:"id,omitempty"`
	OK     bool   `json:"ok"`
	Warn   bool   `json:"warn"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

// MarshalJSON writes the list, null where it is nil.
func (c Checks) MarshalJSON() ([]byte, error) {
	if c == nil {
		return []byte("null"), nil
	}
	list := make([]check, len(c))
	for i, f := range c {
		list[i] = check{f.Check, f.ID, f.OK(), f.Warn(), f.Text, f.Remedy}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // whoever encodes the whole decides
	err := encoder.Encode(list)
	return out.Bytes(), err
}

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Checks) UnmarshalJSON(data []byte) error {
	var list []check
	if err := json.Unmarshal(data, &list); err != nil || list == nil {
		*c = nil
		return err
	}
	*c = make(Checks, len(list))
	for i, l := range list {
		f := Finding{Check: l.Name, ID: l.ID, Text: l.Detail, Remedy: l.Remedy}
		switch {
		case l.OK && l.Warn:
			f.Severity = Warning
		case l.OK:
			f.Severity = Good
		}
		(*c)[i] = f
	}
	return nil
}

// Find returns the check of a name.
func (c Checks) Find(name string) (Finding, bool) {
	i := slices.IndexFunc(c, func(f Finding) bool { return f.Check == name })
	if i < 0 {
		return Finding{}, false
	}
	return c[i], true
}

// Faulty says whether any check failed.
func (c Checks) Faulty() bool { return slices.ContainsFunc(c, func(f Finding) bool { return !f.OK() }) }
