package commands

import (
	"slices"
	"testing"

	"gokeytool/commands/internal/argv"
	"gokeytool/jdk"
	"gokeytool/x509util"
)

func TestGrants(t *testing.T) {
	requested := func(specs ...string) []x509util.Extension {
		extensions, err := x509util.BuildExtensions(specs, x509util.ExtensionContext{SubjectKey: certificateIn(t, keyed(t, "a"), "a").SPKI, Release: jdk.Default})
		if err != nil {
			t.Fatal(err)
		}
		return extensions
	}
	server := requested("san=dns:localhost", "eku=serverAuth")
	signing := requested("ku=keyCertSign", "san=dns:localhost")
	for _, test := range []struct {
		name      string
		style     argv.Style
		specs     []string
		requested []x509util.Extension
		want      []string
	}{
		{name: "names and usages", style: argv.Subcommand, requested: server, want: []string{"honored=san,eku"}},
		{name: "keytool grants what is said", style: argv.Keytool, requested: server, specs: []string{"ku=digitalSignature"}, want: []string{"ku=digitalSignature"}},
		{name: "none", style: argv.Subcommand, requested: server, specs: []string{"NONE", "eku=clientAuth"}, want: []string{"eku=clientAuth"}},
		{name: "said otherwise", style: argv.Subcommand, requested: server, specs: []string{"honored=san"}, want: []string{"honored=san"}},
		{name: "no right to sign certificates", style: argv.Subcommand, requested: signing, want: []string{"honored=san"}},
		{name: "but of a CA", style: argv.Subcommand, requested: signing, specs: []string{"bc=ca:true"}, want: []string{"honored=ku,san", "bc=ca:true"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := grants(test.style, test.specs, test.requested)
			slices.Sort(test.want)
			if slices.Sort(got); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
