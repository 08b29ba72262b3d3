package argv

import (
	"strconv"
	"strings"
	"time"
)

// ManPage is a manual page of section 1 in the macros of man(7): that of a
// command, gokeytool-list(1) for list, or that of the program for "".
func (t *Table) ManPage(command string, date time.Time) []byte {
	m := &manual{program: t.Program}
	c := t.Command(command)
	title := m.program
	if c != nil {
		title += "-" + c.Name
	}
	m.text.WriteString(".TH " + roff(strings.ToUpper(title)) + " 1 " + date.UTC().Format(time.DateOnly) + " " + roff(m.program) + "\n")
	if c != nil {
		m.command(t, c)
	} else {
		m.programPage(t)
	}
	return []byte(m.text.String())
}

// manual is a page that is being written.
type manual struct {
	text    strings.Builder
	program string
}

func (m *manual) command(t *Table, c *Command) {
	m.section("NAME")
	m.paragraph(m.program + "-" + c.Name + " - " + lowerFirst(c.Summary))
	m.section("SYNOPSIS")
	m.usage(m.program+" "+c.Name, c)
	if !c.Own {
		for _, name := range append([]string{c.Name}, c.Aliases...) {
			m.text.WriteString(".br\n")
			m.usage(m.program+" -"+name, c)
		}
	}
	m.section("DESCRIPTION")
	if c.Long != "" {
		m.paragraph(c.Long)
	} else {
		m.paragraph(c.Summary + ".")
	}
	docs := c.Docs()
	if len(docs) > 0 {
		m.section("OPTIONS")
	}
	for _, d := range docs {
		m.item(bold("-"+d.Name)+italic(d.Arg), d.Help)
		if t.isProvider(d) {
			m.item(bold("-providerarg")+italic("<arg>"), "behind -"+d.Name+": configures the provider")
		}
	}
	if t.takesPassword(docs) {
		m.text.WriteString(".PP\n")
		m.paragraph(passwordHelp)
	}
	m.examples(c.Examples)
	m.exits(c)
	m.section("SEE ALSO")
	m.references(m.program)
}

func (m *manual) programPage(t *Table) {
	m.section("NAME")
	m.paragraph(m.program + " - " + t.Title)
	m.section("SYNOPSIS")
	m.text.WriteString(bold(m.program) + " \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n.br\n" +
		bold(m.program) + " -\\fICOMMAND\\fR [\\fIOPTION\\fR]...\n")
	m.section("DESCRIPTION")
	m.paragraph("A line whose first word begins with a dash is read as Java's keytool reads it, and answered in its words. " +
		"Any other is in our own style: there are more commands and options, --name=value is understood, " +
		"and errors say what to do. Under the name keytool there is keytool's style alone.")
	for _, task := range t.Tasks {
		m.section(strings.ToUpper(task))
		for i := range t.Commands {
			if c := &t.Commands[i]; c.Task == task {
				m.item(bold(c.Name), lowerFirst(c.Summary))
			}
		}
	}
	m.section("PASSWORDS")
	m.paragraph(passwordHelp)
	m.section("ENVIRONMENT")
	for _, v := range environment {
		m.item(bold(v.Name), v.Meaning)
	}
	m.section("TASKS")
	for i := range t.Topics {
		topic := &t.Topics[i]
		m.heading(".SS", topic.Title)
		m.paragraph(topic.Text)
		for _, e := range topic.Examples {
			m.text.WriteString(".PP\n")
			m.example(e)
		}
	}
	m.exits(new(Command))
	m.section("SEE ALSO")
	var names []string
	for i := range t.Commands {
		names = append(names, m.program+"-"+t.Commands[i].Name)
	}
	m.references(names...)
}

// environment are the variables that mean something to every command.
var environment = []struct{ Name, Meaning string }{
	{"GOKEYTOOL_JDK", "the release of the JDK whose keytool is followed: 17, 21 or 25 (the default)"},
	{"GOKEYTOOL_STOREPASS", "the keystore's password, for lines of our own style that give none"},
	{"GOKEYTOOL_LOCK_TIMEOUT", "how many seconds to wait for others who change the keystore, or a time such as 500ms; without it as long as it takes"},
	{"GOKEYTOOL_HINTS", "on or off: whether errors say what to do; without it our own style always, keytool's on a terminal"},
	{"NO_COLOR", "if it is set, nothing is printed in colour, also on a terminal"},
	{"JAVA_HOME", "the Java whose cacerts -cacerts means"},
}

func (m *manual) section(name string) { m.heading(".SH", name) }

func (m *manual) heading(macro, text string) {
	m.text.WriteString(macro + ` "` + roff(text) + "\"\n")
}

// paragraph writes filled text, one sentence on each line as man(7) recommends.
func (m *manual) paragraph(text string) {
	text = strings.Join(strings.Fields(text), " ")
	for sentence := range strings.SplitSeq(text, ". ") {
		if sentence != text && !strings.HasSuffix(text, sentence) {
			sentence += "."
		}
		m.text.WriteString(roff(sentence) + "\n")
	}
}

func (m *manual) item(tag, text string) {
	m.text.WriteString(".TP\n" + tag + "\n")
	m.paragraph(text)
}

func (m *manual) usage(start string, c *Command) {
	m.text.WriteString(bold(start))
	if len(c.Docs()) > 0 {
		m.text.WriteString(" [\\fIOPTION\\fR]...")
	}
	m.text.WriteString(italic(c.Operands) + "\n")
}

func (m *manual) examples(list []Example) {
	if len(list) == 0 {
		return
	}
	m.section("EXAMPLES")
	for i, e := range list {
		if i > 0 {
			m.text.WriteString(".PP\n")
		}
		m.example(e)
	}
}

// example writes a line to paste, below what it does.
func (m *manual) example(e Example) {
	m.text.WriteString(".nf\n" + roff("# "+e.Comment) + "\n" + roff(e.Line) + "\n.fi\n")
}

func (m *manual) exits(c *Command) {
	m.section("EXIT STATUS")
	for _, e := range c.exits() {
		m.item(bold(strconv.Itoa(e.Code)), e.Meaning)
	}
}

func (m *manual) references(pages ...string) {
	for i, page := range pages {
		end := ","
		if i == len(pages)-1 {
			end = ""
		}
		m.text.WriteString(".BR " + roff(page) + " (1)" + end + "\n")
	}
}

func bold(text string) string { return `\fB` + roff(text) + `\fR` }

func italic(text string) string {
	if text == "" {
		return ""
	}
	return ` \fI` + roff(text) + `\fR`
}

// roff writes text so that roff shows each character as it is, and takes none
// at the beginning of a line for a request.
func roff(text string) string {
	text = roffEscapes.Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`)
