package argv

import "gokeytool/jdk"

// Kind says what follows an option.
type Kind uint8

const (
	Flag     Kind = iota // nothing
	Text                 // a value; the last one wins
	List                 // a value; all are kept, in order
	Provider             // as List, and -providerarg VALUE may follow directly
	Int                  // a decimal number of 32 bits
	Long                 // a decimal number of 64 bits
	Password             // a secret; takes the modifiers :env, :file, :fd and :stdin
)

// Option is an option of the line. Options belong to no command: as in keytool,
// any may be given with any.
type Option struct {
	Name     string   // canonical, as typed behind the dash
	Synonyms []string // other names of the same thing
	Kind     Kind
	Own      bool // not keytool's
}

// Doc documents an option in the help of a command.
type Doc struct {
	Name string // the option's name or the synonym that suits the command
	Arg  string // such as "<alias>"; "" for a flag
	Help string // a phrase
}

// Example is a line to paste, with a sentence on what it does.
type Example struct{ Comment, Line string }

// Command is a row of the table.
type Command struct {
	Name    string
	Aliases []string // older names
	Summary string   // one line
	Options []Doc    // in keytool's order
	Extra   []Doc    // our additions to a keytool command; keytool's help knows nothing of them
	Hidden  bool     // works, but is in no list
	Own     bool     // not keytool's: only the subcommand style has it
	Since   jdk.Release

	Task     string    // the heading it stands under in our general help
	Long     string    // what else our help says: a few sentences
	Examples []Example // for our help
	Exit     []Example // exit codes beside 0 and 1, as Line, with their meaning as Comment

	// Operands shows the words the command takes beside options, such as
	// "FILE..."; "" for none. MaxOperands is -1 for any number.
	Operands                 string
	MinOperands, MaxOperands int
	Verbatim                 bool // everything behind the command word is an operand
}

// Table is everything there is to know about the line.
type Table struct {
	Commands []Command
	Options  []Option
}
