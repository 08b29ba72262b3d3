package challenge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"gokeytool/acme"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/interrupt"
)

const (
	// staleAfter is the age from which a file of our account is one that a killed
	// process has left: no proof takes so long.
	staleAfter = time.Hour
	// maxStale is how many files are looked at for it.
	maxStale = 1000
)

// Webroot writes the files of http-01 below a directory that a running server
// serves: DIR/.well-known/acme-challenge/TOKEN, for all to be read. What it makes is
// taken away again, directories too, and nothing else.
//
// A process that was killed leaves its file. The next one with the same account
// takes it away when it is an hour old, or at once if it has the same proof to
// write; the directories stay.
//
// A symbolic link below the directory that leads out of it is followed only if it
// belongs to the user or to root: the server's user may be another one.
func Webroot(dir string) acme.Solver { return &webroot{dir: dir} }

type webroot struct {
	dir string

	mu   sync.Mutex // held while files and directories are made and removed
	made []string   // directories, the inner one last
}

// Present writes a file.
func (w *webroot) Present(_ context.Context, p acme.Proof) (func(context.Context) error, error) {
	if err := check(p, acme.HTTP01); err != nil {
		return nil, err
	}
	if !filepath.IsLocal(p.Token) { // a device of Windows
		return nil, fmt.Errorf("the CA's token for %s can't be the name of a file: %s", p.Name, p.Token)
	}
	switch info, err := os.Stat(w.dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s is not there: it has to be the directory from which a server answers http://%s/", w.dir, p.Name)
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("%s is not a directory: it has to be the one from which a server answers http://%s/", w.dir, p.Name)
	}
	path := filepath.Join(w.dir, filepath.FromSlash(strings.Trim(Path, "/")), p.Token)
	content := []byte(p.KeyAuthorization)
	made, err := interrupt.Make(func() error { return nil }, func() { _ = w.remove(path, content) })
	if err != nil {
		return nil, err
	}
	if err := w.write(path, content); err != nil {
		made.Undo()
		return nil, fmt.Errorf("writing the proof of %s: %w", p.Name, err)
	}
	w.removeStale(filepath.Dir(path), p)
	return func(context.Context) error {
		err := w.remove(path, content)
		_ = made.End(func() error { return nil })
		return err
	}, nil
}

// write makes the file, and the directories for it. Another process may take
// them away as its own just then.
func (w *webroot) write(path string, content []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var err error
	for range 10 {
		if err = w.makeDirectories(filepath.Dir(path)); err == nil {
			err = atomicfile.Create(path, content, 0o644, nil)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if errors.Is(err, fs.ErrExist) {
		if !holds(path, content) {
			return fmt.Errorf("%s is there already, with something else in it", path)
		}
		err = nil // left by one that was killed
	}
	if err != nil {
		return err
	}
	return os.Chmod(path, 0o644) // whatever the umask: the server may be another user
}

// makeDirectories makes those below the directory.
func (w *webroot) makeDirectories(inner string) error {
	for _, dir := range []string{filepath.Dir(inner), inner} {
		err := os.Mkdir(dir, 0o755)
		if errors.Is(err, fs.ErrExist) {
			if err := w.mayFollow(dir); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		w.made = append(w.made, dir)
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// mayFollow says why what is to be a directory is not used: a link out of the
// directory that neither the user nor root has made.
func (w *webroot) mayFollow(path string) error {
	link, err := os.Lstat(path)
	if err != nil || link.Mode()&fs.ModeSymlink == 0 {
		return err
	}
	owner, other := another(link)
	if !other {
		return nil
	}
	top, err := filepath.EvalSymlinks(w.dir)
	if err != nil {
		return err
	}
	to, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if inside, err := filepath.Rel(top, to); err == nil && filepath.IsLocal(inside) {
		return nil
	}
	return fmt.Errorf("%s is a symbolic link of user %s that leads out of %s: it is not followed", path, owner, w.dir)
}

// remove takes away what was made, if it is still that.
func (w *webroot) remove(path string, content []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if holds(path, content) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for len(w.made) > 0 {
		last := len(w.made) - 1
		if err := os.Remove(w.made[last]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			break // others have put something there
		}
		w.made = w.made[:last]
	}
	return nil
}

// removeStale takes away what processes of the same account have left that were
// killed: a file whose content names it and the account's key.
func (w *webroot) removeStale(dir string, p acme.Proof) {
	account := strings.TrimPrefix(p.KeyAuthorization, p.Token)
	f, err := atomicfile.Open(dir)
	if err != nil {
		return
	}
	defer f.Close()
	entries, _ := f.ReadDir(maxStale)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || time.Since(info.ModTime()) < staleAfter || !isToken(e.Name()) {
			continue
		}
		if path := filepath.Join(dir, e.Name()); holds(path, []byte(e.Name()+account)) {
			_ = os.Remove(path)
		}
	}
}

// holds says whether a file, and no link to one, has that content.
func holds(path string, content []byte) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(content)) {
		return false
	}
	f, err := atomicfile.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	its, err := io.ReadAll(io.LimitReader(f, int64(len(content))+1))
	return err == nil && string(its) == string(content)
}
