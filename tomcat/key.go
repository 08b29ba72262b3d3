package tomcat

import (
	"fmt"
	"slices"
	"strings"

	"gokeytool/finding"
	"gokeytool/internal/text"
)

// KeyEntry is an entry of a keystore, as far as Tomcat's choice of a key goes.
type KeyEntry struct {
	Alias string
	// Key says that it holds a private key, Secret that it holds a secret
	// one, which Java counts as a key as well.
	Key, Secret bool
	// Lost says that Java enumerates the entry, but does not find it: an alias with
	// capitals in a JKS or JCEKS file, for which it looks in small letters.
	Lost bool
}

// ServedKey says which entry of a keystore Tomcat serves for a Certificate,
// given the entries in the order in which Java enumerates them: that of a
// Hashtable for JKS and JCEKS, the file's for PKCS12. The index is -1 where
// there is none, and an error among the findings says why.
//
// The rule is that of Tomcat's SSLUtilBase: the entry with the configured alias,
// whatever its case, which must be a key; without an alias, the first key. (The
// Java of Tomcat 7 chooses among the keys by their types, in no certain order.)
func (c *Certificate) ServedKey(entries []KeyEntry) (index int, findings []finding.Finding) {
	at := finding.Place{Line: c.Line, Element: "Certificate", Attribute: "certificateKeyAlias"}
	if c.Flat {
		at.Element, at.Attribute = "Connector", "keyAlias"
	}
	find := func(s finding.Severity, text, remedy string) {
		findings = append(findings, finding.Finding{Severity: s, Text: text, Remedy: remedy, At: at})
	}
	var keys []string
	first := -1
	for i, e := range entries {
		if first < 0 && !e.Lost && (e.Key || e.Secret) {
			first = i
		}
		if e.Key && !e.Lost {
			keys = append(keys, e.Alias)
		}
	}
	secret := func(e KeyEntry) {
		find(finding.Error, fmt.Sprintf("the entry %q is a secret key: Tomcat starts with it, and every handshake fails", e.Alias), c.nameKey(at.Attribute, keys))
	}
	const lost = "but Java looks for the alias in small letters, and does not find it: Tomcat does not start (\"Alias name [%s] does not identify a key entry\")"
	rename := "give it an alias in small letters with rename, or set " + c.KeystoreTypeAttribute() + " to CaseExactJKS if it is a JKS keystore"
	if c.KeyAlias != "" {
		for i, e := range entries {
			if !c.named(e) || e.Lost {
				continue
			}
			if e.Key {
				return i, c.alike(at, keys)
			}
			if e.Secret {
				secret(e)
				return -1, findings
			}
			find(finding.Error, fmt.Sprintf("the entry %q is a certificate without its private key: Tomcat does not start (\"Alias name [%s] does not identify a key entry\")", e.Alias, c.KeyAlias),
				c.nameKey(at.Attribute, keys))
			return -1, findings
		}
		text := fmt.Sprintf("the keystore has no entry %q: Tomcat does not start (\"Alias name [%s] does not identify a key entry\")", c.KeyAlias, c.KeyAlias)
		for _, e := range entries {
			if !strings.EqualFold(e.Alias, c.KeyAlias) {
				continue
			}
			if e.Lost {
				find(finding.Error, fmt.Sprintf("the entry %q is there, "+lost, e.Alias, c.KeyAlias), rename)
				return -1, findings
			}
			tells := "CaseExactJKS tells"
			if c.Token() {
				tells = "tokens tell"
			}
			text += fmt.Sprintf("; it has %q, and %s small letters from capitals", e.Alias, tells)
			break
		}
		find(finding.Error, text, c.nameKey(at.Attribute, keys))
		return -1, findings
	}
	switch {
	case len(entries) == 0:
		find(finding.Error, "the keystore has no entry that Java sees: Tomcat does not start (\"No aliases for private keys found in key store\")",
			"make a key with genkeypair, or import one with importkeystore")
		return -1, findings
	case first < 0 && slices.ContainsFunc(entries, func(e KeyEntry) bool { return e.Lost && e.Key }):
		i := slices.IndexFunc(entries, func(e KeyEntry) bool { return e.Lost && e.Key })
		find(finding.Error, fmt.Sprintf("the entry %q is there, "+lost, entries[i].Alias, "null"), rename)
		return -1, findings
	case first < 0:
		find(finding.Error, "the keystore holds certificates but no private key: Tomcat does not start (\"Alias name [null] does not identify a key entry\")",
			"use the keystore in which the key was made, or make a key with genkeypair")
		return -1, findings
	case entries[first].Secret:
		secret(entries[first])
		return -1, findings
	case len(keys) > 1:
		find(finding.Warning, fmt.Sprintf("the keystore has %d keys and no alias says which: Tomcat serves %q, the first that Java enumerates, though its log says \"using alias [tomcat]\"; the others are %s",
			len(keys), keys[0], text.Elide(text.Quote(keys[1:]), 8)),
			fmt.Sprintf("set %s", at.Attribute))
	}
	return first, findings
}

// alike warns of keys whose aliases differ from the configured one in case alone.
func (c *Certificate) alike(at finding.Place, keys []string) []finding.Finding {
	var others []string
	for _, alias := range keys {
		if alias != c.KeyAlias && strings.EqualFold(alias, c.KeyAlias) {
			others = append(others, alias)
		}
	}
	if !c.Token() || len(others) == 0 {
		return nil
	}
	return []finding.Finding{{Severity: finding.Warning, At: at,
		Text:   fmt.Sprintf("the token also has %s, which differ from this alias in case alone: Tomcat's documentation warns of such aliases", text.Elide(text.Quote(others), 8)),
		Remedy: "give them names of their own with rename"}}
}

// named says whether an entry has the configured alias, as Java finds it.
func (c *Certificate) named(e KeyEntry) bool {
	if c.KeystoreType == CaseExactJKS || c.Token() {
		return e.Alias == c.KeyAlias
	}
	// Java makes both lower-case, which is less than folding: ſ is no s.
	alias := strings.ToLower(c.KeyAlias)
	return strings.ToLower(e.Alias) == alias
}

// nameKey is the remedy for an alias that leads to no key.
func (c *Certificate) nameKey(attribute string, keys []string) string {
	switch len(keys) {
	case 0:
		return "the keystore has no private key: use the one in which the key was made, or make a key with genkeypair"
	case 1:
		return fmt.Sprintf("set %s to %q, the only key", attribute, keys[0])
	}
	if meant := nearest(strings.TrimSpace(c.KeyAlias), slices.Values(keys[:min(len(keys), maxFindings)])); meant != "" {
		return fmt.Sprintf("set %s to %q, or to another of the %d keys", attribute, meant, len(keys))
	}
	return fmt.Sprintf("set %s to one of the keys: %s", attribute, text.Elide(text.Quote(keys), 8))
}
