package commands

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/acme"
	"gokeytool/internal/testtool"
	"gokeytool/store"
)

// TestACMEServerXML gets the certificates of connectors from nothing, by their
// SSLHostConfigs, and looks where they went.
func TestACMEServerXML(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{AlwaysValid: true})
	connector := func(text string) string {
		return `<?xml version="1.0"?><!DOCTYPE Server [<!ENTITY word "secret">]><Server><Service name="Catalina"><Connector port="8443" SSLEnabled="true" ` + text + `</Connector></Service></Server>`
	}
	for _, tt := range []struct {
		name, xml string
		words     []string // host names, and other options as "name value"
		want      []string // "file alias: names"
		err       string
	}{
		{"flat", connector(`keystoreFile="conf/k.p12" keystorePass="word99" keyAlias="tomcat">`), []string{"www.example.com"}, []string{"k.p12 tomcat word99: www.example.com"}, ""},
		{"a property", connector(`keystoreFile="${catalina.base}/conf/k.p12" keystorePass="word99" keystoreType="PKCS12">`), []string{"www.example.com"}, []string{"k.p12 mykey word99: www.example.com"}, ""},
		{"an entity", connector(`keystoreFile="conf/k.p12" keystorePass="a&amp;b&lt;c9">`), []string{"www.example.com"}, []string{"k.p12 mykey a&b<c9: www.example.com"}, ""},
		{"JKS, key password", connector(`keystoreFile="conf/k.jks" keystorePass="word99" keyPass="other99" keystoreType="JKS">`), []string{"www.example.com"}, []string{"k.jks mykey word99: www.example.com"}, ""},
		{"several hosts", connector(`defaultSSLHostConfigName="_default_"><SSLHostConfig><Certificate certificateKeystoreFile="conf/d.p12" certificateKeystorePassword="word99"/></SSLHostConfig>
			<SSLHostConfig hostName="a.example"><Certificate certificateKeystoreFile="conf/a.p12" certificateKeystorePassword="word99"/></SSLHostConfig>
			<SSLHostConfig hostName="*.b.example"><Certificate certificateKeystoreFile="conf/b.p12" certificateKeystorePassword="word99"/></SSLHostConfig>`),
			[]string{"a.example", "x.b.example", "y.b.example", "other.example"},
			[]string{"d.p12 mykey word99: other.example", "a.p12 mykey word99: a.example", "b.p12 mykey word99: x.b.example y.b.example"}, ""},
		{"without -host", connector(`><SSLHostConfig><Certificate certificateKeystoreFile="conf/d.p12" certificateKeystorePassword="word99"/></SSLHostConfig>
			<SSLHostConfig hostName="a.example"><Certificate certificateKeystoreFile="conf/a.p12" certificateKeystorePassword="word99"/></SSLHostConfig>`),
			nil, []string{"a.p12 mykey word99: a.example"}, ""},
		{"two types", connector(`><SSLHostConfig><Certificate type="RSA" certificateKeystoreFile="conf/k.p12" certificateKeyAlias="rsa" certificateKeystorePassword="word99"/>
			<Certificate type="EC" certificateKeystoreFile="conf/k.p12" certificateKeyAlias="ec" certificateKeystorePassword="word99"/></SSLHostConfig>`),
			[]string{"www.example.com"}, []string{"k.p12 rsa word99: www.example.com RSA", "k.p12 ec word99: www.example.com"}, ""},
		{"one of two types", connector(`><SSLHostConfig><Certificate type="RSA" certificateKeystoreFile="conf/k.p12" certificateKeyAlias="rsa" certificateKeystorePassword="word99"/>
			<Certificate type="EC" certificateKeystoreFile="conf/k.p12" certificateKeyAlias="ec" certificateKeystorePassword="word99"/></SSLHostConfig>`),
			[]string{"www.example.com", "keyalg EC"}, []string{"k.p12 ec word99: www.example.com"}, ""},
		{"PEM", connector(`><SSLHostConfig><Certificate certificateFile="conf/cert.pem" certificateKeyFile="conf/key.pem" certificateChainFile="conf/chain.pem"/></SSLHostConfig>`),
			[]string{"www.example.com"}, []string{"cert.pem chain.pem key.pem"}, ""},
		{"no host, no name", connector(`keystoreFile="conf/k.p12" keystorePass="word99">`), nil, nil, "no SSLHostConfig of the connector has a name of its own"},
		{"nothing for the host", connector(`defaultSSLHostConfigName="a.example"><SSLHostConfig hostName="a.example"><Certificate type="DSA" certificateKeystoreFile="conf/a.p12"/></SSLHostConfig>`), []string{"b.example"}, nil, "CAs certify RSA and EC keys alone"},
		{"the same entry twice", connector(`><SSLHostConfig><Certificate type="RSA" certificateKeystoreFile="conf/k.p12"/><Certificate type="EC" certificateKeystoreFile="conf/k.p12"/></SSLHostConfig>`), []string{"a.example"}, nil, "are the same entry"},
		{"no TLS", `<Server><Service><Connector port="8080"/></Service></Server>`, []string{"a.example"}, nil, "has no connector with TLS"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			conf := filepath.Join(dir, "conf")
			testtool.WriteFiles(t, dir, map[string]string{"conf/server.xml": tt.xml})
			line := func() (*unit, error) {
				u := acmeUnit(t, p, dir)
				o := acmeOptions{recipe: recipeOf(p), how: byPebble, from: serverXMLOptions{file: filepath.Join(conf, "server.xml")}}
				o.how.agree = true
				for _, word := range tt.words {
					name, value, option := strings.Cut(word, " ")
					if !option {
						name, value = "host", word
					}
					o.recipe[name] = append(o.recipe[name], value)
				}
				return u, certifyACME(t.Context(), u.session, o)
			}
			u, err := line()
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error()+fmt.Sprint(u.hints(err)), tt.err) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err, u.hints(err))
			}
			var got []string
			for _, want := range tt.want {
				name, rest, _ := strings.Cut(want, " ")
				if strings.HasSuffix(name, ".pem") {
					for _, file := range append(strings.Fields(rest), name) {
						testtool.ReadFile(t, filepath.Join(conf, file))
					}
					got = append(got, want)
					continue
				}
				words := strings.Fields(rest)
				password := strings.TrimSuffix(words[1], ":")
				ks, err := store.Open(filepath.Join(conf, name), store.Options{Password: []byte(password)})
				if err != nil {
					t.Fatal(err)
				}
				e, there := ks.Get(words[0])
				if !there {
					t.Fatalf("%s has no %s", name, words[0])
				}
				shown := fmt.Sprintf("%s %s %s: %s", name, words[0], password, strings.Join(acmeHosts(e.Chain[0].DER), " "))
				if slices.Contains(words, "RSA") {
					shown += " RSA"
				}
				got = append(got, shown)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q", got)
			}
			if made, _ := filepath.Glob(filepath.Join(conf, "*.p12")); len(made) > len(tt.want) {
				t.Errorf("made are %q", made)
			}
			before := snapshot(t, conf)
			if u, err := line(); err != nil || strings.Count(u.err.String(), "nothing to do") != len(tt.want) {
				t.Errorf("again: %v %s", err, u.err)
			}
			if !strings.Contains(u.err.String(), "on by: gokeytool acme -serverxml ") {
				t.Errorf("the line is not advised: %s", u.err)
			}
			if snapshot(t, conf) != before {
				t.Error("something has changed")
			}
		})
	}
}

// TestACMERefused has lines refused before the CA is asked: the keystore stays as it
// is, and what is to be done is said.
func TestACMERefused(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{})
	mixed := keyed(t, "one")
	for alias, e := range map[string]string{"two": "one", "ca": ""} {
		key, _ := mixed.Get("one")
		if e == "" {
			if err := mixed.SetCertificate(alias, key.Chain[0], key.Created); err != nil {
				t.Fatal(err)
			}
			continue
		}
		mixed.SetSealed(alias, key.Kind, key.Sealed, key.Chain, key.Created)
	}
	dir := t.TempDir()
	keystore := saved(t, dir, mixed, "mixed.p12")
	testtool.WriteFiles(t, dir, map[string]string{"text": "no keystore", "empty": ""})
	before, asked := snapshot(t, dir), p.Log()
	for _, tt := range []struct {
		name   string
		target acmeTarget
		words  []string
		want   string
	}{
		{"wrong password", acmeTarget{keystore: keystore, storepass: []byte("wrong99")}, nil, "password was incorrect"},
		{"several keys", acmeTarget{keystore: keystore}, nil, `has 2 keys: "one", "two"`},
		{"a trusted certificate", acmeTarget{keystore: keystore, alias: given("ca")}, nil, "is a trusted certificate, and no key"},
		{"no keystore", acmeTarget{keystore: filepath.Join(dir, "text")}, nil, ""},
		{"an empty file", acmeTarget{keystore: filepath.Join(dir, "empty")}, nil, "exists, but is empty"},
		{"a directory", acmeTarget{keystore: dir}, nil, "Is a directory"},
		{"no directory", acmeTarget{keystore: filepath.Join(dir, "none", "k.p12")}, nil, "No such file or directory"},
		{"no PEM", acmeTarget{certFile: keystore, keyFile: filepath.Join(dir, "key.pem")}, nil, "is a PKCS12 keystore, not a file in PEM"},
		{"text for PEM", acmeTarget{certFile: filepath.Join(dir, "text"), keyFile: filepath.Join(dir, "text")}, nil, "neither a key nor a certificate"},
		{"no names", acmeTarget{keystore: filepath.Join(dir, "new.p12")}, []string{"host"}, "there is no such file yet"},
		{"a wildcard", acmeTarget{keystore: filepath.Join(dir, "new.p12")}, []string{"host *.example.com"}, "a wildcard is proved by dns-01 alone"},
		{"an address by dns-01", acmeTarget{keystore: filepath.Join(dir, "new.p12")}, []string{"host 192.0.2.1", "hook true"}, "an IP address is not proved by dns-01"},
		{"dns-01 without a hook", acmeTarget{keystore: filepath.Join(dir, "new.p12")}, []string{"via dns-01"}, "-via dns-01 needs -hook"},
		{"a webroot for tls-alpn-01", acmeTarget{keystore: filepath.Join(dir, "new.p12")}, []string{"via tls-alpn-01", "webroot /tmp"}, "-webroot and -hook do not go with it"},
		{"no name", acmeTarget{keystore: filepath.Join(dir, "new.p12")}, []string{"host -x.example"}, "cannot be certified"},
		{"Ed25519", acmeTarget{keystore: filepath.Join(dir, "new.p12")}, []string{"keyalg Ed25519"}, "public CAs certify EC and RSA keys alone"},
		{"RSA of 1024 bits", acmeTarget{keystore: filepath.Join(dir, "new.p12")}, []string{"keyalg RSA", "keysize 1024"}, "no CA certifies such RSA keys"},
		{"an odd curve", acmeTarget{keystore: filepath.Join(dir, "new.p12")}, []string{"groupname secp256k1"}, "no CA certifies keys on this curve"},
		{"an odd CA", acmeTarget{keystore: filepath.Join(dir, "new.p12")}, []string{"directory letsencrpt"}, "is neither the https URL"},
		{"no length of time", acmeTarget{keystore: filepath.Join(dir, "new.p12")}, []string{"within soon"}, "is no length of time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := acmeUnit(t, p, filepath.Join(dir, "none"))
			target := tt.target
			if target.keystore != "" && target.storepass == nil {
				target.storepass = []byte(unitPassword)
			}
			recipe := recipeOf(p, "host www.example.com")
			for _, word := range tt.words {
				name, value, _ := strings.Cut(word, " ")
				if recipe[name] = []string{value}; value == "" {
					delete(recipe, name)
				}
			}
			_, err := u.certifyByACME(t.Context(), target, recipe, acmeHow{agree: true})
			if err == nil {
				t.Fatal("it went well")
			}
			if text, _ := u.javaText(err); !strings.Contains(text+err.Error(), tt.want) {
				t.Errorf("%v %q", err, u.hints(err))
			}
			if len(u.hints(err)) == 0 && tt.name != "a directory" && tt.want != "is no length of time" && tt.want != "cannot be certified" && tt.want != "is neither the https URL" && !strings.Contains(tt.want, "do not go with it") {
				t.Errorf("%v: nothing is said of what to do", err)
			}
			if after := snapshot(t, dir); after != before {
				t.Errorf("something has changed:\n%s\n%s", before, after)
			}
		})
	}
	if p.Log() != asked {
		t.Errorf("the CA was asked: %s", strings.TrimPrefix(p.Log(), asked))
	}
}

// TestACMERecipe has recipes completed by older ones, and written as options.
func TestACMERecipe(t *testing.T) {
	for _, tt := range []struct {
		given, old acmeRecipe
		want       string
	}{
		{nil, acmeRecipe{"host": {"a", "b"}, "via": {"dns-01"}, "hook": {"set it"}}, "-host a -host b -via dns-01 -hook set it"},
		{acmeRecipe{"host": {"c"}}, acmeRecipe{"host": {"a", "b"}, "reusekey": {"true"}}, "-host c -reusekey"},
		{acmeRecipe{"webroot": {"/w"}}, acmeRecipe{"via": {"dns-01"}, "hook": {"x"}, "cleanupHook": {"y"}}, "-webroot /w"},
		{acmeRecipe{"hook": {"z"}}, acmeRecipe{"via": {"dns-01"}, "hook": {"x"}, "cleanupHook": {"y"}}, "-via dns-01 -hook z"},
		{acmeRecipe{"via": {"http-01"}}, acmeRecipe{"via": {"dns-01"}, "hook": {"x"}}, "-via http-01"},
		{acmeRecipe{"via": {"dns-01"}}, acmeRecipe{"via": {"dns-01"}, "hook": {"x"}}, "-via dns-01 -hook x"},
		{acmeRecipe{"keyalg": {"RSA"}}, acmeRecipe{"groupname": {"secp384r1"}, "reusekey": {"true"}}, "-keyalg RSA"},
		{acmeRecipe{"directory": {"zerossl"}}, acmeRecipe{"directory": {"https://ca.example/d"}, "caFile": {"/ca"}, "profile": {"short"}}, "-directory zerossl"},
		{acmeRecipe{"exec": {""}}, acmeRecipe{"exec": {"reload"}, "within": {"30d"}}, "-within 30d"},
	} {
		old := fmt.Sprint(tt.old)
		if got := strings.Join(tt.given.over(tt.old).words(), " "); got != tt.want {
			t.Errorf("%v over %v: %s", tt.given, tt.old, got)
		}
		if fmt.Sprint(tt.old) != old {
			t.Errorf("the old one has changed: %v", tt.old)
		}
	}
	for want, r := range map[acme.Method]acmeRecipe{acme.HTTP01: {"webroot": {"/w"}}, acme.DNS01: {"hook": {"x"}}, acme.TLSALPN01: {"via": {"tls-alpn-01"}}} {
		if got, err := r.method(); err != nil || got != want {
			t.Errorf("%v: %s %v", r, got, err)
		}
	}
}
