package jks

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
)

var passwords = []struct{ name, password string }{
	{"empty", ""},
	{"ascii", "changeit"},
	{"Latin-1", "pässwört"},
	{"CJK", "間違い"},
	{"emoji", "🔑"},
	{"not UTF-8", "\xFF\xFE"},
}

func TestSealUnseal(t *testing.T) {
	for _, tt := range passwords {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1, 19, 20, 21, 1200} {
				plain := bytes.Repeat([]byte{7}, size)
				sealed, err := Seal(entry.Key{PKCS8: plain}, []byte(tt.password), nil)
				if err != nil {
					t.Fatal(err)
				}
				e := &entry.Entry{Kind: entry.PrivateKey, Sealed: sealed}
				key, err := Unseal(e, []byte(tt.password), entry.DefaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(key.PKCS8, plain) {
					t.Errorf("a key of %d bytes came back as % x", size, key.PKCS8)
				}
				for _, wrong := range passwords {
					if wrong.name == tt.name {
						continue
					}
					if _, err := Unseal(e, []byte(wrong.password), entry.DefaultLimits); !errors.Is(err, entry.ErrPassword) {
						t.Errorf("password %s: error %v, want ErrPassword", wrong.name, err)
					}
				}
			}
		})
	}
}

// keystore-go and our own code for other passwords do the same.
func TestWideAgreesWithKeystoreGo(t *testing.T) {
	plain, password := []byte("a private key of more than one block"), []byte("changeit")
	wide, err := sealWide(plain, password)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := unsealLatin1(wide, password); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("keystore-go makes %q of what we sealed: %v", got, err)
	}
	narrow, err := sealLatin1(plain, password)
	if err != nil {
		t.Fatal(err)
	}
	if len(narrow) != len(wide) {
		t.Errorf("keystore-go seals in %d bytes, we in %d", len(narrow), len(wide))
	}
	protected, err := parse(narrow)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := unsealWide(protected, password); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("we make %q of what keystore-go sealed: %v", got, err)
	}
}

func TestSealRefuses(t *testing.T) {
	if _, err := Seal(entry.Key{Algorithm: "AES", Raw: make([]byte, 16)}, []byte("pw"), nil); !errors.Is(err, entry.ErrUnsupported) {
		t.Errorf("secret key: error %v, want ErrUnsupported", err)
	}
	if _, err := Seal(entry.Key{PKCS8: []byte{1}}, nil, nil); err == nil {
		t.Error("sealed without a password")
	}
}

// info returns an EncryptedPrivateKeyInfo.
func info(oid asn1.ObjectIdentifier, data []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
		b.AddASN1OctetString(data)
	})
	return b.BytesOrPanic()
}

func TestUnsealRefuses(t *testing.T) {
	whole := info(oidKeyProtector, make([]byte, 60))
	tests := []struct {
		name   string
		kind   entry.Kind
		sealed []byte
		want   error
	}{
		{"nothing", entry.PrivateKey, nil, entry.ErrDamaged},
		{"no DER", entry.PrivateKey, []byte("secret"), entry.ErrDamaged},
		{"cut", entry.PrivateKey, whole[:len(whole)-1], entry.ErrDamaged},
		{"bytes after", entry.PrivateKey, append(bytes.Clone(whole), 0), entry.ErrDamaged},
		{"no room for a salt", entry.PrivateKey, info(oidKeyProtector, make([]byte, 19)), entry.ErrDamaged},
		{"no room for a hash", entry.PrivateKey, info(oidKeyProtector, make([]byte, 39)), entry.ErrDamaged},
		{"no key", entry.PrivateKey, info(oidKeyProtector, make([]byte, 40)), entry.ErrPassword},
		{"other algorithm", entry.PrivateKey, info(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}, make([]byte, 60)), entry.ErrUnsupported},
		{"certificate", entry.TrustedCertificate, whole, entry.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, pw := range []string{"changeit", "間違い"} {
				_, err := Unseal(&entry.Entry{Kind: tt.kind, Sealed: tt.sealed}, []byte(pw), entry.DefaultLimits)
				if !errors.Is(err, tt.want) {
					t.Errorf("password %q: error %v, want %v", pw, err, tt.want)
				}
			}
		})
	}
}

// No blob makes Unseal panic or fail in an unknown way, and what one of the
// two implementations opens, the other opens to the same.
func FuzzUnseal(f *testing.F) {
	for _, fx := range fixtures {
		file, err := Decode(read(f, fx.name), nil, entry.DefaultLimits)
		if err != nil {
			f.Fatal(err)
		}
		for i, e := range file.Entries {
			if e.Kind == entry.PrivateKey {
				f.Add(e.Sealed, fx.entries[i].password)
			}
		}
	}
	f.Fuzz(func(t *testing.T, sealed []byte, password string) {
		key, err := Unseal(&entry.Entry{Kind: entry.PrivateKey, Sealed: sealed}, []byte(password), entry.DefaultLimits)
		if err != nil {
			if !errors.Is(err, entry.ErrPassword) && !errors.Is(err, entry.ErrDamaged) && !errors.Is(err, entry.ErrUnsupported) {
				t.Fatalf("unknown error: %v", err)
			}
			return
		}
		protected, err := parse(sealed)
		if err != nil {
			t.Fatal(err)
		}
		if wide, err := unsealWide(protected, []byte(password)); err != nil || !bytes.Equal(wide, key.PKCS8) {
			t.Fatalf("opened to %q and %q (error %v)", key.PKCS8, wide, err)
		}
	})
}
