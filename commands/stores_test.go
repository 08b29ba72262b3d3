package commands_test

import (
	"bytes"
	"cmp"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// gokeytool runs our program in a directory, without anything to read.
func gokeytool(t testing.TB, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), plainProgram(t, "gokeytool"), args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustRun(t testing.TB, dir string, args ...string) {
	t.Helper()
	if out, err := gokeytool(t, dir, args...); err != nil {
		t.Fatalf("gokeytool %q: %v\n%s", args, err, out)
	}
}

// identityOf makes a private key and its certificate.
func identityOf(t testing.TB, name string) (entry.Key, []entry.Certificate) {
	t.Helper()
	pkcs8, der := testtool.Identity(t, name)
	return entry.Key{PKCS8: pkcs8}, []entry.Certificate{entry.X509(der)}
}

func openStore(t testing.TB, path, password string) *store.Store {
	t.Helper()
	s, err := store.Open(path, store.Options{Password: []byte(password)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// others are the entries that no command of TestUntouchedEntries touches: keys
// and a secret key whose passwords are nobody's business, and a certificate.
func others(t testing.TB, s *store.Store) (names []string) {
	t.Helper()
	created := time.UnixMilli(1_500_000_000_123)
	key, chain := identityOf(t, "other")
	err := s.SetKey("other", key, []byte("unknown password"), chain, created)
	if err == nil {
		err = s.SetCertificate("trusted", chain[0], created)
	}
	names = []string{"other", "trusted"}
	if err == nil && s.Type() != store.JKS {
		err = s.SetKey("secret", entry.Key{Algorithm: "AES", Raw: make([]byte, 32)}, []byte("unknown password"), nil, created)
		names = append(names, "secret")
	}
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestUntouchedEntries(t *testing.T) {
	for _, typ := range []store.Type{store.JKS, store.JCEKS, store.PKCS12} {
		t.Run(string(typ), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "store")
			password := []byte("changeit")
			s := store.New(typ)
			names := others(t, s)
			key, chain := identityOf(t, "mine")
			if err := s.SetKey("mine", key, password, chain, time.Now()); err != nil {
				t.Fatal(err)
			}
			save := func(s *store.Store, path string) {
				if err := s.Save(path, password); err != nil {
					t.Fatal(err)
				}
			}
			save(s, path)
			original, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			more := store.New(store.JKS)
			key, chain = identityOf(t, "more")
			if err := more.SetKey("more", key, password, chain, time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := more.SetCertificate("authority", chain[0], time.Now()); err != nil {
				t.Fatal(err)
			}
			save(more, filepath.Join(dir, "more"))
			certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[0].DER})
			if err := os.WriteFile(filepath.Join(dir, "cert.pem"), certificate, 0o600); err != nil {
				t.Fatal(err)
			}

			use := []string{"-keystore", "store", "-storepass", "changeit"}
			from := []string{"importkeystore", "-srckeystore", "more", "-srcstorepass", "changeit", "-destkeystore", "store", "-deststorepass", "changeit", "-noprompt"}
			changes := []struct {
				name     string
				args     []string
				password string // afterwards, if not changeit
				entries  int    // more than before
				refused  bool
			}{
				{name: "genkeypair", args: append([]string{"genkeypair", "-alias", "new", "-keyalg", "EC", "-dname", "CN=new", "-keypass", "changeit"}, use...), entries: 1},
				{name: "genseckey", args: append([]string{"genseckey", "-alias", "new", "-keyalg", "AES", "-keysize", "128", "-keypass", "changeit"}, use...), entries: 1, refused: typ == store.JKS},
				{name: "importcert", args: append([]string{"importcert", "-noprompt", "-alias", "new", "-file", "cert.pem"}, use...), entries: 1},
				{name: "delete", args: append([]string{"delete", "-alias", "mine"}, use...), entries: -1},
				{name: "changealias", args: append([]string{"changealias", "-alias", "mine", "-destalias", "renamed"}, use...)},
				{name: "keypasswd", args: append([]string{"keypasswd", "-alias", "mine", "-new", "another"}, use...), refused: typ == store.PKCS12},
				// In PKCS12 every key has the keystore's password, and one
				// that does not open cannot be given another.
				{name: "storepasswd", args: append([]string{"storepasswd", "-new", "another"}, use...), password: "another", refused: typ == store.PKCS12},
				{name: "importkeystore", args: from, entries: 2},
				{name: "importkeystore of one entry", args: append(from[:len(from):len(from)], "-srcalias", "more", "-destalias", "new"), entries: 1},
				{name: "importkeystore in place", args: []string{"importkeystore", "-srckeystore", "store", "-srcstorepass", "changeit", "-destkeystore", "store", "-deststoretype", "pkcs12"}, refused: true},
			}
			for _, tt := range changes {
				t.Run(tt.name, func(t *testing.T) {
					if err := os.WriteFile(path, original, 0o600); err != nil {
						t.Fatal(err)
					}
					out, err := gokeytool(t, dir, tt.args...)
					now, readErr := os.ReadFile(path)
					if readErr != nil {
						t.Fatal(readErr)
					}
					if tt.refused {
						if err == nil || !bytes.Equal(now, original) {
							t.Fatalf("not refused, or the file was changed: %v\n%s", err, out)
						}
						if _, err := os.Lstat(path + ".old"); err == nil {
							t.Error("a backup was left of what was not changed")
						}
						return
					}
					if err != nil {
						t.Fatalf("%v\n%s", err, out)
					}
					after := openStore(t, path, cmp.Or(tt.password, "changeit"))
					if after.Len() != s.Len()+tt.entries || bytes.Equal(now, original) {
						t.Errorf("%d entries of %d", after.Len(), s.Len())
					}
					for _, name := range names {
						want, _ := s.Get(name)
						got, ok := after.Get(name)
						if !ok || got.Kind != want.Kind || !bytes.Equal(got.Sealed, want.Sealed) ||
							!slices.EqualFunc(got.Chain, want.Chain, func(a, b entry.Certificate) bool { return bytes.Equal(a.DER, b.DER) }) {
							t.Errorf("%s is not what it was", name)
						}
						if ok && !got.Created.IsZero() && !got.Created.Equal(want.Created) {
							t.Errorf("%s has another date: %v", name, got.Created)
						}
					}
				})
			}
		})
	}
}

// TestPasswords takes keystores from us to keytool and back under every kind
// of password, and compares the keys.
func TestPasswords(t *testing.T) {
	for release, keytool := range testtool.Keytools(t) {
		for _, tt := range []struct {
			name, password string
			types          []store.Type
			since          jdk.Release // that reads it
		}{
			{"ASCII", `changeit "$1"`, []store.Type{store.JKS, store.JCEKS, store.PKCS12}, jdk.Release17},
			{"Latin-1", "pässwörtß", []store.Type{store.JKS}, jdk.Release17},
			{"Latin-1", "pässwörtß", []store.Type{store.JCEKS, store.PKCS12}, jdk.Release25},
			{"CJK and emoji", "間違い鍵🔑x", []store.Type{store.JKS}, jdk.Release17},
			{"CJK and emoji", "間違い鍵🔑x", []store.Type{store.JCEKS, store.PKCS12}, jdk.Release25},
		} {
			if release < tt.since {
				continue
			}
			for _, typ := range tt.types {
				t.Run(fmt.Sprintf("%d/%s/%s", release, tt.name, typ), func(t *testing.T) {
					t.Parallel()
					dir := t.TempDir()
					for _, alias := range []string{"rsa", "ec", "ed25519"} {
						mustRun(t, dir, "genkeypair", "-alias", alias, "-keyalg", alias, "-dname", "CN="+alias,
							"-keystore", "ours", "-storetype", string(typ), "-storepass", tt.password, "-keypass", tt.password)
					}
					if typ != store.JKS {
						mustRun(t, dir, "genseckey", "-alias", "aes", "-keyalg", "AES", "-keysize", "256",
							"-keystore", "ours", "-storepass", tt.password, "-keypass", tt.password)
					}
					cmd := exec.CommandContext(t.Context(), keytool, "-importkeystore", "-noprompt",
						"-srckeystore", "ours", "-srcstorepass", tt.password,
						"-destkeystore", "theirs", "-deststoretype", string(typ), "-deststorepass", tt.password+"2")
					cmd.Dir = dir
					cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
					testtool.Output(t, cmd)
					ours, theirs := openStore(t, filepath.Join(dir, "ours"), tt.password), openStore(t, filepath.Join(dir, "theirs"), tt.password+"2")
					if ours.Len() != theirs.Len() {
						t.Fatalf("keytool made %d entries of %d", theirs.Len(), ours.Len())
					}
					keypass := tt.password // which keys of JKS and JCEKS keep
					if typ == store.PKCS12 {
						keypass += "2"
					}
					for _, e := range ours.Entries() {
						want, err := ours.Key(e.Alias, []byte(tt.password))
						if err != nil {
							t.Fatal(err)
						}
						got, err := theirs.Key(e.Alias, []byte(keypass))
						if err != nil || !bytes.Equal(got.PKCS8, want.PKCS8) || !bytes.Equal(got.Raw, want.Raw) {
							t.Errorf("%s is another key: %v", e.Alias, err)
						}
					}
				})
			}
		}
	}
}

// TestSharedAlias changes the password of a PKCS12 keystore whose keys share
// one alias, of which Java sees the last alone: all keys follow.
func TestSharedAlias(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store")
	f := pkcs12.NewFile(pkcs12.Default)
	var keys []entry.Key
	for _, alias := range []string{"server", "Server", "server", "other"} {
		key, chain := identityOf(t, alias)
		sealed, err := pkcs12.Seal(key, []byte("changeit"), f)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
		f.Entries = append(f.Entries, &entry.Entry{Alias: alias, Created: time.Now(), Kind: entry.PrivateKey, Chain: chain, Sealed: sealed})
	}
	data, err := pkcs12.Encode(f, []byte("changeit"))
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	check := func(storepass string) {
		t.Helper()
		after := openStore(t, path, storepass)
		if after.Len() != len(keys) {
			t.Fatalf("%d entries of %d", after.Len(), len(keys))
		}
		for i, e := range after.Entries() {
			if e.Alias != f.Entries[i].Alias || !bytes.Equal(e.Chain[0].DER, f.Entries[i].Chain[0].DER) {
				t.Errorf("entry %d is %q, or has another certificate", i, e.Alias)
			}
			if got, err := after.KeyOf(e, []byte(storepass)); err != nil || !bytes.Equal(got.PKCS8, keys[i].PKCS8) {
				t.Errorf("key %d, %q: %v", i, e.Alias, err)
			}
		}
	}
	check("changeit")
	mustRun(t, dir, "storepasswd", "-keystore", "store", "-storepass", "changeit", "-new", "second")
	check("second")
	mustRun(t, dir, "keypasswd", "-same", "-keystore", "store", "-storepass", "second")
	check("second")
}

// TestManyKeys converts keystores with more keys than there are cores, some
// under passwords of their own: all arrive, are told of in their order, and
// have the right password.
func TestManyKeys(t *testing.T) {
	dir := t.TempDir()
	many := store.New(store.JKS)
	keys := map[string]entry.Key{}
	for i := range 30 {
		alias := fmt.Sprintf("key %d", i)
		key, chain := identityOf(t, alias)
		keys[alias] = key
		if err := many.SetKey(alias, key, []byte("changeit"), chain, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := many.Save(filepath.Join(dir, "many.jks"), []byte("changeit")); err != nil {
		t.Fatal(err)
	}
	check := func(file, storepass, keypass string) {
		t.Helper()
		s := openStore(t, filepath.Join(dir, file), storepass)
		if s.Len() != len(keys) {
			t.Errorf("%s: %d entries", file, s.Len())
		}
		for alias, want := range keys {
			if got, err := s.Key(alias, []byte(keypass)); err != nil || !bytes.Equal(got.PKCS8, want.PKCS8) {
				t.Errorf("%s: %s: %v", file, alias, err)
			}
		}
	}
	convert := func(args ...string) {
		t.Helper()
		out, err := gokeytool(t, dir, append([]string{"importkeystore"}, args...)...)
		var want strings.Builder
		for _, e := range many.JavaOrder() {
			fmt.Fprintf(&want, "Entry for alias %s successfully imported.\n", e.Alias)
		}
		if err != nil || !strings.Contains(out, want.String()) {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	convert("-srckeystore", "many.jks", "-srcstorepass", "changeit", "-destkeystore", "many.p12", "-deststorepass", "second")
	check("many.p12", "second", "second")
	mustRun(t, dir, "storepasswd", "-keystore", "many.p12", "-storepass", "second", "-new", "third+")
	check("many.p12", "third+", "third+")
	convert("-srckeystore", "many.jks", "-srcstorepass", "changeit", "-destkeystore", "many.jceks", "-deststoretype", "jceks",
		"-deststorepass", "second", "-destkeypass", "keypass", "-J-Djdk.jceks.iterationCount=10000")
	check("many.jceks", "second", "keypass")
	convert("-srckeystore", "many.jks", "-srcstorepass", "changeit", "-destkeystore", "copy.jks", "-deststoretype", "jks", "-deststorepass", "second")
	check("copy.jks", "second", "changeit") // keys of JKS keep theirs
	mustRun(t, dir, "importkeystore", "-srckeystore", "many.jks", "-srcstorepass", "changeit", "-destkeystore", "many.jks", "-deststoretype", "pkcs12")
	check("many.jks", "changeit", "changeit")
	check("many.jks.old", "changeit", "changeit")
}

// TestWriters has twenty processes add to one keystore at once, of which some
// are killed, again and again.
func TestWriters(t *testing.T) {
	for _, typ := range []store.Type{store.JKS, store.PKCS12} {
		t.Run(string(typ), func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "store")
			_, chain := identityOf(t, "authority")
			certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[0].DER})
			if err := os.WriteFile(filepath.Join(dir, "cert.pem"), certificate, 0o600); err != nil {
				t.Fatal(err)
			}
			add := func(alias string) *exec.Cmd {
				cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "gokeytool"), "import", "-noprompt", "-alias", alias, "-file", "cert.pem",
					"-keystore", "store", "-storetype", string(typ), "-storepass", "changeit")
				cmd.Dir = dir
				return cmd
			}
			var processes sync.WaitGroup
			for i := range 20 {
				processes.Go(func() {
					if out, err := add(fmt.Sprint("entry ", i)).CombinedOutput(); err != nil {
						t.Errorf("%v\n%s", err, out)
					}
				})
			}
			processes.Wait()
			if n := openStore(t, path, "changeit").Len(); n != 20 {
				t.Fatalf("%d of 20 entries", n)
			}
			for i := range 20 {
				before := openStore(t, path, "changeit").Len()
				cmd := add(fmt.Sprint("more ", i))
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(i) * time.Millisecond)
				_ = cmd.Process.Kill()
				killed := cmd.Wait() != nil
				if n := openStore(t, path, "changeit").Len(); n != before+1 && (n != before || !killed) {
					t.Fatalf("%d entries after %d", n, before)
				}
			}
			testtool.Output(t, add("last"))
			for _, name := range fileNames(t, dir) {
				if name != "store" && name != "cert.pem" {
					t.Errorf("%s was left behind", name)
				}
			}
		})
	}
}
