package x509util

import (
	"os"
	"strings"
	"testing"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// TestURI compares the check of URIs with java.net.URI and what Java's URIName
// adds, recorded by testdata/uris/URINames.java (JDK 17 and 25 agree).
func TestURI(t *testing.T) {
	data, err := os.ReadFile("testdata/uris/java.tsv")
	if err != nil {
		t.Fatal(err)
	}
	verdict := func(err error) string {
		if err == nil {
			return "yes"
		}
		e := err.(*jdk.Error)
		return e.Class + ": " + e.Text
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 3 {
			t.Fatalf("bad line %q", line)
		}
		n++
		uri, _ := ber.DecodeString(casn1.IA5String, []byte(fields[0]))
		if got := verdict(CheckURI(uri)); got != fields[1] {
			t.Errorf("name %q: %s; Java: %s", fields[0], got, fields[1])
		}
		if got := verdict(CheckURIConstraint(uri)); got != fields[2] {
			t.Errorf("constraint %q: %s; Java: %s", fields[0], got, fields[2])
		}
	}
	if n < 100 {
		t.Errorf("only %d URIs", n)
	}
}
