package keytool

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/internal/testtool"
	"gokeytool/x509util"
)

// TestPrintBundle has keytool print the machine's CA bundle and compares.
func TestPrintBundle(t *testing.T) {
	const bundle = "/etc/ssl/certs/ca-certificates.crt"
	data, err := os.ReadFile(bundle)
	if err != nil {
		testtool.Missing(t, bundle)
	}
	certificates, err := x509util.ParseCertificates(data)
	if err != nil {
		t.Fatal(err)
	}
	for rel, keytool := range testtool.Keytools(t) {
		for _, zone := range []string{"America/New_York"} {
			t.Run(keytool+"/"+zone, func(t *testing.T) {
				loc, err := time.LoadLocation(zone)
				if err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command(keytool, "-printcert", "-file", bundle)
				cmd.Env = append(os.Environ(), "TZ="+zone, "LC_ALL=C.UTF-8")
				var stderr bytes.Buffer
				cmd.Stderr = &stderr
				want, err := cmd.Output()
				if err != nil {
					t.Fatalf("keytool: %v: %.200s", err, want)
				}
				p := Printer{Release: rel, Location: loc}
				var got bytes.Buffer
				for i, c := range certificates {
					if i > 0 {
						got.WriteString("\n")
					}
					fmt.Fprintf(&got, "Certificate[%d]:\n", i+1)
					if err := p.Certificate(&got, c); err != nil {
						t.Fatal(err)
					}
				}
				if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
					t.Errorf("-keytool +ours:\n%.4000s", diff)
				}
				warnings := ""
				for _, w := range (Judge{Release: rel}).Chain("The certificate", certificates, nil, false) {
					warnings += w + "\n"
				}
				if warnings != "" {
					warnings = "\nWarning:\n" + warnings
				}
				if diff := cmp.Diff(stderr.String(), warnings); diff != "" {
					t.Errorf("warnings, -keytool +ours:\n%.4000s", diff)
				}
			})
		}
	}
}
