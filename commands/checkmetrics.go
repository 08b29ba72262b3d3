package commands

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"gokeytool/check"
	"gokeytool/finding"
	"gokeytool/internal/console"
)

// checkMetrics gathers metrics in the text format of Prometheus, which needs
// the samples of a metric together, and none twice.
type checkMetrics struct {
	up, ends, begins, renewals, findings bytes.Buffer
	seen                                 map[string]bool // keystores by their labels
}

func (m *checkMetrics) add(v check.Verdict) {
	path := label("path", v.Path)
	if v.Role != "" {
		path += "," + label("role", v.Role)
	}
	if m.seen[path] {
		return
	}
	if m.seen == nil {
		m.seen = make(map[string]bool)
	}
	m.seen[path] = true
	seen := make(map[string]bool)
	checked := 1
	if v.Status == check.Unchecked {
		checked = 0
	}
	fmt.Fprintf(&m.up, "gokeytool_keystore_checked{%s,%s} %d\n", path, label("type", string(v.Type)), checked)
	for _, e := range v.Entries {
		for i, c := range e.Chain {
			labels := fmt.Sprintf("%s,%s,%s,position=\"%d\",%s,%s", path, label("alias", e.Alias), label("kind", e.Kind), i,
				label("serial", c.Serial), label("subject", c.Subject))
			if seen[labels] {
				continue // of two entries of one alias
			}
			seen[labels] = true
			fmt.Fprintf(&m.ends, "gokeytool_certificate_not_after_timestamp_seconds{%s} %d\n", labels, c.NotAfter.Unix())
			if i == 0 && e.ACME != nil {
				fmt.Fprintf(&m.renewals, "gokeytool_certificate_renewal_timestamp_seconds{%s} %d\n", labels, e.ACME.Renew.Unix())
			}
			fmt.Fprintf(&m.begins, "gokeytool_certificate_not_before_timestamp_seconds{%s} %d\n", labels, c.NotBefore.Unix())
		}
	}
	for _, severity := range []finding.Severity{finding.Error, finding.Warning, finding.Info} {
		n := 0
		for _, f := range v.Findings {
			if f.Severity == severity {
				n++
			}
		}
		fmt.Fprintf(&m.findings, "gokeytool_keystore_findings{%s,severity=%q} %d\n", path, severity, n)
	}
}

// text is the whole exposition.
func (m *checkMetrics) text(now time.Time, c checkCount) []byte {
	var b bytes.Buffer
	head := func(name, help string) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
	}
	for _, family := range []struct {
		name, help string
		samples    *bytes.Buffer
	}{
		{"gokeytool_certificate_not_after_timestamp_seconds", "End of a certificate's validity, in seconds since 1970.", &m.ends},
		{"gokeytool_certificate_not_before_timestamp_seconds", "Begin of a certificate's validity, in seconds since 1970.", &m.begins},
		{"gokeytool_certificate_renewal_timestamp_seconds", "From when on a certificate that came by ACME is renewed, in seconds since 1970.", &m.renewals},
		{"gokeytool_keystore_checked", "Whether a keystore could be opened and checked.", &m.up},
		{"gokeytool_keystore_findings", "Findings of a keystore by severity.", &m.findings},
	} {
		if family.samples.Len() > 0 {
			head(family.name, family.help)
			b.Write(family.samples.Bytes())
		}
	}
	head("gokeytool_check_keystores", "Keystores by their verdict.")
	fmt.Fprintf(&b, "gokeytool_check_keystores{status=\"healthy\"} %d\n", c.healthy)
	fmt.Fprintf(&b, "gokeytool_check_keystores{status=\"faulty\"} %d\n", c.faulty)
	fmt.Fprintf(&b, "gokeytool_check_keystores{status=\"unchecked\"} %d\n", c.unchecked)
	head("gokeytool_check_timestamp_seconds", "When the check ran, in seconds since 1970.")
	fmt.Fprintf(&b, "gokeytool_check_timestamp_seconds %d\n", now.Unix())
	return b.Bytes()
}

// label is a label with its value. The format knows escapes for a backslash, a
// quote and a line end; of what a terminal does not show the value has the
// characters \uXXXX, since whoever looks at metrics does so at a terminal.
func label(name, value string) string {
	lines := strings.Split(value, "\n")
	for i, line := range lines {
		lines[i] = console.Line(line)
	}
	return name + `="` + labelEscaper.Replace(strings.Join(lines, "\n")) + `"`
}

var labelEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
