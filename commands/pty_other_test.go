//go:build !linux

package commands_test

import (
	"os/exec"
	"testing"

	"gokeytool/internal/testtool"
)

func talk(t *testing.T, _ *exec.Cmd, _ diffStep) output {
	t.Helper()
	testtool.Missing(t, "a pseudo-terminal as Linux has it")
	return output{}
}
