package challenge

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gokeytool/acme"
	"gokeytool/internal/testtool"
)

// tree is what is below a directory.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if rel, _ := filepath.Rel(dir, path); rel != "." {
			all = append(all, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantTree(t *testing.T, dir string, want ...string) {
	t.Helper()
	if got := tree(t, dir); !slices.Equal(got, want) {
		t.Errorf("%s holds %v, want %v", dir, got, want)
	}
}

// TestWebroot has a server serve what is written, and compares what stays.
func TestWebroot(t *testing.T) {
	dir := t.TempDir()
	testtool.WriteFiles(t, dir, map[string]string{"index.html": "hello"})
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	s := Webroot(dir)
	one := present(t, s, proof(acme.HTTP01, "www.example.com", "one"))
	two := present(t, s, proof(acme.HTTP01, "example.com", "two"))
	for _, token := range []string{"one", "two"} {
		answer, err := server.Client().Get(server.URL + Path + token)
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 100)
		n, _ := answer.Body.Read(body)
		answer.Body.Close()
		if string(body[:n]) != token+"."+account {
			t.Errorf("%s: %q", token, body[:n])
		}
	}
	wantTree(t, dir, ".well-known", ".well-known/acme-challenge", ".well-known/acme-challenge/one", ".well-known/acme-challenge/two", "index.html")
	one()
	wantTree(t, dir, ".well-known", ".well-known/acme-challenge", ".well-known/acme-challenge/two", "index.html")
	two()
	wantTree(t, dir, "index.html")

	// What others have made stays.
	testtool.WriteFiles(t, dir, map[string]string{".well-known/security.txt": "x"})
	present(t, s, proof(acme.HTTP01, "www.example.com", "one"))()
	wantTree(t, dir, ".well-known", ".well-known/security.txt", "index.html")

	// So does what others have put there meanwhile.
	three := present(t, s, proof(acme.HTTP01, "www.example.com", "three"))
	testtool.WriteFiles(t, dir, map[string]string{".well-known/acme-challenge/foreign": "x", ".well-known/acme-challenge/three": "changed"})
	three()
	wantTree(t, dir, ".well-known", ".well-known/acme-challenge", ".well-known/acme-challenge/foreign", ".well-known/acme-challenge/three", ".well-known/security.txt", "index.html")
}

// TestWebrootMissing has no directory to write into.
func TestWebrootMissing(t *testing.T) {
	dir := t.TempDir()
	testtool.WriteFiles(t, dir, map[string]string{"file": "x", "taken/.well-known": "x"})
	for _, name := range []string{"none", "file", "taken"} {
		path := filepath.Join(dir, name)
		if _, err := Webroot(path).Present(t.Context(), proof(acme.HTTP01, "www.example.com", "token")); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "www.example.com") {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantTree(t, dir, "file", "taken", "taken/.well-known")
}

// TestWebrootTaken finds a file of the token's name.
func TestWebrootTaken(t *testing.T) {
	dir := t.TempDir()
	s := Webroot(dir)
	// Left by a killed process: the next one goes on with it, and takes it away.
	testtool.WriteFiles(t, dir, map[string]string{".well-known/acme-challenge/token": "token." + account})
	present(t, s, proof(acme.HTTP01, "www.example.com", "token"))()
	wantTree(t, dir, ".well-known", ".well-known/acme-challenge")

	testtool.WriteFiles(t, dir, map[string]string{".well-known/acme-challenge/token": "something else"})
	if _, err := s.Present(t.Context(), proof(acme.HTTP01, "www.example.com", "token")); err == nil || !strings.Contains(err.Error(), "token is there already") {
		t.Errorf("with something else in it: %v", err)
	}
	if got := string(testtool.ReadFile(t, filepath.Join(dir, ".well-known/acme-challenge/token"))); got != "something else" {
		t.Errorf("it holds %q now", got)
	}
}

// TestWebrootStale has files of killed processes there, and others.
func TestWebrootStale(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, ".well-known", "acme-challenge")
	other := "AAAA6WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
	testtool.WriteFiles(t, inner, map[string]string{
		"old": "old." + account, "new": "new." + account, "foreign": "foreign." + other, "note.txt": "note.txt." + account, "wrong": "old." + account,
	})
	for _, name := range []string{"old", "foreign", "note.txt", "wrong"} {
		long := time.Now().Add(-2 * staleAfter)
		if err := os.Chtimes(filepath.Join(inner, name), long, long); err != nil {
			t.Fatal(err)
		}
	}
	present(t, Webroot(dir), proof(acme.HTTP01, "www.example.com", "token"))
	wantTree(t, inner, "foreign", "new", "note.txt", "token", "wrong")
}

// TestConcurrentWebroots has several solvers, as of several processes, come and go
// in one directory.
func TestConcurrentWebroots(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for _, token := range []string{"a", "b", "c", "d"} {
		s := Webroot(dir)
		all.Go(func() {
			for range 5 {
				remove, err := s.Present(t.Context(), proof(acme.HTTP01, "www.example.com", token))
				if err != nil {
					t.Error(err)
					return
				}
				if text, err := os.ReadFile(filepath.Join(dir, ".well-known", "acme-challenge", token)); string(text) != token+"."+account {
					t.Errorf("%s: %q, %v", token, text, err)
				}
				if err := remove(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, name := range tree(t, dir) {
		if name != ".well-known" && name != ".well-known/acme-challenge" {
			t.Errorf("%s stays", name)
		}
	}
}
