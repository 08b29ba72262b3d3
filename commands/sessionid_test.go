package commands

import (
	"regexp"
	"testing"
)

func TestSessionIDs(t *testing.T) {
	u := newUnit(t, nil)
	if err := sessionID(t.Context(), u.session, sessionIDOptions{ids: idOptions{given[int64](4), given("node1")}, count: 2}); err != nil {
		t.Fatal(err)
	}
	if got := u.out.String(); !regexp.MustCompile(`^([0-9A-F]{8}\.node1\n){2}$`).MatchString(got) {
		t.Errorf("printed %q", got)
	}
	for _, o := range []sessionIDOptions{{count: 0}, {count: maxSessionIDs + 1}, {ids: idOptions{length: given[int64](0)}, count: 1}} {
		u := newUnit(t, nil)
		if err := sessionID(t.Context(), u.session, o); err == nil || u.out.Len() > 0 {
			t.Errorf("%+v: %v, printed %q", o, err, u.out.String())
		}
	}
}
