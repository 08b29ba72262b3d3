package check

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gokeytool/finding"
	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// FuzzExamine looks at whatever a file may hold: there is a verdict, it says
// why where it is not good, and it goes through JSON.
func FuzzExamine(f *testing.F) {
	seeds, _ := filepath.Glob("../testdata/corpus/*")
	n := 0
	for _, seed := range seeds {
		if data, err := os.ReadFile(seed); err == nil && len(data) < 1500 {
			f.Add(data)
			n++
		}
	}
	if n < 20 {
		f.Fatalf("%d seeds only", n)
	}
	for _, data := range quickStores(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// All that is derived is what the seeds of quickStores ask for.
		limits := entry.Limits{MaxIterations: 20, MaxEntries: 50, MaxDepth: 20, Work: entry.NewWork(1000, 0, nil)}
		for _, u := range []use{{}, {server: true}, {trust: true, only: true}} {
			x := newExamination("file", Options{Password: []byte("password"), Limits: limits, Now: time.Unix(1.8e9, 0)}, u)
			x.examine(data, 0o644)
			v := x.finish()
			bad := 0
			for _, f := range v.Findings {
				if f.ID == "" || f.Text == "" || f.Severity > finding.Info {
					t.Errorf("%+v", f)
				}
				if f.Severity == finding.Error {
					bad++
				}
			}
			if (v.Status == Healthy) != (bad == 0) {
				t.Errorf("%s with %d errors", v.Status, bad)
			}
			v.Ends(x.o.Now)
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			var again Verdict
			if err := json.Unmarshal(text, &again); err != nil || len(again.Findings) != len(v.Findings) {
				t.Errorf("%v: %s", err, text)
			}
		}
	})
}

// quickStores are keystores with a key, a certificate and a secret key, under the
// password that FuzzExamine has, that open with next to no iterations.
func quickStores(tb testing.TB) (list [][]byte) {
	tb.Helper()
	pkcs8, der := testtool.SelfSigned(tb, testtool.NewKey(tb), x509.Certificate{Subject: pkix.Name{CommonName: "a.example.com"}, NotAfter: time.Unix(1.9e9, 0)})
	quick := pkcs12.Default
	quick.CertIterations, quick.KeyIterations, quick.MACIterations = 2, 2, 2
	bare := pkcs12.Passwordless
	bare.KeyIterations = 2
	password, chain := []byte("password"), []entry.Certificate{entry.X509(der)}
	for _, s := range []*store.Store{store.NewPKCS12(quick), store.NewPKCS12(bare), store.New(store.JKS)} {
		if err := s.SetKey("key", entry.Key{PKCS8: pkcs8}, password, chain, time.Unix(1.7e9, 0)); err != nil {
			tb.Fatal(err)
		}
		if s.Type() == store.PKCS12 {
			if err := s.SetKey("secret", entry.Key{Algorithm: "AES", Raw: make([]byte, 16)}, password, nil, time.Time{}); err != nil {
				tb.Fatal(err)
			}
		}
		if err := s.SetCertificate("ca", chain[0], time.Time{}); err != nil {
			tb.Fatal(err)
		}
		data, err := s.Bytes(password)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, data)
	}
	return list
}
