package check

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gokeytool/store/entry"
)

// FuzzExamine looks at whatever a file may hold: there is a verdict, it says
// why where it is not good, and it goes through JSON.
func FuzzExamine(f *testing.F) {
	seeds, _ := filepath.Glob("../testdata/corpus/*")
	n := 0
	for _, seed := range seeds {
		if data, err := os.ReadFile(seed); err == nil && len(data) < 3000 {
			f.Add(data)
			n++
		}
	}
	if n < 20 {
		f.Fatalf("%d seeds only", n)
	}
	limits := entry.Limits{MaxIterations: 3000, MaxEntries: 50, MaxDepth: 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, u := range []use{{}, {server: true}, {trust: true, only: true}} {
			x := newExamination("file", Options{Password: []byte("password"), Limits: limits, Now: time.Unix(1.8e9, 0)}, u)
			x.examine(data, 0o644)
			v := x.finish()
			bad := 0
			for _, finding := range v.Findings {
				if finding.ID == "" || finding.Text == "" || finding.Severity.rank() < 0 {
					t.Errorf("%+v", finding)
				}
				if finding.Severity == Error {
					bad++
				}
			}
			if (v.Status == Healthy) != (bad == 0) {
				t.Errorf("%s with %d errors", v.Status, bad)
			}
			v.Ends(x.o.Now)
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			var again Verdict
			if err := json.Unmarshal(text, &again); err != nil || len(again.Findings) != len(v.Findings) {
				t.Errorf("%v: %s", err, text)
			}
		}
	})
}
