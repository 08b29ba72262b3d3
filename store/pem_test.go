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
	for _, o := range []Options{{PEM: true}, {Type: PEM}} {
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
	if _, err := Open(cert, Options{PEM: true}); err == nil {
		t.Error("a request opens")
	}
}
