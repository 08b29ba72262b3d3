package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/tomcat"
)

// war writes a WAR with these files, by name and content.
func war(t *testing.T, files map[string]string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "app.war")
	if err := os.WriteFile(name, testtool.WAR(t, files), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestReadWAR(t *testing.T) {
	name := war(t, map[string]string{"WEB-INF/web.xml": "<web-app/>", "META-INF/context.xml": strings.Repeat(" ", tomcat.MaxSize+1)})
	if data, err := ReadWAR(name, "WEB-INF/web.xml"); err != nil || string(data) != "<web-app/>" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := ReadWAR(name, "WEB-INF/none.xml"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	// What grows beyond all bounds is not unpacked.
	if _, err := ReadWAR(name, "META-INF/context.xml"); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
	if err := os.WriteFile(name, []byte("no WAR"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadWAR(name, "WEB-INF/web.xml"); err == nil {
		t.Error("no archive, and no error")
	}
}

func TestReadWARBounded(t *testing.T) {
	files := make(map[string]string)
	for i := range 60 {
		files[fmt.Sprintf("%d%s", i, strings.Repeat("x", 60_000))] = ""
	}
	if _, err := ReadWAR(war(t, files), "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory of a few megabytes: %v", err)
	}
	for i := range 250 {
		files[fmt.Sprintf("%d%s", i, strings.Repeat("y", 60_000))] = ""
	}
	if _, err := ReadWAR(war(t, files), "none"); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("a directory of many megabytes: %v", err)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "web.xml")
	if err := os.WriteFile(name, []byte("<web-app/>"), 0o644); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadFile(name); err != nil || string(data) != "<web-app/>" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := ReadFile(dir); err == nil {
		t.Error("a directory was read")
	}
	if err := os.Truncate(name, tomcat.MaxSize+1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(name); err == nil {
		t.Error("too large, and read")
	}
	if _, err := ReadFile(name + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestReadDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "ROOT"), 0o755); err != nil {
		t.Fatal(err)
	}
	files, err := ReadDir(dir)
	if err != nil || len(files) != 1 || files[0].Name() != "ROOT" {
		t.Errorf("%v, %v", files, err)
	}
	if _, err := ReadDir(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
