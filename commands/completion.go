package commands

import (
	"context"
	"fmt"

	"gokeytool/commands/internal/argv"
)

type completionOptions struct{ shell string }

func readCompletion(l line) completionOptions { return completionOptions{l.operand(0)} }

// completion prints the completion function of a shell.
func completion(_ context.Context, s *session, o completionOptions) error {
	script, ok := argv.Script(o.shell, "gokeytool")
	if !ok {
		return fmt.Errorf("no completion for the shell %q: bash, zsh and fish are known", o.shell)
	}
	return s.Stdout.Binary([]byte(script))
}
