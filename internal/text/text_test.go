package text

import (
	"math"
	"testing"
)

func Test(t *testing.T) {
	list := []string{"a", "b", "c"}
	for _, test := range []struct{ got, want string }{
		{Elide(list, 3), "a, b, c"},
		{Elide(list, 2), "a, b and 1 more"},
		{Elide(nil, 2), ""},
		{First(list, 3), "a, b, c"},
		{First(list, 1), "a, 2 more"},
		{Elide(Quote([]string{"a", "b\n"}), 2), `"a", "b\n"`},
		{Count(0, "key", "keys"), "0 keys"},
		{Count(1, "key", "keys"), "1 key"},
		{Count(1234, "key", "keys"), "1234 keys"},
		{CountGrouped(1, "key", "keys"), "1 key"},
		{CountGrouped(1234567, "key", "keys"), "1,234,567 keys"},
		{Group(999), "999"},
		{Group(-1000), "-1,000"},
		{Group(int64(math.MinInt64)), "-9,223,372,036,854,775,808"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
	if list[1] != "b" {
		t.Error("First has changed its list")
	}
}
