package argv

import (
	"slices"
	"strings"
	"testing"
)

// TestRules looks whether the rules speak of options that their commands have.
func TestRules(t *testing.T) {
	table := TableDefault()
	has := func(command, name string) {
		if c, o := table.Command(command), table.Option(name); c == nil || o == nil || o.Name != name || !c.Documents(o) {
			t.Errorf("%s has no -%s", command, name)
		}
	}
	for command, options := range needs {
		for name, others := range options {
			for _, option := range append(slices.Clone(others), name) {
				has(command, option)
			}
		}
	}
	for command, pairs := range excludes {
		for _, pair := range pairs {
			has(command, pair[0])
			has(command, pair[1])
		}
	}
	for _, name := range harmless {
		if table.Option(name) == nil {
			t.Errorf("there is no -%s", name)
		}
	}
}

// TestUndone has lines refused that ask for what would not be done, in our own
// style only.
func TestUndone(t *testing.T) {
	for line, want := range map[string]string{
		"list -new x":                                     "-new is not used by list",
		"list -validity 10":                               "-validity is not used by list",
		"delete -noprompt -alias a":                       "",
		"list -protected -providername SUN":               "",
		"list -storepass a -storepass b":                  "given twice",
		"list -storepass a -storepass a":                  "",
		"list -storepass a -deststorepass b":              "given twice",
		"list -storepass:env SP -storepass x":             "given twice",
		"list -storepass x -storepass:stdin":              "given twice",
		"list -storepass:stdin -storepass x":              "given twice",
		"list -keystore a -keystore b":                    "given twice",
		"list -keystore a -keystore=a":                    "",
		"list -v -v":                                      "",
		"genkeypair -ext a=b -ext c=d":                    "",
		"genkeypair -validity 3 -validity 4":              "given twice",
		"serve -for 3s -for 4s":                           "given twice",
		"renew -keysize 2048":                             "-keysize does nothing without -newkey",
		"renew -newkey -keysize 2048":                     "",
		"renew -newkey -keysize 2048 -groupname x":        "-keysize and -groupname do not go together",
		"export -bundle - -alias a":                       "-bundle and -alias do not go together",
		"chain -ca a":                                     "-ca does nothing without -complete",
		"export -keyfilepass x":                           "-keyfilepass does nothing without -encrypt or -format or -profile",
		"serve -keystore a -keystoreFile b":               "-keystore and -keystoreFile do not go together",
		"-list -new x":                                    "",
		"-list -storepass a -storepass b":                 "",
		"-importcert -bundle x -alias a -keyfilepass abc": "",
	} {
		_, err := Parse(words(line), TableDefault(), testEnv())
		said := ""
		if err != nil {
			said = err.Error()
		}
		if want == "" && err != nil || !strings.Contains(said, want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}
