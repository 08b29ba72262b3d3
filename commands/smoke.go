package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gokeytool/endpoint"
	"gokeytool/finding"
	"gokeytool/internal/console"
	"gokeytool/internal/interrupt"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/entry"
)

type smokeOptions struct{ host optional[string] }

func readSmoke(l line) smokeOptions { return smokeOptions{readHost(l)} }

// smoke proves a keystore: it serves every private key over HTTPS, connects
// to each as a client, and prints what it found, a line a check.
func smoke(ctx context.Context, s *session, o smokeOptions) error {
	host, err := checkedHost(o.host)
	if err != nil {
		return err
	}
	if err := s.openServed(ctx); err != nil {
		return err
	}
	aliases := s.ks.keyAliases()
	if s.alias().given {
		if _, err := s.ks.get(s.alias().value); err != nil {
			return err
		}
		aliases = []string{s.ks.StoredAlias(s.alias().value)}
	}
	ctx, stop := interrupt.Context(ctx)
	defer stop()
	if s.opt.json {
		return s.smokeJSON(ctx, host, aliases)
	}
	own := s.storeChecks()
	if len(aliases) == 0 {
		own = append(own, noKeyCheck)
	}
	failed := s.report(console.Textf("%s", s.ks.path), own)
	for _, alias := range aliases {
		failed += s.report(console.Textf("\n<%s>", alias), s.smokeKey(ctx, host, alias))
	}
	if err := ctx.Err(); err != nil {
		return exitCode(exitInterrupted)
	}
	switch {
	case s.opt.quiet:
	case failed == 0:
		s.Stdout.Print("\nAll checks hold.\n")
	default:
		s.Stdout.Printf("\n%s failed.\n", text.Count(failed, "check", "checks"))
	}
	if failed > 0 {
		return exitCode(exitError)
	}
	return nil
}

// jsonSmoke is what smoke prints.
type jsonSmoke struct {
	Version  int            `json:"version"`
	Keystore string         `json:"keystore"`
	Type     string         `json:"type"`
	OK       bool           `json:"ok"`
	Checks   finding.Checks `json:"checks"` // of the keystore
	Keys     []jsonKey      `json:"keys"`
}

// jsonKey is a key that smoke has tried.
type jsonKey struct {
	Alias  string         `json:"alias"`
	Checks finding.Checks `json:"checks"`
}

// noKeyCheck fails a keystore that has no key.
var noKeyCheck = finding.Finding{
	Check: "key", Text: "there is no private key in this keystore, only certificates",
	Remedy: shell.Comment("a server needs the keystore in which its key was made"),
}

// smokeKey tries the key of an alias, under the name of a host if that is not empty.
func (s *session) smokeKey(ctx context.Context, host, alias string) finding.Checks {
	id, err := s.identity(alias)
	if err != nil {
		return finding.Checks{s.keyCheck(err)}
	}
	return endpoint.Smoke(ctx, endpoint.SmokeConfig{Identity: id, Host: host, Now: s.Now})
}

// smokeJSON tries the keys of the aliases and prints what was found.
func (s *session) smokeJSON(ctx context.Context, host string, aliases []string) error {
	out := jsonSmoke{Version: jsonSchema, Keystore: s.ks.path, Type: string(s.ks.Type()), Checks: s.storeChecks(), Keys: []jsonKey{}}
	if len(aliases) == 0 {
		out.Checks = append(out.Checks, noKeyCheck)
	}
	out.OK = !out.Checks.Faulty()
	for _, alias := range aliases {
		key := jsonKey{Alias: alias, Checks: s.smokeKey(ctx, host, alias)}
		out.OK = out.OK && !key.Checks.Faulty()
		out.Keys = append(out.Keys, key)
	}
	if ctx.Err() != nil {
		return exitCode(exitInterrupted)
	}
	if err := s.printJSON(out); err != nil || out.OK {
		return err
	}
	return exitCode(exitError)
}

// storeChecks are what smoke finds of the keystore itself.
func (s *session) storeChecks() finding.Checks {
	checks := finding.Checks{opensCheck(s.ks)}
	if closed := closedToJava(s.ks.Store, s.here()); closed != nil {
		checks = append(checks, *closed)
	}
	return checks
}

// opensCheck is the check that a keystore was opened.
func opensCheck(k *keystore) finding.Finding {
	entries := fmt.Sprintf("%s entries", text.Group(k.Len()))
	if k.Len() == 1 {
		entries = "1 entry"
	}
	if k.token != nil {
		return finding.Finding{Check: "opens", Severity: finding.Good,
			Text: fmt.Sprintf("%s, %s, of %s", k.Type(), entries, tokenCalled(k.token.Info()))}
	}
	if !k.Verified() {
		return finding.Finding{Check: "opens", Severity: finding.Warning,
			Text: fmt.Sprintf("%s, %s; %s", k.Type(), entries, unverified(k))}
	}
	return finding.Finding{Check: "opens", Severity: finding.Good,
		Text: fmt.Sprintf("%s, %s, integrity verified with the password", k.Type(), entries)}
}

// unverified says why the integrity of a keystore was not verified.
func unverified(k *keystore) string {
	if k.password == nil && !k.passwordless() {
		return "no password was given, so its integrity is not verified"
	}
	return "there is no integrity check in it"
}

// keyCheck is the check that a key can be opened, failed.
func (s *session) keyCheck(err error) finding.Finding {
	check := finding.Finding{Check: "key opens", Text: err.Error()}
	var kind *store.KindError
	switch {
	case errors.Is(err, entry.ErrPassword):
		check.Text = "the key has another password than the keystore; Tomcat will say: Cannot recover key"
		check.Remedy = shell.Note(s.here().Line([]string{"keypasswd", "-same"}), "or give the key's own with -keypass")
		if !s.ks.Confirmed() {
			check.Text = "the password given does not open the key; Tomcat will say: Cannot recover key"
			check.Remedy = strings.Join(s.closedKeyHints(), "; ")
		}
	case errors.Is(err, entry.ErrLimit):
		check.Remedy = strings.Join(s.moreWork(err), "; ")
	case errors.As(err, &kind):
		check.Text = fmt.Sprintf("this entry is a %s: it has no private key", kind.Kind)
	}
	return check
}

// report prints checks below a title, with -quiet those that are not right, and
// returns how many failed.
func (s *session) report(title console.Text, checks finding.Checks) (failed int) {
	if s.opt.quiet {
		checks = notable(checks)
	}
	if len(checks) == 0 {
		return 0
	}
	s.Stdout.Print(title, "\n")
	printChecks(s.Stdout, checks)
	for _, check := range checks {
		if !check.OK() {
			failed++
		}
	}
	return failed
}
