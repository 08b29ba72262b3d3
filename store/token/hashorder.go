package token

import (
	"slices"

	"gokeytool/internal/javastring"
	"gokeytool/jdk"
)

// hashMap is as much of java.util.HashMap as decides the order in which its keys are
// iterated: bucket by bucket, in a bucket the oldest key first. (Of a bucket with nine
// keys and more Java makes a tree, whose order is another. It takes aliases that were
// made for it.)
type hashMap struct {
	keys     []string // in the order of insertion
	hashes   []uint32
	known    map[string]bool
	capacity int
	counts   map[uint32]int // of the keys in a bucket
}

// newHashMap returns a map of at least that many buckets; 16 are Java's default.
func newHashMap(capacity int) *hashMap {
	m := &hashMap{known: make(map[string]bool), capacity: 1, counts: make(map[uint32]int)}
	for m.capacity < capacity {
		m.capacity *= 2
	}
	return m
}

// hashMapOf returns the capacity of a map that is made for so many keys.
func hashMapOf(keys int, release jdk.Release) int {
	if release >= jdk.Release21 {
		return (keys*4 + 2) / 3 // HashMap.newHashMap
	}
	return keys*4/3 + 1
}

// put adds a key, and says whether it is new.
func (m *hashMap) put(key string) bool {
	if m.known[key] {
		return false
	}
	m.known[key] = true
	h := javastring.HashCode(key)
	h ^= h >> 16
	m.keys, m.hashes = append(m.keys, key), append(m.hashes, h)
	m.counts[m.bucket(h)]++
	if m.counts[m.bucket(h)] > 8 && m.capacity < 64 {
		m.grow() // in place of a tree
	}
	if 4*len(m.keys) > 3*m.capacity {
		m.grow()
	}
	return true
}

func (m *hashMap) bucket(h uint32) uint32 { return h & uint32(m.capacity-1) }

func (m *hashMap) grow() {
	m.capacity *= 2
	clear(m.counts)
	for _, h := range m.hashes {
		m.counts[m.bucket(h)]++
	}
}

// order returns the keys as Java iterates over them.
func (m *hashMap) order() []string {
	places := make([]int, len(m.keys))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return int(m.bucket(m.hashes[a])) - int(m.bucket(m.hashes[b])) })
	keys := make([]string, len(places))
	for i, p := range places {
		keys[i] = m.keys[p]
	}
	return keys
}

// enumeration returns keys, given in the order in which Java's map of them iterates, as
// P11KeyStore.engineAliases does, which makes a HashSet of them.
func enumeration(keys []string, release jdk.Release) []string {
	capacity := 16
	if release >= jdk.Release21 {
		capacity = hashMapOf(max(len(keys), 12), release)
	} else {
		capacity = max(hashMapOf(len(keys), release), capacity)
	}
	set := newHashMap(capacity)
	for _, key := range keys {
		set.put(key)
	}
	return set.order()
}
