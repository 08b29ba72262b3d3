package argv

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestComplete(t *testing.T) {
	tests := []struct {
		words []string
		want  string
	}{
		{[]string{"imp"}, "importcert importpass importkeystore"},
		{[]string{"-gen"}, "-genkeypair -genseckey -gencert"},
		{[]string{"--gen"}, "--genkeypair --genseckey --gencert"},
		{[]string{"-GENK"}, "-genkeypair"},
		{[]string{"-storepass", "x", "-showi"}, "-showinfo"},
		{[]string{"-storepass", "x", "-genkeypair", "-key"}, "-keyalg -keysize -keypass -keystore"},
		{[]string{"-importkeystore", "-dests"}, "-deststoretype -deststorepass"},
		{[]string{"-importkeystore", "-deststoretype", "jK"}, "JKS"},
		{[]string{"genkey", "-storetype", "j"}, "JKS JCEKS"},
		{[]string{"genkey", "--storetype=p"}, "--storetype=PKCS12"},
		{[]string{"genseckey", "-keyalg", "A"}, "AES ARCFOUR"},
		{[]string{"genseckey", "-keysize", ""}, "128 192 256"},
		{[]string{"importpass", "-keyalg", "PBEWithHmacSHA512"}, "PBEWithHmacSHA512AndAES_256"},
		{[]string{"gencert", "-ext", "h"}, "honored=all"},
		{[]string{"migrate", "-to", ""}, "pkcs12 jks jceks"},
		{[]string{"export", "-format", "p"}, "pem p7b p12"},
		{[]string{"convert", "-profile", "java"}, "java8 java26"},
		{[]string{"serve", "-clientAuth="}, "-clientAuth=false -clientAuth=want -clientAuth=true"},
		{[]string{"printcert", "-f"}, "-file"},
		{[]string{"printcertreq", ""}, "-file -v -json"},
		{[]string{"printcertreq", "-v", ""}, "-file -json"},
		{[]string{"printcertreq", "-file", "-v", ""}, "-v -json"},
		{[]string{"printcertreq", "-file", ""}, ""},
		{[]string{"genkeypair", "-ext", "x", "-ex"}, "-ext"},
		{[]string{"list", "-storepass:"}, "-storepass:env -storepass:file -storepass:fd -storepass:stdin -storepass:generate"},
		{[]string{"list", "-storepass:stdin", "-al"}, "-alias"},
		{[]string{"list", "-storepass:env", "-al"}, ""},
		{[]string{"list", "-alias:"}, ""},
		{[]string{"completion", ""}, "bash zsh fish"},
		{[]string{"completion", "z"}, "zsh"},
		{[]string{"help", "se"}, "serve sessionid"},
		{[]string{"serve", "-s"}, "-storepass -storetype -selfsigned -sni -sessionIdLength -serverxml -SSLVerifyClient -strictSni -sessionTimeout -sessionCacheSize"},
		{[]string{"nonsense", "-s"}, ""},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.words, " "), func(t *testing.T) {
			if diff := cmp.Diff(tt.want, strings.Join(TableDefault().Complete(tt.words), " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
	if all := TableDefault().Complete(nil); !slices.Contains(all, "serve") || !slices.Contains(all, "list") {
		t.Errorf("%q", all)
	}
}

// Every command and every option is offered.
func TestCompleteAll(t *testing.T) {
	table := TableDefault()
	commands := table.Complete([]string{""})
	for _, c := range table.Commands {
		if !c.Hidden && !slices.Contains(commands, c.Name) {
			t.Errorf("%s is not offered", c.Name)
		}
		if c.Verbatim {
			continue
		}
		options := table.Complete([]string{c.Name, "-"})
		for _, d := range c.Docs() {
			if !slices.Contains(options, "-"+d.Name) {
				t.Errorf("%s: -%s is not offered", c.Name, d.Name)
			}
		}
	}
}

// What a caller needs to complete a value itself, such as an alias.
func TestCompletion(t *testing.T) {
	c := TableDefault().Completion([]string{"list", "-keystore", "a", "--storetype=JKS", "-storepass", "secret", "-destkeystore=b", "--alias=to"})
	if c.Command.Name != "list" || c.Option.Name != "alias" || c.Prefix != "--alias=" || c.Typed != "to" {
		t.Errorf("%+v", c)
	}
	want := []Value{{Name: "keystore", Texts: []string{"b"}}, {Name: "storetype", Texts: []string{"JKS"}}, {Name: "storepass"}}
	if diff := cmp.Diff(want, c.Values); diff != "" {
		t.Error(diff)
	}
}

// FuzzComplete demands that every candidate goes on from what was typed.
func FuzzComplete(f *testing.F) {
	for _, args := range differentialLines {
		f.Add(strings.Join(args, "\n"))
	}
	f.Add("genkey\n--keyalg=R")
	f.Add("list\n-storepass:e")
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Split(line, "\n")
		word := words[len(words)-1]
		for _, c := range TableDefault().Complete(words) {
			if len(c) < len(word) || !strings.EqualFold(c[:len(word)], word) {
				t.Errorf("%q: %q", words, c)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	args := words("-genkeypair -alias tomcat -keyalg RSA -keystore k.p12 -storepass changeit -ext san=dns:localhost -dname CN=localhost -validity 365")
	for b.Loop() {
		if _, err := Parse(args, TableDefault(), Env{}); err != nil {
			b.Fatal(err)
		}
	}
}
