package commands

import (
	"io"
	"os"
	"os/signal"

	"golang.org/x/term"
)

// readTerminalSecret prints the prompt and reads a line without echo. An
// interrupt puts the terminal back as it was before it ends the program.
func readTerminalSecret(fd int, stderr io.Writer, prompt string) ([]byte, error) {
	state, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	done := make(chan struct{})
	defer func() {
		signal.Stop(interrupts)
		close(done)
		_ = term.Restore(fd, state)
	}()
	go func() {
		select {
		case <-interrupts:
			_ = term.Restore(fd, state)
			io.WriteString(stderr, "\n")
			os.Exit(exitInterrupted)
		case <-done:
		}
	}()
	// Whoever answers at once (a program does) must find the echo off.
	if err := echoOff(fd); err != nil {
		return nil, err
	}
	io.WriteString(stderr, prompt)
	secret, err := term.ReadPassword(fd)
	io.WriteString(stderr, "\n")
	if err == io.EOF {
		err = nil
	}
	return secret, err
}
