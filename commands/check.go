package commands

import (
	"bufio"
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"gokeytool/check"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/console"
	"gokeytool/internal/text"
	"gokeytool/store/entry"
)

// exitUnchecked is check's exit code where a file could not be looked at.
const exitUnchecked = 2

type checkOptions struct {
	paths              []string         // files and directories
	within             optional[string] // see lookAhead
	prometheus         optional[string] // the file for metrics; - is the standard output
	tomcat             optional[int64]  // its version
	truststore, strict bool
	acmeDir            optional[string]
}

func readCheck(l line) checkOptions {
	return checkOptions{
		paths:      l.req.Operands,
		within:     l.text("within"),
		prometheus: l.text("prometheus"),
		tomcat:     l.number("tomcat"),
		truststore: l.has("truststore"),
		strict:     l.has("strict"),
		acmeDir:    l.text("acmeDir"),
	}
}

// checkStores gives a verdict on every keystore among the operands.
func checkStores(ctx context.Context, s *session, o checkOptions) error {
	report, metrics, err := s.checkOutput(o)
	if err != nil {
		return err
	}
	within, err := lookAhead(o.within)
	if err != nil {
		return err
	}
	if err := checkTomcat(o.tomcat); err != nil {
		return err
	}
	paths := slices.Clone(o.paths)
	switch {
	case s.opt.keystore.given:
		paths = append(paths, s.opt.keystore.value)
	case isToken(s.opt.storetype.value):
		paths = append(paths, noKeystore)
	}
	if len(paths) == 0 {
		paths = []string{s.defaultKeystore()}
	}
	tokens, err := s.checkedTokens(ctx, paths)
	if err != nil {
		return err
	}
	origins, err := s.acmeOrigins(o.acmeDir)
	if err != nil {
		return err
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
		Truststore:     o.truststore,
		Strict:         o.strict,
		Tomcat:         int(o.tomcat.value),
		Now:            now,
		Limits:         limits,
		ACME:           origins.managed,
		Lookup:         s.property,
		Env:            s.LookupEnv,
		Tokens:         tokens,
	}) {
		count.add(v)
		if metrics != nil {
			metrics.add(v)
		}
		progress.Step("%s keystores checked, %s with errors", text.Group(count.all), text.Group(count.faulty))
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
		if err := s.writeMetrics(o.prometheus.value, metrics.text(now, count)); err != nil {
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
func (s *session) checkOutput(o checkOptions) (checkReport, *checkMetrics, error) {
	var metrics *checkMetrics
	if o.prometheus.given {
		metrics = new(checkMetrics)
	}
	switch toStdout := o.prometheus.value == "-"; {
	case s.opt.json && toStdout:
		return nil, nil, errors.New("-json and -prometheus - both want the standard output: give -prometheus a file")
	case toStdout:
		return silentReport{}, metrics, nil
	case s.opt.json:
		return &jsonReport{out: bufio.NewWriter(s.Stdout.Lines()), now: s.Now()}, metrics, nil
	}
	return &textReport{out: s.Stdout.Buffer(), now: s.Now(), quiet: s.opt.quiet, verbose: s.opt.verbose, strict: o.strict, truststore: o.truststore}, metrics, nil
}

// silentReport is for metrics on the standard output.
type silentReport struct{}

func (silentReport) verdict(check.Verdict) error { return nil }
func (silentReport) end(checkCount) error        { return nil }

// writeMetrics writes metrics to a file, or prints them where it is "-".
func (s *session) writeMetrics(file string, text []byte) error {
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
