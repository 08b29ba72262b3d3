package argv

import (
	"math"
	"strconv"
	"strings"

	"gokeytool/jdk"
)

const helpHint = `Use "keytool -?, -h, or --help" for this help message` + "\n"

// HelpText is keytool's help screen for a command, or the general one for "".
// keytool prints it on the standard error, also when asked for.
func (t *Table) HelpText(command string, rel jdk.Release) string {
	var b strings.Builder
	c := t.Command(command)
	if c == nil {
		t.generalHelp(&b, rel)
		return b.String()
	}
	b.WriteString("keytool -" + c.Name + " [OPTION]...\n\n" + c.Summary + "\n\nOptions:\n\n")
	t.optionRows(&b, " ", c.Options, math.MaxInt)
	b.WriteString("\n" + helpHint)
	return b.String()
}

func (t *Table) generalHelp(b *strings.Builder, rel jdk.Release) {
	b.WriteString("Key and Certificate Management Tool\n\nCommands:\n\n")
	for i := range t.Commands {
		if c := &t.Commands[i]; !c.Hidden && !c.Own && c.Since <= rel {
			row(b, " ", 18, "-"+c.Name, "  "+c.Summary)
		}
	}
	b.WriteString("\n" + helpHint +
		`Use "keytool -command_name --help" for usage of command_name.` + "\n" +
		"Use the -conf <url> option to specify a pre-configured options file.\n")
}

// optionRows writes a line for each option, and one more for the argument of a
// provider, aligned behind the longest of them. One longer than limit has its
// text on the next line, so that it does not push all the others aside.
func (t *Table) optionRows(b *strings.Builder, indent string, docs []Doc, limit int) {
	const arg = "[-providerarg <arg>]"
	width := 0
	for _, d := range docs {
		if n := len(d.usage()); n <= limit {
			width = max(width, n)
		}
		if t.isProvider(d) {
			width = max(width, len(arg))
		}
	}
	for _, d := range docs {
		if len(d.usage()) > limit {
			b.WriteString(indent + d.usage() + "\n")
			row(b, indent, width, "", "  "+d.Help)
		} else {
			row(b, indent, width, d.usage(), "  "+d.Help)
		}
		if t.isProvider(d) {
			row(b, indent+"  ", width, arg, "  configure argument for -"+d.Name)
		}
	}
}

func (t *Table) isProvider(d Doc) bool {
	o := t.Option(d.Name)
	return o != nil && o.Kind == Provider
}

func (d Doc) usage() string {
	if d.Arg == "" {
		return "-" + d.Name
	}
	return "-" + d.Name + " " + d.Arg
}

// row writes an aligned pair of columns.
func row(b *strings.Builder, indent string, width int, left, right string) {
	b.WriteString(indent + left)
	for range width - len(left) {
		b.WriteByte(' ')
	}
	b.WriteString(right + "\n")
}

// passwordHelp says how passwords are given.
const passwordHelp = "A password need not stand on the line: -storepass:env NAME takes it from the environment, " +
	"-storepass:file FILE from the first line of a file, -storepass:fd N or -storepass:stdin from an open stream; " +
	"-storepass:generate FILE makes one and keeps it in the file."

// exits are the exit codes of the command.
func (c *Command) exits() []Exit {
	list := []Exit{{0, "done"}}
	if len(c.Exits) == 0 {
		return append(list, Exit{1, "an error, said on the standard error"})
	}
	return append(list, c.Exits...)
}

// maxOptionWidth is the widest option that has its text beside it in our own
// help.
const maxOptionWidth = 26

// CommandHelp is our own help for a command, for the standard output; the
// general help, grouped by task, for "".
func (t *Table) CommandHelp(command string) string {
	var b strings.Builder
	c := t.Command(command)
	if c == nil {
		t.taskHelp(&b)
		return b.String()
	}
	b.WriteString("NAME\n  " + t.Program + " " + c.Name + " - " + lowerFirst(c.Summary) + "\n\nUSAGE\n  " + t.Program + " " + c.Name)
	docs := c.Docs()
	if len(docs) > 0 {
		b.WriteString(" [OPTION]...")
	}
	if c.Operands != "" {
		b.WriteString(" " + c.Operands)
	}
	b.WriteString("\n")
	if !c.Own {
		b.WriteString("  " + t.Program + " -" + c.Name + " [OPTION]...    as keytool")
		for _, a := range c.Aliases {
			b.WriteString(", or -" + a)
		}
		b.WriteString("\n")
	}
	if c.Long != "" {
		b.WriteString("\n")
		wrap(&b, c.Long)
	}
	if len(docs) > 0 {
		b.WriteString("\nOPTIONS\n")
		t.optionRows(&b, "  ", docs, maxOptionWidth)
		if t.takesPassword(docs) {
			b.WriteString("\n")
			wrap(&b, passwordHelp)
		}
	}
	if len(c.Examples) > 0 {
		b.WriteString("\nEXAMPLES\n")
		writeExamples(&b, c.Examples)
	}
	b.WriteString("\nEXIT CODES\n")
	for _, e := range c.exits() {
		b.WriteString("  " + strconv.Itoa(e.Code) + "  " + e.Meaning + "\n")
	}
	return b.String()
}

func (t *Table) taskHelp(b *strings.Builder) {
	b.WriteString(t.Program + ": " + t.Title + "\n\nUSAGE\n" +
		"  " + t.Program + " COMMAND [OPTION]...     such as " + t.Program + " list -keystore k.p12\n" +
		"  " + t.Program + " -COMMAND [OPTION]...    as keytool, word for word\n")
	for _, task := range t.Tasks {
		b.WriteString("\n" + strings.ToUpper(task) + "\n")
		for i := range t.Commands {
			if c := &t.Commands[i]; c.Task == task {
				row(b, "  ", 14, c.Name, "  "+lowerFirst(c.Summary))
			}
		}
	}
	b.WriteString("\nTASKS\n")
	for i := range t.Topics {
		b.WriteString("  " + t.Topics[i].Title + "\n")
	}
	b.WriteString("\n\"" + t.Program + " help COMMAND\" explains a command and shows examples, \"" + t.Program + " help\"\n" +
		"and a few words of a task, or of an error, shows the lines that help.\n")
}

func (t *Table) takesPassword(docs []Doc) bool {
	for _, d := range docs {
		if o := t.Option(d.Name); o != nil && o.Kind == Password {
			return true
		}
	}
	return false
}

// wrap writes a paragraph, indented, in lines of at most 78 columns.
func wrap(b *strings.Builder, text string) {
	column := 0
	for word := range strings.FieldsSeq(text) {
		if column > 0 && column+1+len(word) > 78 {
			b.WriteString("\n")
			column = 0
		}
		if column == 0 {
			b.WriteString("  ")
			column = 2
		} else {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteString("\n")
}

// lowerFirst turns a summary into the second half of a line; the word behind a
// first word that is all capitals stays as it is.
func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
