package commands_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// berForms are encodings of a certificate in DER that Java reads, some of which
// it makes DER again: with lengths of BER, and with bytes behind it.
func berForms(t *testing.T, der []byte) map[string][]byte {
	t.Helper()
	body := func(v []byte) []byte {
		input := cryptobyte.String(v)
		var content cryptobyte.String
		var tag asn1.Tag
		if !input.ReadAnyASN1(&content, &tag) {
			t.Fatal("no value")
		}
		return content
	}
	parts := func(v []byte) (list [][]byte) {
		for rest := cryptobyte.String(body(v)); !rest.Empty(); {
			var one cryptobyte.String
			var tag asn1.Tag
			if !rest.ReadAnyASN1Element(&one, &tag) {
				t.Fatal("no value")
			}
			list = append(list, one)
		}
		return list
	}
	long := func(v []byte) []byte {
		n := len(body(v))
		return slices.Concat(v[:1], []byte{0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body(v))
	}
	endless := func(v []byte) []byte { return slices.Concat(v[:1], []byte{0x80}, body(v), []byte{0, 0}) }
	of := func(parts ...[]byte) []byte {
		var b cryptobyte.Builder
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(parts...)) })
		return b.BytesOrPanic()
	}
	p := parts(der)
	tbs := parts(p[0])
	within := func(i int, change func([]byte) []byte) []byte {
		changed := slices.Clone(tbs)
		changed[i] = change(tbs[i])
		return of(of(changed...), p[1], p[2])
	}
	return map[string][]byte{
		"der": der, "long": long(der), "endless": endless(der), "endless-all": endless(of(endless(p[0]), endless(p[1]), p[2])),
		"behind": slices.Concat(der, []byte("\x00\x00junk")), "newline": append(bytes.Clone(der), '\n'), "endless-behind": append(endless(der), "junk"...),
		"twice": slices.Concat(der, der), "tbs-long": of(long(p[0]), p[1], p[2]), "tbs-endless": of(endless(p[0]), p[1], p[2]),
		"algorithm-long": of(p[0], long(p[1]), p[2]), "signature-long": of(p[0], p[1], long(p[2])),
		"issuer-long": within(3, long), "key-long": within(6, long),
	}
}

// TestBER: certificates in BER and with bytes behind them have the fingerprints
// that Java takes of them, wherever one is shown, and are exported as Java has
// them; the keystore keeps the bytes that it has.
func TestBER(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java")
	}
	dir := t.TempDir()
	play := func(program string, args ...string) string {
		t.Helper()
		cmd := exec.Command(plainProgram(t, program), args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil && args[0] != "check" && args[0] != "diff" {
			t.Errorf("%s %q: %v\n%s", program, args, err, out)
		}
		return string(out)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	play("keytool", "-genkeypair", "-alias", "a", "-keyalg", "EC", "-dname", "CN=a.example", "-ext", "san=dns:a.example", "-keystore", "first.p12", "-storepass", "changeit")
	play("keytool", "-exportcert", "-alias", "a", "-file", "a.der", "-keystore", "first.p12", "-storepass", "changeit")
	der, err := os.ReadFile(in("a.der"))
	if err != nil {
		t.Fatal(err)
	}
	forms := berForms(t, der)
	names := slices.Sorted(maps.Keys(forms))
	types := []store.Type{store.JKS, store.PKCS12}
	for _, name := range names {
		if err := os.WriteFile(in(name+".der"), forms[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, typ := range types {
		s := store.New(typ)
		for _, name := range names {
			if err := s.SetCertificate(name, entry.X509(forms[name]), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Save(in(string(typ)), []byte("changeit")); err != nil {
			t.Fatal(err)
		}
	}
	classes := testtool.CompileLines(t)
	for release, theirs := range testtool.Keytools(t) {
		t.Setenv("GOKEYTOOL_JDK", strconv.Itoa(int(release)))
		m := testtool.StartLines(t, theirs, classes, nil, dir, os.Environ())
		same := func(args ...string) {
			t.Helper()
			want, err := m.Play(args, "")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(plainProgram(t, "keytool"), args...)
			cmd.Dir = dir
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			code := exitCode(t, cmd, cmd.Run())
			if diff := cmp.Diff(output(want), output{stdout.String(), stderr.String(), code}); diff != "" {
				t.Errorf("%q (-keytool of JDK %v +ours):\n%s", args, release, diff)
			}
		}
		for _, typ := range types {
			opened := []string{"-storetype", string(typ), "-keystore", in(string(typ)), "-storepass", "changeit"}
			same(append([]string{"-list"}, opened...)...)
			same(append([]string{"-list", "-v"}, opened...)...)
			same(append([]string{"-list", "-rfc"}, opened...)...)
			same(append([]string{"-exportcert", "-rfc", "-alias", "endless-behind"}, opened...)...)
		}
		for _, name := range names {
			same("-printcert", "-file", in(name+".der"))
		}
	}

	// What only we have.
	for _, typ := range types {
		var listed struct {
			Entries []struct {
				Alias string
				Chain []struct{ SHA256, PEM string }
			}
		}
		if err := json.Unmarshal([]byte(play("gokeytool", "list", "-json", "-keystore", in(string(typ)), "-storepass", "changeit")), &listed); err != nil {
			t.Fatal(err)
		}
		if len(listed.Entries) != len(names) {
			t.Fatalf("%s: %d entries", typ, len(listed.Entries))
		}
		checked := play("gokeytool", "check", "-json", in(string(typ)), "-storepass", "changeit")
		for _, e := range listed.Entries {
			want := x509util.Encoded(forms[e.Alias])
			block, _ := pem.Decode([]byte(e.Chain[0].PEM))
			if sum := fingerprint(want); e.Chain[0].SHA256 != sum || !bytes.Equal(block.Bytes, want) || !strings.Contains(checked, sum) {
				t.Errorf("%s, %s: %+v, want %s", typ, e.Alias, e.Chain[0], sum)
			}
		}
		if out := play("gokeytool", "diff", in(string(typ)), in(string(types[0])), "-storepass", "changeit"); strings.Contains(out, "there") {
			t.Error(out)
		}
		opened, err := store.Open(in(string(typ)), store.Options{Password: []byte("changeit")})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if e, ok := opened.Get(name); !ok || !bytes.Equal(e.Chain[0].DER, forms[name]) {
				t.Errorf("%s does not keep %s as it is", typ, name)
			}
		}
	}
}

// fingerprint is the SHA-256 as it is written.
func fingerprint(der []byte) string {
	return strings.ToUpper(strings.Trim(strings.ReplaceAll(fmt.Sprintf("% x", sha256.Sum256(der)), " ", ":"), "[]"))
}
