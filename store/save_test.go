package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"gokeytool/store/entry"
)

var password = []byte("changeit")

func TestSave(t *testing.T) {
	eachType(t, func(t *testing.T, typ Type) {
		dir := t.TempDir()
		path := filepath.Join(dir, "ks")
		s := New(typ)
		for i, alias := range []string{"a", "b", "c"} {
			must(t, s.SetCertificate(alias, entry.X509(realCertificate(t)), created), s.Save(path, password))
			again, err := Open(path, Options{Password: password})
			must(t, err)
			if again.Type() != typ || again.Len() != i+1 || !again.Verified() {
				t.Errorf("after %q: %s with %d entries", alias, again.Type(), again.Len())
			}
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("litter: %v", entries)
		}
	})
}

// Create makes a file once, at the end of its links, and leaves what is there.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "ks"), filepath.Join(dir, "link")
	must(t, os.Symlink("ks", link))
	s := New(PKCS12)
	must(t, s.SetCertificate("a", entry.X509(realCertificate(t)), created), s.Create(link, password))
	before, err := os.ReadFile(path)
	must(t, err, s.Delete("a"))
	for _, name := range []string{path, link} {
		err := s.Create(name, password)
		if e, ok := errors.AsType[*SaveError](err); !ok || e.Path != name || !errors.Is(err, fs.ErrExist) {
			t.Errorf("a second time: %v", err)
		}
	}
	after, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Error("the file was replaced")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("litter: %v", entries)
	}
}

// A store that its codec cannot write, or that does not come back as it was,
// leaves the file alone.
func TestSaveRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ks")
	s := New(JKS)
	must(t, s.SetCertificate("a", certificate("a"), created), s.Save(path, password))
	before, err := os.ReadFile(path)
	must(t, err)

	lost := New(JKS)
	must(t, lost.SetCertificate("a", certificate("a"), created), lost.SetCertificate("b", certificate("b"), created))
	encode := lost.codec.encode
	lost.codec.encode = func(f *entry.File, password []byte) ([]byte, error) {
		return encode(&entry.File{Entries: f.Entries[:1]}, password)
	}
	broken := New(JKS)
	broken.codec.encode = func(*entry.File, []byte) ([]byte, error) { return []byte("\xFE\xED\xFE\xED"), nil }
	for name, s := range map[string]*Store{"lost entry": lost, "broken file": broken} {
		err := s.Save(path, password)
		if e, ok := errors.AsType[*SaveError](err); !ok || e.Path != path {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Save(filepath.Join(path, "below"), password); err == nil {
		t.Error("saved below a file")
	} else if e, ok := errors.AsType[*SaveError](err); !ok || strings.Count(err.Error(), path) != 1 {
		t.Errorf("%v (%T)", err, e)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

// What was opened to be read holds the same, and is not saved.
func TestReadOnly(t *testing.T) {
	for _, typ := range []Type{JKS, JCEKS, PKCS12} {
		path := filepath.Join(t.TempDir(), "ks")
		s := New(typ)
		must(t, s.SetCertificate("a", certificate("a"), created),
			s.SetKey("b", privateKey(t), password, []entry.Certificate{certificate("b")}, created), s.Save(path, password))
		s, err := Open(path, Options{Password: password})
		must(t, err)
		read, err := Open(path, Options{Password: password, ReadOnly: true})
		must(t, err)
		if !sameEntries(s.Entries(), read.Entries(), sameEntry) || !read.Verified() {
			t.Errorf("%s: to be read only, it holds something else", typ)
		}
		if err := read.Save(path, password); err == nil {
			t.Errorf("%s: was saved", typ)
		}
	}
}

// A file that is not what was written is told, wherever it differs.
func TestSameContent(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 10_000)
	if err := sameContent(bytes.NewReader(data), data); err != nil {
		t.Error(err)
	}
	changed := bytes.Clone(data)
	changed[70_000]++
	for name, written := range map[string][]byte{"short": data[1:], "cut": data[:len(data)-1], "long": append(bytes.Clone(data), 0), "empty": nil, "changed": changed} {
		if sameContent(bytes.NewReader(written), data) == nil {
			t.Errorf("%s: not told", name)
		}
	}
	broken := errors.New("broken")
	if err := sameContent(iotest.ErrReader(broken), data); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ks") // which need not exist
	lock, err := Lock(t.Context(), path)
	must(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("locked twice: %v", err)
	}
	other, err := Lock(t.Context(), path+"2")
	must(t, err, other.Unlock())

	got := make(chan error)
	go func() {
		second, err := Lock(t.Context(), path)
		got <- errors.Join(err, second.Unlock())
	}()
	select {
	case <-got:
		t.Fatal("locked while locked")
	case <-time.After(20 * time.Millisecond):
	}
	must(t, lock.Unlock(), <-got, lock.Unlock(), (*FileLock)(nil).Unlock())
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("litter: %v", entries)
	}
}

func TestLockErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "ks")
	_, err := Lock(t.Context(), path)
	if e, ok := errors.AsType[*fs.PathError](err); !ok || e.Path != path || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	// What is no regular file needs no lock.
	lock, err := Lock(t.Context(), os.DevNull)
	must(t, err, lock.Unlock())
	// A name may be as long as the file system lets it.
	lock, err = Lock(t.Context(), filepath.Join(t.TempDir(), strings.Repeat("n", 255)))
	must(t, err, lock.Unlock())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if lock, err := Lock(ctx, filepath.Join(t.TempDir(), "ks")); err != nil {
		t.Errorf("a free lock is had at once, but %v", err)
	} else {
		must(t, lock.Unlock())
	}
}

// A link and what it leads to have one lock.
func TestLockFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := os.Symlink("real", link); err != nil {
		t.Skip(err)
	}
	lock, err := Lock(t.Context(), link)
	must(t, err)
	defer lock.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, real); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("locked under two names: %v", err)
	}
}

// A pipe has no size to be told by.
func TestOpenPipe(t *testing.T) {
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Skip(err)
	}
	s := New(JKS)
	for _, alias := range []string{"a", "b", "c"} {
		must(t, s.SetCertificate(alias, entry.X509(make([]byte, 3000)), created))
	}
	data, err := s.Bytes(password)
	must(t, err)
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	go func() {
		w.Write(data)
		w.Close()
	}()
	got, err := Open(fmt.Sprintf("/dev/fd/%d", r.Fd()), Options{Password: password})
	must(t, err)
	if !slices.Equal(aliases(got.Entries()), aliases(s.Entries())) {
		t.Errorf("got %q", aliases(got.Entries()))
	}
}

// PKCS12 keeps the certificates of all entries together: a key that is stored
// without its issuer finds it there, for Java too.
func TestChainsMeetInPKCS12(t *testing.T) {
	s, err := Open("../testdata/corpus/activemq-artemis__security-resources__unknown-client-keystore.p12", Options{Password: []byte("securepass")})
	must(t, err)
	var e *entry.Entry
	for _, e = range s.Entries() {
		if e.Kind == entry.PrivateKey && len(e.Chain) > 1 {
			break
		}
	}
	key, err := s.Key(e.Alias, []byte("securepass"))
	must(t, err, s.SetKey("short", key, []byte("securepass"), e.Chain[:1], created))
	data, err := s.Bytes([]byte("securepass"))
	must(t, err)
	again, err := Decode("again", data, Options{Password: []byte("securepass")})
	must(t, err)
	if got, ok := again.Get("short"); !ok || len(got.Chain) != len(e.Chain) {
		t.Errorf("a chain of %d certificates", len(got.Chain))
	}
}
