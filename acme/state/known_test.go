package state

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestOrigins: all that is known is listed, and what is damaged keeps nothing else
// from being so.
func TestOrigins(t *testing.T) {
	d := Open(filepath.Join(t.TempDir(), "acme"))
	if list, err := d.Origins(); err != nil || list != nil {
		t.Errorf("of nothing: %v, %v", list, err)
	}
	for leaf, keystore := range map[string]string{"one": "/a.p12", "two": "/b.p12", "three": "/c.p12"} {
		if err := d.SetOrigin([]byte(leaf), &Origin{Directory: "https://ca.example/dir", Keystore: keystore}); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := d.Origins(); err != nil || len(list) != 3 {
		t.Errorf("%v, %v", list, err)
	}
	if err := d.Forget([]byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.originFile([]byte("two")), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := d.Origins()
	if _, damaged := errors.AsType[*FileError](err); !damaged || len(list) != 1 || list[0].Keystore != "/c.p12" {
		t.Errorf("%v, %v", list, err)
	}
}

func TestCompromised(t *testing.T) {
	d := Open(filepath.Join(t.TempDir(), "acme"))
	if _, ok, err := d.Compromised([]byte("key")); ok || err != nil {
		t.Errorf("of nothing: %t, %v", ok, err)
	}
	since := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if err := d.SetCompromised([]byte("key"), since); err != nil {
		t.Fatal(err)
	}
	if at, ok, err := d.Compromised([]byte("key")); !ok || err != nil || !at.Equal(since) {
		t.Errorf("%v, %t, %v", at, ok, err)
	}
	if _, ok, err := d.Compromised([]byte("other")); ok || err != nil {
		t.Errorf("another: %t, %v", ok, err)
	}
}
