// Package argv reads keytool's command line, and our own, into a [Request].
//
// Two styles are understood. In keytool's style the first word begins with a
// dash; the command may stand anywhere among the options, names are compared
// without regard to case, hyphens and blanks, and everything that the JDK's
// keytool accepts or refuses is accepted or refused in the same words. In the
// subcommand style the first word is the command ("genkey --alias a",
// "serve -port 8443"), and an option may also be written --name=value.
//
// The package is pure: it prints nothing, and reads files and the environment
// only through the functions of [Env]. Everything it knows about commands and
// options stands in one [Table], which also makes the help screens, the
// completion and the suggestions.
//
// Passwords are only in Request.Secrets. They never appear in Request.Args,
// in an error or in a printed Request.
package argv

import (
	"fmt"
	"strconv"
	"strings"

	"gokeytool/jdk"
)

// Style is the way a line was written. It decides which stream an answer goes to
// and how it is worded.
type Style uint8

const (
	// Keytool style: the first word begins with a dash. Help goes to the
	// standard error, in keytool's layout.
	Keytool Style = iota
	// Subcommand style: the first word is a command. Help goes to the standard
	// output.
	Subcommand
)

func (s Style) String() string {
	if s == Subcommand {
		return "subcommand"
	}
	return "keytool"
}

// Env is what Parse may ask of the world. Where a function is nil, nothing is found.
type Env struct {
	// KeytoolOnly is set if the program runs under the name keytool: there is
	// no subcommand style then, and none of our own commands, options and
	// password modifiers.
	KeytoolOnly bool

	// Release is the JDK whose keytool is followed; zero means jdk.Default.
	Release jdk.Release

	// LookupEnv resolves -storepass:env, as os.LookupEnv does.
	LookupEnv func(name string) (string, bool)

	// ReadFile resolves -storepass:file and -conf, as os.ReadFile does.
	ReadFile func(name string) ([]byte, error)

	// Property resolves Java's ${user.home} and the like in a -conf file.
	// Properties set on the line by -J-Dname=value go first.
	Property func(name string) (string, bool)

	// Keystore is told each file that -keystore names on a line in keytool's
	// style, when the parser comes to it: keytool warns of some before it has
	// read the line.
	// Properties set on the line by -J-Dname=value are in the request.
	Keystore func(file string, line *Request)

	// ReadLine reads the next line, without its end, from a file descriptor,
	// and not a byte beyond it; io.EOF means there is none. It serves
	// -storepass:fd N and, with 0, -storepass:stdin, and is called at the end
	// of a successful Parse, once for each option, in the order of the line.
	ReadLine func(fd int) ([]byte, error)

	// Generate resolves -storepass:generate FILE: it makes a password and keeps
	// it in the file, or returns the one that is there already. It is called at
	// the same time as ReadLine, and as often.
	Generate func(req *Request, option, file string) ([]byte, error)
}

// Request is a line that was understood. Options are known by their canonical names,
// such as "keystore" also for -destkeystore: see Table.Options.
type Request struct {
	Style   Style
	Command string // canonical name such as "genkeypair"; "" if none was given

	// Help is set if help was asked for: for Command, for Topics, or in general
	// if there is neither. Nothing else in the request is of interest then.
	Help   bool
	Topics []*Topic

	// Values are the options that were given, without passwords, in the order
	// of their first appearance.
	Values []Value

	// Operands are the words that are neither option nor value; only commands
	// of our own have some.
	Operands []string

	// Secrets are the passwords, under the canonical name of their option. The
	// caller wipes them when done: see Wipe.
	Secrets map[string][]byte

	// Origins says where a password was found, if it can be read there again:
	// in a file or an environment variable. See Again.
	Origins map[string]Origin

	// Unused are known options that were given, but that the command does not
	// document, by the names that were typed, without dash. keytool ignores them.
	Unused []string

	// Swallows tell of options that have taken another option for their value: a
	// sentence each, "-alias has taken -rfc for its value".
	Swallows []string

	// Properties are the Java system properties set by -J-Dname=value. Any
	// other -J option is ignored.
	Properties []Property

	// Warnings are the lines for keytool's "Warning:" block which the line
	// itself causes (JDK 25: a repeated single-valued option). They come
	// before the warnings of the command. -nowarn silences them with the others.
	Warnings []string

	// Args is the line in its canonical form: the command, then
	// --name=value for each value and --name for each flag, then the operands
	// behind "--". It has no password, and Parse reads it to the same request.
	// It is nil if Help is set.
	Args []string

	// Line is the line after -J options were taken out and -conf was expanded,
	// with passwords masked: what -debug shows.
	Line []string
}

// Value is an option with what was given for it.
type Value struct {
	Name string // canonical

	// Texts has one element for an option that keeps the last value it was
	// given, all of them for one that collects, and none for a flag.
	Texts []string

	// Args has, for addprovider and providerclass, the -providerarg of each
	// text; nil where there was none.
	Args []*string
}

// Property is a Java system property.
type Property struct{ Name, Value string }

// Origin is where a password was found: what followed its option on the line.
type Origin struct {
	Modifier string // "env" or "file"
	Value    string // the name of the variable or file
}

// Again returns the words of a line that give the password of an option again,
// by the name of that option or of another: "-storepass:file", "pw". There are
// none where it was typed, or comes from where it can be read only once.
func (r *Request) Again(name, as string) []string {
	o, ok := r.Origins[name]
	if !ok {
		return nil
	}
	return []string{"-" + as + ":" + o.Modifier, o.Value}
}

// Has reports whether the option or password was given.
func (r *Request) Has(name string) bool {
	_, secret := r.Secrets[name]
	return secret || r.find(name) != nil
}

// Value returns the value of an option and whether it was given; the last one,
// if it collects.
func (r *Request) Value(name string) (string, bool) {
	v := r.find(name)
	if v == nil || len(v.Texts) == 0 {
		return "", false
	}
	return v.Texts[len(v.Texts)-1], true
}

// List returns all values of an option that collects, in order.
func (r *Request) List(name string) []string {
	if v := r.find(name); v != nil {
		return v.Texts
	}
	return nil
}

// Number returns the value of a number option and whether it was given. Parse
// has checked that it is one.
func (r *Request) Number(name string) (int64, bool) {
	s, ok := r.Value(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// Property returns a Java system property set on the line; the last one wins.
func (r *Request) Property(name string) (string, bool) {
	for i := len(r.Properties) - 1; i >= 0; i-- {
		if r.Properties[i].Name == name {
			return r.Properties[i].Value, true
		}
	}
	return "", false
}

// Wipe overwrites the passwords.
func (r *Request) Wipe() {
	for _, s := range r.Secrets {
		clear(s)
	}
}

// String shows the request without its passwords.
func (r *Request) String() string {
	if r.Help {
		return strings.TrimSpace("help " + r.Command)
	}
	return strings.Join(r.Args, " ")
}

// GoString keeps passwords out of %#v.
func (r *Request) GoString() string { return "argv.Request{" + r.String() + "}" }

// Format keeps passwords out of every verb.
func (r *Request) Format(f fmt.State, _ rune) { fmt.Fprint(f, r.String()) }

func (r *Request) find(name string) *Value {
	for i := range r.Values {
		if r.Values[i].Name == name {
			return &r.Values[i]
		}
	}
	return nil
}
