package commands

import (
	"cmp"
	"strings"

	"gokeytool/internal/console"
	"gokeytool/internal/shell"
	"gokeytool/tomcat"
)

// out is where it is said what was made: nowhere with -quiet.
func (d *developer) out() *console.Writer {
	if d.opt.quiet {
		return console.Discard
	}
	return d.Stdout
}

// explain lists the files and how to use them.
func (d *developer) explain() {
	out := d.out()
	width := 0
	for _, f := range d.made {
		width = max(width, len(d.path(f.name)))
	}
	for _, f := range d.made {
		out.Printf("  %-*s  %s\n", width, d.path(f.name), f.what)
	}
	password := d.shownPassword()
	out.Printf("Password of all keystores: %s; alias of the server's key: %s\n", password, devAlias)

	served, trusted := d.named(d.path("keystore.p12")), d.named(d.path("truststore.p12"))
	serve := served.Line([]string{"serve"})
	asks := ""
	if password != tomcatPassword && served.Open == nil {
		asks = "asks for the keystore's password"
	}
	out.Printf("\nTry it:\n  %s\n  curl --cacert %s https://%s:8443/\n", shell.Note(serve, asks), shell.Quote(d.path("ca.pem")), urlHost(d.hosts[0]))
	if len(d.options.clients) > 0 {
		words := []string{"-clientAuth", "true", "-truststoreFile", trusted.Path}
		if again := d.req.Again("storepass", "truststorePassword"); again != nil {
			words = append(words, again...)
		} else {
			words = append(words, "-truststorePassword", password)
		}
		out.Printf("The same, only for clients with certificates:\n  %s\n", shell.Note(served.Line([]string{"serve"}, words...), asks))
	}
	for _, name := range d.options.clients {
		files := clientFiles(name)
		out.Printf("As client %s, where the server asks for a certificate:\n  curl --cacert %s --cert %s --key %s https://%s:8443/\n",
			name, shell.Quote(d.path("ca.pem")), shell.Quote(d.path(files[1])), shell.Quote(d.path(files[2])), urlHost(d.hosts[0]))
	}
	out.Printf("Java clients:\n  %s\n", trusted.Java(true, password))
	out.Printf("Browsers: import %s once as an authority for web sites.\n", d.path("ca.pem"))

	host := tomcat.SSLHost{Names: []string{tomcat.DefaultHostName}, Certificates: []tomcat.Certificate{{
		KeystoreFile: absolute(d.path("keystore.p12")), KeystoreType: "PKCS12", KeystorePassword: []byte(password), KeyAlias: devAlias,
	}}}
	if len(d.options.clients) > 0 {
		host.Verification = tomcat.VerificationRequired
		host.Truststore = tomcat.Truststore{File: absolute(d.path("truststore.p12")), Type: "PKCS12", Password: []byte(password)}
	}
	snippet, err := tomcat.Snippet(0, tomcat.Connector{Port: defaultPort, TLS: true, Hosts: []tomcat.SSLHost{host}})
	if err = cmp.Or(err, noProperty("Tomcat", "the directory", absolute(d.options.dir))); err != nil { // or a path that XML can't say
		d.Stderr.Printf("gokeytool: no connector to show: %v\n", err)
		return
	}
	out.Printf("Tomcat 8.5 and later, in conf/server.xml:\n%s", console.Text(indent(snippet)))
}

// shownPassword stands for the password in what is printed: itself only if it
// is no secret.
func (d *developer) shownPassword() string {
	if string(d.options.password) == tomcatPassword {
		return tomcatPassword
	}
	return "PASSWORD"
}

// urlHost is a host as it stands in a URL.
func urlHost(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return strings.Replace(host, "*", "www", 1)
}

// indent moves lines two columns to the right.
func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}
