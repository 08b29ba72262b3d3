package jceks

import (
	"bytes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
	"gokeytool/store/jceks/internal/javaser"
)

// pkcs8 is no key, but looks like one.
var pkcs8 = []byte("\x30\x0C\x02\x01\x00\x30\x03\x06\x01\x00\x04\x02\x01\x02")

// quick makes keys that are opened in no time.
var quick = &entry.File{Origin: &Params{Iterations: 20}}

func TestSealUnseal(t *testing.T) {
	keys := []struct {
		name string
		kind entry.Kind
		key  entry.Key
	}{
		{"private", entry.PrivateKey, entry.Key{PKCS8: pkcs8}},
		{"AES", entry.SecretKey, entry.Key{Algorithm: "AES", Raw: bytes.Repeat([]byte{7}, 32)}},
		{"one byte", entry.SecretKey, entry.Key{Algorithm: "PBEWithMD5AndDES", Raw: []byte("x")}},
		{"odd name", entry.SecretKey, entry.Key{Algorithm: "鍵🔑\x00", Raw: []byte("x")}},
		{"long", entry.SecretKey, entry.Key{Algorithm: strings.Repeat("H", 255), Raw: bytes.Repeat([]byte("x"), 5000)}},
	}
	passwords := []string{"", "changeit", "pässwört", "間違い🔑"}
	for _, k := range keys {
		t.Run(k.name, func(t *testing.T) {
			for _, pw := range passwords {
				sealed, err := Seal(k.key, []byte(pw), quick)
				if err != nil {
					t.Fatal(err)
				}
				e := &entry.Entry{Kind: k.kind, Sealed: sealed}
				got, err := Unseal(e, []byte(pw), entry.DefaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(k.key, got); diff != "" {
					t.Errorf("key (-want +got):\n%s", diff)
				}
				for _, wrong := range passwords {
					if wrong == pw {
						continue
					}
					if _, err := Unseal(e, []byte(wrong), entry.DefaultLimits); !errors.Is(err, entry.ErrPassword) {
						t.Errorf("sealed with %q, opened with %q: error %v", pw, wrong, err)
					}
				}
			}
		})
	}
}

func TestIterations(t *testing.T) {
	for _, tt := range []struct {
		name string
		file *entry.File
		want int
	}{
		{"no file", nil, DefaultIterations},
		{"file without parameters", &entry.File{}, DefaultIterations},
		{"parameters", &entry.File{Origin: &Params{Iterations: 10_000}}, 10_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for kind, key := range map[entry.Kind]entry.Key{
				entry.PrivateKey: {PKCS8: pkcs8},
				entry.SecretKey:  {Algorithm: "AES", Raw: make([]byte, 16)},
			} {
				sealed, err := Seal(key, []byte("pw"), tt.file)
				if err != nil {
					t.Fatal(err)
				}
				e := &entry.Entry{Kind: kind, Sealed: sealed}
				lim := entry.DefaultLimits
				lim.MaxIterations = tt.want
				if _, err := Unseal(e, []byte("pw"), lim); err != nil {
					t.Errorf("%v: error %v", kind, err)
				}
				lim.MaxIterations = tt.want - 1
				if _, err := Unseal(e, []byte("pw"), lim); !errors.Is(err, entry.ErrLimit) {
					t.Errorf("%v: error %v, want ErrLimit", kind, err)
				}
			}
		})
	}
}

func TestSealRefuses(t *testing.T) {
	secret := entry.Key{Algorithm: "AES", Raw: make([]byte, 16)}
	tests := []struct {
		name     string
		key      entry.Key
		password []byte
		file     *entry.File
	}{
		{"no password", secret, nil, quick},
		{"no key", entry.Key{}, []byte("pw"), quick},
		{"no algorithm", entry.Key{Raw: secret.Raw}, []byte("pw"), quick},
		{"empty key", entry.Key{Algorithm: "AES"}, []byte("pw"), quick},
		{"long algorithm", entry.Key{Algorithm: strings.Repeat("x", 256), Raw: secret.Raw}, []byte("pw"), quick},
		{"no iterations", secret, []byte("pw"), &entry.File{Origin: &Params{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if sealed, err := Seal(tt.key, tt.password, tt.file); err == nil {
				t.Errorf("sealed as % x", sealed)
			}
		})
	}
}

// Vectors of PBEWithMD5AndTripleDES: "hello" under "changeit", 20 iterations,
// by javax.crypto.Cipher of JDK 17 and 25; the slipped one by pyjks 20.0.0.
func TestCipher(t *testing.T) {
	tests := []struct{ name, salt, data string }{
		{"salt", "0102030401020305", "5d612ad745977f94"},
		{"equal halves", "0102030401020304", "a6c7bd8b2e09402a"},
		{"equal halves as an old Java takes them", "0102030401020304", "c480c5199ef564fc"},
		{"salt that JDK 17 and 25 note for equal halves", "0403020101020304", "a6c7bd8b2e09402a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := parameters{iterations: 20}
			hex.Decode(p.salt[:], []byte(tt.salt))
			data, err := hex.DecodeString(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := p.decrypt(data, []byte("changeit"), entry.DefaultLimits, func(b []byte) bool { return string(b) == "hello" })
			if err != nil {
				t.Fatal(err)
			}
			if !p.halvesEqual() {
				if got := p.encrypt(plain, []byte("changeit")); !bytes.Equal(got, data) {
					t.Errorf("encrypted to %x", got)
				}
			}
		})
	}
}

func TestPadding(t *testing.T) {
	p := newParameters(1)
	for _, tt := range []struct {
		name, padded string
		ok           bool
	}{
		{"one byte", "1234567\x01", true},
		{"whole block", "12345678\x08\x08\x08\x08\x08\x08\x08\x08", true},
		{"nothing but padding", "\x08\x08\x08\x08\x08\x08\x08\x08", true},
		{"none", "1234567\x00", false},
		{"too long", "1234567\x09", false},
		{"far too long", "1234567\xFF", false},
		{"uneven", "12345\x03\x02\x03", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := []byte(tt.padded)
			block, iv := p.cipher(p.salt, []byte("pw"))
			cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
			_, err := p.decrypt(data, []byte("pw"), entry.DefaultLimits, func([]byte) bool { return true })
			if (err == nil) != tt.ok || err != nil && !errors.Is(err, entry.ErrPassword) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// sequence returns a DER SEQUENCE of the parts.
func sequence(parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(parts...)) })
	return b.BytesOrPanic()
}

func octets(n int) []byte {
	var b cryptobyte.Builder
	b.AddASN1OctetString(make([]byte, n))
	return b.BytesOrPanic()
}

func integer(n int64) []byte {
	var b cryptobyte.Builder
	b.AddASN1Int64(n)
	return b.BytesOrPanic()
}

func oid(id ...int) []byte {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(id)
	return b.BytesOrPanic()
}

func TestUnsealRefuses(t *testing.T) {
	ours := oid(oidKeyProtector...)
	private := func(algorithm ...[]byte) []byte { return sequence(sequence(algorithm...), octets(16)) }
	secret := func(params []byte, content int) []byte {
		return javaser.AppendSealedObject(nil, params, make([]byte, content), sealAlgorithm)
	}
	params := sequence(octets(8), integer(20))
	tests := []struct {
		name   string
		kind   entry.Kind
		sealed []byte
		want   error
	}{
		{"certificate", entry.TrustedCertificate, nil, entry.ErrUnsupported},
		{"private: nothing", entry.PrivateKey, nil, entry.ErrDamaged},
		{"private: bytes after", entry.PrivateKey, append(private(ours, params), 0), entry.ErrDamaged},
		{"private: wrong password", entry.PrivateKey, private(ours, params), entry.ErrPassword},
		{"private: no parameters", entry.PrivateKey, private(ours), entry.ErrDamaged},
		{"private: two parameters", entry.PrivateKey, private(ours, params, params), entry.ErrDamaged},
		{"private: other algorithm", entry.PrivateKey, private(oid(1, 2, 840, 113549, 1, 5, 13), params), entry.ErrUnsupported},
		{"private: short salt", entry.PrivateKey, private(ours, sequence(octets(7), integer(20))), entry.ErrDamaged},
		{"private: no iterations", entry.PrivateKey, private(ours, sequence(octets(8), integer(0))), entry.ErrDamaged},
		{"private: negative iterations", entry.PrivateKey, private(ours, sequence(octets(8), integer(-1))), entry.ErrDamaged},
		{"private: many iterations", entry.PrivateKey, private(ours, sequence(octets(8), integer(1<<31))), entry.ErrLimit},
		{"private: iterations beyond 64 bits", entry.PrivateKey, private(ours, sequence(octets(8), append([]byte{2, 9, 1}, make([]byte, 8)...))), entry.ErrDamaged},
		{"private: three parameters in one", entry.PrivateKey, private(ours, sequence(octets(8), integer(20), integer(1))), entry.ErrDamaged},
		{"private: no content", entry.PrivateKey, sequence(sequence(ours, params), octets(0)), entry.ErrDamaged},
		{"private: half a block", entry.PrivateKey, sequence(sequence(ours, params), octets(12)), entry.ErrDamaged},
		{"secret: nothing", entry.SecretKey, nil, entry.ErrDamaged},
		{"secret: bytes after", entry.SecretKey, append(secret(params, 16), 0), entry.ErrDamaged},
		{"secret: wrong password", entry.SecretKey, secret(params, 16), entry.ErrPassword},
		{"secret: no parameters", entry.SecretKey, secret(nil, 16), entry.ErrDamaged},
		{"secret: bytes after the parameters", entry.SecretKey, secret(append(bytes.Clone(params), 0), 16), entry.ErrDamaged},
		{"secret: many iterations", entry.SecretKey, secret(sequence(octets(8), integer(1<<40)), 16), entry.ErrLimit},
		{"secret: no content", entry.SecretKey, secret(params, 0), entry.ErrDamaged},
		{"secret: other cipher", entry.SecretKey, javaser.AppendSealedObject(nil, params, make([]byte, 16), "AES"), entry.ErrUnsupported},
		{"secret: not sealed", entry.SecretKey, javaser.AppendSecretKeySpec(nil, "AES", make([]byte, 16)), entry.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Unseal(&entry.Entry{Kind: tt.kind, Sealed: tt.sealed}, []byte("pw"), entry.DefaultLimits); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

// What is sealed rightly may still be no key.
func TestReadSecretRefuses(t *testing.T) {
	tests := []struct {
		name   string
		stream []byte
		want   error
	}{
		{"cut", javaser.AppendSecretKeySpec(nil, "AES", make([]byte, 16))[:100], entry.ErrDamaged},
		{"empty key", javaser.AppendSecretKeySpec(nil, "AES", nil), entry.ErrDamaged},
		{"no algorithm", javaser.AppendSecretKeySpec(nil, "", make([]byte, 16)), entry.ErrDamaged},
		{"other class", javaser.AppendSealedObject(nil, nil, nil, "AES"), entry.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newParameters(1)
			sealed := javaser.AppendSealedObject(nil, sequence(mustOctets(p.salt[:]), integer(1)), p.encrypt(tt.stream, []byte("pw")), sealAlgorithm)
			_, err := Unseal(&entry.Entry{Kind: entry.SecretKey, Sealed: sealed}, []byte("pw"), entry.DefaultLimits)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func mustOctets(data []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1OctetString(data)
	return b.BytesOrPanic()
}

// No blob makes Unseal panic, take long, or fail in an unknown way, and what
// opens can be sealed and opened again.
func FuzzUnseal(f *testing.F) {
	for _, fx := range fixtures {
		file, err := Decode(read(f, fx.name), nil, entry.DefaultLimits)
		if err != nil {
			f.Fatal(err)
		}
		for i, e := range file.Entries {
			if e.Kind != entry.TrustedCertificate {
				f.Add(e.Sealed, e.Kind == entry.SecretKey, fx.entries[i].password)
			}
		}
	}
	lim := entry.DefaultLimits
	lim.MaxIterations = 1000
	f.Fuzz(func(t *testing.T, sealed []byte, secret bool, password string) {
		e := &entry.Entry{Kind: entry.PrivateKey, Sealed: sealed}
		if secret {
			e.Kind = entry.SecretKey
		}
		key, err := Unseal(e, []byte(password), lim)
		if err != nil {
			if !errors.Is(err, entry.ErrPassword) && !errors.Is(err, entry.ErrDamaged) && !errors.Is(err, entry.ErrUnsupported) && !errors.Is(err, entry.ErrLimit) {
				t.Fatalf("unknown error: %v", err)
			}
			return
		}
		if sealed, err = Seal(key, []byte(password), quick); err != nil {
			if len(key.PKCS8) > 0 || len(key.Algorithm) < 256 {
				t.Fatal(err)
			}
			return
		}
		again, err := Unseal(&entry.Entry{Kind: e.Kind, Sealed: sealed}, []byte(password), lim)
		if diff := cmp.Diff(key, again); err != nil || diff != "" {
			t.Fatalf("error %v, key (-first +second):\n%s", err, diff)
		}
	})
}
