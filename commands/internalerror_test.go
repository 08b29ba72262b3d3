package commands

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/console"
	"gokeytool/store"
)

// TestInternalError holds that a fault of our own ends as an error does: exit code 1,
// said on the standard error, the keystore's lock released.
func TestInternalError(t *testing.T) {
	ks := filepath.Join(t.TempDir(), "ks.p12")
	if err := store.New(store.PKCS12).Save(ks, []byte("changeit")); err != nil {
		t.Fatal(err)
	}
	before := actions["delete"]
	t.Cleanup(func() { actions["delete"] = before })
	actions["delete"] = plain(func(ctx context.Context, s *session) error {
		if err := s.openKeystore(ctx, access{changes: true}); err != nil {
			return err
		}
		var none *keystore
		return none.lock.Unlock()
	})
	for _, style := range [][]string{{"delete"}, {"-delete"}} {
		var out, stderr bytes.Buffer
		env := &Env{
			Stdin: strings.NewReader(""), Stdout: console.NewWriter(&out), Stderr: console.NewWriter(&stderr),
			LookupEnv: func(string) (string, bool) { return "", false },
			Now:       time.Now, Home: t.TempDir,
		}
		args := append(append([]string{"gokeytool"}, style...), "-alias", "a", "-keystore", ks, "-storepass", "changeit")
		if code := Main(args, env); code != exitError {
			t.Errorf("%s: exit code %d", style[0], code)
		}
		for _, want := range []string{"this is a fault of gokeytool itself", "internalerror_test.go"} {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%s: the standard error lacks %q:\n%s", style[0], want, stderr.String())
			}
		}
		if said := out.String() + stderr.String(); !strings.Contains(said, "internal error: runtime error: invalid memory address") || strings.Contains(said, "changeit") {
			t.Errorf("%s printed:\n%s", style[0], said)
		}
		// The lock is free: another command gets it at once.
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		lock, err := store.Lock(ctx, ks)
		cancel()
		if err != nil {
			t.Fatalf("%s: %v", style[0], err)
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
}
