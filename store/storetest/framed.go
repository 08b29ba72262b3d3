package storetest

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gokeytool/store/entry"
)

// SameEntries compares what entries say, not how they stood in a file.
var SameEntries = cmp.Options{cmpopts.IgnoreFields(entry.Entry{}, "Origin"), cmpopts.EquateEmpty()}

// sameEntry is SameEntries, quickly.
func sameEntry(a, b *entry.Entry) bool {
	return a.Alias == b.Alias && a.Kind == b.Kind && a.Created.Equal(b.Created) && bytes.Equal(a.Sealed, b.Sealed) &&
		slices.EqualFunc(a.Chain, b.Chain, func(a, b entry.Certificate) bool { return a.Type == b.Type && bytes.Equal(a.DER, b.DER) })
}

// Rebuilt returns the file without the notes on how its entries stood there.
func Rebuilt(f *entry.File) *entry.File {
	fresh := &entry.File{}
	for _, e := range f.Entries {
		c := *e
		c.Origin = nil
		fresh.Entries = append(fresh.Entries, &c)
	}
	return fresh
}

// FuzzDecode fuzzes a format that needs no Origin, with inputs of a file and its
// password. What decodes is written so that it decodes to the same entries,
// whether they are untouched or all made again; if the digest was right, untouched
// entries of a file that is in the version that Encode writes make the same bytes.
func FuzzDecode(f *testing.F, c Codec, current func(data []byte) bool) {
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		first, err := c.Decode(data, nil, entry.DefaultLimits)
		if err != nil {
			if _, ok := errors.AsType[*entry.FormatError](err); !ok {
				t.Fatalf("error %v (%T) is no FormatError", err, err)
			}
			return
		}
		for _, file := range []*entry.File{first, Rebuilt(first)} {
			written, err := c.Encode(file, []byte(password))
			if err != nil {
				t.Fatal(err)
			}
			second, err := c.Decode(written, []byte(password), entry.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(first.Entries, second.Entries, sameEntry) {
				t.Fatalf("entries changed (-first +second):\n%s", cmp.Diff(first.Entries, second.Entries, SameEntries))
			}
		}
		verified, err := c.Decode(data, []byte(password), entry.DefaultLimits)
		if err == nil && current(data) {
			if written, err := c.Encode(verified, []byte(password)); err != nil || !bytes.HasPrefix(data, written) {
				t.Fatalf("bytes changed (error %v)", err)
			}
		}
	})
}
