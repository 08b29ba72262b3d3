package commands

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"iter"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// source is the code of this package, without its tests.
type source struct {
	fset  *token.FileSet
	files []*ast.File
	info  types.Info
}

// nothing imports an empty package for every path: what stands in this package is all
// that the walls are about.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	pkg := types.NewPackage(path, path[strings.LastIndexByte(path, '/')+1:])
	pkg.MarkComplete()
	return pkg, nil
}

func readSource(t *testing.T) source {
	t.Helper()
	s := source{
		fset: token.NewFileSet(),
		info: types.Info{Uses: make(map[*ast.Ident]types.Object), Selections: make(map[*ast.SelectorExpr]*types.Selection), Types: make(map[ast.Expr]types.TypeAndValue)},
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	// Files for all systems: what is defined twice is an error that is passed over.
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(s.fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.files = append(s.files, file)
	}
	config := types.Config{Importer: nothing{}, Error: func(error) {}}
	_, _ = config.Check("commands", s.fset, s.files, &s.info)
	return s
}

// functions are all functions with a body.
func (s source) functions() iter.Seq[*ast.FuncDecl] {
	return func(yield func(*ast.FuncDecl) bool) {
		for _, file := range s.files {
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil && !yield(f) {
					return
				}
			}
		}
	}
}

// file is the name of the file of a position.
func (s source) file(pos token.Pos) string { return filepath.Base(s.fset.Position(pos).Filename) }

// line is a position as an error names it.
func (s source) line(pos token.Pos) string {
	p := s.fset.Position(pos)
	return fmt.Sprintf("%s:%d", filepath.Base(p.Filename), p.Line)
}

// isOptions says whether a type holds options of the line.
func isOptions(name string) bool {
	return strings.HasSuffix(name, "ptions") || name == "issuance"
}

// optionsOf is the options struct to which the field belongs that an expression
// changes; empty if it is none.
func (s source) optionsOf(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
			continue
		case *ast.IndexExpr:
			e = x.X
			continue
		case *ast.SelectorExpr:
			if named := namedOf(s.info.Types[x.X].Type); named != "" && isOptions(named) {
				return named
			}
			if named := namedOf(s.info.Types[x].Type); named != "" && isOptions(named) {
				return named
			}
			e = x.X
			continue
		}
		return ""
	}
}

// namedOf is the name of a type of this package, or of what it points to.
func namedOf(t types.Type) string {
	if pointer, ok := t.(*types.Pointer); ok {
		t = pointer.Elem()
	}
	if named, ok := t.(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "commands" {
		return named.Obj().Name()
	}
	return ""
}

// TestOptionsAreReadOnly holds that nothing is written into parsed options: only who
// makes such a struct, and returns it, may.
func TestOptionsAreReadOnly(t *testing.T) {
	s := readSource(t)
	looked := 0
	for f := range s.functions() {
		makes := map[string]bool{}
		if f.Type.Results != nil {
			for _, result := range f.Type.Results.List {
				makes[namedOf(s.info.Types[result.Type].Type)] = true
			}
		}
		check := func(e ast.Expr, does string) {
			looked++
			if name := s.optionsOf(e); name != "" && !makes[name] {
				// The one assignment of a whole: when the line has been read.
				if f.Name.Name == "newApp" && s.file(e.Pos()) == "app.go" {
					return
				}
				t.Errorf("%s: %s %s %s after parsing", s.line(e.Pos()), f.Name.Name, does, name)
			}
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					check(left, "writes into")
				}
			case *ast.IncDecStmt:
				check(n.X, "writes into")
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					check(n.X, "takes the address of a field of")
				}
			}
			return true
		})
	}
	if looked < 1000 {
		t.Errorf("only %d writes were looked at", looked)
	}
}

// TestOneKeystoreACommand holds that the session's keystore is the one that was opened
// for the command: nobody puts another one in its place for a while.
func TestOneKeystoreACommand(t *testing.T) {
	s := readSource(t)
	found := 0
	for f := range s.functions() {
		ast.Inspect(f.Body, func(n ast.Node) bool {
			assign, ok := n.(*ast.AssignStmt)
			if !ok {
				return true
			}
			for _, left := range assign.Lhs {
				sel, ok := left.(*ast.SelectorExpr)
				if !ok || sel.Sel.Name != "ks" || namedOf(s.info.Types[sel.X].Type) != "session" {
					continue
				}
				if found++; f.Name.Name != "openKeystore" {
					t.Errorf("%s: %s puts another keystore into the session", s.line(sel.Pos()), f.Name.Name)
				}
			}
			return true
		})
	}
	if found == 0 {
		t.Error("nobody opens a keystore")
	}
}

// actionsOf are the functions that app.go's table names, by command.
func (s source) actionsOf(t *testing.T) map[string][]*ast.Ident {
	t.Helper()
	table := make(map[string][]*ast.Ident)
	for _, file := range s.files {
		if s.file(file.Pos()) != "app.go" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Names[0].Name != "actions" {
				return true
			}
			for _, element := range spec.Values[0].(*ast.CompositeLit).Elts {
				pair := element.(*ast.KeyValueExpr)
				name, err := strconv.Unquote(pair.Key.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				call := pair.Value.(*ast.CallExpr)
				if sel, with := call.Fun.(*ast.SelectorExpr); with {
					call = sel.X.(*ast.CallExpr)
				}
				for _, argument := range call.Args {
					table[name] = append(table[name], argument.(*ast.Ident))
				}
			}
			return false
		})
	}
	if len(table) < 35 {
		t.Fatalf("the table has %d commands", len(table))
	}
	return table
}

// fileOf is the file in which a command stands.
func fileOf(command string) string { return strings.ReplaceAll(command, "-", "") + ".go" }

// TestCommandsStandForThemselves holds that each command stands in the file of its
// name, with its options, and that nothing there serves another. A large command may
// have more files, whose names begin with its own.
func TestCommandsStandForThemselves(t *testing.T) {
	s := readSource(t)
	own := make(map[string]string) // commands by file
	for command, functions := range s.actionsOf(t) {
		own[fileOf(command)] = command
		for _, f := range functions {
			object := s.info.Uses[f]
			if object == nil {
				t.Errorf("%s: %s is not defined", command, f.Name)
				continue
			}
			if got := s.file(object.Pos()); got != fileOf(command) {
				t.Errorf("%s stands in %s, not in %s", f.Name, got, fileOf(command))
			}
		}
	}
	said := make(map[string]bool)
	for ident, object := range s.info.Uses {
		if !object.Pos().IsValid() || object.Pkg() == nil || object.Pkg().Path() != "commands" {
			continue
		}
		at, user := s.file(object.Pos()), s.file(ident.Pos())
		command := own[at]
		if command == "" || at == user || user == "app.go" || strings.HasPrefix(user, strings.TrimSuffix(at, ".go")) && own[user] == "" {
			continue
		}
		text := fmt.Sprintf("%s of %s serves %s too", object.Name(), at, user)
		if !said[text] {
			said[text] = true
			t.Error(text)
		}
	}
}
