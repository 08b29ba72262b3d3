package commands

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"gokeytool/check"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/console"
	"gokeytool/store/entry"
)

// exitUnchecked is check's exit code where a file could not be looked at.
const exitUnchecked = 2

// checkStores gives a verdict on every keystore among the operands.
func checkStores(ctx context.Context, s *session) error {
	report, metrics, err := s.checkOutput()
	if err != nil {
		return err
	}
	within, err := s.within()
	if err != nil {
		return err
	}
	if err := s.checkTomcat(); err != nil {
		return err
	}
	paths := s.req.Operands
	if s.opt.keystore.given {
		paths = append(paths[:len(paths):len(paths)], s.opt.keystore.value)
	}
	if len(paths) == 0 {
		paths = []string{s.defaultKeystore()}
	}
	now := s.Now()
	limits := entry.DefaultLimits
	limits.MaxEntries = 50_000 // of each there is much to say
	if s.opt.maxIterations.given {
		if s.opt.maxIterations.value < 1 {
			return failf("-maxIterations must be greater than zero")
		}
		limits.MaxIterations = int(s.opt.maxIterations.value)
	}
	var progress *console.Progress
	if !s.Stdout.Terminal { // there the verdicts show it
		progress = s.newProgress()
	}
	defer progress.Clear()
	var count checkCount
	for v := range check.Files(ctx, paths, check.Options{
		Password:       s.opt.storepass,
		PasswordSource: s.given("storepass").command(),
		KeyPassword:    s.opt.keypass,
		Storepass:      s.again("storepass"),
		Keypass:        s.again("keypass"),
		Within:         within,
		Truststore:     s.req.Has("truststore"),
		Strict:         s.req.Has("strict"),
		Tomcat:         int(s.opt.tomcat),
		Now:            now,
		Limits:         limits,
		Lookup:         s.property,
	}) {
		count.add(v)
		if metrics != nil {
			metrics.add(v)
		}
		progress.Step("%s keystores checked, %s with errors", group(int64(count.all)), group(int64(count.faulty)))
		if err := report.verdict(v); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return exitCode(exitInterrupted)
	}
	if err := report.end(count); err != nil {
		return err
	}
	if metrics != nil {
		if err := s.writeMetrics(metrics.text(now, count)); err != nil {
			return err
		}
	}
	switch {
	case count.all == 0:
		s.Stderr.Printf("gokeytool: there is no keystore in %s\n", strings.Join(paths, ", "))
		return exitCode(exitUnchecked)
	case count.unchecked > 0:
		return exitCode(exitUnchecked)
	case count.faulty > 0:
		return exitCode(exitError)
	}
	return nil
}

// within reads -within: a number of days, or one with the unit w, d, h or m.
func (s *session) within() (time.Duration, error) {
	text, given := s.req.Value("within")
	if !given {
		return 0, nil
	}
	bad := fmt.Errorf("-within %q is no length of time: write 30d, 8w or 36h", text)
	number, unit := text, 24*time.Hour
	for suffix, u := range map[string]time.Duration{"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute} {
		if before, ok := strings.CutSuffix(text, suffix); ok {
			number, unit = before, u
		}
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || n == 0 || time.Duration(n) > maxWithin/unit {
		return 0, bad
	}
	return time.Duration(n) * unit, nil
}

// maxWithin is as far as anybody can look ahead.
const maxWithin = 200 * 365 * 24 * time.Hour

// checkCount counts verdicts.
type checkCount struct{ all, healthy, faulty, unchecked int }

func (c *checkCount) add(v check.Verdict) {
	c.all++
	switch v.Status {
	case check.Healthy:
		c.healthy++
	case check.Faulty:
		c.faulty++
	default:
		c.unchecked++
	}
}

// checkReport is a way to print verdicts.
type checkReport interface {
	verdict(check.Verdict) error
	end(checkCount) error
}

// checkOutput chooses how to report.
func (s *session) checkOutput() (checkReport, *checkMetrics, error) {
	file, wantMetrics := s.req.Value("prometheus")
	var metrics *checkMetrics
	if wantMetrics {
		metrics = new(checkMetrics)
	}
	switch json := s.req.Has("json"); {
	case json && file == "-":
		return nil, nil, errors.New("-json and -prometheus - both want the standard output: give -prometheus a file")
	case file == "-":
		return silentReport{}, metrics, nil
	case json:
		return &jsonReport{out: bufio.NewWriter(s.Stdout.Lines()), now: s.Now()}, metrics, nil
	}
	return &textReport{out: s.Stdout.Buffer(), now: s.Now(), quiet: s.opt.quiet, verbose: s.opt.verbose, strict: s.req.Has("strict"), truststore: s.req.Has("truststore")}, metrics, nil
}

// silentReport is for metrics on the standard output.
type silentReport struct{}

func (silentReport) verdict(check.Verdict) error { return nil }
func (silentReport) end(checkCount) error        { return nil }

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
		if f.Severity == check.Warning && mark == "ok" {
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
		if f.Severity == check.Info && !r.verbose && !(r.truststore && f.ID == "java-truststore") || f.Severity != check.Error && r.quiet && !r.strict {
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
		switch {
		case k.n == 1:
			list = append(list, "1 "+k.name)
		case k.n > 1:
			list = append(list, fmt.Sprintf("%d %ss", k.n, k.name))
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
	switch {
	case end.Before(r.now):
		return "expired"
	case days == 1:
		return "1 day left"
	}
	return group(int64(days)) + " days left"
}

func (r *textReport) end(c checkCount) error {
	if r.quiet || c.all < 2 {
		return nil
	}
	r.out.Printf("\n%d keystores: %d healthy, %d with errors, %d not checked\n", c.all, c.healthy, c.faulty, c.unchecked)
	return r.out.Flush()
}

// writeMetrics writes metrics to the file of -prometheus, or prints them.
func (s *session) writeMetrics(text []byte) error {
	file, _ := s.req.Value("prometheus")
	if file == "-" {
		return s.Stdout.Print(console.Text(text))
	}
	if file == os.DevNull {
		return nil
	}
	if err := atomicfile.Write(file, text, 0o644, nil); err != nil {
		return notWritten(file, pathCause(err))
	}
	return nil
}
