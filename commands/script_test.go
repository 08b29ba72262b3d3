package commands_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the scripts print into their golden files")

// TestScript plays testdata/script: each file a user's session, stating what is
// printed where, with what exit code, and which files are left.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			env.Setenv("PATH", programs+string(os.PathListSeparator)+os.Getenv("PATH"))
			env.Setenv("HOME", home)
			env.Setenv("HOMEJ", "-J-Duser.home="+home) // Java's way to another home
			env.Setenv("TZ", "UTC")
			env.Setenv("GORACE", quickRace)
			env.Setenv("CHANGEIT", "changeit")
			env.Setenv("CONSUMERS", consumersDir)
			odd, err := filepath.Abs("../store/testdata/odd") // keystores
			if err != nil {
				return err
			}
			env.Setenv("ODD", odd)
			return os.Mkdir(home, 0o700)
		},
		Condition: hasConsumers,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"waitfor":  waitFor,
			"mode":     mode,
			"terminal": terminal,
			"java":     java,
			"tomcat":   tomcat,
			"remedy":   remedy,
		},
	})
}

// waitFor waits until a file has content, such as that of serve -portfile, and
// sets a variable to it: waitfor FILE NAME.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitfor FILE NAME")
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && len(text) > 0 {
			ts.Setenv(args[1], strings.TrimSpace(string(text)))
			return
		}
	}
	ts.Fatalf("%s did not come", args[0])
}

// mode checks the permissions of a file: mode 600 FILE.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode OCTAL FILE")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := info.Mode().Perm(); got != os.FileMode(want) {
		ts.Fatalf("%s has mode %o", args[1], got)
	}
}

// terminal runs a program at a terminal, answers its questions and keeps what
// the screen showed in a file: terminal ANSWERS SCREEN PROGRAM [ARG]... A line
// of ANSWERS is "PROMPT | ANSWER", or "PROMPT* | ANSWER" for a secret.
func terminal(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: [!] terminal ANSWERS SCREEN PROGRAM [ARG]...")
	}
	var questions []question
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		q, err := parseQuestion(strings.TrimSpace(line))
		ts.Check(err)
		questions = append(questions, q)
	}
	cmd := exec.Command(filepath.Join(programs, args[2]), args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TZ", "GORACE", "GOKEYTOOL_JDK", "GOKEYTOOL_HINTS", "TERM", "NO_COLOR"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	screen, err := talk(cmd, questions)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.ReplaceAll(screen, "\r\n", "\n")), 0o600))
	ts.Logf("%s", screen)
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		ts.Check(err)
	case err == nil && neg:
		ts.Fatalf("unexpected success")
	case err != nil && !neg:
		ts.Fatalf("%v", err)
	}
}
