package commands

import (
	"context"

	"github.com/urfave/cli/v2"

	"gokeytool/commands/internal/argv"
)

// line is a command line that was parsed, from which each command reads its options
// into a struct of its own. Nothing writes into the structs afterwards.
type line struct {
	*cli.Context
	req *argv.Request
}

// optional is the value of an option that may be left out; the zero value if it was.
type optional[T any] struct {
	value T
	given bool
}

// or is the value, or another where the option was left out.
func (o optional[T]) or(other T) T {
	if o.given {
		return o.value
	}
	return other
}

// has says whether an option or a password was given.
func (l line) has(name string) bool { return l.req.Has(name) }

// text is an option with a text for its value.
func (l line) text(name string) optional[string] {
	return optional[string]{l.String(name), l.has(name)}
}

// number is an option with a number for its value.
func (l line) number(name string) optional[int64] {
	return optional[int64]{l.Int64(name), l.has(name)}
}

// secret is a password of the line; nil if it was left out.
func (l line) secret(name string) []byte { return l.req.Secrets[name] }

// operand is the word at that place among those that are neither an option nor its
// value; empty where there are fewer.
func (l line) operand(i int) string {
	if i < len(l.req.Operands) {
		return l.req.Operands[i]
	}
	return ""
}

// commonOptions are the options that many commands have. As in keytool any may be given
// with any command, and what can't go together is refused whichever it is.
type commonOptions struct {
	alias              optional[string]
	keystore           optional[string]
	storetype          optional[string]
	providername       optional[string]
	file               optional[string]
	validity           optional[int64] // in days
	maxIterations      optional[int64]
	storepass, keypass []byte
	newpass            []byte // -new
	destkeypass        []byte

	srcstoretype             optional[string]
	srcstorepass, srckeypass []byte
	srcprotected             bool

	rfc, verbose, debug, nowarn, noprompt, quiet bool
	protected, cacerts, backup, json             bool
	notForJava                                   bool
	trustcacerts                                 bool // of the commands that heed it
}

// readCommon reads the options that many commands have.
func readCommon(l line) commonOptions {
	return commonOptions{
		alias:         l.text("alias"),
		keystore:      l.text("keystore"),
		storetype:     l.text("storetype"),
		providername:  l.text("providername"),
		file:          l.text("file"),
		validity:      l.number("validity"),
		maxIterations: l.number("maxIterations"),
		storepass:     l.secret("storepass"),
		keypass:       l.secret("keypass"),
		newpass:       l.secret("new"),
		destkeypass:   l.secret("destkeypass"),

		srcstoretype: l.text("srcstoretype"),
		srcstorepass: l.secret("srcstorepass"),
		srckeypass:   l.secret("srckeypass"),
		srcprotected: l.Bool("srcprotected"),

		rfc:        l.Bool("rfc"),
		verbose:    l.Bool("v"),
		debug:      l.Bool("debug"),
		nowarn:     l.Bool("nowarn"),
		noprompt:   l.Bool("noprompt"),
		quiet:      l.has("quiet"),
		protected:  l.Bool("protected"),
		cacerts:    l.Bool("cacerts"),
		backup:     l.Bool("backup"),
		json:       l.has("json"),
		notForJava: l.has(notForJava),
	}
}

// onFirstOperand is readCommon of a command whose keystore is its first operand, as if
// -keystore named it.
func onFirstOperand(l line) commonOptions {
	o := readCommon(l)
	if len(l.req.Operands) > 0 {
		o.keystore = optional[string]{l.operand(0), true}
	}
	return o
}

// heedTrustcacerts is readCommon of a command that takes Java's own certificates for
// trusted ones if -trustcacerts says so. Others ignore it.
func heedTrustcacerts(l line) commonOptions {
	o := readCommon(l)
	o.trustcacerts = l.Bool("trustcacerts")
	return o
}

// action is what a command does.
type action struct {
	common func(line) commonOptions // readCommon unless the command has another way
	run    func(context.Context, *session, line) error
}

// command is an action that reads its options into a struct of its own.
func command[O any](read func(line) O, run func(context.Context, *session, O) error) action {
	return action{readCommon, func(ctx context.Context, s *session, l line) error {
		return run(ctx, s, read(l))
	}}
}

// with is the action with another way to read the common options.
func (a action) with(common func(line) commonOptions) action {
	a.common = common
	return a
}

// plain is an action without options of its own.
func plain(run func(context.Context, *session) error) action {
	return action{readCommon, func(ctx context.Context, s *session, _ line) error { return run(ctx, s) }}
}
