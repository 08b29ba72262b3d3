package commands

import (
	"os"
	"strings"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/console"
	"gokeytool/store"
	"gokeytool/store/entry"
)

// completionIterations bounds the key derivations of a completion. Java, OpenSSL
// and ours write 10,000 or fewer.
const completionIterations = 20_000

// aliasCompletions are the aliases that the last of the words could become,
// where it is to be one: those of the keystore that the line names. The file is
// read with the password changeit, else without one, which hides some aliases in
// PKCS12; whatever is wrong with it is not said here. Who presses a key waits
// for nothing: a pipe is not opened, and no key derived in more rounds than
// keystores have by default.
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
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	o := store.Options{Limits: entry.DefaultLimits, ReadOnly: true}
	o.Limits.MaxIterations = completionIterations
	o.Password = []byte(tomcatPassword)
	ks, err := store.Open(path, o)
	if err != nil {
		o.Password = nil
		ks, err = store.Open(path, o)
	}
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range ks.Sorted() {
		alias := ks.JavaAlias(e)
		if strings.HasPrefix(strings.ToLower(alias), strings.ToLower(c.Typed)) && console.Line(alias) == alias {
			found = append(found, c.Prefix+alias)
		}
	}
	return found
}
