package store

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gokeytool/store/entry"
)

func TestPEM(t *testing.T) {
	var text bytes.Buffer
	text.Write(bytes.Repeat([]byte("what openssl x509 -text prints\n"), 300))
	must(t,
		pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: privateKey(t).PKCS8}),
		pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: realCertificate(t)}))
	for range 3000 { // more than is looked at to tell the format
		must(t, pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: []byte{0x30, 0}}))
	}
	path := filepath.Join(t.TempDir(), "bundle.pem")
	must(t, os.WriteFile(path, text.Bytes(), 0o600))

	if _, err := Open(path, Options{}); err == nil {
		t.Error("opens without being asked for")
	} else if e, ok := errors.AsType[*NotKeystoreError](err); !ok || e.What != PEMKey {
		t.Errorf("not asked for: %v", err)
	}
	for _, o := range []Options{{Foreign: true}, {Type: PEM}} {
		s, err := Open(path, o)
		must(t, err)
		if s.Type() != PEM || s.Len() != 3001 || s.Verified() {
			t.Errorf("%s with %d entries", s.Type(), s.Len())
		}
		key, err := s.Key("1", nil)
		if err != nil || !bytes.Equal(key.PKCS8, privateKey(t).PKCS8) {
			t.Errorf("the key: %v", err)
		}
		if e, _ := s.Get("1"); len(e.Chain) != 1 || !bytes.Equal(e.Chain[0].DER, realCertificate(t)) {
			t.Error("the key has not its certificate")
		}
		if order := s.JavaOrder(); !slices.Equal(order, s.Entries()) {
			t.Error("the order is not that of the file")
		}
		if err := s.Save(path, password); !errors.Is(err, entry.ErrUnsupported) {
			t.Errorf("saved: %v", err)
		}
		if err := s.SetKey("x", privateKey(t), password, nil, created); !errors.Is(err, entry.ErrUnsupported) {
			t.Errorf("a new key: %v", err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, text.Bytes()) {
		t.Error("the file was changed")
	}
	cert := filepath.Join(t.TempDir(), "request.pem")
	must(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: []byte{0x30, 0}}), 0o600))
	if _, err := Open(cert, Options{Foreign: true}); err == nil {
		t.Error("a request opens")
	}
}

// Files that Java by itself does not take for keystores are opened where that
// is asked for, and are never written.
func TestForeign(t *testing.T) {
	for _, test := range []struct {
		path, password string
		want           Type
		entries        int
		verified       bool
	}{
		{"testdata/certificate.der", "", DER, 1, false},
		{corpus + "/keystore-explorer__CryptoFileUtilTest__keystore.bks", "123456", BKS, 1, true},
		{corpus + "/keystore-explorer__CryptoFileUtilTest__keystore.uber", "123456", UBER, 1, true},
		{corpus + "/pyjks__uber__christmas.uber", "12345678", UBER, 6, true},
		{corpus + "/pyjks__uber__custom_entry_passwords.uber", "store_password", UBER, 3, true},
		{corpus + "/pyjks__uber__empty.uber", "", UBER, 0, true},
		{"bks/testdata/version1.bks", "changeit", BKS, 4, false}, // its MAC can be forged
	} {
		t.Run(test.path, func(t *testing.T) {
			if _, err := Open(test.path, Options{Password: []byte(test.password)}); err == nil {
				t.Error("opens without being asked for")
			}
			for _, o := range []Options{{Foreign: true}, {Type: test.want}} {
				o.Password = []byte(test.password)
				s, err := Open(test.path, o)
				must(t, err)
				if s.Type() != test.want || !s.Type().Foreign() || s.Len() != test.entries || len(s.JavaOrder()) != test.entries || s.Verified() != test.verified {
					t.Errorf("%s with %d entries, verified %v", s.Type(), s.Len(), s.Verified())
				}
				if err := s.Save(filepath.Join(t.TempDir(), "copy"), password); !errors.Is(err, entry.ErrUnsupported) {
					t.Errorf("saved: %v", err)
				}
			}
			other := Options{Type: PEM}
			if _, err := Open(test.path, other); err == nil {
				t.Error("opens as PEM")
			}
		})
	}
}
