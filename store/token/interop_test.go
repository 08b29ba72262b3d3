package token

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"gokeytool/internal/javastring"
	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/pkcs11"
	"gokeytool/store/entry"
)

// What Java finds in tokens of every constellation is found here, in its order; and what
// one has written the other lists, and signs with.
func TestJavaSeesToken(t *testing.T) {
	h := testtool.NewSoftHSM(t)
	t.Setenv("SOFTHSM2_CONF", h.Environment[len("SOFTHSM2_CONF="):])
	token := tokenModule{openToken(t, h)}
	configuration := fmt.Sprintf("name = T\nlibrary = %s\nslot = %d\n", h.Module, token.Info().Slot)
	key, p := newEC(t), newPKI(t, "é")
	for _, release := range []jdk.Release{jdk.Release17, jdk.Release25} {
		java := testtool.StartJava(t, release)
		o := options(true)
		o.Release = release
		random := rand.New(rand.NewPCG(14, 14)) // the same tokens for both
		for n := range 12 {
			makeObjects(t, token, random, p)
			want, exceptions := java.Token(configuration, h.PIN)
			k, err := Open(token.Token, o)
			if (err != nil) != (exceptions != nil) {
				t.Fatalf("Java %d, token %d: %v, but Java says %q", release, n, err, exceptions)
			}
			if err == nil {
				compare(t, k, want, h)
			} else if found, ok := errors.AsType[*Error](err); !ok || exceptions[0] != found.Java.Class+": "+found.Java.Text {
				t.Errorf("Java %d, token %d: %v, but Java says %q", release, n, err, exceptions)
			}
			destroyAll(t, token)
		}
		// Ours, then Java's, then ours again.
		k := openKeystore(t, token.Token, o)
		entries := add("ours", pkcs8(t, key), p.chain(t, "ours", 30, key.Public()))(t, k, k.Entries())
		entries = generate("made", KeySpec{Algorithm: "EC", Curve: p256})(t, k, entries)
		entries = add("aes", entry.Key{Algorithm: "AES", Raw: bytes.Repeat([]byte{7}, 16)}, nil)(t, k, entries)
		if err := k.Apply(entries); err != nil {
			t.Fatal(err)
		}
		other := newEC(t)
		words := []string{"set", "java's", "EC", string(pkcs8(t, other).PKCS8)}
		for _, c := range p.chain(t, "java", 31, other.Public()) {
			words = append(words, string(c.DER))
		}
		want, exceptions := java.Token(configuration, h.PIN, words...)
		if len(want) != 4 {
			t.Fatalf("Java %d: %v %q", release, want, exceptions)
		}
		k = openKeystore(t, token.Token, o)
		compare(t, k, want, h)
		reply := p.chain(t, "reply", 32, other.Public())
		entries = rename("ours", "renamed")(t, k, setChain("java's", reply)(t, k, k.Entries()))
		if err := k.Apply(entries); err != nil {
			t.Fatal(err)
		}
		want, exceptions = java.Token(configuration, h.PIN)
		if len(want) != 4 {
			t.Fatalf("Java %d: %v %q", release, want, exceptions)
		}
		compare(t, openKeystore(t, token.Token, o), want, h)
		// Java deletes what we wrote, and we what is left: then nothing is there.
		want, exceptions = java.Token(configuration, h.PIN, "delete", "renamed")
		if len(want) != 3 {
			t.Fatalf("Java %d: %v %q", release, want, exceptions)
		}
		if err := openKeystore(t, token.Token, o).Apply(nil); err != nil {
			t.Fatal(err)
		}
		if left := snapshot(t, k); len(left) != 0 {
			t.Errorf("Java %d: %d objects are left\n%s", release, len(left), h.Tool(t, "-O"))
		}
	}
}

// compare compares entries with those that Java sees.
func compare(t *testing.T, k *Keystore, want []testtool.JavaContent, h testtool.SoftHSM) {
	t.Helper()
	kinds := map[entry.Kind]string{entry.PrivateKey: "key", entry.TrustedCertificate: "trusted", entry.SecretKey: "secret"}
	var got []testtool.JavaContent
	for _, e := range k.Entries() {
		c := testtool.JavaContent{JavaEntry: testtool.JavaEntry{Alias: e.Alias, Kind: kinds[e.Kind]}}
		for _, der := range e.Chain {
			sum := sha256.Sum256(der.DER)
			c.Chain = append(c.Chain, hex.EncodeToString(sum[:]))
		}
		got = append(got, c)
	}
	entries := k.Entries()
	if inOneBucket(got) {
		// Their order is that in which the module finds its objects, which is another in
		// each process of SoftHSM.
		byAlias := func(a, b testtool.JavaContent) int { return cmp.Compare(a.Alias, b.Alias) }
		slices.SortFunc(got, byAlias)
		slices.SortFunc(want, byAlias)
		slices.SortFunc(entries, func(a, b *entry.Entry) int { return cmp.Compare(a.Alias, b.Alias) })
	}
	same := slices.EqualFunc(got, want, func(a, b testtool.JavaContent) bool {
		return a.Alias == b.Alias && a.Kind == b.Kind && slices.Equal(a.Chain, b.Chain)
	})
	if !same {
		t.Errorf("%+v\nbut Java sees\n%+v\n%s", got, want, h.Tool(t, "-O"))
		return
	}
	for i, e := range entries {
		if e.Kind != entry.PrivateKey {
			continue
		}
		key, err := k.Unseal(e)
		if err == nil {
			_, err = key.Signer.Sign(nil, bytes.Repeat([]byte{1}, 32), crypto.SHA256)
		}
		if ok := len(want[i].Key) > 1 && want[i].Key[:2] == "ok"; ok != (err == nil) {
			t.Errorf("<%s>: %v, but Java says %q", e.Alias, err, want[i].Key)
		}
	}
}

// inOneBucket says whether two aliases share a bucket of a small HashMap.
func inOneBucket(entries []testtool.JavaContent) bool {
	seen := make(map[uint32]bool)
	for _, e := range entries {
		h := javastring.HashCode(e.Alias)
		bucket := (h ^ h>>16) & 15
		if seen[bucket] {
			return true
		}
		seen[bucket] = true
	}
	return false
}

// makeObjects fills a token with keys and certificates that have labels, IDs, or not, alone and
// together; none of which Java could take either.
func makeObjects(t *testing.T, token module, random *rand.Rand, p pki) {
	t.Helper()
	labels := []string{"", "key", "Key", "é", "with blank", "a/b", "zeta", "alpha"}
	ids := []string{"", "\x01", "id", "key", "0", "\xff\x00"}
	err := token.do(true, func(s session) (err error) {
		create := func(template ...pkcs11.Attribute) {
			if _, failed := s.Create(append(template, pkcs11.NewBool(pkcs11.OnToken, true))...); err == nil {
				err = failed
			}
		}
		text := func(t pkcs11.AttributeType, value string) pkcs11.Attribute {
			return pkcs11.Attribute{Type: t, Value: []byte(value)}
		}
		certificate := func(c *x509.Certificate, label, id string) {
			create(pkcs11.NewNumber(pkcs11.Class, pkcs11.CertificateObject), pkcs11.NewNumber(pkcs11.CertificateType, pkcs11.X509Certificate),
				pkcs11.Attribute{Type: pkcs11.Subject, Value: c.RawSubject}, pkcs11.Attribute{Type: pkcs11.Issuer, Value: c.RawIssuer},
				pkcs11.Attribute{Type: pkcs11.Value, Value: c.Raw}, text(pkcs11.Label, label), text(pkcs11.ID, id))
		}
		if random.IntN(3) > 0 {
			certificate(p.ca, "", "ca")
			if random.IntN(2) > 0 {
				certificate(p.root, labels[random.IntN(2)], "")
			}
		}
		for i, place := range random.Perm(len(ids))[:1+random.IntN(len(ids)-1)] {
			id, label, key := ids[place], labels[random.IntN(len(labels))], newEC(t)
			if random.IntN(4) > 0 {
				_, material, failed := privateParts(pkcs8(t, key).PKCS8, true)
				if failed != nil {
					t.Fatal(failed)
				}
				create(append(material.list(), pkcs11.NewNumber(pkcs11.Class, pkcs11.PrivateKeyObject), pkcs11.NewNumber(pkcs11.KeyType, pkcs11.KeyEC),
					pkcs11.NewBool(pkcs11.Private, true), text(pkcs11.ID, id), text(pkcs11.Label, labels[random.IntN(len(labels))]))...)
			}
			if random.IntN(4) > 0 {
				certificate(certify(t, fmt.Sprint("Leaf  ", i), 100+int64(random.IntN(1000)), key.Public(), p.ca, p.caKey), label, id)
			}
		}
		for range random.IntN(3) {
			create(pkcs11.NewNumber(pkcs11.Class, pkcs11.SecretKeyObject), pkcs11.NewNumber(pkcs11.KeyType, pkcs11.KeyAES),
				text(pkcs11.Value, "0123456789abcdef"), text(pkcs11.Label, labels[random.IntN(len(labels))]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
