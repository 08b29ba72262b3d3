//go:build unix

package store

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"gokeytool/internal/atomicfile"
	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/store/entry"
)

// While a store is written in place, and whenever its writer is killed but in
// the moment in which the new content goes over the old, Java opens the file: it
// looks at nothing behind a keystore's end.
func TestJavaReadsInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java")
	}
	for _, release := range []jdk.Release{jdk.Release17, jdk.Release25} {
		java := testtool.StartJava(t, release)
		for _, typ := range []Type{JKS, JCEKS, PKCS12} {
			dir := t.TempDir()
			path := filepath.Join(dir, "ks")
			s := New(typ)
			var contents [2][]byte
			for i, alias := range []string{"old", "new"} {
				must(t, s.SetCertificate(alias, entry.X509(realCertificate(t)), created))
				var err error
				contents[i], err = s.Bytes(password)
				must(t, err)
			}
			must(t, os.WriteFile(path, contents[0], 0o600), os.Link(path, filepath.Join(dir, "other")))
			var both []byte
			must(t, atomicfile.Write(path, contents[1], 0, func(io.Reader) (err error) {
				both, err = os.ReadFile(path)
				return err
			}))
			done := append([]byte(nil), both...)
			copy(done, contents[1])
			for i, state := range [][]byte{both, done, both[:len(both)-1]} {
				must(t, os.WriteFile(path, state, 0o600))
				entries, exceptions := java.Keystore(string(typ), path, string(password))
				if want := i%2 + 1; len(entries) != want {
					t.Errorf("Java %d, %s, state %d: %d entries, want %d: %q", release, typ, i, len(entries), want, exceptions)
				}
				ours, err := Open(path, Options{Password: password})
				if err != nil || ours.Len() != i%2+1 {
					t.Errorf("%s, state %d: %v", typ, i, err)
				}
			}
			copy(both, contents[1][:len(contents[1])/2])
			must(t, os.WriteFile(path, both, 0o600))
			lock, err := Lock(t.Context(), path)
			must(t, err, lock.Unlock())
			if entries, exceptions := java.Keystore(string(typ), path, string(password)); len(entries) != 2 {
				t.Errorf("Java %d, %s, completed: %d entries: %q", release, typ, len(entries), exceptions)
			}
		}
	}
}
