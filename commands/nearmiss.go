package commands

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pem"
)

// givenPassword is a password of the line.
type givenPassword struct {
	option string // without its dash; empty of a password that was typed or comes from a server.xml
	argv.Origin
}

// given is the password of an option.
func (s *session) given(option string) givenPassword {
	origin, ok := s.req.Origins[option]
	if value, _ := s.LookupEnv(defaultPasswordVariable); !ok && option == "storepass" && s.ownStyle() && value != "" && value == string(s.req.Secrets[option]) {
		origin = argv.Origin{Modifier: "env", Value: defaultPasswordVariable}
	}
	origin.Value = strings.TrimPrefix(origin.Value, "file:")
	return givenPassword{option, origin}
}

// whence finds the password of the line that was tried on a file.
func (s *session) whence(err *store.OpenError) givenPassword {
	names := slices.Sorted(maps.Keys(s.req.Secrets))
	for _, likely := range []string{"storepass", s.passwordOption(err.Path)} {
		if s.req.Has(likely) {
			names = append([]string{likely}, names...)
		}
	}
	for _, name := range names {
		if err.Tried(s.req.Secrets[name]) {
			return s.given(name)
		}
	}
	return givenPassword{}
}

func (g givenPassword) String() string {
	switch {
	case g.Modifier == "env":
		return "the password in the variable " + g.Value
	case g.Modifier == "file":
		return "the password in " + g.Value
	}
	return "the password given"
}

// command writes the password, where that can be said in the shell's words.
func (g givenPassword) command() string {
	switch g.Modifier {
	case "env":
		return `printf '%s\n' "$` + g.Value + `"`
	case "file":
		return "head -n 1 < " + shell.Quote(g.Value) + ` | tr -d '\r'`
	}
	return ""
}

// exported is a hint with a line that puts the right password into a variable.
func (g givenPassword) exported(line string) string {
	return "to give it so, with -" + g.option + ":env PASSWORD: " + line
}

// nearMissHints say which password, nearly the one that was given, opens a
// keystore, and how to give it. The password itself is not printed.
func (s *session) nearMissHints(err *store.OpenError) []string {
	given := s.whence(err)
	var hints []string
	if err.Tried([]byte{}) {
		hints = append(hints, emptyPassword(given))
	}
	if more := fileHints(err, given); more != nil {
		return append(hints, more...)
	}
	miss, ok := err.NearMiss()
	if !ok {
		if hints != nil {
			return hints
		}
		return []string{"passwords are case-sensitive; many stores have changeit, the default of Java and Tomcat"}
	}
	near := given.near(miss)
	if len(near) > 1 && miss.End != "" && !err.Type.Foreign() {
		near = append(near, "to give the keystore a password without it, after that line: "+
			shell.Line("gokeytool", "storepasswd", "-storepass:env", "PASSWORD", "-keystore", err.Path))
	}
	return append(hints, near...)
}

// near says what the right password is, and how to give it.
func (g givenPassword) near(miss store.NearMiss) []string {
	hints := []string{"it opens with " + miss.Describe(g.String())}
	source := g.command()
	if source == "" && miss.End != "" { // nobody can type it
		g.option, source = cmp.Or(g.option, "storepass"), `IFS= read -rsp 'Password: ' PASSWORD && printf '%s\n' "$PASSWORD"`
	}
	if line := miss.Export("PASSWORD", source); line != "" && source != "" && g.option != "" {
		hints = append(hints, g.exported(line))
	}
	return hints
}

// The work that looking for the password of a key may be.
const (
	keyTries      = 40
	slowKeyTries  = 6 // of the formats that derive a key from a password in many rounds
	keyIterations = 50_000
)

// keyMissHints say which password, nearly the one of -keypass, opens a key.
func (s *session) keyMissHints(key *store.KeyError) []string {
	if s.ks == nil || s.ks.keypass == nil || s.ks.Store == nil {
		return nil
	}
	tries := keyTries
	if key.Type != store.JKS && key.Type != store.CaseExactJKS {
		tries = slowKeyTries
	}
	miss, ok := store.FindNearMiss(s.ks.keypass, tries, func(password []byte) bool {
		_, err := s.ks.Key(key.Alias, password)
		return err == nil
	})
	if !ok {
		return nil
	}
	return s.given("keypass").near(miss)
}

// keyFileMissHints say which password, nearly the one of that option, which was
// tried, opens the key of a file in PEM or DER.
func (s *session) keyFileMissHints(option string, key *entry.Entry, tried []byte) []string {
	if tried == nil {
		return nil
	}
	limits := entry.DefaultLimits
	limits.MaxIterations = keyIterations
	miss, ok := store.FindNearMiss(tried, keyTries, func(password []byte) bool {
		_, err := pem.Unseal(key, password, limits)
		return err == nil
	})
	if !ok {
		return nil
	}
	return s.given(option).near(miss)
}

// emptyPassword says where an empty password came from.
func emptyPassword(given givenPassword) string {
	switch {
	case given.Modifier == "env":
		return "the variable " + given.Value + " is empty"
	case given.Modifier == "file":
		if data, err := readSmallFile(given.Value); err == nil && len(bytes.TrimSpace(data)) > 0 {
			return "the first line of " + given.Value + " is empty, which is the one that counts"
		}
		return given.Value + " is empty: there is no password in it"
	case given.option != "":
		return "the password of -" + given.option + " is empty, as a variable of the shell is that was not set"
	}
	return "the password given is empty"
}

// fileHints tell of a password that stands elsewhere in its file than in the
// first line, or in UTF-16.
func fileHints(err *store.OpenError, given givenPassword) []string {
	if given.Modifier != "file" {
		return nil
	}
	data, readErr := readSmallFile(given.Value)
	if readErr != nil || len(data) > 64<<10 {
		return nil
	}
	name := shell.Quote(given.Value)
	if text, ok := fromUTF16(data); ok {
		line, _, _ := strings.Cut(text, "\n")
		if err.Opens([]byte(strings.TrimRight(line, "\r"))) {
			return []string{
				"it opens with the password in " + given.Value + ", which is in UTF-16: a password file is to be in UTF-8",
				given.exported(`export PASSWORD="$(iconv -f UTF-16 -t UTF-8 < ` + name + ` | tr -d '\r' | head -n 1)"`),
			}
		}
		return nil
	}
	lines := bytes.Split(data, []byte("\n"))
	for i, line := range lines[1:min(len(lines), 6)] {
		if line = bytes.TrimRight(line, "\r"); len(line) > 0 && err.Opens(line) {
			return []string{
				fmt.Sprintf("it opens with line %d of %s: of a password file the first line counts", i+2, given.Value),
				given.exported(fmt.Sprintf(`export PASSWORD="$(sed -n %dp < %s | tr -d '\r')"`, i+2, name)),
			}
		}
	}
	return nil
}

// fromUTF16 decodes a text in UTF-16 that begins with a byte order mark.
func fromUTF16(data []byte) (string, bool) {
	low := 0
	switch {
	case len(data) < 4:
		return "", false
	case data[0] == 0xFF && data[1] == 0xFE:
	case data[0] == 0xFE && data[1] == 0xFF:
		low = 1
	default:
		return "", false
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, uint16(data[i+low])|uint16(data[i+1-low])<<8)
	}
	return string(utf16.Decode(units)), true
}

// tooShort refuses a password for something new, and says where it came from.
func (s *session) tooShort(what string, given givenPassword, password []byte) error {
	err := failf("%s password must be at least 6 characters", what)
	switch {
	case len(password) == 0:
		return withHint(err, emptyPassword(given))
	case given.Modifier != "":
		return withHint(err, given.String()+" is shorter")
	}
	return err
}
