package pkcs11

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
)

// CallError is that of a function of the module. It wraps a Code where the module
// returned one, else ErrTimeout, a *ProgramError or what the connection says.
type CallError struct {
	Call   string // C_Login
	Module string // path of the module, or address of the server
	Err    error
}

func (e *CallError) Error() string {
	return fmt.Sprintf("%s: %s: %v", e.Module, e.Call, e.Err)
}

func (e *CallError) Unwrap() error { return e.Err }

// ErrTimeout is the error of a call that took longer than Location.Timeout. The module's
// process was ended.
var ErrTimeout = errors.New("no answer in time, its process was ended")

// ErrClosed is the error of a token that was closed.
var ErrClosed = errors.New("the token is closed")

// ProgramError says that the module's process did not start, or that it ended. It wraps
// exec.ErrNotFound if p11-kit is not there.
type ProgramError struct {
	Program string // p11-kit, as it was called
	Module  string
	Err     error
	Stderr  string // the end of what it wrote, which may be hostile text
}

func (e *ProgramError) Error() string {
	if errors.Is(e.Err, exec.ErrNotFound) {
		return fmt.Sprintf("%s is not there, which loads PKCS #11 modules: install it with %s", e.Program, install())
	}
	text := fmt.Sprintf("%s: %v", e.Module, e.Err)
	if e.Stderr != "" {
		text += ": " + e.Stderr
	}
	return text
}

func (e *ProgramError) Unwrap() error { return e.Err }

// install is how p11-kit is installed.
func install() string {
	switch runtime.GOOS {
	case "darwin":
		return `"brew install p11-kit"`
	case "freebsd":
		return `"pkg install p11-kit"`
	case "windows":
		return `MSYS2's "pacman -S mingw-w64-ucrt-x86_64-p11-kit"`
	}
	return `"apt install p11-kit", "dnf install p11-kit-server" or what your system has`
}

// TokenError says that not exactly one token is the one that is meant.
type TokenError struct {
	Module string
	Which  Selection
	// Matching are those that are as Which says, more than one or none.
	Matching []TokenInfo
	// Present are all that are there.
	Present []TokenInfo
}

func (e *TokenError) Error() string {
	if len(e.Matching) == 0 {
		if len(e.Present) == 0 {
			return e.Module + ": there is no token"
		}
		return fmt.Sprintf("%s: no token is the one that is meant; there are %s", e.Module, tokenList(e.Present))
	}
	return fmt.Sprintf("%s: %d tokens match: %s; name one, as in 'pkcs11:serial=%s'", e.Module, len(e.Matching),
		tokenList(e.Matching), e.Matching[0].Serial)
}

// tokenList is at most ten tokens in a sentence.
func tokenList(tokens []TokenInfo) string {
	var names []string
	for i, t := range tokens {
		if i == 10 {
			names = append(names, "...")
			break
		}
		names = append(names, fmt.Sprintf("%q (serial %s, slot %d)", t.Label, t.Serial, t.Slot))
	}
	return strings.Join(names, ", ")
}

// lost says whether an error means that the session is gone, and with it all handles:
// the token was pulled out, or the module's process ended.
func (c *conn) lost(err error) bool {
	if c.ended() != nil {
		return true
	}
	var code Code
	if !errors.As(err, &code) {
		return false
	}
	switch code {
	case DeviceRemoved, DeviceError, TokenNotPresent, TokenNotRecognized, SessionHandleInvalid, SessionClosed,
		SlotIDInvalid, CryptokiNotInitialized:
		return true
	}
	return false
}

// away says whether an error means that the token was pulled out or its module's
// process died, and not that it refuses something.
func (c *conn) away(err error) bool {
	var code Code
	if errors.As(err, &code) {
		return code != DeviceError && c.lost(err)
	}
	return !errors.Is(err, ErrTimeout) && c.lost(err)
}
