package commands

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"gokeytool/finding"
)

// Every field of what -json prints is described.
func TestJSONDoc(t *testing.T) {
	text, err := os.ReadFile("../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[reflect.Type]bool)
	var fields func(of reflect.Type)
	fields = func(of reflect.Type) {
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of == reflect.TypeFor[finding.Finding]() {
			// Checks are written in a way of their own.
			written, err := json.Marshal(finding.Checks{{ID: "id", Remedy: "remedy"}})
			if err != nil {
				t.Fatal(err)
			}
			var checks []map[string]any
			if err := json.Unmarshal(written, &checks); err != nil {
				t.Fatal(err)
			}
			for name := range checks[0] {
				if !strings.Contains(string(text), "`"+name+"`") {
					t.Errorf("%s of %s is not described", name, of)
				}
			}
			return
		}
		if of.Kind() != reflect.Struct || seen[of] || of == reflect.TypeFor[time.Time]() {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			field := of.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && name != "-" && !strings.Contains(string(text), "`"+name+"`") {
				t.Errorf("%s of %s is not described", name, of)
			}
			fields(field.Type)
		}
	}
	for _, of := range []any{jsonList{}, jsonCertificates{}, jsonRequests{}, jsonCRLs{}, jsonSigners{}, jsonImport{}, jsonSmoke{}, acmeReport{}} {
		fields(reflect.TypeOf(of))
	}
}

func TestDescribeUnreadable(t *testing.T) {
	c := describeCertificate([]byte("no certificate"))
	if c.Error == "" || c.PEM == "" || c.SHA256 == "" || c.Names == nil {
		t.Errorf("%+v", c)
	}
}
