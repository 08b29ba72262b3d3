package commands

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestList(t *testing.T) {
	ks := keyed(t, "tomcat")
	t.Run("text", func(t *testing.T) {
		u := newUnit(t, ks)
		if err := list(t.Context(), u.session, listOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Keystore type: PKCS12\nKeystore provider: SUN\n\nYour keystore contains 1 entry\n\n", "tomcat, Mar 1, 2026, PrivateKeyEntry, \n"} {
			if !strings.Contains(u.out.String(), want) {
				t.Errorf("%q is not in %s", want, u.out)
			}
		}
	})
	t.Run("JSON", func(t *testing.T) {
		u := newUnit(t, ks)
		u.opt.json = true
		if err := list(t.Context(), u.session, listOptions{}); err != nil {
			t.Fatal(err)
		}
		var got jsonList
		if err := json.Unmarshal(u.out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Entries) != 1 || got.Entries[0].Alias != "tomcat" || got.Entries[0].Kind != "privateKey" || got.Unread {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("no such alias", func(t *testing.T) {
		u := newUnit(t, ks)
		u.opt.alias = given("other")
		if err := list(t.Context(), u.session, listOptions{}); err == nil || err.Error() != "Alias <other> does not exist" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("text in two ways", func(t *testing.T) {
		u := newUnit(t, ks)
		u.opt.verbose, u.opt.rfc = true, true
		if err := list(t.Context(), u.session, listOptions{}); err != exitCode(exitError) || !strings.HasPrefix(u.err.String(), "Must not specify both -v and -rfc") {
			t.Errorf("got %v", err)
		}
	})
}
