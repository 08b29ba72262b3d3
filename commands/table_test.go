package commands_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gokeytool/jdk"
)

// diffCase is a case of testdata/differential; its README explains the format.
type diffCase struct {
	name     string
	uses     []string // setups, in order
	steps    []diffStep
	releases []jdk.Release // none: all
	env      []string
	password string // of the keystores left over
	home     bool   // $WORK/home is the home directory rather than $WORK
	cross    bool   // also with the tools taking turns
	token    bool   // each side has a token of its own
	files    string // why the files left over may differ
}

// diffStep is one line of a case.
type diffStep struct {
	shell string   // a line for sh, run on both sides, or
	args  []string // the arguments of keytool
	line  string   // as in the table
	stdin string
	talk  []question // at a terminal
	known map[jdk.Release]string
}

// inMachine says whether keytool can play the line in a Java machine that runs
// already: without flags for the machine, and not at a terminal.
func (step diffStep) inMachine() bool {
	return step.talk == nil && !slices.ContainsFunc(step.args, func(arg string) bool { return strings.HasPrefix(arg, "-J") })
}

// question is what a program asks at a terminal, and what is typed then. For a
// secret nothing is typed before the terminal has stopped to echo.
type question struct {
	prompt, answer string
	secret         bool
}

// parseQuestion reads "PROMPT | ANSWER", or "PROMPT* | ANSWER" for a secret.
func parseQuestion(line string) (question, error) {
	prompt, answer, ok := strings.Cut(line, "|")
	if !ok {
		return question{}, fmt.Errorf("%q: want PROMPT | ANSWER", line)
	}
	prompt, secret := strings.CutSuffix(strings.TrimSpace(prompt), "*")
	return question{prompt, strings.TrimSpace(answer), secret}, nil
}

// diffTable is all of testdata/differential.
type diffTable struct {
	setups map[string]*diffCase
	groups []diffGroup
}

type diffGroup struct {
	name  string
	cases []*diffCase
}

func readTable(t *testing.T, pattern string) *diffTable {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: no tables: %v", pattern, err)
	}
	table := &diffTable{setups: make(map[string]*diffCase)}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := table.read(strings.TrimSuffix(filepath.Base(name), ".txt"), string(text)); err != nil {
			t.Fatalf("%s:%v", name, err)
		}
	}
	for _, group := range table.groups {
		for _, c := range group.cases {
			for _, setup := range c.uses {
				if table.setups[setup] == nil {
					t.Fatalf("case %q uses the setup %q, which is nowhere", c.name, setup)
				}
			}
		}
	}
	return table
}

func (table *diffTable) read(name, text string) error {
	group := diffGroup{name: name}
	seen := make(map[string]bool)
	var c *diffCase
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, _ := strings.Cut(line, " ")
		switch {
		case key == "setup":
			c = &diffCase{name: value}
			if table.setups[value] != nil {
				return fmt.Errorf("%d: a second setup %q", number, value)
			}
			table.setups[value] = c
		case key == "case":
			if seen[value] {
				return fmt.Errorf("%d: a second case %q", number, value)
			}
			seen[value] = true
			c = &diffCase{name: value, password: "changeit"}
			group.cases = append(group.cases, c)
		case c == nil:
			return fmt.Errorf("%d: %q stands before the first case", number, line)
		default:
			if err := c.read(key, value); err != nil {
				return fmt.Errorf("%d: %w", number, err)
			}
		}
	}
	if len(group.cases) > 0 {
		table.groups = append(table.groups, group)
	}
	return nil
}

func (c *diffCase) read(key, value string) error {
	var last *diffStep
	if len(c.steps) > 0 {
		last = &c.steps[len(c.steps)-1]
	}
	switch key {
	case "use":
		c.uses = append(c.uses, strings.Fields(value)...)
		return nil
	case "jdk":
		for _, field := range strings.Fields(value) {
			release, err := jdk.Parse(field)
			if err != nil {
				return err
			}
			c.releases = append(c.releases, release)
		}
		return nil
	case "env":
		c.env = append(c.env, value)
		return nil
	case "password":
		c.password = value
		return nil
	case "home":
		c.home = true
		return nil
	case "cross":
		c.cross = true
		return nil
	case "token":
		c.token = true
		return nil
	case "files":
		c.files = value
		return nil
	case "%":
		c.steps = append(c.steps, diffStep{shell: value, line: value})
		return nil
	case "$":
		words, err := splitWords(value)
		if err != nil {
			return err
		}
		if len(words) == 0 || words[0] != "keytool" {
			return fmt.Errorf("%q: only keytool is compared; %% runs other programs", value)
		}
		args := words[1:]
		for word, meant := range tokenWords {
			if i := slices.Index(args, word); c.token && i >= 0 {
				args = slices.Concat(args[:i], meant, args[i+1:])
			}
		}
		c.steps = append(c.steps, diffStep{args: args, line: value})
		return nil
	}
	if last == nil || last.shell != "" {
		return fmt.Errorf("%q belongs to a keytool line", key)
	}
	switch key {
	case "<":
		last.stdin += value + "\n"
	case "<<": // a line without an end
		last.stdin += value
	case ">": // at a terminal: prompt | answer
		q, err := parseQuestion(value)
		if err != nil {
			return err
		}
		last.talk = append(last.talk, q)
	case "known":
		if last.known == nil {
			last.known = make(map[jdk.Release]string)
		}
		release, reason, _ := strings.Cut(value, " ")
		if n, err := strconv.Atoi(release); err == nil {
			last.known[jdk.Release(n)] = reason
		} else {
			last.known[0] = value
		}
	default:
		return fmt.Errorf("unknown word %q", key)
	}
	return nil
}

// tokenWords are short for what all lines with a token have: its provider, that it is
// the keystore, and with which PIN.
var tokenWords = map[string][]string{
	"@provider": {"-addprovider", "SunPKCS11", "-providerarg", "p11.cfg"},
	"@open":     {"-keystore", "NONE", "-storetype", "PKCS11", "-addprovider", "SunPKCS11", "-providerarg", "p11.cfg"},
	"@token":    {"-keystore", "NONE", "-storetype", "PKCS11", "-addprovider", "SunPKCS11", "-providerarg", "p11.cfg", "-storepass", "1234"},
}

// difference is why this step may differ from that release's keytool.
func (s *diffStep) difference(release jdk.Release) string {
	if reason, ok := s.known[release]; ok {
		return reason
	}
	return s.known[0]
}

// splitWords splits a line as a shell does, with '...' and "...". In double
// quotes a backslash stands before a quote or another one, and \n is a line feed.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote rune
	inWord, escaped := false, false
	for _, r := range line {
		switch {
		case escaped:
			if r == 'n' {
				r = '\n'
			}
			word.WriteRune(r)
			escaped = false
		case quote == '"' && r == '\\':
			escaped = true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ':
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("%q: quote without end", line)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
