package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// onlyFile fails the test if dir holds anything but the named files.
func onlyFile(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	if strings.Join(found, " ") != strings.Join(names, " ") {
		t.Errorf("the directory holds %q, want %q", found, names)
	}
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s holds %.40q, want %.40q", filepath.Base(path), got, want)
	}
}

func TestWriteNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	var seen []byte
	err := Write(path, []byte("content"), 0o600, func(written io.Reader) (err error) {
		seen, err = io.ReadAll(written)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if string(seen) != "content" {
		t.Errorf("verify was given %q", seen)
	}
	wantContent(t, path, "content")
	onlyFile(t, dir, "f")
}

// A name may be as long as the file system lets it.
func TestWriteLongName(t *testing.T) {
	for _, name := range []string{strings.Repeat("n", 255), strings.Repeat("ä", 127)} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		for _, content := range []string{"new", "replaced"} {
			if err := Write(path, []byte(content), 0o600, nil); err != nil {
				t.Fatal(err)
			}
			wantContent(t, path, content)
		}
		abandoned := Beside(path) + ".abc.tmp"
		if err := os.WriteFile(abandoned, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		Clean(path)
		onlyFile(t, dir, name)
	}
}

func TestWriteReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, content := range []string{"old and longer", "new", ""} {
		if err := Write(path, []byte(content), 0o600, nil); err != nil {
			t.Fatal(err)
		}
		wantContent(t, path, content)
	}
	onlyFile(t, dir, "f")
}

func TestWriteFailedVerification(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	bad := errors.New("no good")
	err := Write(path, []byte("new"), 0o600, func(io.Reader) error { return bad })
	if e, ok := errors.AsType[*fs.PathError](err); !ok || e.Path != path || !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
	wantContent(t, path, "old")
	onlyFile(t, dir, "f")
}

func TestWriteErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, path string
		want       error
	}{
		{"directory", dir, errIsDir},
		{"no directory", filepath.Join(dir, "missing", "f"), fs.ErrNotExist},
		{"below a file", filepath.Join(file, "f"), nil},
		{"empty name", "", fs.ErrNotExist},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Write(test.path, []byte("x"), 0o600, nil)
			e, ok := errors.AsType[*fs.PathError](err)
			if !ok || e.Path != test.path {
				t.Fatalf("got %#v, want an *fs.PathError that names %q", err, test.path)
			}
			if test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// Writers that take no turns may overtake each other, but not break each other:
// none takes another's temporary file for abandoned.
func TestWritersWithoutLock(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	result := make(chan error)
	const writers = 8
	for range writers {
		go func() {
			var err error
			for i := 0; i < 100 && err == nil; i++ {
				err = Write(path, []byte("content"), 0o600, nil)
			}
			result <- err
		}()
	}
	for range writers {
		if err := <-result; err != nil {
			t.Error(err)
		}
	}
	wantContent(t, path, "content")
	onlyFile(t, dir, "f")
}

func TestCleanLeavesOthersAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	keep := []string{".f.lock", ".f.tmp", ".f.x-y.tmp", ".g.abc.tmp", "f", "f.abc.tmp"}
	for _, name := range append(keep, ".f.abc123.tmp") {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	Clean(path)
	onlyFile(t, dir, keep...)

	// The temporary file of a living writer stays.
	temp, err := create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	Clean(path)
	if _, err := os.Lstat(temp.Name()); err != nil {
		t.Errorf("the file of a living writer is gone: %v", err)
	}
	temp.Close()
	Clean(path)
	onlyFile(t, dir, keep...)
}
