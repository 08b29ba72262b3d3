package shell

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Every line to be pasted is made here, except for those that stand in the help as
// they are: no other source puts a command together out of text.
func TestLinesAreMadeHere(t *testing.T) {
	command := regexp.MustCompile(`\bgokeytool [a-z0-9]+ -[a-zA-Z]`)
	fixed := []string{"argv/table.go", "argv/topics.go", "argv/help.go", "commands/explain.go"}
	files := 0
	for _, dir := range []string{"check", "commands", "endpoint", "probe", "store", "tomcat", "x509util"} {
		err := filepath.WalkDir(filepath.Join("../..", dir), func(path string, d fs.DirEntry, err error) error {
			slash := filepath.ToSlash(path)
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				strings.Contains(slash, "/testdata/") || containsSuffix(slash, fixed) {
				return err
			}
			files++
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				literal, ok := n.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					return true
				}
				if text, _ := strconv.Unquote(literal.Value); command.MatchString(text) {
					t.Errorf("%s: %s", set.Position(literal.Pos()), text)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 100 {
		t.Errorf("only %d files were looked at", files)
	}
}

func containsSuffix(path string, suffixes []string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(path, suffix) {
			return true
		}
	}
	return false
}
