package commands

import (
	"maps"
	"slices"
	"testing"

	"gokeytool/acme"
	"gokeytool/commands/internal/argv"
	"gokeytool/finding"
	"gokeytool/probe"
	"gokeytool/store"
	"gokeytool/store/pkcs12"
	"gokeytool/tomcat"
)

// What the commands do by an option's value, they do by all that argv's table has,
// and by no other.
func TestValuesOfTable(t *testing.T) {
	profiles := slices.Collect(maps.Keys(exchangePresets))
	var types []string
	table := argv.TableDefault()
	for _, name := range inTable(table, "exportcert", "profile") {
		if _, ok := pkcs12.Profile(name); ok && exchangePresets[name] == nil {
			profiles = append(profiles, name)
		}
	}
	for _, name := range inTable(table, "convert", "to") {
		if typ, err := store.ParseType(name); err == nil && (typ == store.PEM || !typ.Foreign()) {
			types = append(types, name)
		}
	}
	var cas []string
	for _, ca := range acme.CAs() {
		cas = append(cas, ca.Name)
	}
	for _, tt := range []struct {
		command, option string
		does            []string
	}{
		{"serve", "tracking", slices.Collect(maps.Keys(trackings))},
		{"serve", "accesslog", slices.Collect(maps.Keys(accessLogs))},
		{"tomcat-config", "server", slices.Collect(maps.Keys(serverConfigs))},
		{"probe", "starttls", append([]string{""}, probe.StartTLSProtocols...)},
		{"exportcert", "profile", append(profiles, "")},
		{"convert", "to", types},
		{"migrate", "to", types},
		{"acme", "directory", cas},
		{"acme", "reason", append(slices.Collect(maps.Keys(acmeReasons)), "")},
		{"acme", "via", []string{string(acme.HTTP01), string(acme.TLSALPN01), string(acme.DNS01), ""}},
	} {
		slices.Sort(tt.does)
		if names := inTable(table, tt.command, tt.option); !slices.Equal(names, tt.does) {
			t.Errorf("%s -%s takes %q; the table has %q", tt.command, tt.option, tt.does, names)
		}
	}
	if does := slices.Sorted(maps.Keys(secretEncodings)); !slices.Equal(does, slices.Sorted(slices.Values(argv.SecretFormats))) {
		t.Errorf("a secret key is exported as %q; the table has %q", does, argv.SecretFormats)
	}
	for _, command := range []string{"convert", "migrate"} {
		for _, name := range inTable(table, command, "profile") {
			if _, ok := pkcs12.Profile(name); !ok {
				t.Errorf("%s -profile %s is in the table alone", command, name)
			}
		}
	}
}

// Tomcat knows the values that the table has for its attributes.
func TestValuesOfTomcat(t *testing.T) {
	table := argv.TableDefault()
	serve := table.Command("serve")
	faults := func(attribute, value string) (faults []finding.Finding) {
		_, findings := tomcat.FromAttributes([]tomcat.Attribute{{Name: "keystoreFile", Value: "a.p12"}, {Name: attribute, Value: value}}, tomcat.Options{})
		return slices.DeleteFunc(findings, func(f finding.Finding) bool { return f.Severity != finding.Error })
	}
	looked := 0
	for _, d := range serve.Docs() {
		o := table.Option(d.Name)
		v := serve.ValuesOf(o)
		if v.Refusal != "" || !o.Own || table.Command("acme").Documents(o) {
			continue
		}
		for _, value := range v.Names {
			looked++
			if found := faults(o.Name, value); len(found) > 0 {
				t.Errorf("%s %s: %v", o.Name, value, found)
			}
		}
		if len(v.Names) > 2 && len(faults(o.Name, "nonsense")) == 0 {
			t.Errorf("%s may be nonsense", o.Name)
		}
	}
	if looked < 20 {
		t.Errorf("only %d values were looked at", looked)
	}
}

// inTable are the values of a command's option in the table, sorted.
func inTable(table *argv.Table, command, option string) []string {
	v := table.Command(command).ValuesOf(table.Option(option))
	return slices.Sorted(slices.Values(slices.Concat(v.Names, v.Silent)))
}
