package pkcs12

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"gokeytool/store/entry"
)

// fuzzLimits keep a run of the fuzzer short.
var fuzzLimits = entry.Limits{MaxIterations: 20, MaxEntries: 1000, MaxDepth: 20}

// known says whether an error is of one of the kinds that are declared.
func known(err error) bool {
	return slices.ContainsFunc([]error{entry.ErrPassword, entry.ErrDamaged, entry.ErrUnsupported, entry.ErrLimit},
		func(kind error) bool { return errors.Is(err, kind) })
}

func sameEntry(a, b *entry.Entry) bool {
	return a.Alias == b.Alias && a.Kind == b.Kind && a.Created.Equal(b.Created) && bytes.Equal(a.Sealed, b.Sealed) &&
		slices.EqualFunc(a.Chain, b.Chain, func(a, b entry.Certificate) bool { return bytes.Equal(a.DER, b.DER) })
}

// FuzzDecode: what is read is written and read again as the same; with one
// entry more, too, except for chains, which may grow.
func FuzzDecode(f *testing.F) {
	for _, p := range []Params{fast, of(None, 1, rc2, 1, None, 1), of(rc2, 1, desede, 1, macSHA1, 1)} {
		f.Add(encode(f, sample(f, p), password))
	}
	f.Add(file())
	f.Add(file(plain(safeBag(oidKeyBag, identities().lone.key.PKCS8, nil), certBagOf(identities().lone.chain[0].DER, nil))))
	few := 0
	for _, c := range corpus(f) {
		if data := c.Read(f); len(data) < 3000 && c.Want != "reject" {
			f.Add(data)
			few++
		}
	}
	if few < 10 {
		f.Fatalf("%d seeds from the corpus only", few)
	}
	extra := certEntry("one more", identities().ca)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, pass := range [][]byte{[]byte(password), {}, nil} {
			got, err := Decode(data, pass, fuzzLimits)
			viewed, viewErr := View(bytes.Clone(data), pass, fuzzLimits)
			if (err == nil) != (viewErr == nil) {
				t.Fatalf("decoded: %v; viewed: %v", err, viewErr)
			}
			if err != nil {
				if !known(err) {
					t.Fatalf("error of no declared kind: %v", err)
				}
				continue
			}
			if !slices.EqualFunc(got.Entries, viewed.Entries, sameEntry) {
				t.Fatalf("%q is viewed as %q", listing(got), listing(viewed))
			}
			if len(Untrusted(got)) > fuzzLimits.MaxEntries {
				t.Fatal("more certificates than allowed")
			}
			if pass == nil {
				continue
			}
			out, again, err := EncodeDecode(got, pass, fuzzLimits)
			if out == nil {
				t.Fatalf("cannot be written: %v", err)
			}
			if err != nil {
				t.Fatalf("cannot be read again: %v", err)
			}
			if !slices.EqualFunc(got.Entries, again.Entries, sameEntry) || !slices.EqualFunc(raws(got), raws(again), bytes.Equal) {
				t.Fatalf("%q became %q", listing(got), listing(again))
			}
			got.Entries = append(got.Entries, extra)
			if out, err = Encode(got, pass); err != nil {
				t.Fatalf("cannot be written with one more: %v", err)
			}
			if again, err = Decode(out, pass, entry.Limits{}); err != nil {
				t.Fatalf("cannot be read with one more: %v", err)
			}
			if !slices.EqualFunc(got.Entries, again.Entries, func(a, b *entry.Entry) bool {
				return a.Alias == b.Alias && a.Kind == b.Kind && a.Created.Equal(b.Created) && bytes.Equal(a.Sealed, b.Sealed)
			}) {
				t.Fatalf("%q with one more became %q", listing(got), listing(again))
			}
		}
	})
}

// FuzzUnseal: a key that opens can be sealed and opens again as the same.
func FuzzUnseal(f *testing.F) {
	ids := identities()
	for _, p := range []Params{fast, of(None, 1, rc2, 1, None, 1), of(None, 1, "PBEWithMD5AndDES", 1, None, 1)} {
		file := NewFile(p)
		f.Add(keyEntry(f, file, "", ids.lone).Sealed, false)
		f.Add(secretEntry(f, file, "", "AES", []byte("0123456789abcdef")).Sealed, true)
	}
	f.Add(ids.lone.key.PKCS8, false)
	f.Fuzz(func(t *testing.T, sealed []byte, secret bool) {
		e := &entry.Entry{Kind: entry.PrivateKey, Sealed: sealed}
		if secret {
			e.Kind = entry.SecretKey
		}
		key, err := Unseal(e, []byte(password), fuzzLimits)
		if err != nil {
			if !known(err) {
				t.Fatalf("error of no declared kind: %v", err)
			}
			return
		}
		e.Sealed, err = Seal(key, []byte(password), NewFile(fast))
		if err != nil {
			if errors.Is(err, entry.ErrUnsupported) && secret || errors.Is(err, entry.ErrDamaged) && !secret {
				return // an algorithm that no text stands for; a key in clear that Java does not take
			}
			t.Fatalf("cannot be sealed: %v", err)
		}
		again, err := Unseal(e, []byte(password), fuzzLimits)
		if err != nil || (key.PKCS8 == nil) != (again.PKCS8 == nil) || !bytes.HasPrefix(key.PKCS8, again.PKCS8) || !bytes.Equal(again.Raw, key.Raw) || again.Algorithm != key.Algorithm {
			t.Fatalf("%+v became %+v (%v)", key, again, err)
		}
	})
}
