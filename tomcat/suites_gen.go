//go:build ignore

// This program writes suites.go, every cipher suite that OpenSSL, Java or Tomcat
// has a name for, and ../internal/tlsname/suites.go, their registered names. It needs openssl (3.0 to 3.4), a JDK 17 and Tomcat
// 10.1, whose home is the argument:
//
//	go run suites_gen.go /usr/share/tomcat10
//
// The ids and names are those of the IANA registry and of OpenSSL, as "openssl
// ciphers -V -stdname" prints them; for the suites that OpenSSL 3 no longer has,
// as Tomcat's list of OpenSSL's names has them. Java's names are those of its
// supported suites with none disabled. The order is OpenSSL's, on which the
// order of a cipher list depends.
package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/format"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const javaSource = `
import org.apache.tomcat.util.net.openssl.ciphers.*;
public class Suites {
	public static void main(String[] args) throws Exception {
		for (String s : javax.net.ssl.SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites())
			System.out.println("java " + s);
		for (Cipher c : Cipher.values())
			if (c.getProtocol() != Protocol.SSLv2)
				System.out.println("tomcat " + c.getId() + " " + c.name() + " " + c.getOpenSSLAlias() + " " + c.getKx() + " " + c.getAu()
					+ " " + c.getEnc() + " " + c.getMac() + " " + c.getProtocol() + " " + c.getLevel() + " " + c.getStrength_bits()
					+ " " + String.join(",", c.getOpenSSLAltNames()));
	}
}
`

type suite struct {
	id                                  uint16
	iana, openssl, java, alt            string
	kx, au, enc, mac, proto, level, bit string
	inDefault                           bool
	rank                                int
	after                               []*suite // in OpenSSL's order
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run suites_gen.go CATALINA_HOME")
	}
	dir, err := os.MkdirTemp("", "suites")
	check(err)
	defer os.RemoveAll(dir)
	check(os.WriteFile(filepath.Join(dir, "Suites.java"), []byte(javaSource), 0o644))
	check(os.WriteFile(filepath.Join(dir, "security"), []byte("jdk.tls.disabledAlgorithms=\njdk.tls.legacyAlgorithms=\n"), 0o644))
	classPath := filepath.Join(os.Args[1], "lib/*") + ":" + filepath.Join(os.Args[1], "bin/tomcat-juli.jar")

	java := make(map[string]bool)
	var suites []*suite
	byID := make(map[uint16]*suite)
	for _, f := range run("java", "-Djava.security.properties="+filepath.Join(dir, "security"), "-cp", classPath, filepath.Join(dir, "Suites.java")) {
		if f[0] == "java" {
			java[f[1]] = true
			continue
		}
		s := &suite{iana: f[2], openssl: f[3], kx: f[4], au: f[5], enc: f[6], mac: f[7], proto: f[8], level: f[9], bit: f[10], rank: 1 << 20}
		if len(f) > 11 {
			s.alt = f[11]
		}
		_, err := fmt.Sscan(f[1], &s.id)
		check(err)
		suites = append(suites, s)
		byID[s.id] = s
	}
	notDefault := make(map[string]bool)
	for _, name := range strings.Split(run("openssl", "ciphers", "-ciphersuites", "", "COMPLEMENTOFDEFAULT:eNULL")[0][0], ":") {
		notDefault[name] = true
	}
	for i, f := range run("openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL") {
		var high, low uint16
		_, err := fmt.Sscanf(f[0], "0x%02X,0x%02X", &high, &low)
		check(err)
		s := byID[high<<8|low]
		if s == nil {
			log.Fatalf("%s: not in Tomcat's list", f[2])
		}
		// Tomcat spells a few names otherwise; IANA's are what counts.
		if s.iana != f[2] {
			s.alt = strings.Trim(s.alt+","+s.iana, ",")
		}
		s.iana, s.openssl, s.rank, s.inDefault = f[2], f[4], i, !notDefault[f[4]]
	}
	for _, s := range suites {
		for _, name := range []string{s.iana, "SSL_" + strings.TrimPrefix(s.iana, "TLS_")} {
			if java[name] {
				s.java = name
			}
		}
		delete(java, s.java)
	}
	delete(java, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV") // a signal, not a suite
	if len(java) > 0 {
		log.Fatalf("Java knows suites that nobody else does: %v", java)
	}
	// Those that OpenSSL no longer has come after those it has, the
	// stronger ones first.
	slices.SortStableFunc(suites, func(a, b *suite) int {
		bits := func(s *suite) (n int) { fmt.Sscan(s.bit, &n); return n }
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(bits(b), bits(a)))
	})
	// "ALL:COMPLEMENTOFALL" puts those that do not encrypt last, whereas
	// OpenSSL has them among the others: other lists show where.
	byName := make(map[string]*suite)
	for _, s := range suites {
		byName[s.openssl] = s
	}
	for _, list := range []string{"ALL", "COMPLEMENTOFALL", "SSLv3", "TLSv1", "TLSv1.2", "SHA1", "SHA256", "SHA384", "MD5", "kRSA", "kECDHE", "aRSA", "aPSK"} {
		var before *suite
		for _, name := range strings.Split(run("openssl", "ciphers", "-ciphersuites", "", list)[0][0], ":") {
			s := byName[name]
			if before != nil {
				s.after = append(s.after, before)
			}
			before = s
		}
	}
	for i := range suites {
		next := i + slices.IndexFunc(suites[i:], func(s *suite) bool {
			return !slices.ContainsFunc(s.after, func(before *suite) bool { return slices.Contains(suites[i:], before) })
		})
		s := suites[next]
		suites = slices.Insert(slices.Delete(suites, next, next+1), i, s)
	}

	var b bytes.Buffer
	fmt.Fprintf(&b, `// Code generated by suites_gen.go; DO NOT EDIT.

package tomcat

// suites are the cipher suites in OpenSSL's order of preference.
// Origin: the IANA registry's ids, OpenSSL's and Java's names, as
// %s, Java 17 and Tomcat 10.1 print them.
var suites = [...]Suite{
`, strings.Join(run("openssl", "version")[0][:2], " "))
	for _, s := range suites {
		fmt.Fprintf(&b, "{ID: 0x%04X, OpenSSL: %q, ", s.id, s.openssl)
		if s.java != "" {
			fmt.Fprintf(&b, "JSSE: %q, ", s.java)
		}
		if s.alt != "" {
			fmt.Fprintf(&b, "alt: %q, ", s.alt)
		}
		fmt.Fprintf(&b, "kx: kx%s, au: au%s, enc: enc%s, mac: mac%s, from: from%s, level: level%s, bits: %s", s.kx, s.au, s.enc, s.mac, s.proto, s.level, s.bit)
		if s.inDefault {
			b.WriteString(", inDefault: true")
		}
		b.WriteString("},\n")
	}
	b.WriteString("}\n")
	write("suites.go", b.Bytes())

	// The signals have numbers among the suites.
	suites = append(suites, &suite{id: 0x00ff, iana: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"}, &suite{id: 0x5600, iana: "TLS_FALLBACK_SCSV"})
	slices.SortFunc(suites, func(a, b *suite) int { return cmp.Compare(a.id, b.id) })
	b.Reset()
	fmt.Fprintf(&b, `// Code generated by ../../tomcat/suites_gen.go; DO NOT EDIT.

package tlsname

// suites are the cipher suites by their ids, in rising order. Origin: the IANA
// registry's ids and names, as %s and Tomcat 10.1 print them.
var suites = [...]suite{
`, strings.Join(run("openssl", "version")[0][:2], " "))
	for _, s := range suites {
		fmt.Fprintf(&b, "{0x%04X, %q},\n", s.id, s.iana)
	}
	b.WriteString("}\n")
	write("../internal/tlsname/suites.go", b.Bytes())
}

// write writes a formatted source file.
func write(name string, source []byte) {
	out, err := format.Source(source)
	check(err)
	check(os.WriteFile(name, out, 0o644))
}

// run returns the words of the lines that a program prints.
func run(name string, args ...string) [][]string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	var lines [][]string
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 0 {
			lines = append(lines, f)
		}
	}
	return lines
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
