package pkcs12

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/jdk"
	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
)

// The files of RFC 9579 appendix A.
func TestPBMAC1(t *testing.T) {
	files, err := filepath.Glob("testdata/rfc9579-a*.txt")
	if err != nil || len(files) != 6 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	want := map[string]error{"a4": entry.ErrPassword, "a5": entry.ErrPassword, "a6": entry.ErrDamaged}
	for _, path := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "rfc9579-"), ".txt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(text)), ""))
			if err != nil {
				t.Fatal(err)
			}
			f, err := Decode(data, []byte("1234"), entry.Limits{})
			if !errors.Is(err, want[name]) {
				t.Fatalf("got %v, want %v", err, want[name])
			}
			if err != nil {
				return
			}
			if !f.Verified || len(f.Entries) != 1 || len(f.Entries[0].Chain) != 1 {
				t.Errorf("verified %v, entries %q", f.Verified, aliases(f))
			}
			if _, err := Unseal(f.Entries[0], []byte("1234"), entry.Limits{}); err != nil {
				t.Error(err)
			}
			// The MAC keeps its algorithms.
			again := decode(t, encode(t, f, "1234"), "1234")
			if got, want := FileParams(again), FileParams(f); got != want {
				t.Errorf("saved: %+v, before %+v", got, want)
			}
		})
	}
}

// A key that is too short would let anybody forge a file for any password.
func TestPBMAC1KeyLength(t *testing.T) {
	data := encode(t, sample(t, Java26), password)
	old := []byte{0x02, 0x02, 0x27, 0x10, 0x02, 0x01, 0x20, 0x30} // iterations, key length, PRF
	at := bytes.LastIndex(data, old)
	if at < 0 {
		t.Fatal("parameters not found")
	}
	for length, want := range map[byte]error{0: entry.ErrDamaged, 1: entry.ErrDamaged, 19: entry.ErrDamaged, 65: entry.ErrDamaged, 20: entry.ErrPassword} {
		data[at+6] = length
		if _, err := Decode(data, []byte(password), entry.Limits{}); !errors.Is(err, want) {
			t.Errorf("key of %d bytes: got %v, want %v", length, err, want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, profile := range []string{"default", "java8", "legacy", "openssl3", "java26", "passwordless"} {
		for _, pass := range []string{password, "", "pässwörd", "密碼", "\U0001F511"} {
			t.Run(profile+" "+pass, func(t *testing.T) {
				p, ok := Profile(profile)
				if !ok {
					t.Fatal("no such profile")
				}
				f := sample(t, p)
				f.Entries = slices.DeleteFunc(f.Entries, func(e *entry.Entry) bool { return e.Kind == entry.SecretKey })
				data := encode(t, f, pass)
				got := decode(t, data, pass)
				if got.Verified != (p.MACAlgorithm != None) {
					t.Errorf("verified: %v", got.Verified)
				}
				if FileParams(got).MACAlgorithm != p.MACAlgorithm || FileParams(got).CertAlgorithm != p.CertAlgorithm {
					t.Errorf("got %+v, want %+v", FileParams(got), p)
				}
				if want := []string{"server", "server 2", "root", "Ünïcode 密碼 \U0001F511"}; !slices.Equal(aliases(got), want) {
					t.Errorf("got %q, want %q", aliases(got), want)
				}
				if !got.Entries[0].Created.Equal(created) || !got.Entries[2].Created.IsZero() {
					t.Errorf("created %v and %v", got.Entries[0].Created, got.Entries[2].Created)
				}
				if pass != password && p.MACAlgorithm != None {
					if _, err := Decode(data, []byte(password), entry.Limits{}); !errors.Is(err, entry.ErrPassword) {
						t.Errorf("another password: %v", err)
					}
				}
			})
		}
	}
}

func TestSecretKeys(t *testing.T) {
	for _, algorithm := range []string{"AES", "DES", "DESede", "ARCFOUR", "RC2", "Blowfish", "HmacSHA1", "HmacSHA512/256", "HmacSHA3-512", "PBEWithMD5AndDES", "1.2.840.113556.1"} {
		f := NewFile(fast)
		f.Entries = []*entry.Entry{secretEntry(t, f, "secret", algorithm, []byte("12345678"))}
		got := decode(t, encode(t, f, password), password)
		k, err := Unseal(got.Entries[0], []byte(password), entry.Limits{})
		if err != nil || k.Algorithm != algorithm || string(k.Raw) != "12345678" || got.Entries[0].Kind != entry.SecretKey {
			t.Errorf("%s: got %s %q (%v)", algorithm, k.Algorithm, k.Raw, err)
		}
	}
	for _, algorithm := range []string{"", "HmacMD5", "ChaCha20", "1", "3.1", "1.40", "1.2.x"} {
		if _, err := Seal(entry.Key{Algorithm: algorithm, Raw: []byte("12345678")}, []byte(password), nil); !errors.Is(err, entry.ErrUnsupported) {
			t.Errorf("%q: got %v", algorithm, err)
		}
	}
}

func TestUnseal(t *testing.T) {
	f := sample(t, fast)
	e := f.Entries[0]
	if _, err := Unseal(e, []byte("wrong"), entry.Limits{}); !errors.Is(err, entry.ErrPassword) {
		t.Errorf("wrong password: %v", err)
	}
	none := entry.DefaultLimits
	none.MaxIterations = 0
	if _, err := Unseal(e, []byte(password), none); !errors.Is(err, entry.ErrLimit) {
		t.Errorf("no iterations allowed: %v", err)
	}
	clear := &entry.Entry{Kind: entry.PrivateKey, Sealed: identities().server.key.PKCS8}
	if k, err := Unseal(clear, []byte("any"), entry.Limits{}); err != nil || !bytes.Equal(k.PKCS8, clear.Sealed) {
		t.Errorf("key in clear: %v", err)
	} else if k.Wipe(); bytes.Equal(k.PKCS8, clear.Sealed) {
		t.Error("wiping the key wipes the file")
	}
	if _, err := Unseal(certEntry("root", identities().root), []byte(password), entry.Limits{}); err == nil {
		t.Error("a certificate opens as a key")
	}
	if _, err := Seal(entry.Key{PKCS8: []byte("no key")}, []byte(password), nil); !errors.Is(err, entry.ErrDamaged) {
		t.Errorf("sealing garbage: %v", err)
	}
}

// An unchanged file keeps all but its MAC, byte for byte; a changed one the
// bags that did not change.
func TestEncodeKeepsBytes(t *testing.T) {
	f := decode(t, encode(t, sample(t, fast), password), password)
	again := decode(t, encode(t, f, password), password)
	for i, s := range originOf(f).safes {
		if !bytes.Equal(s.raw, originOf(again).safes[i].raw) {
			t.Errorf("part %d changed", i+1)
		}
	}
	other := decode(t, encode(t, f, "other"), "other")
	if bytes.Equal(originOf(f).safes[1].raw, originOf(other).safes[1].raw) {
		t.Error("certificates stay encrypted under the old password")
	}
	f.Entries = append(f.Entries, certEntry("one more", identities().ca))
	more := decode(t, encode(t, f, password), password)
	if !bytes.Equal(originOf(f).safes[0].raw, originOf(more).safes[0].raw) {
		t.Error("the part with the keys changed")
	}
	after := raws(more)
	for _, raw := range raws(f) { // in the order of entries now
		if i := slices.IndexFunc(after, func(b []byte) bool { return bytes.Equal(b, raw) }); i >= 0 {
			after = slices.Delete(after, i, i+1)
		} else {
			t.Errorf("a bag changed: %x", raw)
		}
	}
	if len(after) != 1 {
		t.Errorf("%d bags more, not one", len(after))
	}
}

// raws returns the bags of a file.
func raws(f *entry.File) (all [][]byte) {
	originOf(f).everyBag(func(b *bag, _ int) { all = append(all, b.raw) })
	return all
}

// Java enumerates entries in the order of the file, and Tomcat takes the
// first key.
func TestEncodeKeepsOrder(t *testing.T) {
	ids := identities()
	f := NewFile(fast)
	for _, name := range []string{"a", "b", "c", "d"} {
		f.Entries = append(f.Entries, keyEntry(t, f, name, ids.server))
	}
	for _, name := range []string{"1", "2", "3"} {
		f.Entries = append(f.Entries, certEntry(name, ids.lone))
	}
	f = decode(t, encode(t, f, password), password)
	// One replaced without its origin, one removed, two exchanged, one at the
	// front.
	f.Entries[1] = keyEntry(t, f, "b new", ids.server2)
	f.Entries = slices.Delete(f.Entries, 2, 3)
	f.Entries[4] = certEntry("2 new", ids.root)
	f.Entries[3], f.Entries[5] = f.Entries[5], f.Entries[3]
	f.Entries = slices.Insert(f.Entries, 0, keyEntry(t, f, "0", ids.lone))
	want := []string{"0", "a", "b new", "d", "3", "2 new", "1"}
	if got := aliases(f); !slices.Equal(got, want) {
		t.Fatalf("test is wrong: %q", got)
	}
	again := decode(t, encode(t, f, password), password)
	if got := aliases(again); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := describe(t, again, password); !slices.Equal(got, describe(t, f, password)) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(describe(t, f, password), "\n"))
	}
}

// What an entry keeps of its origin when it is changed.
func TestEncodeChanges(t *testing.T) {
	ids := identities()
	mark := ber.TLV(0x30, ber.TLV(0x06, []byte("\x2a\x03\x04")), ber.TLV(0x31, ber.TLV(0x0c, []byte("mine"))))
	id := []byte("Time 1709210096789")
	sealed := keyEntry(t, nil, "", ids.server).Sealed
	key, _ := keyBagOf(sealed, attributes("Key", id, mark))
	leaf := certBagOf(ids.server.chain[0].DER, attributes("Key", id, mark))
	issuer := certBagOf(ids.ca.chain[0].DER, mark)
	root := certBagOf(ids.root.chain[0].DER, nil)
	trusted := certBagOf(ids.lone.chain[0].DER, attributes("Trusted", nil, append(bytes.Clone(trustMark), mark...)))
	crl := safeBag("\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x04", ber.TLV(0x04, []byte("opaque")), mark)
	data := file(plain(key), plain(leaf, crl, issuer, root, trusted))

	for _, test := range []struct {
		name   string
		change func(f *entry.File)
		want   [][]byte // nil: has to be another
	}{
		{"nothing", func(*entry.File) {}, [][]byte{key, leaf, crl, issuer, root, trusted}},
		{"trusted certificate removed", func(f *entry.File) { f.Entries = f.Entries[:1] }, [][]byte{key, leaf, crl, issuer, root}},
		{"key removed", func(f *entry.File) { f.Entries = f.Entries[1:] }, [][]byte{trusted, crl}},
		{"all removed", func(f *entry.File) { f.Entries = nil }, [][]byte{crl}},
		{"key renamed", func(f *entry.File) { f.Entries[0].Alias = "Other" }, [][]byte{nil, nil, crl, issuer, root, trusted}},
		{"key dated", func(f *entry.File) { f.Entries[0].Created = created.Add(time.Hour) }, [][]byte{nil, nil, crl, issuer, root, trusted}},
		{"key sealed again", func(f *entry.File) { f.Entries[0].Sealed = keyEntry(t, nil, "", ids.server).Sealed }, [][]byte{nil, leaf, crl, issuer, root, trusted}},
		{"chain cut", func(f *entry.File) { f.Entries[0].Chain = f.Entries[0].Chain[:2] }, [][]byte{key, leaf, crl, issuer, trusted}},
		{"another leaf", func(f *entry.File) { f.Entries[0].Chain[0] = ids.server2.chain[0] }, [][]byte{key, nil, crl, issuer, root, trusted}},
		{"trusted certificate renamed", func(f *entry.File) { f.Entries[1].Alias = "Other" }, [][]byte{key, leaf, crl, issuer, root, nil}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := decode(t, data, password)
			if got := aliases(f); !slices.Equal(got, []string{"Key", "Trusted"}) || len(f.Entries[0].Chain) != 3 {
				t.Fatalf("reads %q", got)
			}
			test.change(f)
			again := decode(t, encode(t, f, password), password)
			got := raws(again)
			if len(got) != len(test.want) {
				t.Fatalf("%d bags, want %d", len(got), len(test.want))
			}
			for i, want := range test.want {
				if want != nil && !bytes.Equal(got[i], want) {
					t.Errorf("bag %d: got %x, want %x", i+1, got[i], want)
				}
				if want == nil && test.name != "another leaf" && !bytes.Contains(got[i], mark) {
					t.Errorf("bag %d lost an attribute: %x", i+1, got[i])
				}
			}
			if got, want := describe(t, again, password), describe(t, f, password); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for i, e := range again.Entries {
				if e.Kind != entry.TrustedCertificate && !e.Created.Equal(f.Entries[i].Created) {
					t.Errorf("%s: created %v, want %v", e.Alias, e.Created, f.Entries[i].Created)
				}
			}
		})
	}
}

// A key's issuer that is also a trusted entry stays in the file when the
// entry goes.
func TestEncodeIssuerIsTrusted(t *testing.T) {
	ids := identities()
	id := []byte("1")
	key, _ := keyBagOf(keyEntry(t, nil, "", ids.ca).Sealed, attributes("key", id, nil))
	data := file(plain(key), plain(certBagOf(ids.ca.chain[0].DER, attributes("key", id, nil)),
		certBagOf(ids.root.chain[0].DER, attributes("root", nil, trustMark))))
	f := decode(t, data, password)
	if len(f.Entries) != 2 || len(f.Entries[0].Chain) != 2 {
		t.Fatalf("reads %q", describe(t, f, password))
	}
	f.Entries = f.Entries[:1]
	again := decode(t, encode(t, f, password), password)
	if len(again.Entries) != 1 || len(again.Entries[0].Chain) != 2 {
		t.Errorf("got %q", describe(t, again, password))
	}
}

// The parts of a file are named with their errors, in words.
func TestErrors(t *testing.T) {
	for _, test := range []struct {
		name string
		data []byte
		kind error
		text string
	}{
		{"nothing", nil, entry.ErrDamaged, "PKCS12: not a PFX at offset 0"},
		{"certificate", identities().root.chain[0].DER, entry.ErrDamaged, "PKCS12: not a PFX at offset 0"},
		{"version 1", ber.TLV(0x30, ber.Integer(1), ber.TLV(0x30)), entry.ErrUnsupported, "PKCS12: version 1 is not supported"},
		{"signed", ber.TLV(0x30, ber.Integer(3), contentInfo(oidSignedData, ber.TLV(0x30))), entry.ErrUnsupported, "PKCS12: public-key integrity mode (signed data) is not supported"},
		{"enveloped", file(contentInfo(oidEnvelopedData, ber.TLV(0x30))), entry.ErrUnsupported, "part 1: PKCS12: public-key privacy mode (enveloped data) is not supported"},
		{"unknown part", file(plain(), contentInfo("\x2a\x03", nil)), entry.ErrUnsupported, "part 2: PKCS12: content of type 1.2.3 is not supported"},
		{"part is no sequence", file(contentInfo(oidData, ber.TLV(0x04, []byte("x")))), entry.ErrDamaged, ""},
		{"bag is empty", file(plain(ber.TLV(0x30))), entry.ErrDamaged, "part 1, bag 1: PKCS12: bag malformed"},
		{"cut short", encode(t, sample(t, fast), password)[:500], entry.ErrDamaged, "PKCS12: element longer than what holds it at offset 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Decode(test.data, []byte(password), entry.Limits{})
			if !errors.Is(err, test.kind) || test.text != "" && err.Error() != test.text {
				t.Errorf("got %v, want %v %q", err, test.kind, test.text)
			}
		})
	}
}

var trustMark = ber.TLV(0x30, ber.TLV(0x06, []byte(oidTrustedKeyUsage)), ber.TLV(0x31, ber.TLV(0x06, []byte(oidAnyExtendedKeyUsage))))

func contentInfo(oid string, content []byte) []byte {
	return ber.TLV(0x30, ber.TLV(0x06, []byte(oid)), ber.TLV(0xa0, content))
}

// plain is a part that is not encrypted.
func plain(bags ...[]byte) []byte {
	return contentInfo(oidData, ber.TLV(0x04, ber.TLV(0x30, bags...)))
}

// file is a PFX without MAC.
func file(parts ...[]byte) []byte {
	return ber.TLV(0x30, ber.Integer(3), contentInfo(oidData, ber.TLV(0x04, ber.TLV(0x30, parts...))))
}

// How Java names and pairs keys and certificates that say little about
// themselves.
func TestJavaRules(t *testing.T) {
	ids := identities()
	keyOf := func(id *identity, attrs []byte) []byte {
		b, err := keyBagOf(keyEntry(t, nil, "", id).Sealed, attrs)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	cert := func(id *identity, attrs []byte) []byte { return certBagOf(id.chain[0].DER, attrs) }
	named := func(name string) []byte { return attributes(name, nil, nil) }
	withID := func(id string) []byte {
		return ber.TLV(0x30, ber.TLV(0x06, []byte(oidLocalKeyID)), ber.TLV(0x31, ber.TLV(0x04, []byte(id))))
	}
	clear := func(id *identity, attrs []byte) []byte { return safeBag(oidKeyBag, id.key.PKCS8, attrs) }
	inner := func(bags ...[]byte) []byte { return safeBag(oidSafeContentsBag, ber.TLV(0x30, bags...), nil) }
	for _, test := range []struct {
		name  string
		parts [][]byte
		want  string // "alias kind chain length", "-" before what Java does not list
		rest  int    // untrusted certificates
	}{
		{"numbers", [][]byte{plain(keyOf(ids.lone, withID("a")), cert(ids.root, trustMark), keyOf(ids.ca, withID("b")))}, "1 key 0, 2 cert 1, 3 key 0", 0},
		{"lone key and first certificate", [][]byte{plain(keyOf(ids.server, nil)), plain(cert(ids.server, nil), cert(ids.ca, nil), cert(ids.root, nil))}, "1 key 3", 0},
		{"lone key behind its certificates", [][]byte{plain(cert(ids.ca, nil), cert(ids.server, nil), cert(ids.root, nil)), plain(keyOf(ids.server, nil))}, "1 key 0", 3},
		{"pairs by localKeyID", [][]byte{plain(cert(ids.lone, withID("a")), cert(ids.server, withID("b"))), plain(keyOf(ids.server, withID("b")), keyOf(ids.lone, withID("a")))}, "1 key 1, 2 key 1", 0},
		{"pairs by name", [][]byte{plain(keyOf(ids.server, attributes("Server", []byte("x"), nil)), cert(ids.server, named("SERVER")))}, "Server key 1", 0},
		{"second key without localKeyID", [][]byte{plain(keyOf(ids.lone, withID("a")), keyOf(ids.ca, nil), keyOf(ids.root, withID("c")))}, "1 key 0, -3 key 0, 2 key 0", 0},
		{"key in clear", [][]byte{plain(clear(ids.server, named("Clear")), cert(ids.server, named("clear")), cert(ids.ca, nil), cert(ids.root, nil))}, "-Clear key 3", 0},
		{"key in clear without a name", [][]byte{plain(clear(ids.server, nil), cert(ids.lone, append(named("1"), trustMark...)))}, "-2 key 0, 1 cert 1", 0},
		{"bags in a bag", [][]byte{plain(inner(keyOf(ids.lone, attributes("in", []byte("x"), nil)), inner(cert(ids.lone, withID("x")))))}, "", 0},
		{"untrusted", [][]byte{plain(cert(ids.lone, named("lone")), cert(ids.root, nil))}, "", 2},
		{"loop", [][]byte{plain(keyOf(ids.root, withID("a")), cert(ids.root, withID("a")), cert(ids.root, nil))}, "1 key 1", 1},
		{"two of a name", [][]byte{plain(keyOf(ids.lone, attributes("x", []byte("a"), nil)), cert(ids.root, append(named("X"), trustMark...)))}, "x key 0, X cert 1", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := decode(t, file(test.parts...), password)
			if got := listing(f); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if got := len(Untrusted(f)); got != test.rest {
				t.Errorf("%d untrusted, want %d", got, test.rest)
			}
			// With another key in the file each keeps its name and chain,
			// and Java sees all that is encrypted.
			want := describe(t, f, password)
			f.Entries = append([]*entry.Entry{keyEntry(t, f, "new", ids.server2)}, f.Entries...)
			again := decode(t, encode(t, f, password), password)
			got := describe(t, again, password)
			for _, w := range append(want, "new") {
				// The new chain may hold the issuer that an old one lacked.
				w = strings.TrimRight(w, "\t")
				if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) }) {
					t.Errorf("with one more key: got\n%s\nwant\n%s", strings.Join(got, "\n"), w)
				}
			}
			for _, e := range again.Entries {
				if HiddenFromJava(e) && !isPrivateKeyInfo(e.Sealed) {
					t.Errorf("with one more key: %s is hidden from Java", e.Alias)
				}
			}
		})
	}
}

// A certificate that comes to be trusted takes the place that it had in the
// file without Java's mark, and keeps what else was said of it.
func TestTrustOfUnmarked(t *testing.T) {
	ids := identities()
	note := ber.TLV(0x30, ber.TLV(0x06, []byte{0x2a, 0x03}), ber.TLV(0x31, ber.TLV(0x0c, []byte("a note"))))
	f := decode(t, file(plain(certBagOf(ids.root.chain[0].DER, attributes("root", nil, note)), certBagOf(ids.lone.chain[0].DER, nil))), password)
	f.Entries = append(f.Entries, certEntry("root", ids.root), certEntry("again", ids.root), certEntry("lone", ids.lone))
	data := encode(t, f, password)
	again := decode(t, data, password)
	if got := listing(again); got != "root cert 1, lone cert 1, again cert 1" && got != "root cert 1, again cert 1, lone cert 1" || len(Untrusted(again)) != 0 {
		t.Errorf("got %s and %d without the mark", got, len(Untrusted(again)))
	}
	if !bytes.Contains(data, note) || bytes.Count(data, ids.lone.chain[0].DER) != 1 || bytes.Count(data, ids.root.chain[0].DER) != 2 {
		t.Error("an attribute was lost, or a certificate is there twice")
	}
}

func listing(f *entry.File) string {
	var all []string
	for _, e := range f.Entries {
		hidden := ""
		if HiddenFromJava(e) {
			hidden = "-"
		}
		kind := map[entry.Kind]string{entry.PrivateKey: "key", entry.TrustedCertificate: "cert", entry.SecretKey: "secret"}[e.Kind]
		all = append(all, fmt.Sprintf("%s%s %s %d", hidden, e.Alias, kind, len(e.Chain)))
	}
	return strings.Join(all, ", ")
}

func TestNoPassword(t *testing.T) {
	data := encode(t, sample(t, fast), password)
	f, err := Decode(data, nil, entry.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := listing(f), "server key 0, aes secret 0, server 2 key 0, password secret 0"; got != want || f.Verified {
		t.Errorf("got %s, want %s; verified %v", got, want, f.Verified)
	}
	if _, err := Encode(f, []byte(password)); err == nil {
		t.Error("is written without its certificates")
	}
	open := Passwordless
	f = NewFile(open)
	f.Entries = []*entry.Entry{certEntry("root", identities().root)}
	data, err = Encode(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err = Decode(data, nil, entry.Limits{})
	if err != nil || listing(f) != "root cert 1" {
		t.Errorf("passwordless: %s (%v)", listing(f), err)
	}
	f.Entries = append(f.Entries, certEntry("lone", identities().lone))
	if data, err = Encode(f, nil); err != nil {
		t.Fatal(err)
	}
	if again := decode(t, data, password); listing(again) != "root cert 1, lone cert 1" || FileParams(again).CertAlgorithm != None {
		t.Errorf("passwordless and changed: %s", listing(again))
	}
	if _, err := Encode(sample(t, fast), nil); err == nil {
		t.Error("a protected file is written without password")
	}
}

// A file keeps its MAC and encryption; new keys follow the defaults.
func TestKeepsParams(t *testing.T) {
	f := decode(t, encode(t, sample(t, Java8), password), password)
	SetDefaults(f, OpenSSL3)
	f.Entries = append(f.Entries, certEntry("new", identities().ca), keyEntry(t, f, "new key", identities().server))
	f = decode(t, encode(t, f, password), password)
	want := of(rc2, 50000, aes256, 10000, macSHA1, 100000)
	if got := FileParams(f); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if k := find(t, f, "new key").Sealed; !bytes.Contains(k, ber.Integer(2048)) || !bytes.Contains(k, []byte("\x60\x86\x48\x01\x65\x03\x04\x01\x2a")) {
		t.Errorf("the new key is sealed otherwise: %x", k)
	}
	if k := find(t, f, "server").Sealed; !bytes.Contains(k, ber.Integer(50000)) {
		t.Error("the old key is sealed again")
	}
}

func paramsOf(properties string, release jdk.Release) Params {
	values := make(map[string]string)
	for field := range strings.FieldsSeq(properties) {
		name, value, _ := strings.Cut(field, "=")
		values["keystore.pkcs12."+name] = value
	}
	return ParamsFromProperties(func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}, release)
}

func TestParamsFromProperties(t *testing.T) {
	for _, test := range []struct {
		properties string // name=value ...
		want       Params
	}{
		{"", Default},
		{"legacy=", Java8},
		{"legacy=false macAlgorithm=nonsense", Java8},
		{"certProtectionAlgorithm=NONE macAlgorithm=none", of("NONE", 10000, aes256, 10000, "none", 10000)},
		{"certProtectionAlgorithm= macAlgorithm= macIterationCount=", Default},
		{"keyProtectionAlgorithm=PBEWithMD5AndDES keyPbeIterationCount=7", of(aes256, 10000, "PBEWithMD5AndDES", 7, macSHA256, 10000)},
		{"macAlgorithm=PBEWithHmacSHA512 macIterationCount=5000000", of(aes256, 10000, aes256, 10000, "PBEWithHmacSHA512", 5000000)},
	} {
		if got := paramsOf(test.properties, 0); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.properties, got, test.want)
		}
	}
}

// A wrong value is an error where something is to be protected by it, and
// nowhere else.
func TestWrongParams(t *testing.T) {
	id := identities()
	for _, test := range []struct {
		properties        string
		release           jdk.Release
		key, cert, secret string // the error with such an entry in a new file
	}{
		{"macIterationCount=many", 0, "keystore.pkcs12.macIterationCount is not a number: many", "same", "same"},
		{"macAlgorithm=NONE macIterationCount=-1", 0, "Invalid keystore.pkcs12.macIterationCount: -1", "same", "same"},
		{"macAlgorithm=HmacSHA256", 0, "keystore.pkcs12.macAlgorithm: no such algorithm: HmacSHA256", "same", "same"},
		{"certPbeIterationCount=0 macIterationCount=0", 0, "Invalid keystore.pkcs12.certPbeIterationCount: 0", "same", "Invalid keystore.pkcs12.macIterationCount: 0"},
		{"certProtectionAlgorithm=foo", 0, "keystore.pkcs12.certProtectionAlgorithm: no such algorithm: foo", "same", ""},
		{"certProtectionAlgorithm=foo certPbeIterationCount=5000001", 0, "Invalid keystore.pkcs12.certPbeIterationCount: 5000001", "same", ""},
		{"keyPbeIterationCount=5000001", 0, "Invalid keystore.pkcs12.keyPbeIterationCount: 5000001", "", "same"},
		{"keyProtectionAlgorithm=NONE certProtectionAlgorithm=NONE", 0, "keystore.pkcs12.keyProtectionAlgorithm: no such algorithm: NONE", "", "same"},
		{"keyProtectionAlgorithm=PBEWithHmacSHA1AndAES_192", 0, "", "", ""},
		{"keyProtectionAlgorithm=PBEWithHmacSHA1AndAES_192", jdk.Release25, "keystore.pkcs12.keyProtectionAlgorithm: no such algorithm: PBEWithHmacSHA1AndAES_192", "", "same"},
		{"keyProtectionAlgorithm=PBEWithHmacSHA512/256AndAES_128", jdk.Release25, "", "", ""},
		{"keyProtectionAlgorithm=PBEWithHmacSHA512/256AndAES_128", jdk.Release17, "keystore.pkcs12.keyProtectionAlgorithm: no such algorithm: PBEWithHmacSHA512/256AndAES_128", "", "same"},
		{"macAlgorithm=HmacPBESHA512/256", jdk.Release17, "", "", ""},
	} {
		for kind, want := range map[string]string{"key": test.key, "cert": test.cert, "secret": test.secret} {
			if want == "same" {
				want = test.key
			}
			f := NewFile(paramsOf(test.properties, test.release))
			e := certEntry("a", id.ca)
			var err error
			switch kind {
			case "key":
				e.Kind = entry.PrivateKey
				e.Sealed, err = Seal(id.server.key, []byte(password), f)
			case "secret":
				e.Kind, e.Chain = entry.SecretKey, nil
				e.Sealed, err = Seal(entry.Key{Algorithm: "AES", Raw: make([]byte, 16)}, []byte(password), f)
			}
			if err == nil {
				f.Entries = append(f.Entries, e)
				_, err = Encode(f, []byte(password))
			}
			if got := errorText(err); got != want {
				t.Errorf("%s of release %d, %s: got %q, want %q", test.properties, test.release, kind, got, want)
			}
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
