package store

import (
	"bytes"
	"hash/maphash"
	"slices"

	"gokeytool/store/entry"
)

// leafIndex finds the entries that have a certificate as their own, so that
// asking for each of 10,000 does not mean 100,000,000 comparisons.
type leafIndex struct {
	seed   maphash.Seed
	byHash map[uint64][]*entry.Entry
	places map[*entry.Entry]int    // in Java's order; nil if not known
	firsts map[uint64]*entry.Entry // what first has found, while places holds
}

func newLeafIndex(entries []*entry.Entry) *leafIndex {
	x := &leafIndex{seed: maphash.MakeSeed(), byHash: make(map[uint64][]*entry.Entry, len(entries))}
	for _, e := range entries {
		x.add(e)
	}
	return x
}

// add takes an entry in. A nil index has none.
func (x *leafIndex) add(e *entry.Entry) {
	if x == nil || len(e.Chain) == 0 {
		return
	}
	hash := maphash.Bytes(x.seed, e.Chain[0].DER)
	x.byHash[hash] = append(x.byHash[hash], e)
	x.places, x.firsts = nil, nil
}

// remove takes an entry out.
func (x *leafIndex) remove(e *entry.Entry) {
	if x == nil || len(e.Chain) == 0 {
		return
	}
	hash := maphash.Bytes(x.seed, e.Chain[0].DER)
	x.byHash[hash] = slices.DeleteFunc(x.byHash[hash], func(other *entry.Entry) bool { return other == e })
	x.places, x.firsts = nil, nil
}

// first returns the entry with that certificate which comes first in Java's
// order of s, nil if there is none.
func (x *leafIndex) first(s *Store, der []byte) *entry.Entry {
	hash := maphash.Bytes(x.seed, der)
	if found := x.firsts[hash]; found != nil && bytes.Equal(found.Chain[0].DER, der) {
		return found
	}
	same := x.byHash[hash]
	if len(same) == 1 && len(s.names()[s.typ.fold(same[0].Alias)]) == 1 { // the usual case needs no order
		if bytes.Equal(same[0].Chain[0].DER, der) {
			return same[0]
		}
		return nil
	}
	if len(same) > 0 && x.places == nil {
		x.places = make(map[*entry.Entry]int, s.Len())
		for i, e := range s.JavaOrder() {
			x.places[e] = i
		}
		x.firsts = make(map[uint64]*entry.Entry)
	}
	var first *entry.Entry
	for _, e := range same {
		place, seen := x.places[e] // Java does not see all entries of one alias
		if seen && (first == nil || place < x.places[first]) && bytes.Equal(e.Chain[0].DER, der) {
			first = e
		}
	}
	if first != nil {
		x.firsts[hash] = first
	}
	return first
}
