package store

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// TestNearMissFilters has bash make each password of the one given, by the line
// that is printed.
func TestNearMissFilters(t *testing.T) {
	bash := testtool.Look(t, "bash")
	var script strings.Builder
	var want [][]byte
	for _, given := range []string{"secret-1", "Secret 1", " p\tq ", `"it's"`, "'s'", "`s`", "\xEF\xBB\xBFsecret", "\xEF\xBB\xBF \"secret\" ", `secret\n`, `a\r\n`,
		"c3VwZXJzZWNyZXQ=", `"c3VwZXJzZWNyZXQK"`, "c3VwZXJzZWNyZXQK", "storepass=secret", `PASSWORD: "secret"`, "gr\xF6\xDFe", "größe", "grÃ¶Ã\u009fe", "a&amp;b", `back\slash & more %s`, "SECRET", "-n"} {
		for _, m := range nearMisses([]byte(given)) {
			if m.Filter == "" || strings.ContainsRune(strings.TrimSuffix(string(m.password), m.End), '\n') {
				continue
			}
			line := m.Export("PASSWORD", `printf '%s\n' "$GIVEN"`)
			quoted := "'" + strings.ReplaceAll(given, "'", `'\''`) + "'"
			script.WriteString("GIVEN=" + quoted + "\n" + line + "\n" + `printf '%s\0' "$PASSWORD"` + "\n")
			want = append(want, m.password)
		}
	}
	out := testtool.Stdout(t, testtool.Command(t, "", bash, "-c", script.String()))
	got := bytes.Split([]byte(out), []byte{0})
	lines := strings.Split(script.String(), "\n")
	for i, password := range want {
		if !bytes.Equal(got[i], password) {
			t.Errorf("%s; %s: %q, not %q", lines[3*i], lines[3*i+1], got[i], password)
		}
	}
	if len(want) < 200 {
		t.Errorf("%d only", len(want))
	}
}

// TestNearMiss opens keystores of every format with passwords near to theirs,
// either way round.
func TestNearMiss(t *testing.T) {
	const secret = "Supersecret"
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	near := []string{secret + "\n", secret + "\r\n", secret + "\r", secret + " ", " " + secret, `"` + secret + `"`, "'" + secret + "'",
		"\xEF\xBB\xBF" + secret, b64(secret), b64(secret + "\n"), strings.ToLower(secret), strings.ToUpper(secret), strings.Map(swapCase, secret),
		strings.ToLower(secret[:1]) + secret[1:], secret + `\n`, "changeit", ""}
	for _, typ := range []Type{JKS, JCEKS, PKCS12} {
		try := func(theirs, given string) {
			s := New(typ)
			if typ == PKCS12 {
				p := pkcs12.Default
				p.MACIterations, p.CertIterations = 1000, 1000
				s = NewPKCS12(p)
			}
			must(t, s.SetCertificate("a", entry.X509(realCertificate(t)), created))
			data, err := s.Bytes([]byte(theirs))
			must(t, err)
			_, err = Decode("file", bytes.Clone(data), Options{Password: []byte(given), ReadOnly: true})
			if theirs == "" && err == nil {
				return // as Java has it
			}
			var opened *OpenError
			if !errors.As(err, &opened) {
				t.Fatalf("%s of %q with %q: %v", typ, theirs, given, err)
			}
			m, ok := opened.NearMiss()
			if !ok || string(m.password) != theirs {
				t.Errorf("%s of %q with %q: %v, %q", typ, theirs, given, ok, m.password)
			}
			if strings.Contains(m.Describe("x"), secret) {
				t.Errorf("the password is told: %s", m.Describe("x"))
			}
		}
		for _, other := range near {
			try(other, secret)
			if other != "changeit" && other != "" && !strings.EqualFold(other, secret) || other == strings.Map(swapCase, secret) {
				try(secret, other)
			}
		}
		try(secret, "storepass="+secret)
		try(secret, "\xEF\xBB\xBF \""+secret+"\" ")
	}
	s := New(PKCS12)
	data, err := s.Bytes([]byte("something else"))
	must(t, err)
	_, err = Decode("file", data, Options{Password: []byte(secret)})
	var opened *OpenError
	if !errors.As(err, &opened) {
		t.Fatal(err)
	}
	if m, ok := opened.NearMiss(); ok {
		t.Errorf("%s", m.Describe("x"))
	}
}

// TestNearMissBudget: a file that asks for much work is tried a few times only.
func TestNearMissBudget(t *testing.T) {
	p := pkcs12.Default
	p.MACIterations, p.CertIterations = nearMissIterations/4, nearMissIterations/4
	s := NewPKCS12(p)
	must(t, s.SetCertificate("a", entry.X509(realCertificate(t)), created))
	data, err := s.Bytes([]byte("something else"))
	must(t, err)
	_, err = Decode("file", data, Options{Password: []byte("secret")})
	var opened *OpenError
	if !errors.As(err, &opened) {
		t.Fatal(err)
	}
	if m, ok := opened.NearMiss(); ok {
		t.Errorf("%s", m.Describe("x"))
	}
	mac := p.MACIterations // of each password that is wrong
	spent, all := opened.near.Spent(), mac*len(nearMisses([]byte("secret")))
	if spent < mac || spent > nearMissIterations || all <= nearMissIterations {
		t.Errorf("%d iterations of %d", spent, all)
	}
}
