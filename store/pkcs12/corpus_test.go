package pkcs12

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gokeytool/store/entry"
)

// beyond is what the corpus's manifest does not say: files that keytool or
// OpenSSL fails on, as "certificates keys", or the kind of error.
var beyond = map[string]any{
	"formats__examples__example5.pfx":                "certs=1 keys=1", // opens with 1234
	"gnutls__data__pkcs12_5certs.p12":                "certs=5 keys=1", // so does this
	"gnutls__data__pbmac1_512_512.good.p12":          "certs=1 keys=1", // OpenSSL 3.0 knows no PBMAC1
	"gnutls__data__pbmac1_256_256.bad-iter.p12":      entry.ErrPassword,
	"gnutls__data__pbmac1_256_256.extended-mac.p12":  entry.ErrDamaged,
	"gnutls__data__pbmac1_256_256.truncated-mac.p12": entry.ErrDamaged,
	"gnutls__data__pbmac1_256_256.no-len.p12":        entry.ErrDamaged,
	"gnutls__data__gost01.p12":                       entry.ErrUnsupported,
	"gnutls__data__mem-leak.p12":                     entry.ErrUnsupported, // its MAC is of a broken identifier
}

// TestCorpus opens real files of many producers and counts what OpenSSL
// counts in them and names what keytool lists.
func TestCorpus(t *testing.T) {
	for _, c := range corpus(t) {
		t.Run(c.Name, func(t *testing.T) {
			data := c.Read(t)
			f, err := Decode(data, []byte(c.Password), entry.Limits{})
			want := strings.TrimPrefix(c.OpenSSL, "ok ")
			switch special := beyond[c.Name].(type) {
			case error:
				if !errors.Is(err, special) {
					t.Fatalf("got %v, want %v", err, special)
				}
				return
			case string:
				want = special
			}
			if err != nil {
				t.Fatal(err)
			}
			keys, certs := 0, len(Untrusted(f))
			seen := make(map[*bag]bool)
			for _, e := range f.Entries {
				if e.Kind == entry.PrivateKey {
					keys++
				}
				o := e.Origin.(*entryOrigin)
				for _, b := range append(o.chain, o.bag) {
					if b.kind == certBag && !seen[b] {
						seen[b] = true
						certs++
					}
				}
			}
			if got := fmt.Sprintf("certs=%d keys=%d", certs, keys); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if c.Keytool == "ok" {
				checkListing(t, f, c.Aliases)
			}
			for _, e := range f.Entries {
				if e.Kind == entry.TrustedCertificate {
					continue
				}
				_, err := Unseal(e, []byte(c.Password), entry.Limits{})
				_, odd := errors.AsType[*NotForJavaError](err)
				if odd != (c.Name == "gnutls__data__pbes1-no-salt.p12") || err != nil && !odd {
					t.Errorf("%s: %v", e.Alias, err)
				}
			}
			viewed, err := View(bytes.Clone(data), []byte(c.Password), entry.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := describe(t, viewed, c.Password), describe(t, f, c.Password); !slices.Equal(got, want) {
				t.Errorf("viewed:\n%s\ndecoded:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if _, err := Encode(viewed, []byte(c.Password)); err == nil {
				t.Error("was encoded after it had been viewed")
			}
			// Saved and opened again it is the same, twice.
			first, again, err := EncodeDecode(f, []byte(c.Password), entry.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := describe(t, again, c.Password), describe(t, decode(t, first, c.Password), c.Password); !slices.Equal(got, want) {
				t.Errorf("decoded with the keys of encoding:\n%s\nwithout:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if got, want := describe(t, again, c.Password), describe(t, f, c.Password); !slices.Equal(got, want) {
				t.Errorf("saved and opened again:\n%s\nbefore:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if again.Verified != f.Verified || FileParams(again) != FileParams(f) {
				t.Errorf("saved and opened again: %+v, before %+v", FileParams(again), FileParams(f))
			}
			if len(encode(t, again, c.Password)) != len(first) {
				t.Error("grows when it is saved")
			}
		})
	}
}

// checkListing compares with keytool's listing, "alias:kind|alias:kind",
// leaving out what Java does not see.
func checkListing(t *testing.T, f *entry.File, listed []string) {
	t.Helper()
	kinds := map[entry.Kind]string{entry.PrivateKey: "key", entry.TrustedCertificate: "cert", entry.SecretKey: "secret"}
	var got []string
	for _, e := range f.Entries {
		if !HiddenFromJava(e) {
			got = append(got, strings.ToLower(e.Alias)+":"+kinds[e.Kind])
		}
	}
	slices.Sort(got)
	slices.Sort(listed)
	if !slices.Equal(got, listed) {
		t.Errorf("got %q, keytool lists %q", got, listed)
	}
}

func TestCorpusWrongPassword(t *testing.T) {
	for _, c := range corpus(t) {
		if c.Want != "list" {
			continue
		}
		if _, err := Decode(c.Read(t), []byte("not "+c.Password), entry.Limits{}); !errors.Is(err, entry.ErrPassword) {
			t.Errorf("%s: got %v", c.Name, err)
		}
	}
}

// Without a password the keys are there, but not their encrypted certificates.
func TestCorpusNoPassword(t *testing.T) {
	for _, c := range corpus(t) {
		if c.Want != "list" {
			continue
		}
		f, err := Decode(c.Read(t), nil, entry.Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		} else if f.Verified {
			t.Errorf("%s: verified without a password", c.Name)
		}
	}
}
