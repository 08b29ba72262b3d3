package state

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/filelock"
)

func TestKeys(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := Open(filepath.Join(t.TempDir(), "not there"))
	for _, key := range []crypto.Signer{ec, rsaKey, ed} {
		l, err := d.Lock(t.Context(), "ks", filelock.Wait{})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.SetOrder(&Order{URL: "https://ca.example.com/1", Names: []string{"a"}, Key: Key{key}}); err != nil {
			t.Fatal(err)
		}
		o, err := l.Order()
		if err != nil || o.For != "ks" || !o.Key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(key.Public()) {
			t.Errorf("%T: %+v, %v", key, o, err)
		}
		paths, err := filepath.Glob(filepath.Join(d.Path(), "orders", "*.json"))
		if err != nil || len(paths) != 1 {
			t.Fatal(paths, err)
		}
		path, err := l.SetAside(o, time.Now())
		if err != nil || !strings.HasSuffix(path, ".aside") {
			t.Error(path, err)
		}
		if _, err := l.SetAside(o, time.Now().AddDate(4, 0, 0)); err != nil {
			t.Error(err)
		}
		if err := l.Unlock(); err != nil {
			t.Error(err)
		}
	}
}

func TestDamaged(t *testing.T) {
	d := Open(t.TempDir())
	const ca = "https://ca.example.com/dir"
	path := d.AccountFile(ca)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", "{", "{}", "[]", `{"key":"x"}`, `{"directory":"https://other.example.com","key":""}`, strings.Repeat(" ", maxFile+1)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := d.Account(ca)
		if e, ok := errors.AsType[*FileError](err); !ok || e.Path != path {
			t.Errorf("%.20q: %v", content, err)
		}
		if _, err := d.Accounts(); err == nil {
			t.Errorf("%.20q among all", content)
		}
	}
}

func FuzzFiles(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	text, err := Key{key}.MarshalText()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"directory":"https://ca.example.com","key":"` + strings.ReplaceAll(string(text), "\n", `\n`) + `"}`))
	f.Add([]byte(`{"for":"ks","names":["a"],"recipe":{"host":["a"]}}`))
	dir := f.TempDir()
	path := filepath.Join(dir, "f.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if a, err := readAccount(path); err == nil && (a == nil || a.Key.IsZero()) {
			t.Error("an account without a key")
		}
		if o, err := readOrder(path); err == nil {
			if o == nil || o.Key.IsZero() {
				t.Error("an order without a key")
			} else {
				o.useless(time.Now())
			}
		}
		_, _ = readOrigin(path)
	})
}
