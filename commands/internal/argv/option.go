package argv

import (
	"slices"

	"gokeytool/jdk"
)

// Kind says what follows an option.
type Kind uint8

const (
	Flag        Kind = iota // nothing
	Text                    // a value; the last one wins
	List                    // a value; all are kept, in order
	Provider                // as List; -providerarg VALUE may follow directly
	ProviderArg             // a value; nowhere but behind a Provider
	Int                     // a decimal number of 32 bits
	Long                    // a decimal number of 64 bits
	Duration                // such as 30s or 1h30m, as time.ParseDuration reads it
	Password                // a secret; takes the modifiers :env, :file, :fd, :stdin and :generate
)

// Collects reports whether all values of the option are kept.
func (k Kind) Collects() bool { return k == List || k == Provider || k == ProviderArg }

// Option is an option of the line. keytool's options belong to no command: any
// may be given with any. Our own belong to the commands that document them.
type Option struct {
	Name     string   // canonical, as typed behind the dash
	Synonyms []string // other names of the same thing
	Kind     Kind
	Own      bool // not keytool's
	Global   bool // means something to every command
	Values   *Values
}

// Doc documents an option in the help of a command.
type Doc struct {
	Name string // the option's name or the synonym that suits the command
	Arg  string // such as "<alias>"; "" for a flag
	Help string // a phrase
}

// Example is a line to paste, with a sentence on what it does.
type Example struct{ Comment, Line string }

// Exit explains an exit code.
type Exit struct {
	Code    int
	Meaning string
}

// Command is a row of the table.
type Command struct {
	Name    string
	Aliases []string           // older names
	Summary string             // one line
	Options []Doc              // in keytool's order
	Extra   []Doc              // our additions to a keytool command, unknown to keytool's help
	Values  map[string]*Values // of options that have others with this command
	Hidden  bool               // works, but is in no list
	Own     bool               // not keytool's: only the subcommand style has it

	// Since is the JDK release that brought the command; keytool's style does
	// not know it before.
	Since jdk.Release

	Task     string    // the heading it stands under in our general help
	Long     string    // a few sentences for our help
	Examples []Example // for our help
	Exits    []Exit    // other than 0 for success and 1 for an error

	// Operands shows the words the command takes beside options, such as
	// "FILE..."; "" for none. MaxOperands is -1 for any number.
	Operands                 string
	MinOperands, MaxOperands int
	Verbatim                 bool // everything behind the command word is an operand
}

// Table is everything there is to know about the line.
type Table struct {
	Program  string // the name of the program in our help
	Title    string // what it is, for our help
	Tasks    []string
	Commands []Command
	Options  []Option
	Topics   []Topic
}

// Command finds a command by its name or an older one, compared as keytool does;
// a leading dash does not matter. It returns nil if there is none.
func (t *Table) Command(word string) *Command { return t.command(fold(word)) }

// Option finds an option by its name or a synonym, in the same way.
func (t *Table) Option(word string) *Option { return t.option(fold(word)) }

func (t *Table) command(folded string) *Command {
	for i := range t.Commands {
		if c := &t.Commands[i]; isAny(folded, c.Name, c.Aliases) {
			return c
		}
	}
	return nil
}

func (t *Table) option(folded string) *Option {
	if folded == "" {
		return nil
	}
	for i := range t.Options {
		if o := &t.Options[i]; isAny(folded, o.Name, o.Synonyms) {
			return o
		}
	}
	return nil
}

// isAny reports whether a folded word is the name, or one of the others for the
// same thing.
func isAny(folded, name string, others []string) bool {
	if is(folded, name) {
		return true
	}
	for _, other := range others {
		if is(folded, other) {
			return true
		}
	}
	return false
}

// Docs are all documented options of the command, ours behind keytool's.
func (c *Command) Docs() []Doc {
	if len(c.Extra) == 0 {
		return c.Options
	}
	return append(c.Options[:len(c.Options):len(c.Options)], c.Extra...)
}

// Documents reports whether the help of the command shows the option, under
// whatever name.
func (c *Command) Documents(o *Option) bool {
	return c.shows(o.named)
}

// shows reports whether the help of the command shows an option of such a name.
func (c *Command) shows(such func(name string) bool) bool {
	for _, docs := range [...][]Doc{c.Options, c.Extra} {
		for i := range docs {
			if such(docs[i].Name) {
				return true
			}
		}
	}
	return false
}

// named reports whether name is exactly one of the option's names.
func (o *Option) named(name string) bool {
	return o.Name == name || slices.Contains(o.Synonyms, name)
}

// documented reports whether any command documents an option of this name;
// keytool does not look into its synonyms -dest and -provider when it checks
// that the last option of a line has its value.
func (t *Table) documented(folded string) bool {
	such := func(name string) bool { return is(folded, name) }
	for i := range t.Commands {
		if t.Commands[i].shows(such) {
			return true
		}
	}
	return false
}
