package argv

import "testing"

func TestShown(t *testing.T) {
	table := TableDefault()
	for word, want := range map[string]string{
		"-storepass=x":                       "-storepass=***",
		"-storepass:x=y":                     "-storepass:***",
		"-storepass:env":                     "-storepass:env",
		"-storepass:FILE":                    "-storepass:FILE",
		"--Store-Pass=x":                     "--Store-Pass=***",
		"-storpas=x":                         "-storpas=***",
		"-keypas:x":                          "-keypas:***",
		"\u2013storepass=x":                  "\u2013storepass=***",
		"-Djavax.net.ssl.keyStorePassword=x": "-Djavax.net.ssl.keyStorePassword=***",
		"-keystore=x":                        "-keystore=x",
		"-keyalg=RSA":                        "-keyalg=RSA",
		"-storetype=JKS":                     "-storetype=JKS",
		"-storepass":                         "-storepass",
		"http://a:b":                         "http://a:b",
		"":                                   "",
	} {
		if got := table.Shown(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
	// No option that is none for a password hides its value.
	for _, o := range table.Options {
		for _, name := range append([]string{o.Name}, o.Synonyms...) {
			if hidden := table.Shown("-"+name+"=x") != "-"+name+"=x"; hidden != (o.Kind == Password) {
				t.Errorf("%s: hidden %v", name, hidden)
			}
		}
	}
}
