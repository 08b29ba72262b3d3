package commands

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/console"
	"gokeytool/internal/shell"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util/keytool"
)

// defaultAlias is the alias keytool takes where none is given.
const defaultAlias = "mykey"

// session is one run of one command.
type session struct {
	*Env
	table    *argv.Table
	req      *argv.Request
	release  jdk.Release
	opt      commonOptions
	warnings []string // for the block at the end
	secrets  [][]byte // to be wiped at the end
	ks       *keystore
	changing *keystore // the one that is to be changed; nil for none

	cacertsStore *store.Store // see cacerts
	securityFile *securityProperties
	openedWith   map[string]string // see opensWith

	tokens         *openTokens     // shared with sessions within it
	tokenProviders []tokenProvider // in the order of the line
}

func newSession(env *Env, table *argv.Table, req *argv.Request, release jdk.Release) *session {
	s := &session{Env: env, table: table, req: req, release: release, warnings: req.Warnings, tokens: new(openTokens)}
	env.asking = s.giveWay
	return s
}

// ownStyle says that the line is in our own style, where what was not read or
// not done is said to be so, whatever keytool says.
func (s *session) ownStyle() bool { return s.req.Style == argv.Subcommand }

// warn adds lines to the block of warnings that ends the command's output.
func (s *session) warn(lines ...string) { s.warnings = append(s.warnings, lines...) }

// flushWarnings prints the warnings so far, as keytool does before it asks a
// question.
func (s *session) flushWarnings() {
	if len(s.warnings) > 0 && !s.opt.nowarn {
		s.printWarnings(s.warnings)
		s.Stderr.Print("\n")
	}
	s.warnings = nil
}

// finish prints what is left to say, wipes the secrets and returns the exit
// code for err, the command's result.
func (s *session) finish(err error) int {
	s.giveWay()
	s.closeTokens()
	defer func() {
		for _, secret := range s.secrets {
			entry.Wipe(secret)
		}
	}()
	var exit exitCode
	switch {
	case err == nil, errors.Is(err, errQuiet):
	case errors.As(err, &exit):
		return int(exit)
	default:
		s.sayError(err)
	}
	ok := err == nil || errors.Is(err, errQuiet)
	if ok && s.ks != nil && s.ks.created {
		s.warnOfName(s.ks.path, s.ks.Type())
	}
	// The keytool of JDK 17 exits before its warnings where it fails.
	if !s.opt.nowarn && (ok || s.release > jdk.Release17) {
		s.printWarnings(s.warnings)
	}
	if ok {
		return exitOK
	}
	return exitError
}

// sayError prints an error with its hints.
func (s *session) sayError(err error) {
	if text, ok := s.javaText(err); ok || !s.ownStyle() {
		s.printError(s.req.Style, append([]string{text}, furtherLines(err)...)...)
	} else {
		s.Stderr.Printf("gokeytool: %s\n", withoutCredentials(err.Error()))
	}
	s.hint(s.hints(err)...)
	s.sayInternal(err)
}

// hint prints hints, where they are shown.
func (s *session) hint(lines ...string) {
	if len(lines) > 0 && s.wantHints(s.req.Style) {
		for _, line := range lines {
			s.Stderr.Printf("gokeytool: %s\n", withoutCredentials(line))
		}
	}
}

// talk is where a command says that it went well: nowhere with -quiet, nor with
// -json, where it stands in the JSON.
func (s *session) talk() *console.Writer {
	if s.opt.quiet || s.opt.json {
		return console.Discard
	}
	return s.Stderr
}

// exitCode ends a command that has said everything with this exit code.
type exitCode int

func (e exitCode) Error() string { return "exit status " + strconv.Itoa(int(e)) }

// newProgress returns a progress line, or nil with -quiet or when stderr is not a
// terminal.
func (s *session) newProgress() *console.Progress {
	if s.opt.quiet {
		return nil
	}
	return s.Stderr.NewProgress()
}

// javaText is an error as keytool would print it, behind "keytool error: ". ok
// is false where keytool knows no such error.
func (s *session) javaText(err error) (text string, ok bool) {
	var java *javaError
	if errors.As(err, &java) {
		return strings.TrimSuffix(java.Class+": "+java.Text, ": "), true
	}
	if text, ok := store.JavaError(err, s.release); ok {
		return text, true
	}
	return "java.lang.Exception: " + err.Error(), false
}

// furtherLines are what keytool prints of an error below its first line.
func furtherLines(err error) []string {
	if java, ok := errors.AsType[*javaError](err); ok && java.More != "" {
		return []string{java.More}
	}
	return nil
}

// documents says whether an option may be advised: the command has it in its help.
func (s *session) documents(option string) bool {
	return s.table.Command(s.req.Command).Documents(s.table.Option(option))
}

// here is the command's keystore, as lines to be pasted name it: with its
// passwords where the line that was typed gave them by file or variable. Which
// password opens it is the command's -storepass, unless it was changed.
func (s *session) here() shell.Keystore {
	k := s.named(s.ks.path)
	if s.ks.password != nil && len(s.ks.password) == 0 && s.again("storepass") == nil {
		k.Open = append([]string{"-storepass", ""}, k.Open...) // no secret, and not to be typed
	}
	return k
}

// named is another keystore that opens with the same passwords.
func (s *session) named(path string) shell.Keystore {
	if s.ks != nil && s.ks.place != nil && path == s.ks.path {
		path = s.ks.place.whole()
	}
	return shell.Keystore{Path: path, Open: append(s.again("storepass"), s.iterations()...), Keypass: s.again("keypass")}
}

// again are the words that give a password of the line again.
func (s *session) again(name string) []string { return s.req.Again(name, name) }

// iterations are the words that allow a keystore as many iterations as the line.
func (s *session) iterations() []string {
	if !s.opt.maxIterations.given {
		return nil
	}
	return []string{"-maxIterations", strconv.FormatInt(s.opt.maxIterations.value, 10)}
}

// alias is the one of -alias, else the one that the keystore's name has with it: the URI
// of a token may name an object.
func (s *session) alias() optional[string] {
	if !s.opt.alias.given && s.ks != nil {
		return s.ks.named
	}
	return s.opt.alias
}

// aliasOrDefault is the alias given, else keytool's default.
func (s *session) aliasOrDefault() string { return s.alias().or(defaultAlias) }

// promptSecret asks for a password that is wiped when the command ends.
func (s *session) promptSecret(prompt console.Text) ([]byte, error) {
	secret, err := s.Env.promptSecret(prompt)
	s.secrets = append(s.secrets, secret)
	return secret, err
}

// property is a Java system property: set by -J-D on the line, or known.
func (s *session) property(name string) (string, bool) {
	if value, ok := s.req.Property(name); ok {
		return value, true
	}
	return s.javaProperty(name)
}

// home is the user's home directory.
func (s *session) home() string {
	home, _ := s.property("user.home")
	return home
}

// defaultKeystore is the file keytool and Tomcat take where none is named.
func (s *session) defaultKeystore() string { return filepath.Join(s.home(), ".keystore") }

func (s *session) judge() keytool.Judge {
	return keytool.Judge{Release: s.release, Policy: s.security().policy}
}

// printer prints certificates as keytool does.
func (s *session) printer() *keytool.Printer {
	return &keytool.Printer{Release: s.release, Location: s.zone(), Trusted: s.trusted, Policy: s.security().policy}
}

// zone is the time zone as Java finds it; its name decides how Java calls it.
func (s *session) zone() *time.Location {
	name, _ := s.LookupEnv("TZ")
	return keytool.LoadZone(name)
}

// now is the time of the clock in the zone that dates are read and printed in.
func (s *session) now() time.Time { return s.Now().In(s.zone()) }

// maxSmallFile bounds files of options and passwords, in bytes.
const maxSmallFile = 1 << 20

// readSmallFile reads a file of options or a password, of any kind: a shell's
// <(command) is a pipe.
func readSmallFile(name string) ([]byte, error) {
	file, err := atomicfile.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readSmall(file)
}

// readSmall reads such a file that was opened.
func readSmall(file *os.File) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(file, maxSmallFile+1))
	if err == nil && len(data) > maxSmallFile {
		err = fmt.Errorf("%s is larger than %d bytes", file.Name(), maxSmallFile)
	}
	if err != nil {
		clear(data) // it may be a password
		return nil, err
	}
	return data, nil
}
