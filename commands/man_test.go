package commands

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMan(t *testing.T) {
	t.Run("the program's page", func(t *testing.T) {
		u := newUnit(t, nil)
		if err := man(t.Context(), u.session, manOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := u.out.String(); !strings.HasPrefix(got, ".TH") {
			t.Errorf("it begins with %.20q", got)
		}
	})
	t.Run("a page a command", func(t *testing.T) {
		u := newUnit(t, nil)
		dir := t.TempDir()
		if err := man(t.Context(), u.session, manOptions{given(dir)}); err != nil {
			t.Fatal(err)
		}
		pages, err := os.ReadDir(filepath.Join(dir, "man1"))
		if err != nil || len(pages) != len(u.table.Commands)+1 {
			t.Errorf("%d pages, %v", len(pages), err)
		}
	})
}
