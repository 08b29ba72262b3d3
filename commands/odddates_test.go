package commands_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store"
	"gokeytool/store/entry"
)

// withTimes puts another time in place of every time in a structure in DER.
func withTimes(t *testing.T, der cryptobyte.String, text string) []byte {
	t.Helper()
	var b cryptobyte.Builder
	for !der.Empty() {
		var body cryptobyte.String
		var tag casn1.Tag
		if !der.ReadAnyASN1(&body, &tag) {
			t.Fatal("not DER")
		}
		switch {
		case tag == casn1.UTCTime || tag == casn1.GeneralizedTime:
			tag, body = casn1.GeneralizedTime, cryptobyte.String(text)
		case tag&0x20 != 0: // constructed
			body = withTimes(t, body, text)
		}
		b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(body) })
	}
	return b.BytesOrPanic()
}

// TestOddDates has certificates, CRLs and entries with dates that JSON has no
// form for described: each document is whole, with null for such a date.
func TestOddDates(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "localhost"}, KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	crl, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now(),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(7), RevocationTime: time.Now()}},
	}, template, key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	document := func(args ...string) map[string]any {
		t.Helper()
		cmd := exec.Command(plainProgram(t, "gokeytool"), append(args, "-json")...)
		cmd.Dir = dir
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, _ := cmd.Output()
		var d map[string]any
		if err := json.Unmarshal(out, &d); err != nil {
			t.Fatalf("%q: %v\n%s%s", args, err, out, &stderr)
		}
		return d
	}
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keystore := func(name string, der []byte, created time.Time) {
		t.Helper()
		s := store.New(store.JKS)
		if err := s.SetCertificate("a", entry.X509(der), created); err != nil {
			t.Fatal(err)
		}
		if err := s.Save(filepath.Join(dir, name), []byte("changeit")); err != nil {
			t.Fatal(err)
		}
	}
	keystore("good.jks", cert, time.Now())
	times := []string{"99991231235959Z", "99991231235959-1200", "99991231235959-0001", "00000101000000Z", "00000101000000+1400", "00000101000000+0001", "19491231235959Z"}
	for i, text := range times {
		odd := withTimes(t, cert, text)
		write("odd.der", odd)
		write("odd.crl", withTimes(t, crl, text))
		name := fmt.Sprintf("odd%d.jks", i)
		keystore(name, odd, time.UnixMilli(int64(i-3)*1<<60))
		for _, args := range [][]string{{"printcert", "-file", "odd.der"}, {"printcrl", "-file", "odd.crl"}, {"list", "-keystore", name, "-storepass", "changeit"}, {"check", name}} {
			d := document(args...)
			if d["version"] == nil {
				t.Errorf("%s: %q: %v", text, args, d)
			}
		}
	}
	report := document("check", ".")
	if n := len(report["keystores"].([]any)); n != len(times)+1 {
		t.Errorf("check: %d keystores", n)
	}
}
