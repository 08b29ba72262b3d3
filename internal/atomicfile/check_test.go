package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestCheck demands that Check fails where Write does, names the file, and
// leaves nothing behind.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		file:                            nil,
		filepath.Join(dir, "new"):       nil,
		filepath.Join(dir, "no", "new"): fs.ErrNotExist,
		filepath.Join(file, "new"):      errors.ErrUnsupported, // any error
		dir:                             errors.ErrUnsupported,
	} {
		err := Check(path)
		var named *fs.PathError
		switch {
		case want == nil && err != nil, want != nil && err == nil:
			t.Errorf("Check(%s): %v", path, err)
		case want == fs.ErrNotExist && !errors.Is(err, want):
			t.Errorf("Check(%s): %v, want %v", path, err, want)
		case want != nil && (!errors.As(err, &named) || named.Path != path):
			t.Errorf("Check(%s) does not name it: %v", path, err)
		}
		if written := Write(path, []byte("new"), 0o600, nil); (written == nil) != (err == nil) {
			t.Errorf("%s: Check says %v, Write %v", path, err, written)
		}
		os.Remove(filepath.Join(dir, "new"))
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}
