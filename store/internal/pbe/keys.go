package pbe

import (
	"slices"
	"sync"

	"gokeytool/store/entry"
)

// Keys remembers keys that were derived from one password, each under all the
// parameters of its derivation: what has just been encrypted opens without
// deriving it again. It is ready as it is, and may be used by several
// goroutines at once. Whoever made it wipes it.
type Keys struct {
	mu    sync.Mutex
	known map[string][]byte
}

// get returns what was put under an id, nil for nothing.
func (k *Keys) get(id string) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known[id]
}

func (k *Keys) put(id string, parts ...[]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil {
		k.known = make(map[string][]byte)
	}
	entry.Wipe(k.known[id])
	k.known[id] = slices.Concat(parts...)
}

// Wipe forgets all keys.
func (k *Keys) Wipe() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range k.known {
		entry.Wipe(key)
	}
	k.known = nil
}
