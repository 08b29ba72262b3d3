//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// whenStopped has something done before the user stops the program by Ctrl-Z, and
// something else when it goes on, until the function that it returns is called.
func whenStopped(before, after func()) (end func()) {
	if signal.Ignored(syscall.SIGTSTP) || orphaned() {
		return func() {}
	}
	stops, conts := make(chan os.Signal, 1), make(chan os.Signal, 1)
	done, ended := make(chan struct{}), make(chan struct{})
	signal.Notify(stops, syscall.SIGTSTP)
	signal.Notify(conts, syscall.SIGCONT)
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-stops:
			}
			before()
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) // Go does not give SIGTSTP its meaning back
			<-conts
			after()
		}
	}()
	return func() {
		close(done)
		<-ended
		signal.Stop(stops)
		signal.Stop(conts)
	}
}

// orphaned says whether nobody is there to let the program go on. Then SIGTSTP
// does not stop it.
func orphaned() bool {
	parent := os.Getppid()
	session, err := unix.Getsid(parent)
	own, err2 := unix.Getsid(0)
	group, err3 := unix.Getpgid(parent)
	return err != nil || err2 != nil || err3 != nil || session != own || group == unix.Getpgrp()
}
