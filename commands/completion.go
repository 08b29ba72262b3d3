package commands

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"gokeytool/commands/internal/argv"
	"gokeytool/store"
)

// completion prints the completion function of a shell.
func completion(_ context.Context, s *session) error {
	shell := s.req.Operands[0] // argv has seen to it that there is one
	script, ok := argv.Script(shell, "gokeytool")
	if !ok {
		return fmt.Errorf("no completion for the shell %q: bash, zsh and fish are known", shell)
	}
	_, err := fmt.Fprint(s.Stdout, script)
	return err
}

// aliasCompletions are the aliases that the last of the words could become,
// where it is to be one: those of the keystore that the line names. The file is
// read with the password changeit, else without one, which hides some aliases in
// PKCS12; whatever is wrong with it is not said here.
func (e *Env) aliasCompletions(table *argv.Table, words []string) []string {
	c := table.Completion(words)
	if c.Option == nil || c.Command == nil || c.Option.Name != "alias" && c.Option.Name != "signer" {
		return nil
	}
	value := func(name string) string {
		for _, v := range c.Values {
			if v.Name == name && len(v.Texts) > 0 {
				return v.Texts[len(v.Texts)-1]
			}
		}
		return ""
	}
	path := value("keystore")
	if c.Command.Name == "importkeystore" { // -srcalias
		path = value("srckeystore")
	}
	if path == "" {
		return nil
	}
	ks, err := store.Open(path, store.Options{Password: []byte(tomcatPassword)})
	if err != nil {
		ks, err = store.Open(path, store.Options{})
	}
	if err != nil {
		return nil
	}
	var found []string
	for _, entry := range ks.Sorted() {
		alias := ks.AliasOf(entry.Alias)
		if strings.HasPrefix(strings.ToLower(alias), strings.ToLower(c.Typed)) && !strings.ContainsFunc(alias, unicode.IsControl) {
			found = append(found, c.Prefix+alias)
		}
	}
	return found
}
