package commands

import (
	"context"
	"fmt"

	"gokeytool/commands/internal/argv"
)

// completion prints the completion function of a shell.
func completion(_ context.Context, s *session) error {
	shell := s.req.Operands[0] // argv has seen to it that there is one
	script, ok := argv.Script(shell, "gokeytool")
	if !ok {
		return fmt.Errorf("no completion for the shell %q: bash, zsh and fish are known", shell)
	}
	return s.Stdout.Binary([]byte(script))
}
