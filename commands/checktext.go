package commands

import (
	"fmt"
	"strings"
	"time"

	"gokeytool/check"
	"gokeytool/finding"
	"gokeytool/internal/console"
	"gokeytool/internal/text"
	"gokeytool/store/entry"
)

// textReport is for people: a line a keystore, and its findings below it.
type textReport struct {
	out                    *console.Writer // a Buffer
	now                    time.Time
	quiet, verbose, strict bool
	truststore             bool // say how Java takes it
}

func (r *textReport) verdict(v check.Verdict) error {
	if r.quiet && v.Status == check.Healthy {
		return nil
	}
	mark := map[check.Status]string{check.Healthy: "ok", check.Faulty: "FAIL", check.Unchecked: "?"}[v.Status]
	for _, f := range v.Findings {
		if f.Severity == finding.Warning && mark == "ok" {
			mark = "warn"
		}
	}
	typ := string(v.Type)
	if typ == "" {
		typ = "-"
	}
	r.out.Printf("%s  %-6s  %-22s  %-16s  %s\n", r.out.Paint(fmt.Sprintf("%-4s", mark)), typ, contents(v), r.left(v), v.Path)
	if v.Role != "" {
		r.out.Printf("      %s\n", v.Role)
	}
	if r.verbose {
		r.details(v)
	}
	for _, f := range v.Findings {
		if f.Severity == finding.Info && !r.verbose && !(r.truststore && f.ID == "java-truststore") || f.Severity != finding.Error && r.quiet && !r.strict {
			continue
		}
		text := f.Text
		if f.Alias != "" {
			text = "<" + f.Alias + "> " + text
		}
		r.out.Printf("      %s  %s: %s\n", r.out.Paint(fmt.Sprintf("%-7s", f.Severity)), f.ID, text)
		if f.Remedy != "" {
			r.out.Printf("               -> %s\n", f.Remedy)
		}
	}
	return r.out.Flush()
}

// details are the entries, and who can read the file.
func (r *textReport) details(v check.Verdict) {
	for _, e := range v.Entries {
		alias := "<" + e.Alias + ">"
		if e.Alias == "" {
			alias = "(not an entry)"
		}
		line := alias + " " + e.Kind
		for i, c := range e.Chain {
			if i > 0 {
				line += ", issued by " + c.Called
				continue
			}
			line += ", " + c.Called + ", " + c.Key + ", until " + c.NotAfter.Format(time.DateOnly)
		}
		r.out.Printf("      %s\n", line)
	}
	if len(v.Readers) > 0 {
		var list, not []string
		for _, reader := range v.Readers {
			if reader.Reads {
				list = append(list, readerText(reader))
			} else {
				not = append(not, readerText(reader))
			}
		}
		line := "read by " + strings.Join(append(list, not...), "; ")
		if list == nil {
			line = strings.Join(not, "; ")
		}
		r.out.Printf("      %s\n", line)
	}
}

// readerText is a reader in words.
func readerText(r check.Reader) string {
	text := r.Name
	switch {
	case !r.Reads:
		return "not by " + text
	case r.Since != "":
		text += " since " + r.Since
	}
	if r.Note != "" {
		text += " " + r.Note
	}
	return text
}

// contents counts the entries by kind.
func contents(v check.Verdict) string {
	kinds := []struct {
		kind entry.Kind
		name string
		n    int
	}{{entry.PrivateKey, "key", 0}, {entry.TrustedCertificate, "certificate", 0}, {entry.SecretKey, "secret", 0}}
	for _, e := range v.Entries {
		for i := range kinds {
			if kinds[i].kind.String() == e.Kind {
				kinds[i].n++
			}
		}
	}
	var list []string
	for _, k := range kinds {
		if k.n > 0 {
			list = append(list, text.Count(k.n, k.name, k.name+"s"))
		}
	}
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ", ")
}

// left says how long the keystore will do.
func (r *textReport) left(v check.Verdict) string {
	end, ok := v.Ends(r.now)
	if !ok {
		return "-"
	}
	days := int(end.Sub(r.now).Hours() / 24)
	if end.Before(r.now) {
		return "expired"
	}
	return text.CountGrouped(days, "day left", "days left")
}

func (r *textReport) end(c checkCount) error {
	if r.quiet || c.all < 2 {
		return nil
	}
	r.out.Printf("\n%d keystores: %d healthy, %d with errors, %d not checked\n", c.all, c.healthy, c.faulty, c.unchecked)
	return r.out.Flush()
}
