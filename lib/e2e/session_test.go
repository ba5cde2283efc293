package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSessionLinksLittle keeps the start of the programs that run once for each
// connection cheap: what they must not link, and what their packages must not
// do before main.
func TestSessionLinksLittle(t *testing.T) {
	for _, program := range []string{"smtpd", "smtp"} {
		needPackage(t, program)
		for name := range strings.FieldsSeq(goRun(t, "linux", "list", "-e", "-deps", "./"+program)) {
			if slices.Contains(notInSession, name) || strings.HasPrefix(name, "github.com/google/gopacket") {
				t.Errorf("%s links %s", program, name)
			}
		}
	}
}

func TestSessionStartsWithNoWork(t *testing.T) {
	needPackage(t, "smtpd")
	needPackage(t, "smtp")
	paths := strings.Fields(goRun(t, "linux", "list", "-e", "-deps", "./smtpd", "./smtp"))
	own := slices.DeleteFunc(paths, func(p string) bool { return !strings.HasPrefix(p, "postern/") })
	for _, path := range own {
		for _, p := range list(t, "linux", path) {
			for _, name := range p.files {
				for _, fault := range startWork(t, filepath.Join(p.dir, name)) {
					t.Errorf("%s/%s: %s", p.path, name, fault)
				}
			}
		}
	}
}

// startWork finds what a file makes the process do before main: functions
// named init, expressions compiled for package variables, maps filled.
func startWork(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var bad []string
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				bad = append(bad, "func init")
			}
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				bad = append(bad, varWork(d)...)
			}
		}
	}
	return bad
}

// varWork is startWork for one declaration of package variables.
func varWork(d *ast.GenDecl) []string {
	var bad []string
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		for _, value := range v.Values {
			switch x := value.(type) {
			case *ast.CompositeLit:
				if _, isMap := x.Type.(*ast.MapType); isMap && len(x.Elts) > 0 {
					bad = append(bad, "map filled at the start: "+v.Names[0].Name)
				}
			case *ast.CallExpr:
				if called(x) == "regexp.MustCompile" {
					bad = append(bad, "regexp compiled at the start: "+v.Names[0].Name)
				}
			}
		}
	}
	return bad
}

// called is the name of the function of another package that a call calls.
func called(call *ast.CallExpr) string {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return x.Name + "." + sel.Sel.Name
}
