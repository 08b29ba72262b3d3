package argv

import "gokeytool/jdk"

// suggestion picks the name nearest to a mistyped word: the one with the fewest
// insertions, deletions and replacements, if they are few for its length.
type suggestion struct {
	word string // folded
	best string
	dist int
}

func newSuggestion(folded string) *suggestion {
	if len(folded) < 3 { // anything short resembles it
		return &suggestion{}
	}
	return &suggestion{word: folded, dist: 2 + len(folded)/4}
}

// offer considers a name, which is shown as prefix+name.
func (s *suggestion) offer(prefix, name string) {
	if d := distance(s.word, fold(name), s.dist); d < s.dist {
		s.best, s.dist = prefix+name, d
	}
}

// suggestOption looks among the options that the command documents, and their
// other names.
func (t *Table) suggestOption(folded string, c *Command) string {
	s := newSuggestion(folded)
	for _, d := range c.Docs() {
		s.offer("-", d.Name)
	}
	for i := range t.Options {
		if o := &t.Options[i]; c.Documents(o) {
			for _, name := range o.Synonyms {
				s.offer("-", name)
			}
		}
	}
	return s.best
}

// suggestCommand looks among the commands, shown as they are written in the
// style; keytool's style is also told of our own commands, without a dash.
func (t *Table) suggestCommand(folded string, style Style, rel jdk.Release, keytoolOnly bool) string {
	s := newSuggestion(folded)
	for i := range t.Commands {
		c := &t.Commands[i]
		if c.Hidden || c.Own && keytoolOnly || style == Keytool && c.Since > rel {
			continue
		}
		dash := ""
		if style == Keytool && !c.Own {
			dash = "-"
		}
		s.offer(dash, c.Name)
		for _, a := range c.Aliases {
			s.offer(dash, a)
		}
	}
	return s.best
}

// distance is Levenshtein's, by bytes; any number not below limit stands for
// "too far", which is also the answer for words no option resembles.
func distance(a, b string, limit int) int {
	const longest = 40
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(b) > longest {
		return limit
	}
	var row [longest + 1]int
	for j := range len(b) + 1 {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
