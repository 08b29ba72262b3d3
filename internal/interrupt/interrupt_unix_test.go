//go:build unix

package interrupt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The test binary is its own child: told by this variable what to do, in the
// directory in which it runs.
const childDoes = "INTERRUPT_TEST_CHILD"

func TestMain(m *testing.M) {
	does := os.Getenv(childDoes)
	if does == "" {
		os.Exit(m.Run())
	}
	Watch()
	ready := func() { os.Stdout.WriteString("ready") }
	write := func(name string) func() error {
		return func() error { return os.WriteFile(name, nil, 0o600) }
	}
	made, err := Make(write("made"), func() { os.Remove("made") })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	switch does {
	case "wait":
		ready()
		time.Sleep(time.Hour)
	case "whole":
		_ = Whole(func() error {
			ready()
			time.Sleep(50 * time.Millisecond)
			return write("first")()
		})
		_ = Whole(write("second")) // for which it is too late
		_ = made.End(func() error { return os.Rename("made", "kept") })
	case "hang":
		_ = Whole(func() error { ready(); time.Sleep(time.Hour); return nil })
	case "polite", "asking":
		ctx, stop := Context(context.Background())
		defer stop()
		if does == "asking" {
			Asking()
		}
		ready()
		<-ctx.Done()
		_ = write("ended")()
		time.Sleep(time.Hour)
	}
}

// TestSignal ends programs by a signal, or two.
func TestSignal(t *testing.T) {
	for _, tt := range []struct {
		does    string
		signals []syscall.Signal
		leaves  []string
	}{
		{"wait", []syscall.Signal{syscall.SIGINT}, nil},
		{"wait", []syscall.Signal{syscall.SIGTERM}, nil},
		{"wait", []syscall.Signal{syscall.SIGHUP}, nil},
		{"whole", []syscall.Signal{syscall.SIGTERM}, []string{"first"}},
		{"hang", []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}, []string{"made"}},
		{"polite", []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM}, []string{"ended"}},
		{"polite", []syscall.Signal{syscall.SIGHUP}, nil},
		{"asking", []syscall.Signal{syscall.SIGINT}, nil},
	} {
		t.Run(tt.does, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "GORACE=atexit_sleep_ms=0", childDoes+"="+tt.does)
			out, err := cmd.StdoutPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			if n, err := out.Read(make([]byte, 5)); n != 5 {
				t.Fatal(err)
			}
			for i, sig := range tt.signals {
				for i > 0 && tt.does == "polite" {
					if _, err := os.Stat(filepath.Join(cmd.Dir, "ended")); err == nil {
						break
					}
					time.Sleep(time.Millisecond)
				}
				if i > 0 && tt.does == "hang" {
					time.Sleep(50 * time.Millisecond) // or both are one
				}
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
			}
			err = cmd.Wait()
			last := tt.signals[len(tt.signals)-1]
			if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != last {
				t.Errorf("it ended otherwise than by %v: %v", last, err)
			}
			files, _ := filepath.Glob(filepath.Join(cmd.Dir, "*"))
			for i := range files {
				files[i] = filepath.Base(files[i])
			}
			if fmt.Sprint(files) != fmt.Sprint(tt.leaves) {
				t.Errorf("it leaves %v, not %v", files, tt.leaves)
			}
		})
	}
}

// What does not come about needs no undoing; what has come to its end stays.
func TestMade(t *testing.T) {
	bad := errors.New("no")
	undone := 0
	undo := func() { undone++ }
	if m, err := Make(func() error { return bad }, undo); m != nil || !errors.Is(err, bad) || len(made) != 0 {
		t.Errorf("%v, %v, %d noted", m, err, len(made))
	}
	m, err := Make(func() error { return nil }, undo)
	if err != nil || len(made) != 1 {
		t.Fatal(err)
	}
	if err := m.End(func() error { return bad }); !errors.Is(err, bad) || len(made) != 1 {
		t.Errorf("%v, %d noted", err, len(made))
	}
	if err := m.End(func() error { return nil }); err != nil || len(made) != 0 || undone != 0 {
		t.Errorf("%v, %d noted, %d undone", err, len(made), undone)
	}
	m.Undo()
	if undone != 1 {
		t.Errorf("%d undone", undone)
	}
}
