package pkcs12

import (
	"bytes"
	"slices"
	"testing"

	"gokeytool/store/entry"
)

// Of keys that sign each other each has its certificates to itself, so that one
// may go, or get another chain, in whatever order they stand.
func TestKeysThatSignEachOther(t *testing.T) {
	ids := identities()
	keys := map[string]*identity{"server": ids.server, "ca": ids.ca, "root": ids.root}
	for _, order := range [][]string{{"server", "ca", "root"}, {"root", "ca", "server"}, {"ca", "server", "root"}, {"server", "root", "ca"}} {
		f := NewFile(fast)
		for _, alias := range order {
			f.Entries = append(f.Entries, keyEntry(t, f, alias, keys[alias]))
		}
		data := encode(t, f, password)
		for _, change := range []func(list []*entry.Entry, at int) []*entry.Entry{
			func(list []*entry.Entry, at int) []*entry.Entry { return slices.Delete(list, at, at+1) },
			func(list []*entry.Entry, at int) []*entry.Entry { list[at].Chain = ids.lone.chain; return list },
			func(list []*entry.Entry, at int) []*entry.Entry { list[at].Alias = "other"; return list },
			func(list []*entry.Entry, at int) []*entry.Entry { slices.Reverse(list); return list },
		} {
			for at := range order {
				f := decode(t, data, password)
				f.Entries = change(f.Entries, at)
				want := describe(t, f, password)
				again := decode(t, encode(t, f, password), password)
				if got := describe(t, again, password); !slices.Equal(got, want) {
					t.Errorf("%v, entry %d changed: got\n%q\nwant\n%q", order, at, got, want)
				}
				if n := len(Untrusted(again)); n > 0 {
					t.Errorf("%v, entry %d changed: %d certificates belong to nobody", order, at, n)
				}
			}
		}
	}
}

// A certificate that nothing lists is carried along, unless it makes another
// chain of one that was stored.
func TestCertificatesOfNobody(t *testing.T) {
	ids := identities()
	id := []byte("1")
	key, _ := keyBagOf(keyEntry(t, nil, "", ids.lone).Sealed, attributes("key", id, nil))
	data := file(plain(key), plain(certBagOf(ids.ca.chain[0].DER, nil), certBagOf(ids.lone.chain[0].DER, attributes("key", id, nil)), certBagOf(ids.server2.chain[0].DER, nil)))
	f := decode(t, data, password)
	if len(f.Entries) != 1 || len(Untrusted(f)) != 2 {
		t.Fatalf("reads %q and %d more", describe(t, f, password), len(Untrusted(f)))
	}
	f.Entries[0].Chain = ids.server.chain[:1] // issued by one of the others
	again := decode(t, encode(t, f, password), password)
	left := Untrusted(again)
	if len(again.Entries[0].Chain) != 1 || len(left) != 1 || !bytes.Equal(left[0].DER, ids.server2.chain[0].DER) {
		t.Errorf("got %q and %d more", describe(t, again, password), len(left))
	}

	// Without any key, or any entry, all of them stay.
	for _, entries := range [][]*entry.Entry{nil, {certEntry("root", ids.root)}} {
		f := decode(t, data, password)
		f.Entries = entries
		again := decode(t, encode(t, f, password), password)
		if len(again.Entries) != len(entries) || len(Untrusted(again)) != 2 {
			t.Errorf("%d entries and no key: got %q and %d more", len(entries), describe(t, again, password), len(Untrusted(again)))
		}
	}
}
