package commands

import (
	"gokeytool/internal/console"
	"gokeytool/jdk"
	"gokeytool/x509util"
)

// promptName asks for the parts of a distinguished name, and again until the
// user says that it is right. ENTER takes the default, which is the answer of
// the round before; since JDK 19 a dot leaves a part out.
func (s *session) promptName() (x509util.Name, error) {
	questions := []struct{ attribute, text string }{
		{"CN", "What is your first and last name?"},
		{"OU", "What is the name of your organizational unit?"},
		{"O", "What is the name of your organization?"},
		{"L", "What is the name of your City or Locality?"},
		{"ST", "What is the name of your State or Province?"},
		{"C", "What is the two-letter country code for this unit?"},
	}
	dots := s.release > jdk.Release17
	answers := make([]string, len(questions))
	for i := range answers {
		answers[i] = "Unknown"
	}
	// keytool asks one round more than its limit.
	for range maxAnswers + 1 {
		if dots {
			s.Stderr.Print("Enter the distinguished name. Provide a single dot (.) to leave a sub-component empty or press ENTER to use the default value in braces.\n")
		}
		var parts []x509util.NamePart
		for i, q := range questions {
			answer, err := s.ask(q.text, answers[i], dots)
			if err != nil {
				return x509util.Name{}, err
			}
			answers[i] = answer
			if !dots || answer != "." {
				parts = append(parts, x509util.NamePart{Keyword: q.attribute, Value: answer})
			}
		}
		if len(parts) == 0 {
			s.Stderr.Print("At least one field must be provided. Enter again.\n")
			continue
		}
		name, err := x509util.NewName(parts)
		if err != nil {
			return x509util.Name{}, err
		}
		answer, err := s.ask("Is "+name.String()+" correct?", "no", false)
		if err != nil {
			return x509util.Name{}, err
		}
		if folded := foldAnswer(answer); folded == "yes" || folded == "y" {
			s.Stderr.Print("\n")
			return name, nil
		}
	}
	return x509util.Name{}, java("java.lang.RuntimeException", "Too many retries, program terminated")
}

// ask prints a question with its default and returns the answer, or the
// default on ENTER and at the end of input.
func (s *session) ask(question, preset string, dots bool) (string, error) {
	shown := preset
	if dots && preset == "." {
		shown = ""
	}
	answer, _, err := s.promptLine(console.Textf("%s\n  [%s]:  ", question, shown))
	if err != nil {
		return "", err
	}
	if foldAnswer(answer) == "" {
		return preset, nil
	}
	return answer, nil
}
