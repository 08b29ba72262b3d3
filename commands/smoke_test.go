package commands

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSmoke(t *testing.T) {
	t.Run("a key", func(t *testing.T) {
		u := newUnit(t, keyed(t, "tomcat"))
		u.opt.json = true
		if err := smoke(t.Context(), u.session, smokeOptions{host: given("localhost")}); err != nil {
			t.Fatal(err)
		}
		var got jsonSmoke
		if err := json.Unmarshal(u.out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if !got.OK || len(got.Keys) != 1 || got.Keys[0].Alias != "tomcat" {
			t.Errorf("printed %+v", got)
		}
	})
	t.Run("no key", func(t *testing.T) {
		u := newUnit(t, trusting(t, map[string][]byte{"ca": []byte("one")}))
		u.opt.quiet = true
		if err := smoke(t.Context(), u.session, smokeOptions{}); err != exitCode(exitError) {
			t.Fatal(err)
		}
		if got := u.out.String(); !strings.Contains(got, "FAIL  key ") || strings.Contains(got, "ok ") {
			t.Errorf("printed %q", got)
		}
	})
	t.Run("no host", func(t *testing.T) {
		u := newUnit(t, keyed(t, "tomcat"))
		if err := smoke(t.Context(), u.session, smokeOptions{host: given("a b")}); err == nil || !strings.Contains(err.Error(), `-host "a b"`) {
			t.Error(err)
		}
	})
}
