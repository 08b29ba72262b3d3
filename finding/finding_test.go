package finding_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"gokeytool/finding"
)

// TestJSON: what users read of findings and of checks, which are not the same.
func TestJSON(t *testing.T) {
	list := []finding.Finding{
		{Check: "key", Severity: finding.Good, Text: "it belongs to the certificate"},
		{Check: "dates", ID: "expires-soon", Severity: finding.Warning, Text: "in 3 days", Remedy: "a && b"},
		{Check: "chain", ID: "chain-order", Alias: "tomcat", Text: "out of order"},
	}
	encode := func(v any, escape bool) string {
		t.Helper()
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(escape)
		if err := encoder.Encode(v); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	const checks = `[{"name":"key","ok":true,"warn":false,"detail":"it belongs to the certificate"},` +
		`{"name":"dates","id":"expires-soon","ok":true,"warn":true,"detail":"in 3 days","remedy":"a && b"},` +
		`{"name":"chain","id":"chain-order","ok":false,"warn":false,"detail":"out of order"}]` + "\n"
	if got := encode(finding.Checks(list), false); got != checks {
		t.Errorf("%s", got)
	}
	if got := encode(finding.Checks(list[1:2]), true); !bytes.Contains([]byte(got), []byte(`a \u0026\u0026 b`)) {
		t.Errorf("the encoder's setting is lost: %s", got)
	}
	if got := encode(finding.Checks(nil), false); got != "null\n" {
		t.Errorf("%s", got)
	}
	const one = `{"id":"chain-order","severity":"error","alias":"tomcat","text":"out of order"}` + "\n"
	if got := encode(list[2], false); got != one {
		t.Errorf("%s", got)
	}

	var back finding.Checks
	if err := json.Unmarshal([]byte(checks), &back); err != nil {
		t.Fatal(err)
	}
	list[2].Alias = "" // is not in them
	if !reflect.DeepEqual(back, finding.Checks(list)) {
		t.Errorf("%+v", back)
	}
	var severity finding.Severity
	if err := json.Unmarshal([]byte(`"grave"`), &severity); err == nil {
		t.Error("an unknown severity was read")
	}
}

// TestString: the place stands before what was found.
func TestString(t *testing.T) {
	f := finding.Finding{Severity: finding.Warning, Text: "it is ignored", Remedy: "remove it",
		At: finding.Place{Line: 7, Element: "Connector", Attribute: "keyAlias"}}
	if got := f.String(); got != "line 7: warning: Connector keyAlias: it is ignored; remove it" {
		t.Error(got)
	}
	f.At, f.Remedy = finding.Place{}, ""
	if got := f.String(); got != "warning: it is ignored" {
		t.Error(got)
	}
}
