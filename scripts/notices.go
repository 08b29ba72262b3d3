//go:build ignore

// Notices prints the licences of all that is linked into the program, on any
// platform: the modules' and the Go standard library's. Whoever passes the
// program on passes them on with it.
//
//	go run scripts/notices.go >THIRD-PARTY-NOTICES
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// module is what go list says of one; see go help list.
type module struct {
	Path, Version, Dir string
	Main               bool
}

func main() {
	log.SetFlags(0)
	linked := make(map[string]module)
	for _, system := range []string{"linux", "darwin", "windows"} {
		if err := list(system, linked); err != nil {
			log.Fatalf("go list for %s: %v", system, err)
		}
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		log.Fatal(err)
	}
	modules := []module{{Path: "The Go standard library", Dir: strings.TrimSpace(string(goroot))}}
	for _, m := range linked {
		modules = append(modules, m)
	}
	slices.SortFunc(modules[1:], func(a, b module) int { return cmp.Compare(a.Path, b.Path) })
	fmt.Println("gokeytool contains the work of others, under these licences.")
	for _, m := range modules {
		texts, err := licences(m.Dir)
		if err != nil {
			log.Fatalf("%s: %v", m.Path, err)
		}
		fmt.Printf("\n%s\n%s %s\n\n%s", strings.Repeat("=", 72), m.Path, m.Version, bytes.Join(texts, []byte("\n")))
	}
}

// list adds the modules that are linked into the program on a system.
func list(system string, to map[string]module) error {
	cmd := exec.Command("go", "list", "-deps", "-json=Module", ".")
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ Module *module }
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if p.Module != nil && !p.Module.Main {
			to[p.Module.Path] = *p.Module
		}
	}
}

// licences returns the texts in a module's directory. There is at least one.
func licences(dir string) (texts [][]byte, err error) {
	for _, pattern := range []string{"LICEN[CS]E*", "COPYING*", "NOTICE*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
			texts = append(texts, append(bytes.Trim(text, "\n"), '\n'))
		}
	}
	if len(texts) == 0 {
		return nil, errors.New("no licence in " + dir)
	}
	return texts, nil
}
