package properties

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	got, ok := Parse([]byte("# comment = 1\n! another\n\na=1\n b : 2 \nc 3\nd\\ e = f\\\n   g\nlast\\u0041=\\tx\\\\\r\nempty\n"))
	want := map[string]string{"a": "1", "b": "2 ", "c": "3", "d e": "fg", "lastA": "\tx\\", "empty": ""}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("%t, -want +got:\n%s", ok, diff)
	}
	for _, bad := range []string{`a=\u12`, `\u00zz=1`} {
		if _, ok := Parse([]byte(bad)); ok {
			t.Errorf("%s is no error", bad)
		}
	}
}
