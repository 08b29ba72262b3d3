package commands

import "testing"

func TestRename(t *testing.T) {
	entries := map[string][]byte{"first": []byte("one"), "second": []byte("two")}
	for alias, fails := range map[string]string{"third": "", "second": "Destination alias <second> already exists"} {
		t.Run(alias, func(t *testing.T) {
			u := newUnit(t, trusting(t, entries))
			err := rename(t.Context(), u.session, renameOptions{old: "first", alias: alias})
			if fails != "" {
				if err == nil || err.Error() != fails {
					t.Errorf("got %v, want %s", err, fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := u.ks.get(alias); err != nil || u.ks.Len() != 2 {
				t.Errorf("%d entries, %v", u.ks.Len(), err)
			}
		})
	}
	t.Run("nothing", func(t *testing.T) {
		u := newUnit(t, trusting(t, entries))
		if err := rename(t.Context(), u.session, renameOptions{old: "none", alias: "third"}); err == nil || err.Error() != "Alias <none> does not exist" {
			t.Errorf("got %v", err)
		}
	})
}
