package commands

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"gokeytool/internal/console"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/tomcat"
)

type tomcatConfigOptions struct {
	server string          // one of serverConfigs, in any case
	port   optional[int64] // where it listens
	tomcat optional[int64] // its version
	twice  bool            // the keystore is named as an operand and as an option
}

func readTomcatConfig(l line) tomcatConfigOptions {
	return tomcatConfigOptions{
		server: l.String("server"),
		port:   l.number("port"),
		tomcat: l.number("tomcat"),
		twice:  len(l.req.Operands) > 0 && l.has("keystore"),
	}
}

// tomcatConfig prints what to write into the configuration of a server so that
// it serves a key of the keystore.
func tomcatConfig(ctx context.Context, s *session, o tomcatConfigOptions) error {
	if o.twice {
		return errors.New("name the keystore once")
	}
	if err := checkTomcat(o.tomcat); err != nil {
		return err
	}
	server, err := s.choose("server", o.server)
	if err != nil {
		return err
	}
	if o.port.given && (o.port.value < 1 || o.port.value > 65535) {
		return fmt.Errorf("-port %d: a port is from 1 to 65535", o.port.value)
	}
	if err := s.openServed(ctx); err != nil {
		return err
	}
	key, err := s.servedEntry()
	if err != nil {
		return err
	}
	if server != "nginx" {
		if err := s.checkJavaType(); err != nil {
			return err
		}
		if err := s.refuseServed(); err != nil {
			return err
		}
	}
	if !utf8.ValidString(key.path) {
		return fmt.Errorf("%q is not UTF-8, and no configuration can say it: give the file another name", key.path)
	}
	text, err := serverConfigs[server](s, o, key)
	if err != nil {
		return err
	}
	s.Stdout.Print(console.Text(text))
	if key.password == "PASSWORD" {
		s.Stderr.Print("gokeytool: PASSWORD stands for the keystore's password, which is not shown\n")
	}
	if key.keyPassword != "" {
		s.Stderr.Print("gokeytool: KEYPASSWORD stands for the key's password, which is not shown\n")
	}
	return nil
}

// checkJavaType refuses a keystore that a server in Java can't open.
func (s *session) checkJavaType() error {
	switch s.ks.Type() {
	case store.JKS, store.JCEKS, store.PKCS12, store.CaseExactJKS:
		return nil
	}
	base := strings.TrimSuffix(s.ks.path, filepath.Ext(s.ks.path))
	hints := []string{"make one that it has: " + s.here().Operand([]string{"convert"}, base+".p12")}
	if s.ks.Type() == store.PEM {
		hints = append(hints, "Tomcat also takes PEM, where a Certificate names the files as certificateFile and certificateKeyFile")
	}
	return withHint(fmt.Errorf("%s is %s, and Java has no keystores of that type", s.ks.path, s.ks.Type()), hints...)
}

// refuseServed returns the error with which a server in Java fails to open the
// keystore, nil if it opens it.
func (s *session) refuseServed() error {
	if closed := closedToJava(s.ks.Store, s.here()); closed != nil {
		return withHint(errors.New(closed.Text), "to fix it: "+closed.Remedy)
	}
	return nil
}

// serverConfigs write the configuration of each server.
var serverConfigs = map[string]func(*session, tomcatConfigOptions, servedEntry) (string, error){
	"":            (*session).tomcatConnector,
	"tomcat":      (*session).tomcatConnector,
	"spring-boot": (*session).springBootConfig,
	"kafka":       (*session).kafkaConfig,
	"nginx":       (*session).nginxConfig,
}

// servedEntry is a key of a keystore as a server's configuration names it.
type servedEntry struct {
	path, typ, alias      string
	password, keyPassword string   // as they are shown; no keyPassword if it is the same
	names                 []string // DNS names of the certificate
	only                  bool     // it is the only key
}

// servedEntry finds the key to serve, and proves that it opens.
func (s *session) servedEntry() (servedEntry, error) {
	aliases := s.ks.keyAliases()
	if len(aliases) == 0 {
		return servedEntry{}, s.ks.errKeyless()
	}
	alias := aliases[0]
	if s.alias().given {
		alias = s.ks.StoredAlias(s.alias().value)
	} else if len(aliases) > 1 {
		s.Stderr.Printf("gokeytool: no -alias given: taking <%s>, which Java finds first among %d keys %q\n", alias, len(aliases), aliases)
	}
	id, err := s.identity(alias)
	if errors.Is(err, entry.ErrPassword) && !s.ks.Confirmed() {
		return servedEntry{}, withHint(err, s.closedKeyHints()...)
	}
	if errors.Is(err, entry.ErrPassword) {
		return servedEntry{}, withHint(java("java.security.UnrecoverableKeyException", "Cannot recover key"),
			"the key has another password than the keystore: give it with -keypass")
	}
	if err != nil {
		return servedEntry{}, err
	}
	if len(id.Chain) == 0 {
		return servedEntry{}, withHint(fmt.Errorf("there is no certificate with the key <%s> of %s", alias, s.ks.path),
			"a server needs both; how to bring them together: "+s.here().KeyLine([]string{"smoke", "-alias", alias}))
	}
	e := servedEntry{path: absolute(s.ks.path), typ: string(s.ks.Type()), alias: alias, password: "PASSWORD", only: len(aliases) == 1}
	if leaf, err := x509.ParseCertificate(id.Chain[0]); err == nil {
		for _, name := range leaf.DNSNames {
			if host, err := parseHost(name); err == nil { // what else stands there is no name to write down
				e.names = append(e.names, host)
			}
		}
	}
	if p := s.ks.password; p != nil && (len(p) == 0 || string(p) == tomcatPassword) {
		e.password = string(p) // no secret
	}
	if s.ks.keypass != nil && s.ks.Type() != store.PKCS12 && !samePassword(s.ks.keypass, s.ks.password) {
		e.keyPassword = "KEYPASSWORD"
	}
	return e, nil
}

func (s *session) tomcatConnector(o tomcatConfigOptions, e servedEntry) (string, error) {
	if err := noProperty("Tomcat", "the name of the keystore", e.path); err != nil {
		return "", withHint(err, "give the file another name")
	}
	if err := noProperty("Tomcat", "the alias", e.alias); err != nil {
		return "", withHint(err, s.renameHint(e.alias))
	}
	certificate := tomcat.Certificate{KeystoreFile: e.path, KeystoreType: e.typ, KeystorePassword: []byte(e.password), KeyAlias: e.alias}
	if e.keyPassword != "" {
		certificate.KeyPassword = []byte(e.keyPassword)
	}
	return tomcat.Snippet(int(o.tomcat.value), tomcat.Connector{
		Port: int(o.port.or(defaultPort)), TLS: true,
		Hosts: []tomcat.SSLHost{{Names: []string{tomcat.DefaultHostName}, Certificates: []tomcat.Certificate{certificate}}},
	})
}

// springBootConfig is for application.properties.
func (s *session) springBootConfig(o tomcatConfigOptions, e servedEntry) (string, error) {
	if err := noProperty("Spring", "the alias", e.alias); err != nil {
		return "", withHint(err, s.renameHint(e.alias))
	}
	var b strings.Builder
	property(&b, "server.port", fmt.Sprint(o.port.or(defaultPort)))
	property(&b, "server.ssl.key-store", "file:"+(&url.URL{Path: filepath.ToSlash(e.path)}).EscapedPath())
	property(&b, "server.ssl.key-store-type", e.typ)
	property(&b, "server.ssl.key-store-password", e.password)
	property(&b, "server.ssl.key-alias", e.alias)
	if e.keyPassword != "" {
		property(&b, "server.ssl.key-password", e.keyPassword)
	}
	return b.String(), nil
}

// kafkaConfig is for a broker's server.properties, and the same for clients
// that show a certificate.
func (s *session) kafkaConfig(o tomcatConfigOptions, e servedEntry) (string, error) {
	if kafkaVariable.MatchString(e.path) {
		return "", fmt.Errorf("%s has %q in it, which Kafka asks its config.providers for: give the file another name", e.path, "${")
	}
	var b strings.Builder
	if !e.only {
		b.WriteString("# Kafka can't choose a key by its alias: keep the one for it in a keystore of its own.\n")
	}
	property(&b, "listeners", fmt.Sprintf("SSL://:%d", o.port.or(9093)))
	property(&b, "ssl.keystore.location", e.path)
	property(&b, "ssl.keystore.type", e.typ)
	property(&b, "ssl.keystore.password", e.password)
	// Kafka has no default for it: without, a JKS key does not open.
	key := e.keyPassword
	if key == "" {
		key = e.password
	}
	property(&b, "ssl.key.password", key)
	return b.String(), nil
}

// nginxConfig is for a server block. nginx reads only PEM: the comments say
// how to make it.
func (s *session) nginxConfig(o tomcatConfigOptions, e servedEntry) (string, error) {
	base := strings.TrimSuffix(e.path, filepath.Ext(e.path))
	chain, key := base+".fullchain.pem", base+".key.pem"
	if console.Line(e.path) != e.path {
		return "", fmt.Errorf("%q has a character that nginx has no way to write: give the file another name", e.path)
	}
	if strings.Contains(e.path, "$") {
		return "", fmt.Errorf("%s has a $ in it, which nginx takes for a variable, and there is no other way to write it: give the file another name", e.path)
	}
	server := "_"
	if len(e.names) > 0 {
		server = strings.Join(e.names, " ")
	}
	return fmt.Sprintf(`# nginx reads PEM; make the two files with
#   %s
#   %s
server {
    listen %d ssl;
    server_name %s;
    ssl_certificate %s;
    ssl_certificate_key %s;
}
`, s.named(e.path).Line([]string{"export", "-alias", e.alias, "-fullchain", "-file", chain}),
		s.named(e.path).KeyLine([]string{"export", "-alias", e.alias, "-key", "-file", key}),
		o.port.or(443), server, nginxQuote(chain), nginxQuote(key)), nil
}

// kafkaVariable is what Kafka replaces where it has config.providers
// (org.apache.kafka.common.config.ConfigTransformer).
var kafkaVariable = regexp.MustCompile(`\$\{[^}]*:[^}]*\}`)

// renameHint is the line that gives an entry a name which a configuration can say.
func (s *session) renameHint(alias string) string {
	return "give it another name: " + s.here().KeyLine([]string{"changealias", "-alias", alias, "-destalias", "NAME"})
}

// property writes a line of a Java properties file, which is in ISO 8859-1:
// other characters, and those with a meaning, are escaped.
func property(b *strings.Builder, key, value string) {
	b.WriteString(key + "=")
	for i, r := range value {
		switch {
		case r == '\\', i == 0 && r == ' ':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ', r > '~':
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(b, `\u%04x`, unit)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\n')
}

// nginxQuote makes one word for nginx.
func nginxQuote(word string) string {
	if shell.Plain(word) {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
}
