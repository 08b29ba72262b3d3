package bks

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/store/entry"
	"gokeytool/store/internal/pbe"
)

// files are the keystores in testdata.
var files = []struct{ name, store, key string }{
	{"version1.bks", "changeit", "keypass"},
	{"version2.bks", "changeit", "changeit"},
	{"beyond-ascii.bks", "pässwört", "間違い🔑"},
	{"empty-password.bks", "", ""},
	{"uber", "changeit", "changeit"},
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decode reads a file of either format, by its name.
func decode(path string, data, password []byte, lim entry.Limits) (*entry.File, error) {
	if strings.Contains(filepath.Base(path), "uber") {
		return DecodeUBER(data, password, lim)
	}
	return Decode(data, password, lim)
}

// check looks at a keystore that BouncyCastle.java wrote.
func check(t *testing.T, path, storePassword, keyPassword string) {
	t.Helper()
	data := read(t, path)
	f, err := decode(path, data, []byte(storePassword), entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	// The MAC of version 1 can be forged.
	verified := data[3] != 1 || strings.Contains(filepath.Base(path), "uber")
	if f.Verified != verified || len(f.Entries) != 4 {
		t.Fatalf("%d entries, verified %v", len(f.Entries), f.Verified)
	}
	entries := make(map[string]*entry.Entry)
	for _, e := range f.Entries {
		entries[e.Alias] = e
		if age := time.Since(e.Created); age < 0 || age > 100*365*24*time.Hour {
			t.Errorf("%s was created %v", e.Alias, e.Created)
		}
	}
	e, trusted := entries["The Key"], entries["trusted"]
	if e == nil || trusted == nil || e.Kind != entry.PrivateKey || trusted.Kind != entry.TrustedCertificate ||
		len(e.Chain) != 1 || len(trusted.Chain) != 1 || !bytes.Equal(e.Chain[0].DER, trusted.Chain[0].DER) || e.Chain[0].Type != "X.509" {
		t.Fatalf("entries %v", entries)
	}
	opened, err := Unseal(e, []byte(keyPassword), entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(opened.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(e.Chain[0].DER)
	if err != nil || !private.(*rsa.PrivateKey).PublicKey.Equal(cert.PublicKey) {
		t.Errorf("the key is not that of the certificate (%v)", err)
	}
	opened, err = Unseal(entries["secret"], []byte(keyPassword), entry.DefaultLimits)
	if err != nil || opened.Algorithm != "AES" || string(opened.Raw) != "0123456789abcdef" || entries["secret"].Kind != entry.SecretKey {
		t.Errorf("secret key %s %q, %v", opened.Algorithm, opened.Raw, err)
	}
	if _, err = Unseal(entries["public"], []byte(keyPassword), entry.DefaultLimits); !errors.Is(err, entry.ErrUnsupported) {
		t.Errorf("public key: %v", err)
	}
	for _, wrong := range [][]byte{nil, []byte("wrong"), []byte(keyPassword + "x")} {
		if _, err := Unseal(e, wrong, entry.DefaultLimits); !errors.Is(err, entry.ErrPassword) {
			t.Errorf("key opened with %q: %v", wrong, err)
		}
	}
	if strings.Contains(path, "bks-v1") {
		return // one password in 65,536 fits
	}
	if _, err := decode(path, data, []byte(storePassword+"x"), entry.DefaultLimits); !errors.Is(err, entry.ErrPassword) {
		t.Errorf("another password: %v", err)
	}
	f, err = decode(path, data, nil, entry.DefaultLimits)
	if want := len(entries); err != nil || f.Verified || len(f.Entries) != want && !strings.Contains(path, "uber") {
		t.Errorf("without a password: %v", err)
	}
}

func TestDecode(t *testing.T) {
	for _, file := range files {
		t.Run(file.name, func(t *testing.T) { check(t, filepath.Join("testdata", file.name), file.store, file.key) })
	}
}

func TestBouncyCastle(t *testing.T) {
	dir := t.TempDir()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, cert := testtool.SelfSigned(t, key, x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}})
	keyFile, certFile := filepath.Join(dir, "key"), filepath.Join(dir, "cert")
	if err := errors.Join(os.WriteFile(keyFile, pkcs8, 0o600), os.WriteFile(certFile, cert, 0o600)); err != nil {
		t.Fatal(err)
	}
	args := []string{keyFile, certFile}
	type made struct{ path, store, key string }
	var all []made
	for _, typ := range []string{"BKS-V1", "BKS", "UBER"} {
		for i, p := range []string{"changeit", "pässwörtß", "間違い鍵", "🔑🔒", ""} {
			if typ == "UBER" && p == "" {
				continue // BouncyCastle itself does not open it
			}
			m := made{filepath.Join(dir, strings.ToLower(typ)+fmt.Sprint(i)), p, p + "2"}
			all = append(all, m)
			args = append(args, "write", typ, m.path, m.store, m.key)
		}
	}
	testtool.BouncyCastle(t, args...)
	for _, m := range all {
		t.Run(filepath.Base(m.path), func(t *testing.T) { check(t, m.path, m.store, m.key) })
	}
}

// file is a BKS of version 2 of these entries.
func file(iterations uint32, entries ...[]byte) []byte {
	data := binary.BigEndian.AppendUint32(nil, 2)
	data = binary.BigEndian.AppendUint32(data, 20)
	data = append(data, "a salt of 20 bytes.."...)
	data = binary.BigEndian.AppendUint32(data, iterations)
	body := append(slices.Concat(entries...), 0)
	key := pbe.DeriveKey(pbe.SHA1, pbe.BMPString([]byte("changeit")), data[8:28], min(int(iterations), 1000), pbe.ForMAC, 20)
	mac := hmac.New(sha1.New, key)
	mac.Write(body)
	return mac.Sum(append(data, body...))
}

func text(s string) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...) }
func block(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// item is an entry "x" with a chain of certificates.
func item(kind byte, body []byte, chain ...string) []byte {
	data := slices.Concat([]byte{kind}, text("x"), make([]byte, 8))
	data = binary.BigEndian.AppendUint32(data, uint32(len(chain)))
	for _, c := range chain {
		data = append(data, certificate(c)...)
	}
	return append(data, body...)
}

func certificate(der string) []byte { return append(text("X.509"), block([]byte(der))...) }

func clear(kind byte, encoding, algorithm string, key string) []byte {
	return slices.Concat([]byte{kind}, text(encoding), text(algorithm), block([]byte(key)))
}

// What old files may have besides what BouncyCastle writes today.
func TestOldEntries(t *testing.T) {
	for _, test := range []struct {
		name  string
		entry []byte
		kind  entry.Kind
		key   entry.Key
		err   error
	}{
		{"private key in clear", item(typeKey, clear(private, "PKCS8", "RSA", "pkcs8"), "cert"), entry.PrivateKey, entry.Key{PKCS8: []byte("pkcs8")}, nil},
		{"private key in clear, alone", item(typeKey, clear(private, "PKCS#8", "RSA", "pkcs8")), entry.PrivateKey, entry.Key{PKCS8: []byte("pkcs8")}, nil},
		{"secret key in clear", item(typeKey, clear(secret, "RAW", "AES", "raw")), entry.SecretKey, entry.Key{Algorithm: "AES", Raw: []byte("raw")}, nil},
		{"secret key with certificates", item(typeKey, clear(secret, "RAW", "AES", "raw"), "cert"), entry.PrivateKey, entry.Key{}, entry.ErrUnsupported},
		{"public key in clear", item(typeKey, clear(public, "X.509", "RSA", "spki")), entry.SecretKey, entry.Key{}, entry.ErrUnsupported},
		{"unknown kind of key", item(typeKey, clear(7, "RAW", "AES", "raw")), entry.SecretKey, entry.Key{}, entry.ErrUnsupported},
		{"protected elsewhere", item(typeProtected, block([]byte("whatever")), "cert"), entry.PrivateKey, entry.Key{}, entry.ErrUnsupported},
		{"sealed, but nothing", item(typeSealed, block(nil)), entry.SecretKey, entry.Key{}, entry.ErrDamaged},
		{"sealed, not whole blocks", item(typeSealed, block(slices.Concat(block([]byte("salt")), []byte{0, 0, 0, 1}, []byte("123")))), entry.SecretKey, entry.Key{}, entry.ErrDamaged},
		{"sealed, too many iterations", item(typeSealed, block(slices.Concat(block([]byte("salt")), []byte{0xFF, 0, 0, 1}, []byte("12345678")))), entry.SecretKey, entry.Key{}, entry.ErrLimit},
		{"sealed, without iterations", item(typeSealed, block(slices.Concat(block([]byte("salt")), []byte{0, 0, 0, 0}, []byte("12345678")))), entry.SecretKey, entry.Key{}, entry.ErrDamaged},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := Decode(file(1000, test.entry), []byte("changeit"), entry.DefaultLimits)
			if err != nil || len(f.Entries) != 1 || f.Entries[0].Kind != test.kind {
				t.Fatalf("%v, %v", f, err)
			}
			key, err := Unseal(f.Entries[0], []byte("changeit"), entry.DefaultLimits)
			if !errors.Is(err, test.err) || !bytes.Equal(key.PKCS8, test.key.PKCS8) || key.Algorithm != test.key.Algorithm || !bytes.Equal(key.Raw, test.key.Raw) {
				t.Errorf("%+v, %v", key, err)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	cert := item(typeCertificate, certificate("cert"))
	few := entry.DefaultLimits
	few.MaxEntries = 1
	version3 := file(1000)
	version3[3] = 3
	huge := file(1000, cert)
	copy(huge[32+1+2+1+8:], "\x7F\xFF\xFF\xFF") // the number of certificates
	for _, test := range []struct {
		name string
		data []byte
		lim  entry.Limits
		kind error
		what string
	}{
		{"version", version3, entry.DefaultLimits, entry.ErrUnsupported, "BKS: version 3 at offset 0"},
		{"empty", nil, entry.DefaultLimits, entry.ErrDamaged, "BKS: version of 4 bytes where 0 are left at offset 0"},
		{"salt", []byte("\x00\x00\x00\x02\x7F\xFF\xFF\xFFsalt"), entry.DefaultLimits, entry.ErrDamaged, "BKS: salt of 2147483647 bytes where 4 are left at offset 8"},
		{"no salt", []byte("\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01\x00"), entry.DefaultLimits, entry.ErrDamaged, "BKS: no salt at offset 4"},
		{"no iterations", file(0), entry.DefaultLimits, entry.ErrDamaged, "BKS: iteration count below 1 at offset 28"},
		{"iterations", file(4_000_000_000), entry.DefaultLimits, entry.ErrLimit, "BKS: iteration count of the MAC is 4000000000, more than the limit of 1000000"},
		{"entry type", file(1000, cert, []byte{9}), entry.DefaultLimits, entry.ErrDamaged, "BKS: unknown entry type 9 at offset 63"},
		{"chain", huge, entry.DefaultLimits, entry.ErrDamaged, "BKS: 2147483647 certificates where"},
		{"entries", file(1000, cert, cert), few, entry.ErrLimit, "BKS: more than 1 entries at offset 63"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Decode(test.data, []byte("changeit"), test.lim)
			if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.what) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A file that ends early is an error, wherever it ends, and so is one with a
// byte changed, as the MAC tells.
func TestDamage(t *testing.T) {
	for _, file := range files {
		t.Run(file.name, func(t *testing.T) {
			data := read(t, filepath.Join("testdata", file.name))
			for n := range data {
				if f, err := decode(file.name, data[:n:n], []byte(file.store), entry.DefaultLimits); !known(err) {
					t.Fatalf("%d of %d bytes: %v, %v", n, len(data), f, err)
				}
				if n%16 != 0 || n >= 4 && n < 8 { // a length of the salt that is none of one
					continue
				}
				data[n] ^= 0x10
				if f, err := decode(file.name, data, []byte(file.store), entry.DefaultLimits); !known(err) {
					t.Fatalf("byte %d of %d changed: %v, %v", n, len(data), f, err)
				}
				data[n] ^= 0x10
			}
		})
	}
}

// known says whether an error is of one of the kinds that are declared.
func known(err error) bool {
	return slices.ContainsFunc([]error{entry.ErrPassword, entry.ErrDamaged, entry.ErrUnsupported, entry.ErrLimit},
		func(kind error) bool { return errors.Is(err, kind) })
}

// FuzzDecode: what is no keystore is an error of a declared kind, and so is a
// key that does not open.
func FuzzDecode(f *testing.F) {
	for _, file := range files {
		f.Add(read(f, filepath.Join("testdata", file.name)))
	}
	f.Add(file(5, item(typeKey, clear(secret, "RAW", "AES", "raw")), item(typeProtected, block(nil)), item(typeCertificate, certificate("cert"), "issuer"),
		item(typeSealed, block(slices.Concat(block([]byte("salt")), []byte{0, 0, 0, 1}, []byte("12345678"))))))
	lim := entry.Limits{MaxIterations: 2000, MaxEntries: 100, MaxDepth: 10}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, read := range []func([]byte, []byte, entry.Limits) (*entry.File, error){Decode, DecodeUBER} {
			for _, password := range [][]byte{nil, []byte("changeit")} {
				f, err := read(data, password, lim)
				if err != nil {
					if !known(err) {
						t.Fatalf("error of no declared kind: %v", err)
					}
					continue
				}
				for _, e := range f.Entries[:min(len(f.Entries), 3)] {
					if e.Kind == entry.TrustedCertificate {
						continue
					}
					if _, err := Unseal(e, []byte("changeit"), lim); err != nil && !known(err) {
						t.Fatalf("key: error of no declared kind: %v", err)
					}
				}
			}
		}
	})
}
