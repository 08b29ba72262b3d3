package argv

import (
	"slices"
	"strings"
	"testing"
)

// Every value in the table is one that the option may be, and is offered; any other is
// refused where the table has an error for it.
func TestValues(t *testing.T) {
	table := TableDefault()
	for i := range table.Commands {
		c := &table.Commands[i]
		if c.Verbatim {
			continue
		}
		for _, d := range c.Docs() {
			v := c.ValuesOf(table.Option(d.Name))
			option := table.Option(d.Name).Name
			offered := table.Complete([]string{c.Name, "-" + d.Name, ""})
			if d.Arg != "" && !slices.Equal(offered, v.Names) {
				t.Errorf("%s -%s: %q is offered, not %q", c.Name, d.Name, offered, v.Names)
			}
			for _, name := range slices.Concat(v.Names, v.Silent) {
				if got, err := table.Choose(c.Name, option, name); err != nil || got != name {
					t.Errorf("%s -%s %s: %q, %v", c.Name, d.Name, name, got, err)
				}
				if got, err := table.Choose(c.Name, option, strings.ToUpper(name)); v.AnyCase && (err != nil || got != name) {
					t.Errorf("%s -%s %s in upper case: %q, %v", c.Name, d.Name, name, got, err)
				}
			}
			if _, err := table.Choose(c.Name, option, "nonsense"); v.Refusal != "" && (err == nil || err.Error() != "-"+option+" nonsense"+v.Refusal) {
				t.Errorf("%s -%s: %v", c.Name, d.Name, err)
			}
		}
		for name := range c.Values {
			if o := table.Option(name); o == nil || o.Name != name || !c.Documents(o) {
				t.Errorf("%s has values of -%s, and no such option", c.Name, name)
			}
		}
	}
}

// Help and errors name every value of a closed set.
func TestValuesAreTold(t *testing.T) {
	table := TableDefault()
	for i := range table.Commands {
		c := &table.Commands[i]
		help := table.CommandHelp(c.Name)
		for _, d := range c.Docs() {
			v := c.ValuesOf(table.Option(d.Name))
			for _, name := range v.Names {
				if v.Refusal != "" && !strings.Contains(v.Refusal, name) {
					t.Errorf("%s: the error of -%s lacks %s", c.Name, d.Name, name)
				}
				if v.Refusal != "" && !strings.Contains(help, name) && !(c.Name == "migrate" && d.Name == "profile") { // "those of convert"
					t.Errorf("%s: the help of -%s lacks %s", c.Name, d.Name, name)
				}
			}
		}
	}
}
