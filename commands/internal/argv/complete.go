package argv

import (
	"fmt"
	"slices"
	"strings"
)

// CompletionFlag, as the last word of a line, asks for completions of the word
// before it: it is what the functions of Script call the program with.
const CompletionFlag = "--generate-completion"

// Completion is what is known about a word that is being typed.
type Completion struct {
	Command *Command // nil while none was typed
	Option  *Option  // whose value the word is, or nil
	Prefix  string   // the part of the word before a value: "--keyalg=", else ""
	Typed   string   // the part of the word behind Prefix
	Values  []Value  // what the line has so far; of passwords, only the names

	// Candidates are what the whole word may become. There are none for file
	// names, for instance, which the shell completes itself.
	Candidates []string
}

// Complete returns what the last of the words (without the program's name; it
// may be empty or begun) could become.
func (t *Table) Complete(words []string) []string { return t.Completion(words).Candidates }

// Completion looks at a line of which the last word is being typed.
func (t *Table) Completion(words []string) Completion {
	if len(words) == 0 {
		words = []string{""}
	}
	done, word := words[:len(words)-1], words[len(words)-1]
	keytool := strings.HasPrefix(words[0], "-")
	c := Completion{Typed: word}
	rest := done
	if keytool {
		for _, w := range done {
			if cmd := t.Command(w); c.Command == nil && strings.HasPrefix(w, "-") && cmd != nil && !cmd.Own {
				c.Command = cmd
			}
		}
	} else if len(done) > 0 {
		c.Command, rest = t.Command(done[0]), done[1:]
		if c.Command == nil || c.Command.Verbatim {
			return c
		}
	}
	c.Option, c.Values = t.walk(rest, keytool)
	name, _, isInline := strings.Cut(word, "=")
	switch {
	case c.Option != nil:
		c.offer("", c.Command.ValuesOf(c.Option).Names)
	case isInline && !keytool && strings.HasPrefix(word, "-"):
		if c.Option = t.Option(name); c.Option != nil {
			c.Prefix, c.Typed = name+"=", word[len(name)+1:]
			c.offer(c.Prefix, c.Command.ValuesOf(c.Option).Names)
		}
	case c.Command == nil && keytool:
		c.offer(max(dashes(word), "-"), t.commandNames(true))
	case c.Command == nil:
		c.offer("", t.commandNames(false))
	case c.Command.Operands != "" && !strings.HasPrefix(word, "-"):
		if c.Command.Name == "help" {
			c.offer("", t.commandNames(false))
		} else {
			c.offer("", operands(c.Command))
		}
	default:
		c.offer(max(dashes(word), "-"), t.optionNames(&c))
	}
	return c
}

// walk reads the options of a line so far. It returns the one that waits for its
// value, if one does, and what was given.
func (t *Table) walk(words []string, keytool bool) (waiting *Option, given []Value) {
	p := parser{t: t, req: &Request{}}
	for i := 0; i < len(words) && waiting == nil; i++ {
		name, value, isInline := words[i], "", false
		if !strings.HasPrefix(name, "-") {
			continue
		}
		if !keytool {
			name, value, isInline = strings.Cut(name, "=")
		}
		name, modifier, _ := strings.Cut(name, ":")
		o := t.Option(name)
		if o == nil {
			continue
		}
		if o.Kind != Flag && !isInline && !(o.Kind == Password && fold(modifier) == "stdin") {
			if i+1 == len(words) {
				waiting = o
				continue
			}
			i++
			value = words[i]
		}
		if o.Kind == Password {
			o = &Option{Name: o.Name}
		}
		p.set(o, value, nil)
	}
	return waiting, p.req.Values
}

// offer takes the names that go on from what was typed, regardless of case.
func (c *Completion) offer(prefix string, names []string) {
	word := c.Prefix + c.Typed
	for _, n := range names {
		n = prefix + n
		if len(n) >= len(word) && strings.EqualFold(n[:len(word)], word) {
			c.Candidates = append(c.Candidates, n)
		}
	}
}

// dashes are the one or two that a word begins with.
func dashes(word string) string {
	return word[:min(2, len(word)-len(strings.TrimLeft(word, "-")))]
}

func (t *Table) commandNames(keytool bool) []string {
	var names []string
	for i := range t.Commands {
		if c := &t.Commands[i]; !c.Hidden && !(keytool && c.Own) {
			names = append(names, c.Name)
		}
	}
	return names
}

// optionNames are the options of the command that may still be given; once a
// password is named and a colon follows, its modifiers are.
func (t *Table) optionNames(c *Completion) []string {
	if name, _, modified := strings.Cut(strings.TrimLeft(c.Typed, "-"), ":"); modified {
		if o := t.Option(name); o != nil && o.Kind == Password {
			var words []string
			for _, modifier := range modifiers {
				words = append(words, name+":"+modifier)
			}
			return words
		}
		return nil
	}
	var names []string
	for _, d := range c.Command.Docs() {
		o := t.Option(d.Name)
		given := slices.ContainsFunc(c.Values, func(v Value) bool { return o != nil && v.Name == o.Name })
		if !given || o.Kind.Collects() {
			names = append(names, d.Name)
		}
	}
	return names
}

// operands are the words a command takes, if its row lists them all.
func operands(c *Command) []string {
	if strings.Trim(c.Operands, "abcdefghijklmnopqrstuvwxyz|") != "" {
		return nil
	}
	return strings.Split(c.Operands, "|")
}

// Script is the completion function for a shell ("bash", "zsh" or "fish") and a
// program of that name. It hands the words that were typed to the program as
// they are, and none of them is ever evaluated.
func Script(shell, program string) (string, error) {
	var s string
	switch shell {
	case "bash":
		s = bashScript
	case "zsh":
		s = zshScript
	case "fish":
		s = fishScript
	default:
		return "", fmt.Errorf("no completion for the shell %q: %s are known", shell, and(shells))
	}
	return strings.NewReplacer("PROGRAM", program, "FLAG", CompletionFlag).Replace(s), nil
}

// bash breaks words at colons and the like: they are put together again, and
// only what follows the last break is replied.
const bashScript = `# bash completion for PROGRAM
_PROGRAM() {
	local line=$COMP_LINE last=${COMP_WORDS[COMP_CWORD]} part breaks n=-1
	local -a words=()
	for part in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
		if [[ $n -lt 0 || $line == [[:space:]]* ]]; then
			n=$((n + 1))
			words[n]=
			line=${line#"${line%%[![:space:]]*}"}
		fi
		words[n]+=$part
		line=${line#"$part"}
	done
	[[ $last == *[!:=@]* ]] || last=
	breaks=${words[n]%"$last"}
	COMPREPLY=()
	while IFS= read -r part; do
		part=${part#"$breaks"}
		if [[ -n $part ]]; then
			printf -v part %q "$part"
			COMPREPLY+=("$part")
		fi
	done < <("$1" "${words[@]:1}" FLAG 2>/dev/null </dev/null)
	if [[ ${#COMPREPLY[@]} -eq 1 && $COMPREPLY == *[:=] ]]; then
		compopt -o nospace 2>/dev/null
	fi
}
complete -o default -F _PROGRAM PROGRAM
`

const zshScript = `#compdef PROGRAM
# zsh completion for PROGRAM
_PROGRAM() {
	local -a replies open
	replies=("${(@f)$("${(Q)words[1]}" "${(@Q)words[2,CURRENT]}" FLAG 2>/dev/null </dev/null)}")
	replies=("${(@)replies:#}")
	open=("${(@M)replies:#*[:=]}")
	replies=("${(@)replies:#*[:=]}")
	(( $#open )) && compadd -S '' -- "${open[@]}"
	(( $#replies )) && compadd -- "${replies[@]}"
	(( $#open + $#replies )) || _files
}
if [ "$funcstack[1]" = _PROGRAM ]; then
	_PROGRAM "$@"
else
	compdef _PROGRAM PROGRAM
fi
`

const fishScript = `# fish completion for PROGRAM
function __PROGRAM_complete
	set -l words (commandline -opc)
	set -l word (commandline -ct)
	set -l replies ($words[1] $words[2..] "$word" FLAG 2>/dev/null </dev/null)
	if set -q replies[1]
		printf '%s\n' $replies
	else
		__fish_complete_path "$word"
	end
end
complete -c PROGRAM -f -a '(__PROGRAM_complete)'
`
