package commands

import (
	"context"

	"gokeytool/commands/internal/argv"
)

type completionOptions struct{ shell string }

func readCompletion(l line) completionOptions { return completionOptions{l.operand(0)} }

// completion prints the completion function of a shell.
func completion(_ context.Context, s *session, o completionOptions) error {
	script, err := argv.Script(o.shell, "gokeytool")
	if err != nil {
		return err
	}
	return s.Stdout.Binary([]byte(script))
}
