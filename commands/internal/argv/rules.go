package argv

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Our own style refuses a line that asks for what is not done: an option that the
// command does not have, one that does nothing without another, two that
// contradict each other, and one that is given twice. keytool's style accepts all
// of these, as keytool does.

// harmless are options that every command takes: where a command has no use for
// them, what they ask for is so anyway.
var harmless = []string{
	"noprompt", "trustcacerts", "storetype", "protected", "srcprotected",
	"providername", "srcprovidername", "addprovider", "providerclass", "providerpath",
}

// needs are, by command, the options that do nothing without one of some others.
var needs = map[string]map[string][]string{
	"acme": {"connector": {"serverxml"}, "tomcat": {"serverxml"}, "keyfile": {"certfile"}, "cleanupHook": {"hook"},
		"eabKid": {"eabKey"}, "eabKey": {"eabKid"}, "reason": {"revoke"}},
	"chain":      {"ca": {"complete"}, "trustcacerts": {"complete"}, "backup": {"complete"}, "lockTimeout": {"complete"}},
	"exportcert": {"keyfilepass": {"encrypt", "format", "profile"}, "keypass": {"key", "format", "profile"}},
	"importcert": {"keyfilepass": {"keyfile", "bundle"}},
	"list":       {"acmeDir": {"v", "json"}},
	"probe": {"alias": {"against", "keystore"}, "storepass": {"against", "keystore"},
		"truststorePassword": {"truststoreFile"}},
	"renew":     {"keyalg": {"newkey"}, "keysize": {"newkey"}, "groupname": {"newkey"}, "signerstorepass": {"signerkeystore"}},
	"sessionid": {"connector": {"serverxml"}, "context": {"serverxml"}, "tomcat": {"serverxml"}},
	"serve": {"connector": {"serverxml"}, "context": {"serverxml"}, "truststorePassword": {"truststoreFile"}, "truststoreType": {"truststoreFile"},
		"certificateKeyFile": {"certificateFile"}, "certificateChainFile": {"certificateFile"},
		"strictSni": {"sni", "also"}, "defaultSSLHostConfigName": {"sni", "also"},
		"host": {"acme"}, "directory": {"acme"}, "caFile": {"acme"}, "agree": {"acme"}, "contact": {"acme"}, "via": {"acme"}, "webroot": {"acme"},
		"hook": {"acme"}, "keyalg": {"acme"}, "groupname": {"acme"}, "keysize": {"acme"}, "reusekey": {"acme"}, "profile": {"acme"},
		"preferredChain": {"acme"}, "within": {"acme"}, "exec": {"acme"}, "acmeDir": {"acme"}, "lockTimeout": {"acme"},
		"cleanupHook": {"hook"}, "eabKid": {"eabKey"}, "eabKey": {"acme"}},
	"genkeypair": {"signerkeypass": {"signer"}},
}

// excludes are, by command, pairs of options that contradict each other.
var excludes = map[string][][2]string{
	"acme": {{"serverxml", "keystore"}, {"serverxml", "storetype"}, {"serverxml", "storepass"}, {"serverxml", "keypass"}, {"serverxml", "alias"},
		{"certfile", "serverxml"}, {"certfile", "keystore"}, {"certfile", "storepass"}, {"certfile", "storetype"}, {"certfile", "alias"}, {"certfile", "keypass"},
		{"webroot", "hook"}, {"webroot", "address"}, {"hook", "address"}, {"keysize", "groupname"},
		{"watch", "dryRun"}, {"watch", "force"}, {"watch", "json"}, {"quiet", "json"},
		{"account", "revoke"}, {"account", "rollover"}, {"account", "deactivate"}, {"account", "systemd"}, {"account", "watch"}, {"account", "dryRun"}, {"account", "force"}, {"account", "host"}, {"account", "quiet"},
		{"revoke", "rollover"}, {"revoke", "deactivate"}, {"revoke", "systemd"}, {"revoke", "watch"}, {"revoke", "dryRun"}, {"revoke", "force"}, {"revoke", "json"}, {"revoke", "contact"},
		{"rollover", "deactivate"}, {"rollover", "systemd"}, {"rollover", "watch"}, {"rollover", "dryRun"}, {"rollover", "force"}, {"rollover", "json"}, {"rollover", "host"}, {"rollover", "contact"},
		{"deactivate", "systemd"}, {"deactivate", "watch"}, {"deactivate", "dryRun"}, {"deactivate", "force"}, {"deactivate", "json"}, {"deactivate", "host"}, {"deactivate", "contact"},
		{"systemd", "watch"}, {"systemd", "dryRun"}, {"systemd", "force"}, {"systemd", "json"}},
	"exportcert": {{"bundle", "alias"}, {"bundle", "file"}, {"bundle", "key"}, {"bundle", "chain"}, {"bundle", "fullchain"}, {"bundle", "format"},
		{"bundle", "encrypt"}, {"bundle", "profile"}, {"bundle", "keypass"}, {"bundle", "keyfilepass"}},
	"importcert": {{"bundle", "alias"}, {"bundle", "file"}, {"bundle", "keyfile"}, {"bundle", "ca"}, {"bundle", "trustcacerts"}, {"bundle", "keypass"}},
	"keypasswd":  {{"same", "new"}},
	"list":       {{"json", "rfc"}},
	"printcert":  {{"file", "sslserver"}, {"file", "jarfile"}, {"sslserver", "jarfile"}, {"json", "rfc"}},
	"renew": {{"force", "selfsigned"}, {"force", "signer"}, {"force", "signerkeystore"}, {"acmeDir", "selfsigned"}, {"acmeDir", "signer"}, {"acmeDir", "signerkeystore"},
		{"selfsigned", "signer"}, {"selfsigned", "signerkeystore"}, {"selfsigned", "signerkeypass"}, {"selfsigned", "signerstorepass"},
		{"keysize", "groupname"}},
	"serve": {{"selfsigned", "keystore"}, {"selfsigned", "keystoreFile"}, {"selfsigned", "storepass"}, {"selfsigned", "keystorePass"},
		{"selfsigned", "storetype"}, {"selfsigned", "keystoreType"}, {"selfsigned", "alias"}, {"selfsigned", "keyAlias"},
		{"selfsigned", "keypass"}, {"selfsigned", "certificateKeyPassword"}, {"selfsigned", "certificateFile"},
		{"certificateFile", "keystore"}, {"certificateFile", "keystoreFile"}, {"certificateFile", "storepass"}, {"certificateFile", "keystorePass"},
		{"certificateFile", "storetype"}, {"certificateFile", "keystoreType"}, {"certificateFile", "alias"}, {"certificateFile", "keyAlias"},
		{"keystore", "keystoreFile"}, {"storepass", "keystorePass"}, {"storetype", "keystoreType"}, {"alias", "keyAlias"},
		{"keypass", "certificateKeyPassword"}, {"once", "requests"}, {"selfsigned", "acme"}, {"webroot", "hook"}, {"keysize", "groupname"}},
	"trust": {{"fingerprint", "noprompt"}},
}

// undone refuses a line of our own style that asks for what would not be done.
func (p *parser) undone() error {
	if p.req.Style != Subcommand {
		return nil
	}
	for _, o := range p.typed {
		if o.Global || p.cmd.Documents(o.Option) || slices.Contains(harmless, o.Name) {
			continue
		}
		return p.usage(fmt.Sprintf("-%s is not used by %s", o.name, p.cmd.Name), p.t.suggestOption(fold(o.name), p.cmd))
	}
	given := func(name string) bool { return p.req.Has(name) || p.isDeferred(name) }
	for _, o := range p.typed {
		if others := needs[p.cmd.Name][o.Name]; others != nil && !slices.ContainsFunc(others, given) {
			return p.usage(fmt.Sprintf("-%s does nothing without -%s", o.name, strings.Join(others, " or -")), "")
		}
	}
	for _, pair := range excludes[p.cmd.Name] {
		if given(pair[0]) && given(pair[1]) {
			return p.usage(fmt.Sprintf("-%s and -%s do not go together", pair[0], pair[1]), "")
		}
	}
	return nil
}

func (p *parser) isDeferred(name string) bool {
	return slices.ContainsFunc(p.deferred, func(l line) bool { return l.name == name })
}

// given is what a line has said so far for an option that keeps one value.
type given struct {
	text   string
	secret []byte
	later  bool // a password still to be read
}

func (p *parser) said(o *Option) given {
	text, _ := p.req.Value(o.Name)
	return given{text, p.req.Secrets[o.Name], p.isDeferred(o.Name)}
}

// contradicts says whether an option says something else than before.
func (g given) contradicts(now given) bool {
	return g.later || now.later || g.text != now.text || !bytes.Equal(g.secret, now.secret)
}

// once consumes an option. Our own style refuses one that keeps one value and was
// typed before with another: nobody knows which is meant.
func (p *parser) once(o *Option, name string, consume func() error) error {
	collects := o.Kind == List || o.Kind == Provider || o.Kind == Flag
	typed := slices.ContainsFunc(p.typed, func(t option) bool { return t.Option == o })
	if p.req.Style != Subcommand || collects || !typed {
		return consume()
	}
	before := p.said(o)
	before.secret = bytes.Clone(before.secret)
	defer clear(before.secret)
	if err := consume(); err != nil {
		return err
	}
	if before.contradicts(p.said(o)) {
		return p.usage("Command option "+name+" is given twice, and not with the same value.", "")
	}
	return nil
}
