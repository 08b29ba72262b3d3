package keytool

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"gokeytool/jdk"
	"gokeytool/x509util"
)

// goldens calls f with what keytool of each release printed for a file of
// testdata/print in a time zone, and with its warnings. Those that keytool
// failed on have "failed: ..." as last warning.
func goldens(t *testing.T, f func(t *testing.T, rel jdk.Release, file string, zone *time.Location, text string, warnings []string)) {
	for rel, name := range map[jdk.Release]string{jdk.Release17: "keytool17.txtar", jdk.Release25: "keytool25.txtar"} {
		archive, err := os.ReadFile(filepath.Join("..", "testdata", "print", name))
		if err != nil {
			t.Fatal(err)
		}
		// The headers of txtar: "-- name --".
		sections := strings.Split("\n"+strings.TrimSuffix(string(archive), "\n"), "\n-- ")[1:]
		if len(sections) < 300 {
			t.Fatalf("%s: only %d sections", name, len(sections))
		}
		for _, section := range sections {
			header, text, _ := strings.Cut(section+"\n", " --\n")
			file, zone, _ := strings.Cut(header, " ")
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			notes := []string(nil)
			if i := strings.Index("\n"+text, "\n! "); i >= 0 {
				for line := range strings.Lines(text[i:]) {
					notes = append(notes, strings.TrimSuffix(strings.TrimPrefix(line, "! "), "\n"))
				}
				text = text[:i]
			}
			t.Run(strings.TrimSuffix(name, ".txtar")+"/"+file+"/"+zone, func(t *testing.T) {
				f(t, rel, file, loc, text, notes)
			})
		}
	}
}

// notVerified is what keytool -printcrl adds without a keystore.
const notVerified = "*******************************************\n" +
	"WARNING: not verified. Make sure -keystore is correct or specify -trustcacerts.\n" +
	"*******************************************\n\n\n"

// show prints a file of testdata/print and returns the text and the warnings.
func show(p *Printer, file string, data []byte) (text string, warnings []string, err error) {
	var out bytes.Buffer
	judge := Judge{Release: p.Release}
	switch filepath.Ext(file) {
	case ".der":
		c, err := x509util.ParseCertificate(data)
		if err != nil {
			return "", nil, err
		}
		err = p.Certificate(&out, c)
		return out.String(), judge.Chain("The certificate", []*x509util.Certificate{c}, nil, false), err
	case ".csr":
		r, err := x509util.ParseRequest(data)
		if err != nil {
			return "", nil, err
		}
		err = p.Request(&out, r)
		return out.String(), judge.Request("The certificate request", r), err
	default:
		c, err := x509util.ParseCRL(data)
		if err != nil {
			return "", nil, err
		}
		err = p.CRL(&out, c)
		out.WriteString(notVerified)
		return out.String(), judge.CRL("The CRL", c, nil), err
	}
}

func TestPrintEqualsKeytool(t *testing.T) {
	compared, refused := 0, 0
	goldens(t, func(t *testing.T, rel jdk.Release, file string, zone *time.Location, want string, wantWarnings []string) {
		data, err := os.ReadFile(filepath.Join("..", "testdata", "print", file))
		if err != nil {
			t.Fatal(err)
		}
		got, warnings, err := show(&Printer{Release: rel, Location: zone}, file, data)
		if n := len(wantWarnings); n > 0 && strings.HasPrefix(wantWarnings[n-1], "failed: ") {
			refused++
			if err == nil && got == "" {
				t.Error("nothing printed")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		compared++
		if strings.HasPrefix(file, "control") { // keytool prints them raw
			return
		}
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("text (-keytool +ours):\n%s", diff)
		}
		if diff := cmp.Diff(wantWarnings, warnings); diff != "" {
			t.Errorf("warnings (-keytool +ours):\n%s", diff)
		}
	})
	t.Logf("%d equal, %d that keytool refuses", compared, refused)
}
