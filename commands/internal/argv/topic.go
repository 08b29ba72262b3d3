package argv

import (
	"slices"
	"strings"
	"unicode"
)

// Topic is a task, or something that went wrong, in the words of whoever has
// it, with the lines that help.
type Topic struct {
	Title    string    // such as "Tomcat says: Cannot recover key"
	Words    string    // more words that lead here, those of error messages for instance
	Text     string    // what is behind it, in a few sentences
	Examples []Example // in the order in which they are run
}

// FindTopics finds the topics in which most of the words occur: at least half of
// them, and two where there are more. Words of any sentence don't count, nor do case
// and punctuation: an error message may be given as it is.
func (t *Table) FindTopics(words ...string) []*Topic {
	wanted := telling(strings.Join(words, " "))
	var found []*Topic
	best := max(min(2, len(wanted)), (len(wanted)+1)/2)
	for i := range t.Topics {
		topic := &t.Topics[i]
		has := telling(topic.Title + " " + topic.Words)
		hits := 0
		for _, w := range wanted {
			if slices.ContainsFunc(has, func(h string) bool { return strings.HasPrefix(h, w) || h+"s" == w }) {
				hits++
			}
		}
		switch {
		case hits == 0 || hits < best:
		case hits > best:
			best, found = hits, []*Topic{topic}
		default:
			found = append(found, topic)
		}
	}
	return found
}

// telling are the words of a text that tell it from others, in lower case.
func telling(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.DeleteFunc(words, func(w string) bool {
		switch w {
		case "a", "an", "and", "are", "be", "can", "do", "does", "for", "from", "has", "have", "how", "i", "in", "is", "it",
			"me", "my", "need", "not", "of", "on", "or", "out", "says", "t", "the", "this", "to", "want", "was", "what", "which", "with":
			return true
		}
		return false
	})
}

// TopicHelp explains topics, for the standard output: one or a few in full, more
// by their titles.
func (t *Table) TopicHelp(topics []*Topic) string {
	const most = 3
	var b strings.Builder
	if len(topics) > most {
		b.WriteString("TASKS\n")
		for _, topic := range topics {
			b.WriteString("  " + topic.Title + "\n")
		}
		b.WriteString("\n\"" + t.Program + " help\" and a few words of one of them explain it.\n")
		return b.String()
	}
	for i, topic := range topics {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(topic.Title + "\n\n")
		wrap(&b, topic.Text)
		b.WriteString("\n")
		writeExamples(&b, topic.Examples)
	}
	return b.String()
}

// writeExamples writes lines to paste, each below what it does.
func writeExamples(b *strings.Builder, examples []Example) {
	for _, e := range examples {
		b.WriteString("  # " + e.Comment + "\n  " + e.Line + "\n")
	}
}
