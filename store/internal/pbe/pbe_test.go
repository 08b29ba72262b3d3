package pbe

import (
	"bytes"
	"crypto/rc4"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The vectors of RFC 2268 section 5.
func TestRC2(t *testing.T) {
	for _, test := range []struct {
		bits                   int
		key, plaintext, cipher string
	}{
		{63, "0000000000000000", "0000000000000000", "ebb773f993278eff"},
		{64, "ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"},
		{64, "3000000000000000", "1000000000000001", "30649edf9be7d2c2"},
		{64, "88", "0000000000000000", "61a8a244adacccf0"},
		{64, "88bca90e90875a", "0000000000000000", "6ccf4308974c267f"},
		{64, "88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "1a807d272bbe5db1"},
		{128, "88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"},
		{129, "88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e", "0000000000000000", "5b78d3a43dfff1f1"},
	} {
		t.Run(fmt.Sprintf("%d bits of %s", test.bits, test.key), func(t *testing.T) {
			block := newRC2(unhex(t, test.key), test.bits)
			got := make([]byte, 8)
			block.Encrypt(got, unhex(t, test.plaintext))
			if want := unhex(t, test.cipher); !bytes.Equal(got, want) {
				t.Errorf("encrypts to %x, want %x", got, want)
			}
			block.Decrypt(got, got)
			if want := unhex(t, test.plaintext); !bytes.Equal(got, want) {
				t.Errorf("decrypts to %x, want %x", got, want)
			}
		})
	}
}

// Vectors that OpenSSL and BouncyCastle test with too; they are by Peter
// Gutmann.
func TestDeriveKey(t *testing.T) {
	for _, test := range []struct {
		password, salt string
		iterations     int
		purpose        byte
		want           string
	}{
		{"smeg", "0a58cf64530d823f", 1, ForKey, "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"},
		{"smeg", "0a58cf64530d823f", 1, ForIV, "79993dfe048d3b76"},
		{"smeg", "3d83c0e4546ac140", 1, ForMAC, "8d967d88f6caa9d714800ab3d48051d63f73a312"},
		{"queeg", "05dec959acff72f7", 1000, ForKey, "ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d4"},
		{"queeg", "05dec959acff72f7", 1000, ForIV, "11dedad7758d4860"},
		{"queeg", "263216fcc2fab31c", 1000, ForMAC, "5ec4c7a80df652294c3925b6489a7ab857c83476"},
	} {
		t.Run(fmt.Sprintf("%s for %d", test.password, test.purpose), func(t *testing.T) {
			want := unhex(t, test.want)
			got := DeriveKey(HashByName("SHA1"), BMPString([]byte(test.password)), unhex(t, test.salt), test.iterations, test.purpose, len(want))
			if !bytes.Equal(got, want) {
				t.Errorf("got %x, want %x", got, want)
			}
		})
	}
}

func TestBMPString(t *testing.T) {
	for password, want := range map[string]string{
		"":            "0000",
		"Beavis":      "0042006500610076006900730000", // RFC 7292 appendix B.1
		"é":           "00e90000",
		"密碼":          "5bc678bc0000",
		"\U0001F511":  "d83ddd110000",
		"\xff latin1": "00ff0020006c006100740069006e00310000",
	} {
		if got := hex.EncodeToString(BMPString([]byte(password))); got != want {
			t.Errorf("%q: got %s, want %s", password, got, want)
		}
	}
}

// schemes are all names that can be written.
func schemes() []string {
	var names []string
	for _, s := range suites {
		names = append(names, "PBEWith"+s.name)
	}
	for _, h := range Hashes {
		for _, s := range suites2 {
			if h.HMACOID != "" {
				names = append(names, "PBEWithHmac"+h.Name+"And"+s.name)
			}
		}
	}
	return names
}

func parse(t testing.TB, der []byte) *Scheme {
	t.Helper()
	s, err := ParseScheme(content(t, der))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func content(t testing.TB, der []byte) cryptobyte.String {
	t.Helper()
	in := cryptobyte.String(der)
	if !in.ReadASN1(&in, asn1.SEQUENCE) {
		t.Fatalf("%x is no SEQUENCE", der)
	}
	return in
}

func TestSchemes(t *testing.T) {
	secret := []byte("a secret of no particular length")
	isSecret := func(p []byte) bool { return bytes.Equal(p, secret) }
	for _, name := range schemes() {
		t.Run(name, func(t *testing.T) {
			s, err := NewScheme(name, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, password := range []string{"changeit", "", "pässwörd", "\U0001F511"} {
				ciphertext, err := s.Encrypt(bytes.Clone(secret), []byte(password))
				if err != nil {
					t.Fatal(err)
				}
				read := parse(t, s.Algorithm())
				if read.Name() != name || read.Iterations() != 3 {
					t.Errorf("reads as %s with %d iterations", read.Name(), read.Iterations())
				}
				if got, ok, err := read.Decrypt(ciphertext, []byte(password), isSecret); err != nil || !ok || !isSecret(got) {
					t.Errorf("%q: decrypts to %q, %v, %v", password, got, ok, err)
				}
				if _, ok, _ := read.Decrypt(ciphertext, []byte("wrong"), isSecret); ok {
					t.Errorf("%q: decrypts under another password", password)
				}
				inPlace := bytes.Clone(ciphertext)
				never := func([]byte) bool { return false }
				for what, try := range map[string]func() (bool, error){
					"wrong": func() (bool, error) {
						_, ok, err := read.DecryptInPlace(inPlace, []byte("wrong"), isSecret)
						return ok, err
					},
					"never": func() (bool, error) {
						_, ok, err := read.DecryptInPlace(inPlace, []byte(password), never)
						return ok, err
					},
				} {
					if ok, err := try(); ok || err != nil || !bytes.Equal(inPlace, ciphertext) {
						t.Errorf("%q, %s: in place: %v, %v, the ciphertext is %x, was %x", password, what, ok, err, inPlace, ciphertext)
					}
				}
				if got, ok, err := read.DecryptInPlace(inPlace, []byte(password), isSecret); err != nil || !ok || &got[0] != &inPlace[0] {
					t.Errorf("%q: decrypts in place to %q, %v, %v", password, got, ok, err)
				}
			}
			if a, b := s.Fresh(), s.Fresh(); bytes.Equal(a.salt, b.salt) || a.suite.family == pbes2 && bytes.Equal(a.iv, b.iv) {
				t.Error("salt or vector come twice")
			}
		})
	}
}

// Other forms of a password than that which is written.
func TestPasswordForms(t *testing.T) {
	for _, test := range []struct{ name, password, form string }{
		{"absent", "", ""},
		{"OpenSSL before 1.1", "é", "00c300a90000"},
		{"JDK 25", "é", "004300290000"},
		{"Latin-1", "\xe9", "00e90000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := NewScheme("PBEWithSHA1AndRC4_128", 1)
			if err != nil {
				t.Fatal(err)
			}
			stream, err := rc4.NewCipher(DeriveKey(SHA1, unhex(t, test.form), s.salt, 1, ForKey, 16))
			if err != nil {
				t.Fatal(err)
			}
			secret := []byte("secret")
			ciphertext := make([]byte, len(secret))
			stream.XORKeyStream(ciphertext, secret)
			isSecret := func(p []byte) bool { return bytes.Equal(p, secret) }
			if got, ok, err := s.Decrypt(ciphertext, []byte(test.password), isSecret); err != nil || !ok || !isSecret(got) {
				t.Errorf("got %q, %v, %v", got, ok, err)
			}
			if _, ok, _ := s.Decrypt(ciphertext, []byte("e"), isSecret); ok {
				t.Error("opens with another password")
			}
		})
	}
}

// What was encrypted is decrypted with the key that was remembered, as the
// wrong password shows, and not once that is wiped; nor is the key of another
// salt taken for it.
func TestKeys(t *testing.T) {
	isSecret := func(p []byte) bool { return string(p) == "secret" }
	for _, name := range schemes() {
		var keys Keys
		s, err := NewScheme(name, 1)
		if err != nil {
			t.Fatal(err)
		}
		s.Remember(&keys)
		ciphertext, err := s.Encrypt([]byte("secret"), []byte("password"))
		if err != nil {
			t.Fatal(err)
		}
		opens := func() bool {
			read := parse(t, s.Algorithm())
			read.Remember(&keys)
			_, ok, _ := read.Decrypt(ciphertext, []byte("unknown"), isSecret)
			return ok
		}
		if !opens() {
			t.Errorf("%s: the key was derived again", name)
		}
		keys.Wipe()
		if opens() {
			t.Errorf("%s: the key was not wiped", name)
		}
		if s.Fresh().keys != nil {
			t.Errorf("%s: a fresh scheme remembers", name)
		}
	}
	for _, name := range []string{"HmacPBESHA256", "PBEWithHmacSHA256"} {
		var keys Keys
		a, err := NewMAC(name, 1)
		if err != nil {
			t.Fatal(err)
		}
		a.Remember(&keys)
		key, _ := a.Key([]byte("password"))
		again, _ := a.Key([]byte("unknown"))
		b := a.Fresh()
		b.Remember(&keys)
		other, _ := b.Key([]byte("password"))
		if !bytes.Equal(key, again) || bytes.Equal(key, other) {
			t.Errorf("%s: keys %x, %x again, %x of another salt", name, key, again, other)
		}
	}
}

func TestNewSchemeUnknown(t *testing.T) {
	for _, name := range []string{"", "NONE", "PBEWithSHA1", "PBEWithHmacSHA256", "PBEWithHmacSHA256And", "PBEWithHmacSHA256AndAES_512", "PBEWithHmacBLAKE2B512AndAES_256"} {
		if _, err := NewScheme(name, 1); !errors.Is(err, entry.ErrUnsupported) {
			t.Errorf("%q: got %v", name, err)
		}
	}
	if s, err := NewScheme("pbewithhmacsha512/256andaes_128", 1); err != nil || s.Name() != "PBEWithHmacSHA512/256AndAES_128" {
		t.Errorf("case matters: %v", err)
	}
}

func TestParseSchemeErrors(t *testing.T) {
	null := []byte{5, 0}
	salt := ber.TLV(4, make([]byte, 8))
	oid := func(s string) []byte { return ber.TLV(6, []byte(s)) }
	pbes2 := func(kdf, cipher []byte) []byte {
		return append(oid(oidPBES2), ber.TLV(0x30, kdf, cipher)...)
	}
	kdf := func(params ...[]byte) []byte {
		return ber.TLV(0x30, oid(oidPBKDF2), ber.TLV(0x30, params...))
	}
	aes := ber.TLV(0x30, oid(oidAES+"\x2a"), ber.TLV(4, make([]byte, 16)))
	ten := ber.Integer(10)
	for _, test := range []struct {
		name string
		in   []byte
		kind error
	}{
		{"nothing", nil, entry.ErrDamaged},
		{"unknown scheme", append(oid("\x2a\x03"), null...), entry.ErrUnsupported},
		{"no parameters", oid(OIDPKCS12PBE + "\x03"), entry.ErrDamaged},
		{"no iterations", append(oid(OIDPKCS12PBE+"\x03"), ber.TLV(0x30, salt)...), entry.ErrDamaged},
		{"zero iterations", append(oid(OIDPKCS12PBE+"\x03"), ber.TLV(0x30, salt, ber.Integer(0))...), entry.ErrDamaged},
		{"negative iterations", append(oid(OIDPKCS12PBE+"\x03"), ber.TLV(0x30, salt, []byte{2, 1, 0xff})...), entry.ErrDamaged},
		{"PBES2 without parameters", oid(oidPBES2), entry.ErrDamaged},
		{"other key derivation", pbes2(ber.TLV(0x30, oid("\x2a\x03")), aes), entry.ErrUnsupported},
		{"PBKDF2 without parameters", pbes2(ber.TLV(0x30, oid(oidPBKDF2)), aes), entry.ErrDamaged},
		{"salt from elsewhere", pbes2(kdf(ber.TLV(0x30), ten), aes), entry.ErrUnsupported},
		{"PBKDF2 zero iterations", pbes2(kdf(salt, ber.Integer(0)), aes), entry.ErrDamaged},
		{"PBKDF2 negative iterations", pbes2(kdf(salt, []byte{2, 1, 0x80}), aes), entry.ErrDamaged},
		{"unknown PRF", pbes2(kdf(salt, ten, ber.TLV(0x30, oid("\x2a\x03"))), aes), entry.ErrUnsupported},
		{"PRF without identifier", pbes2(kdf(salt, ten, ber.TLV(0x30, oid(""))), aes), entry.ErrUnsupported},
		{"unknown cipher", pbes2(kdf(salt, ten), ber.TLV(0x30, oid("\x2a\x03"))), entry.ErrUnsupported},
		{"short vector", pbes2(kdf(salt, ten), ber.TLV(0x30, oid(oidAES+"\x2a"), ber.TLV(4, make([]byte, 15)))), entry.ErrDamaged},
		{"RC2 of odd size", pbes2(kdf(salt, ten), ber.TLV(0x30, oid(OIDEncryption+"\x02"), ber.TLV(0x30, ber.Integer(500), ber.TLV(4, make([]byte, 8))))), entry.ErrUnsupported},
		{"RC2 short vector", pbes2(kdf(salt, ten), ber.TLV(0x30, oid(OIDEncryption+"\x02"), ber.TLV(0x30, ber.Integer(58), ber.TLV(4, make([]byte, 7))))), entry.ErrDamaged},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := ParseScheme(test.in); !errors.Is(err, test.kind) {
				t.Errorf("got %v, want %v", err, test.kind)
			}
		})
	}
	huge := append(oid(OIDPKCS12PBE+"\x03"), ber.TLV(0x30, salt, ber.TLV(2, append([]byte{0x7f}, make([]byte, 30)...)))...)
	if s, err := ParseScheme(huge); err != nil || s.Iterations() != math.MaxInt {
		t.Errorf("2^247 iterations: %v", err)
	}
}

func TestDecryptPartialBlock(t *testing.T) {
	s, _ := NewScheme("PBEWithSHA1AndDESede", 1)
	for _, n := range []int{0, 7, 9} {
		if _, _, err := s.Decrypt(make([]byte, n), nil, func([]byte) bool { return true }); err != ErrBlocks {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
}

func TestMACs(t *testing.T) {
	for _, h := range Hashes {
		for _, name := range []string{"HmacPBE" + h.Name, "PBEWithHmac" + h.Name} {
			m, err := NewMAC(name, 2)
			if h.HMACOID == "" && name[:3] == "PBE" {
				if err == nil {
					t.Errorf("%s has no identifier", name)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			// A PBMAC1 key has at least 20 bytes; all hashes have more.
			key, err := m.Key([]byte("pässword"))
			if err != nil {
				t.Fatal(err)
			}
			read, err := ParseMAC(content(t, m.Seal(key, []byte("con"), []byte("tent"))))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if read.Name() != name || read.Iterations() != 2 {
				t.Errorf("%s reads as %s with %d iterations", name, read.Name(), read.Iterations())
			}
			if !read.Verify([]byte("content"), []byte("pässword")) {
				t.Errorf("%s: wrong", name)
			}
			if read.Verify([]byte("Content"), []byte("pässword")) || read.Verify([]byte("content"), []byte("password")) {
				t.Errorf("%s holds for everything", name)
			}
		}
	}
	for _, name := range []string{"", "NONE", "HmacPBEMD4", "HmacSHA256"} {
		if _, err := NewMAC(name, 1); !errors.Is(err, entry.ErrUnsupported) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestOIDString(t *testing.T) {
	for content, want := range map[string]string{
		oidPBES2:   "1.2.840.113549.1.5.13",
		oidAES:     "2.16.840.1.101.3.4.1",
		"":         "",
		"\x88\x37": "2.999",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f": "ffffffffffffffffffff7f",
	} {
		if got := OIDString([]byte(content)); got != want {
			t.Errorf("%x: got %s, want %s", content, got, want)
		}
	}
}

// FuzzParseScheme: what is read is written and read again as the same, and
// every error is of a declared kind.
func FuzzParseScheme(f *testing.F) {
	for _, name := range []string{"PBEWithSHA1AndRC2_40", "PBEWithMD5AndDES", "PBEWithHmacSHA256AndAES_256", "PBEWithHmacSHA1AndRC2_64"} {
		s, err := NewScheme(name, 10)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(content(f, s.Algorithm())))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseScheme(data)
		if err != nil {
			if !errors.Is(err, entry.ErrDamaged) && !errors.Is(err, entry.ErrUnsupported) {
				t.Fatalf("error of no declared kind: %v", err)
			}
			return
		}
		again := parse(t, s.Algorithm())
		if again.Name() != s.Name() || again.iterations != s.iterations || !bytes.Equal(again.salt, s.salt) || !bytes.Equal(again.iv, s.iv) {
			t.Fatalf("%+v became %+v", s, again)
		}
	})
}

// FuzzParseMAC: as FuzzParseScheme.
func FuzzParseMAC(f *testing.F) {
	for _, name := range []string{"HmacPBESHA1", "HmacPBESHA512", "PBEWithHmacSHA256"} {
		for _, iterations := range []int{1, 10} {
			m, err := NewMAC(name, iterations)
			if err != nil {
				f.Fatal(err)
			}
			f.Add([]byte(content(f, m.Seal([]byte("key"), []byte("content")))))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMAC(data)
		if err != nil {
			if !errors.Is(err, entry.ErrDamaged) && !errors.Is(err, entry.ErrUnsupported) {
				t.Fatalf("error of no declared kind: %v", err)
			}
			return
		}
		again, err := ParseMAC(content(t, m.Seal([]byte("key"))))
		if err != nil || again.Name() != m.Name() || again.iterations != m.iterations || !bytes.Equal(again.salt, m.salt) {
			t.Fatalf("%+v became %+v (%v)", m, again, err)
		}
	})
}
