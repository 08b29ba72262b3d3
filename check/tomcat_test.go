package check_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/check"
	"gokeytool/finding"
	"gokeytool/store"
)

// catalina makes a catalina.base with a server.xml of one connector.
func catalina(t *testing.T, connector string, files map[string][]byte) (serverXML string) {
	t.Helper()
	xml := `<Server><Service name="Catalina">` + connector + `</Service></Server>`
	all := map[string][]byte{"conf/server.xml": []byte(xml)}
	for name, data := range files {
		all["conf/"+name] = data
	}
	return filepath.Join(tree(t, all), "conf", "server.xml")
}

func (s newStore) bytes() []byte {
	s.t.Helper()
	data, err := s.Bytes([]byte(password))
	ok(s.t, err)
	return data
}

// TestServerXML looks at connectors as people write them.
func TestServerXML(t *testing.T) {
	const connector = `<Connector port="8443" protocol="HTTP/1.1" SSLEnabled="true">`
	host := func(attributes, certificate string) string {
		return connector + "<SSLHostConfig " + attributes + "><Certificate " + certificate + "/></SSLHostConfig></Connector>"
	}
	const keystore = `certificateKeystoreFile="conf/keystore" certificateKeystorePassword="` + password + `"`
	root := newCA(t, "CN=Root")
	good := issue(t, template{issuer: root})
	plain := issue(t, template{ext: []string{}})
	pkcs12 := func(t *testing.T) newStore { return makeStore(t, store.PKCS12) }
	tests := map[string]struct {
		connector string
		files     func(t *testing.T) map[string][]byte
		want      []string // lines "FILE STATUS", with their errors and warnings behind
		text      string
	}{
		"good": {
			connector: host("", keystore),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy"},
			text: "keystore of the connector on port 8443",
		},
		// What does not say that it is a server's is one here.
		"no names": {
			connector: host("", keystore),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", plain).bytes()}
			},
			want: []string{"server.xml healthy", "keystore faulty", "error names <tomcat>"},
		},
		"names of a key that is not served": {
			connector: host("", keystore+` certificateKeyAlias="Tomcat"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("other", plain).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy", "warning names <other>"},
		},
		"password of a key that is not served": {
			connector: host("", keystore+` certificateKeyAlias="tomcat"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).keyUnder("another1", "other", good, root).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy"},
		},
		"no alias, several keys": {
			connector: host("", keystore),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("zeta", good, root).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy", "warning several-keys <>"},
			text: `Tomcat serves "zeta"`,
		},
		"alias of nothing": {
			connector: host("", keystore+` certificateKeyAlias="nosuch"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore faulty", "error no-key <>"},
			text: "Alias name [nosuch] does not identify a key entry",
		},
		// Java counts a secret key as a key: Tomcat takes it if it comes first.
		"secret key": {
			connector: host("", keystore),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).secret("aes").key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore faulty", "error no-key <>"},
			text: `the entry "aes" is a secret key: Tomcat starts with it, and every handshake fails`,
		},
		// No other password is tried, even if it would open the store.
		"wrong password": {
			connector: host("", `certificateKeystoreFile="conf/keystore"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore unchecked", "error password <>"},
			text: "set certificateKeystorePassword to the keystore's password",
		},
		"key password": {
			connector: host("", keystore+` certificateKeyPassword="another1"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).keyUnder("another1", "tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy"},
		},
		"no file": {
			connector: host("", keystore),
			want:      []string{"server.xml healthy", "keystore unchecked", "error unreadable <>"},
			text:      "FileNotFoundException",
		},
		"name in another case": {
			connector: host("", `certificateKeystoreFile="conf/Keystore" certificateKeystorePassword="`+password+`"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "Keystore unchecked", "error unreadable <>"},
			text: "line 1: Certificate certificateKeystoreFile: there is no such file (FileNotFoundException)",
		},
		"truststore that is not there": {
			connector: host(`truststoreFile="conf/trust"`, keystore),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy", "trust unchecked", "error unreadable <>"},
			text: "line 1: SSLHostConfig truststoreFile: there is no such file",
		},
		"PEM file that is not there": {
			connector: host("", `certificateFile="conf/cert.pem" certificateKeyFile="conf/key.pem"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"cert.pem": pemOf("CERTIFICATE", good.der)}
			},
			want: []string{"server.xml healthy", "key.pem unchecked", "error unreadable <>"},
			text: "line 1: Certificate certificateKeyFile: there is no such file",
		},
		"empty keystore": {
			connector: host("", keystore),
			files:     func(*testing.T) map[string][]byte { return map[string][]byte{"keystore": nil} },
			want:      []string{"server.xml healthy", "keystore unchecked", "error unreadable <>"},
			text:      "the file is empty (Java says: EOFException)",
		},
		"password in another case": {
			connector: host("", `certificateKeystoreFile="conf/keystore" certificateKeystorePassword="`+strings.ToUpper(password)+`"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore unchecked", "error password <>"},
			text: "line 1: Certificate certificateKeystorePassword: the configured password does not open it; it opens with that password in lower case",
		},
		"password file": {
			connector: host("", `certificateKeystoreFile="conf/keystore" certificateKeystorePasswordFile="conf/pw"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes(), "pw": []byte(password + " \nother")}
			},
			want: []string{"server.xml healthy", "keystore unchecked", "error password <>"},
			text: "correct the password in that file",
		},
		"suites for keys of another kind": {
			connector: host(`protocols="TLSv1.2" ciphers="ECDHE-RSA-AES128-GCM-SHA256"`, keystore),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore faulty", "error key-suites <>"},
			text: "No available certificate or key corresponds to the SSL cipher suites which are enabled",
		},
		"suites for keys of another kind, and TLSv1.3": {
			connector: host(`ciphers="ECDHE-RSA-AES128-GCM-SHA256"`, keystore),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy", "warning key-suites <>"},
			text: "only TLSv1.3 works",
		},
		"JKS called PKCS12 in Tomcat 7": {
			connector: `<Connector port="8443" protocol="org.apache.coyote.http11.Http11Protocol" SSLEnabled="true" scheme="https" secure="true" keystoreFile="conf/keystore" keystorePass="` + password + `" keystoreType="PKCS12"/></Service><Listener className="org.apache.catalina.core.JasperListener"/><Service name="b">`,
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": makeStore(t, store.JKS).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "warning flat-connector <>", "keystore healthy", "warning store-type <>", "warning old-format <>"},
			text: "Java 7 and the first releases of Java 8 say",
		},
		"port below 1024": {
			connector: strings.Replace(host("", keystore), "8443", "443", 1),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "warning tomcat-port <>", "keystore healthy"},
			text: "iptables -t nat -A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports 8443",
		},
		"JCEKS that is not called so": {
			connector: host("", keystore),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": makeStore(t, store.JCEKS).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore faulty", "error store-type <>", "warning old-format <>"},
		},
		"JCEKS that is to be migrated": {
			connector: host("", keystore+` certificateKeystoreType="jceks"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": makeStore(t, store.JCEKS).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy", "warning old-format <>"},
			text: "  # then set certificateKeystoreType to PKCS12",
		},
		"PKCS12 that is called JCEKS": {
			connector: host("", keystore+` certificateKeystoreType="JCEKS"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore faulty", "error store-type <>"},
			text: "set certificateKeystoreType to PKCS12",
		},
		"host name": {
			connector: `<Connector port="8443" protocol="HTTP/1.1" SSLEnabled="true">` +
				`<SSLHostConfig><Certificate ` + keystore + `/></SSLHostConfig>` +
				`<SSLHostConfig hostName="www.example.com"><Certificate ` + keystore + `/></SSLHostConfig>` +
				`<SSLHostConfig hostName="localhost"><Certificate ` + keystore + `/></SSLHostConfig></Connector>`,
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy", "keystore faulty", "error host-name <tomcat>", "keystore healthy"},
			text: "-ext san=dns:localhost,dns:www.example.com -ext eku=serverAuth -file REQUEST",
		},
		"host name, signed by itself": {
			connector: `<Connector port="8443" protocol="HTTP/1.1" SSLEnabled="true">` +
				`<SSLHostConfig><Certificate ` + keystore + `/></SSLHostConfig>` +
				`<SSLHostConfig hostName="www.example.com"><Certificate ` + keystore + `/></SSLHostConfig></Connector>`,
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", issue(t, template{})).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy", "keystore faulty", "error host-name <tomcat>"},
			text: "gokeytool renew -alias tomcat -keystore ",
		},
		"trust store of keys": {
			connector: host(`certificateVerification="required" truststoreFile="conf/trust" truststorePassword="`+password+`"`, keystore),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes(), "trust": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy", "trust faulty", "error no-trust-anchors <>"},
			text: "the trustAnchors parameter must be non-empty",
		},
		"trust store": {
			connector: host(`certificateVerification="required" truststoreFile="conf/trust" truststorePassword="`+password+`"`, keystore),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes(), "trust": pkcs12(t).cert("root", root).bytes()}
			},
			want: []string{"server.xml healthy", "keystore healthy", "trust healthy"},
		},
		"PEM files": {
			connector: host("", `certificateFile="conf/cert.pem" certificateKeyFile="conf/key.pem" certificateChainFile="conf/chain.pem"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{
					"cert.pem": pemOf("CERTIFICATE", good.der), "key.pem": pemOf("PRIVATE KEY", pkcs8(t, good.key)), "chain.pem": pemOf("CERTIFICATE", root.der),
				}
			},
			want: []string{"server.xml healthy", "cert.pem healthy"},
		},
		"PEM files without the key": {
			connector: host("", `certificateFile="conf/cert.pem" certificateKeyFile="conf/key.pem"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"cert.pem": pemOf("CERTIFICATE", good.der)}
			},
			want: []string{"server.xml healthy", "key.pem unchecked", "error unreadable <>"},
		},
		"PEM files with the key of another": {
			connector: host("", `certificateFile="conf/cert.pem" certificateKeyFile="conf/key.pem"`),
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"cert.pem": pemOf("CERTIFICATE", good.der, "CERTIFICATE", root.der), "key.pem": pemOf("PRIVATE KEY", pkcs8(t, plain.key))}
			},
			want: []string{"server.xml healthy", "cert.pem faulty", "error key-mismatch <cert.pem>"},
		},
		"Tomcat 7": {
			connector: `<Connector port="8443" protocol="HTTP/1.1" SSLEnabled="true" scheme="https" secure="true" clientAuth="false" sslProtocol="TLS" keystoreFile="conf/keystore" keystorePass="` + password + `" keyAlias="tomcat"/>`,
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml healthy", "warning flat-connector <>", "keystore healthy"},
		},
		"a Tomcat that does not start": {
			connector: `<Connector port="8443" protocol="HTTP/1.1" SSLEnabled="true"><SSLHostConfig hostName="a.example.com"><Certificate ` + keystore + `/></SSLHostConfig></Connector>`,
			files: func(t *testing.T) map[string][]byte {
				return map[string][]byte{"keystore": pkcs12(t).key("tomcat", good, root).bytes()}
			},
			want: []string{"server.xml faulty", "error tomcat <>", "keystore faulty", "error host-name <tomcat>"},
		},
		"not XML": {
			connector: "<<",
			want:      []string{"server.xml unchecked", "error not-a-server-xml <>"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var files map[string][]byte
			if test.files != nil {
				files = test.files(t)
			}
			path := catalina(t, test.connector, files)
			var got []string
			var all strings.Builder
			for v := range check.Files(t.Context(), []string{path}, check.Options{Now: today}) {
				got = append(got, filepath.Base(v.Path)+" "+string(v.Status))
				for i, f := range v.Findings {
					if f.Severity != finding.Info && f.ID != "file-mode" {
						got = append(got, findings(v)[i])
					}
				}
				all.WriteString(v.Role + "\n" + texts(v))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, &all)
			}
			if !strings.Contains(all.String(), test.text) {
				t.Errorf("%q is not in\n%s", test.text, &all)
			}
			if strings.Contains(all.String(), password) {
				t.Errorf("the password is in\n%s", &all)
			}
		})
	}
	t.Run("found in a directory", func(t *testing.T) {
		path := catalina(t, host("", keystore), nil)
		ok(t, os.WriteFile(filepath.Join(filepath.Dir(path), "keystore"), pkcs12(t).cert("root", root).bytes(), 0o600))
		if got := paths(t, t.Context(), filepath.Dir(path), "."); len(got) != 1 || got[0] != "keystore healthy" {
			t.Errorf("%q", got)
		}
	})
}
