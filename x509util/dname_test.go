package x509util

import (
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"gokeytool/jdk"
)

// The recorded lines have blanks that would break them written so.
var unescape = strings.NewReplacer(`\u000a`, "\n", `\u0009`, "\t")

// TestDNames compares with what Java made of the names, recorded in
// testdata/dnames.txt.
func TestDNames(t *testing.T) {
	data, err := os.ReadFile("testdata/dnames.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) < 100 {
		t.Fatalf("only %d recorded names", len(lines))
	}
	for _, line := range lines {
		input, want, _ := strings.Cut(line, "\t")
		t.Run(input, func(t *testing.T) {
			name, err := ParseDName(unescape.Replace(input))
			read, _ := ParseName(name.DER()) // sorted: the names were recorded so
			got := hex.EncodeToString(name.DER()) + "\t" + read.String()
			if javaErr, ok := errors.AsType[*jdk.Error](err); ok {
				got = "!" + javaErr.Class + ": " + javaErr.Text
			} else if err != nil {
				t.Fatalf("not an *Error: %v", err)
			}
			if want := unescape.Replace(want); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

// TestDNameOrder: a name stays as it was given until it is read again.
func TestDNameOrder(t *testing.T) {
	name, err := ParseDName("OU=b+CN=a+O=c, L=d")
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseName(name.DER())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := name.String()+"; "+read.String(), "OU=b + CN=a + O=c, L=d; CN=a + O=c + OU=b, L=d"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestNewName(t *testing.T) {
	name, err := NewName([]NamePart{{"CN", ` a, "b"\`}, {"O", "Zürich"}, {"C", ""}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := name.String(), `CN=" a, \"b\"\\", O=Zürich, C=`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if again, err := ParseName(name.DER()); err != nil || !again.Equal(name) {
		t.Errorf("%v, %v", again, err)
	}
	if _, err := NewName([]NamePart{{"BOGUS", "x"}}); err == nil {
		t.Error("an unknown keyword passes")
	}
}
