// Package testkey makes keys for tests, each once.
package testkey

import (
	"crypto"
	"sync"
	"testing"

	"gokeytool/jdk"
	"gokeytool/x509util/keys"
)

var (
	mutex sync.Mutex
	made  = make(map[string]crypto.Signer)
)

// Make returns a key by a name such as "rsa1024", made once.
func Make(t testing.TB, name string) crypto.Signer {
	t.Helper()
	spec, ok := map[string]keys.Spec{
		"rsa512":  {Algorithm: "RSA", Size: 512},
		"rsa700":  {Algorithm: "RSA", Size: 700},
		"rsa1024": {Algorithm: "RSA", Size: 1024},
		"rsa2048": {Algorithm: "RSA", Size: 2048},
		"pss1024": {Algorithm: "RSASSA-PSS", Size: 1024},
		"ec256":   {Algorithm: "EC", Group: "secp256r1"},
		"ec384":   {Algorithm: "EC", Group: "secp384r1"},
		"ed25519": {Algorithm: "Ed25519"},
		"ed448":   {Algorithm: "Ed448"},
		"dsa1024": {Algorithm: "DSA", Size: 1024},
		"dsa2048": {Algorithm: "DSA"},
		"mldsa44": {Algorithm: "ML-DSA-44"},
		"mldsa65": {Algorithm: "ML-DSA"},
		"mldsa87": {Algorithm: "ML-DSA-87"},
		"x25519":  {Algorithm: "X25519"},
	}[name]
	if !ok {
		t.Fatalf("no key %q", name)
	}
	mutex.Lock()
	defer mutex.Unlock()
	if made[name] == nil {
		key, err := keys.Generate(spec, jdk.Release25)
		if err != nil {
			t.Fatal(err)
		}
		made[name] = key
	}
	return made[name]
}
