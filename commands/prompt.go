package commands

import (
	"bytes"
	"errors"
	"strings"

	"gokeytool/internal/console"
	"gokeytool/internal/interrupt"
	"gokeytool/store/entry"
)

// minPassword is keytool's least number of characters in a new password.
const minPassword = 6

// maxAnswers is how often keytool asks a question before it gives up.
const maxAnswers = 20

// promptSecret prints the prompt and reads a password: without echo from a
// terminal, else a line of standard input. No line, or an empty one, is nil,
// as in Java's sun.security.util.Password.
func (e *Env) promptSecret(prompt console.Text) ([]byte, error) {
	defer e.ask()()
	var secret []byte
	var err error
	if e.ReadSecret != nil {
		secret, err = e.ReadSecret(prompt)
	} else {
		e.Stderr.Print(prompt)
		if e.warnVisible && e.InputWaiting != nil && (e.asked || !e.InputWaiting()) {
			e.Stderr.Print("[WARNING: Input may be visible on screen] ")
		}
		secret, _, err = e.lines.Read(e.Stdin)
	}
	if err != nil || len(secret) == 0 {
		return nil, err
	}
	return secret, nil
}

// ask prepares for a question; answered is to be called when it is answered.
func (e *Env) ask() (answered func()) {
	if e.asking != nil {
		e.asking()
	}
	return interrupt.Asking()
}

// promptLine prints the prompt and reads a line; ok is false at end of input.
func (e *Env) promptLine(prompt console.Text) (line string, ok bool, err error) {
	defer e.ask()()
	e.Stderr.Print(prompt)
	e.asked = true
	b, ok, err := e.lines.Read(e.Stdin)
	return string(b), ok, err
}

// promptYesNo asks until the answer is yes or no; ENTER and the end of input
// mean no.
func (e *Env) promptYesNo(prompt console.Text) (bool, error) {
	for range maxAnswers {
		answer, _, err := e.promptLine(prompt)
		if err != nil {
			return false, err
		}
		switch foldAnswer(answer) {
		case "", "n", "no":
			return false, nil
		case "y", "yes":
			return true, nil
		}
		e.Stderr.Print("Wrong answer, try again\n")
	}
	return false, java("java.lang.RuntimeException", "Too many retries, program terminated")
}

// foldAnswer folds an answer as keytool's collator does: case, hyphens and
// blanks carry no weight.
func foldAnswer(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", " ", "", "\t", "").Replace(s))
}

// passwordLength counts characters as Java does: UTF-16 units.
func passwordLength(password []byte) int {
	n := 0
	for _, r := range string(password) {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// samePassword compares two passwords that the same user typed.
func samePassword(a, b []byte) bool { return bytes.Equal(a, b) }

// promptNewPassword asks for a new password that differs from the old one,
// twice; what is its name in the questions ("keystore password"). After
// three tries it gives up.
func (e *Env) promptNewPassword(what console.Text, old []byte) ([]byte, error) {
	for range 3 {
		entered, err := e.promptSecret("New " + what + ": ")
		if err != nil {
			return nil, err
		}
		switch {
		case passwordLength(entered) < minPassword:
			e.Stderr.Print("Password is too short - must be at least 6 characters\n")
		case samePassword(entered, old):
			e.Stderr.Print("Passwords must differ\n")
		default:
			again, err := e.promptSecret("Re-enter new " + what + ": ")
			if err != nil {
				return nil, err
			}
			same := samePassword(entered, again)
			entry.Wipe(again)
			if same {
				return entered, nil
			}
			e.Stderr.Print("They don't match. Try again\n")
		}
		entry.Wipe(entered)
	}
	return nil, failf("Too many failures - try later")
}

// notDone says that the user has declined what the command was to do. To
// keytool that is a success.
func (s *session) notDone(text string) error {
	if !s.ownStyle() {
		s.Stderr.Printf("%s\n", text)
		return nil
	}
	if s.lines.Ended() {
		return withHint(errors.New(text), "nobody answered the question: where nobody can, -noprompt does, if it is sure to be the right certificate")
	}
	return errors.New(text)
}
