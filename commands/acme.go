package commands

import (
	"context"
	"errors"
	"fmt"

	"gokeytool/acme"
	"gokeytool/internal/interrupt"
	"gokeytool/internal/jsontime"
	"gokeytool/x509util"
)

type acmeOptions struct {
	recipe acmeRecipe // what is kept with the certificate
	how    acmeHow
	from   serverXMLOptions
	watch  bool

	// In place of a certificate:
	account, systemd, revoke, rollover, deactivate bool
	reason                                         string
}

func readACME(l line) acmeOptions {
	return acmeOptions{
		recipe:     readACMERecipe(l),
		how:        readACMEHow(l),
		from:       readServerXMLOptions(l),
		watch:      l.Bool("watch"),
		account:    l.Bool("account"),
		systemd:    l.Bool("systemd"),
		revoke:     l.Bool("revoke"),
		rollover:   l.Bool("rollover"),
		deactivate: l.Bool("deactivate"),
		reason:     l.String("reason"),
	}
}

// certifyACME gets certificates from a CA by ACME, puts them where they are served, and
// renews them when it is time.
func certifyACME(ctx context.Context, s *session, o acmeOptions) error {
	ctx, stop := interrupt.Context(ctx)
	defer stop()
	if err := checkContacts(o.how.contact); err != nil {
		return err
	}
	run := &acmeCommand{session: s, o: o, report: acmeReport{Version: jsonSchema, Certificates: []acmeJSON{}}}
	if o.account || o.rollover || o.deactivate {
		return run.accounts(ctx)
	}
	if o.revoke || o.systemd {
		return run.instead(ctx)
	}
	err := run.all(ctx)
	if s.opt.json {
		if err != nil && len(run.report.Certificates) == 0 {
			run.report.Error = s.acmeFault(err)
		}
		if printed := s.printJSON(run.report); err == nil {
			err = printed
		}
	}
	return err
}

// acmeCommand is one run of the command.
type acmeCommand struct {
	*session
	o      acmeOptions
	report acmeReport
}

// accounts does what is to be done with the account.
func (c *acmeCommand) accounts(ctx context.Context) error {
	var targets []acmeTarget
	if c.opt.keystore.given || c.o.from.file != "" || c.o.recipe.one("certfile") != "" {
		var err error
		if targets, err = c.targets(ctx); err != nil {
			return err
		}
	}
	accounts, err := c.acmeAccounts(ctx, c.o.how, c.o.recipe, targets)
	if err != nil {
		return err
	}
	if c.o.account {
		return c.showACMEAccounts(ctx, accounts, c.o.how.contact)
	}
	a, err := oneAccount(accounts)
	switch {
	case err != nil:
		return err
	case c.o.rollover:
		return a.rollOver(ctx)
	}
	return a.deactivate(ctx)
}

// instead does with the targets what is asked for in place of a certificate.
func (c *acmeCommand) instead(ctx context.Context) error {
	targets, err := c.targets(ctx)
	if err != nil {
		return err
	}
	if c.o.systemd {
		return c.systemdACME(ctx, targets, c.o.recipe.forTarget, c.o.how)
	}
	for _, t := range targets {
		if err := c.revokeACME(ctx, t, c.o.recipe.forTarget(t), c.o.how, c.o.reason); err != nil {
			return err
		}
	}
	return nil
}

// all does what is to be done for all targets. One that fails keeps none of the
// others from being renewed.
func (c *acmeCommand) all(ctx context.Context) error {
	targets, err := c.targets(ctx)
	if err != nil {
		return err
	}
	if c.o.watch {
		return c.stay(ctx, targets)
	}
	how := c.o.how.keepingClients()
	failed := 0
	for _, t := range targets {
		out, err := c.certifyByACME(ctx, t, c.o.recipe.forTarget(t), how)
		c.note(out, err)
		if err != nil && ctx.Err() != nil {
			c.Stderr.Print("gokeytool: interrupted: nothing is lost, and the next run goes on\n")
			return exitCode(exitInterrupted)
		}
		switch {
		case err == nil:
			c.sayACME(out)
		case len(targets) == 1:
			return err
		default:
			failed++
			c.sayError(err)
		}
	}
	if failed > 0 {
		return exitCode(exitError)
	}
	return nil
}

// stay renews the certificates of the targets when it is time, until a signal comes.
// All that can be wrong with the line or the files ends it before it begins.
func (c *acmeCommand) stay(ctx context.Context, targets []acmeTarget) error {
	ready := make([]acmeTarget, len(targets))
	for i, t := range targets {
		var err error
		if ready[i], err = c.readyACME(ctx, t, c.o.recipe.forTarget(t), c.o.how); err != nil {
			return err
		}
	}
	w := acmeWatch{
		now: c.Now, turns: make([]acmeTurn, len(ready)), say: c.sayACME,
		fail: func(_ acmeOutcome, err error) { c.sayError(err) },
		run: func(ctx context.Context, i int) (acmeOutcome, error) {
			return c.certifyByACME(ctx, ready[i], c.o.recipe.forTarget(ready[i]), c.o.how.keepingClients())
		},
	}
	w.stay(ctx)
	c.talk().Print("Stopped\n")
	return nil
}

// targets are those of the line.
func (c *acmeCommand) targets(ctx context.Context) ([]acmeTarget, error) {
	file := c.o.recipe.one("certfile")
	switch {
	case c.o.from.file != "":
		targets, err := c.acmeServerXML(c.o.from, c.o.recipe["host"], c.o.recipe.one("keyalg"))
		if err != nil || len(c.o.recipe["host"]) > 0 {
			return targets, err
		}
		return c.known(ctx, targets)
	case file != "":
		t := acmeTarget{certFile: file, keyFile: file}
		if key := c.o.recipe.one("keyfile"); key != "" {
			t.keyFile = key
		}
		return []acmeTarget{t}, nil
	}
	return []acmeTarget{c.acmeTargetOf()}, nil
}

// known are, of the targets of a server.xml, those whose certificates came by ACME,
// which are renewed as they came. Where there is none yet they are those that have
// names of their own.
func (c *acmeCommand) known(ctx context.Context, targets []acmeTarget) ([]acmeTarget, error) {
	dir, err := c.acmeState(c.o.how.dir)
	if err != nil {
		return nil, err
	}
	var known, named []acmeTarget
	for _, t := range targets {
		place, err := c.openACME(ctx, t)
		if err != nil {
			return nil, err
		}
		chain := place.chain()
		place.end()
		if len(t.hosts) > 0 {
			named = append(named, t)
		}
		if len(chain) == 0 {
			continue
		}
		origin, err := dir.Origin(chain[0])
		if err != nil {
			return nil, err
		}
		if origin != nil {
			t.hosts = nil
			known = append(known, t)
		}
	}
	switch {
	case len(known) > 0:
		return known, nil
	case len(named) > 0:
		return named, nil
	}
	return nil, withHint(fmt.Errorf("%s: no SSLHostConfig of the connector has a name of its own", c.o.from.file), "say what names are to be certified, with -host NAME")
}

// acmeReport is what -json prints.
type acmeReport struct {
	Version      int        `json:"version"`
	Certificates []acmeJSON `json:"certificates"`
	Error        *acmeFault `json:"error,omitempty"` // of the whole
}

// acmeJSON is what became of a target.
type acmeJSON struct {
	Keystore    string                `json:"keystore,omitempty"`
	Alias       string                `json:"alias,omitempty"`
	CertFile    string                `json:"certFile,omitempty"`
	KeyFile     string                `json:"keyFile,omitempty"`
	Names       []string              `json:"names"`
	Directory   string                `json:"directory"` // of the CA
	Changed     bool                  `json:"changed"`
	DryRun      bool                  `json:"dryRun"`
	Why         string                `json:"why,omitempty"`         // it was renewed, or would be
	Certificate *x509util.Description `json:"certificate,omitempty"` // that is there now
	Previous    *x509util.Description `json:"previous,omitempty"`    // that was there
	RenewAt     *jsontime.Time        `json:"renewAt,omitempty"`
	RenewWhy    string                `json:"renewWhy,omitempty"`
	Executed    bool                  `json:"executed"` // -exec was
	Line        string                `json:"line"`     // that renews it
	Error       *acmeFault            `json:"error,omitempty"`
}

// note keeps what became of a target for -json.
func (c *acmeCommand) note(out acmeOutcome, err error) {
	if !c.opt.json {
		return
	}
	j := acmeJSON{
		Keystore: shownName(out.target.keystore), Alias: out.alias, CertFile: out.target.certFile, KeyFile: out.target.keyFile,
		Names: append([]string{}, out.names...), Directory: out.ca, Changed: out.changed, DryRun: out.dry, Why: out.why,
		RenewWhy: out.renewal.Why, Executed: out.ran, Line: c.acmeLine(out.target, out.alias),
	}
	for der, to := range map[*[]byte]**x509util.Description{&out.leaf: &j.Certificate, &out.old: &j.Previous} {
		if *der != nil {
			d := x509util.Describe(*der)
			*to = &d
		}
	}
	if !out.renewal.At.IsZero() {
		j.RenewAt = jsonTime(out.renewal.At)
	}
	if err != nil {
		j.Error = c.acmeFault(err)
	}
	c.report.Certificates = append(c.report.Certificates, j)
}

// acmeFault is an error for -json.
type acmeFault struct {
	Text    string         `json:"text"`
	Hints   []string       `json:"hints"`
	Type    string         `json:"type,omitempty"`    // of the CA's problem document (RFC 8555, section 6.7)
	Status  int            `json:"status,omitempty"`  // of the CA's answer, as HTTP has it
	RetryAt *jsontime.Time `json:"retryAt,omitempty"` // when the CA may be asked again
	Problem *acme.Problem  `json:"problem,omitempty"`
}

// acmeFault is an error as -json has it; nil for one that has been said.
func (s *session) acmeFault(err error) *acmeFault {
	var exit exitCode
	if errors.As(err, &exit) {
		return nil
	}
	fault := &acmeFault{Text: err.Error(), Hints: append([]string{}, s.hints(err)...)}
	if of, ok := errors.AsType[*acme.Error](err); ok {
		fault.Status, fault.Problem = of.Status, of.Problem
		if of.Problem != nil {
			fault.Type = of.Problem.Type
		}
		if !of.RetryAt.IsZero() {
			fault.RetryAt = jsonTime(of.RetryAt)
		}
	}
	return fault
}
