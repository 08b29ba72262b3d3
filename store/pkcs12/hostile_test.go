package pkcs12

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
	"gokeytool/store/internal/pbe"
)

// TestIterations: no derivation begins whose count is beyond the limit.
func TestIterations(t *testing.T) {
	salt := ber.TLV(0x04, make([]byte, 8))
	oid := func(s string) []byte { return ber.TLV(0x06, []byte(s)) }
	integer := func(bytes ...byte) []byte { return ber.TLV(0x02, bytes) }
	pkcs12PBE := func(count []byte) []byte {
		return ber.TLV(0x30, oid("\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03"), ber.TLV(0x30, salt, count))
	}
	pbkdf2 := func(count []byte) []byte {
		return ber.TLV(0x30, oid(pbe.OIDPKCS5+"\x0c"), ber.TLV(0x30, salt, count, ber.Integer(32)))
	}
	pbes2 := func(count []byte) []byte {
		aes := ber.TLV(0x30, oid("\x60\x86\x48\x01\x65\x03\x04\x01\x2a"), ber.TLV(0x04, make([]byte, 16)))
		return ber.TLV(0x30, oid(pbe.OIDPKCS5+"\x0d"), ber.TLV(0x30, pbkdf2(count), aes))
	}
	encrypted := func(algorithm []byte) []byte {
		info := ber.TLV(0x30, oid(oidData), algorithm, ber.TLV(0x80, make([]byte, 32)))
		return contentInfo(oidEncryptedData, ber.TLV(0x30, ber.Integer(0), info))
	}
	withMAC := func(algorithm, count []byte) []byte {
		authSafe := contentInfo(oidData, ber.TLV(0x04, ber.TLV(0x30)))
		digest := ber.TLV(0x30, algorithm, ber.TLV(0x04, make([]byte, 20)))
		return ber.TLV(0x30, ber.Integer(3), authSafe, ber.TLV(0x30, digest, salt, count))
	}
	sha1 := ber.TLV(0x30, oid("\x2b\x0e\x03\x02\x1a"))
	pbmac1 := func(count []byte) []byte {
		return ber.TLV(0x30, oid(pbe.OIDPKCS5+"\x0e"), ber.TLV(0x30, pbkdf2(count), ber.TLV(0x30, oid("\x2a\x86\x48\x86\xf7\x0d\x02\x07"))))
	}
	files := map[string]func(count []byte) []byte{
		"MAC":    func(count []byte) []byte { return withMAC(sha1, count) },
		"PBMAC1": func(count []byte) []byte { return withMAC(pbmac1(count), ber.Integer(1)) },
		"PBES1":  func(count []byte) []byte { return file(encrypted(pkcs12PBE(count))) },
		"PBES2":  func(count []byte) []byte { return file(encrypted(pbes2(count))) },
		"key in PBES1": func(count []byte) []byte {
			return ber.TLV(0x30, pkcs12PBE(count), ber.TLV(0x04, make([]byte, 32)))
		},
		"key in PBES2": func(count []byte) []byte {
			return ber.TLV(0x30, pbes2(count), ber.TLV(0x04, make([]byte, 32)))
		},
	}
	counts := []struct {
		name  string
		count []byte
		want  error
	}{
		{"1", integer(1), entry.ErrPassword},
		{"0", integer(0), entry.ErrDamaged},
		{"-1", integer(0xff), entry.ErrDamaged},
		{"-2^31", integer(0x80, 0, 0, 0), entry.ErrDamaged},
		{"5,000,001", ber.Integer(5_000_001), entry.ErrLimit},
		{"2^31-1", integer(0x7f, 0xff, 0xff, 0xff), entry.ErrLimit},
		{"2^63", integer(0, 0x80, 0, 0, 0, 0, 0, 0, 0), entry.ErrLimit},
		{"2^1000", integer(append([]byte{1}, make([]byte, 125)...)...), entry.ErrLimit},
		{"no bytes", integer(), entry.ErrDamaged},
	}
	for name, make := range files {
		for _, c := range counts {
			t.Run(name+" "+c.name, func(t *testing.T) {
				start := time.Now()
				var err error
				if strings.HasPrefix(name, "key") {
					_, err = Unseal(&entry.Entry{Kind: entry.PrivateKey, Sealed: make(c.count)}, []byte(password), entry.Limits{})
				} else {
					_, err = Decode(make(c.count), []byte(password), entry.Limits{})
				}
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if took := time.Since(start); took > time.Minute {
					t.Errorf("took %v", took)
				}
			})
		}
	}
	t.Run("many parts", func(t *testing.T) {
		part := encrypted(pkcs12PBE(ber.Integer(entry.DefaultLimits.MaxIterations)))
		start := time.Now()
		_, err := Decode(file(bytes.Repeat(part, 3)), []byte(password), entry.Limits{})
		if !errors.Is(err, entry.ErrLimit) || time.Since(start) > time.Minute {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// TestHostile: malformed and overgrown files end within 200 MB, and soon: on a
// machine with nothing else to do within a second, but what is not linear would
// take minutes.
func TestHostile(t *testing.T) {
	const size = 4 << 20
	ids := identities()
	nest := func(open, inner string) []byte {
		return []byte("\x30\x80\x02\x01\x03" + strings.Repeat(open, size/len(open)) + inner)
	}
	name := asn1.RawValue{FullBytes: ids.root.leaf.RawSubject}
	cert := certBagOf(selfIssued(t, name, 0), nil)
	key, _ := keyBagOf(keyEntry(t, nil, "", ids.root).Sealed, ber.TLV(0x30, ber.TLV(0x06, []byte(oidLocalKeyID)), ber.TLV(0x31, ber.TLV(0x04, []byte("id")))))
	leaf := certBagOf(selfIssued(t, name, 1), ber.TLV(0x30, ber.TLV(0x06, []byte(oidLocalKeyID)), ber.TLV(0x31, ber.TLV(0x04, []byte("id")))))
	// A chain in which each certificate names the next as its issuer.
	var links [][]byte
	for i := range 2000 {
		links = append(links, certBagOf(selfIssued(t, name, i), nil))
	}
	links[0] = leaf
	long := bytes.Join(links, nil)
	keys := bytes.Repeat(key, 2000)
	for _, test := range []struct {
		name string
		data []byte
		want error // nil: it opens
	}{
		{"zeros", make([]byte, size), entry.ErrDamaged},
		{"nested sequences", nest("\x30\x80", ""), entry.ErrLimit},
		{"nested octet strings", nest("\x24\x80", ""), entry.ErrLimit},
		{"octet string in very many pieces", nest("\x04\x00", "\x00\x00"), entry.ErrDamaged},
		{"very many elements", append([]byte("\x30\x80\x02\x01\x03"), bytes.Repeat([]byte("\x30\x80\x00\x00"), size/4)...), entry.ErrDamaged},
		{"content in very many pieces", append([]byte("\x30\x80\x02\x01\x03\x30\x80\x06\x09"+oidData+"\xa0\x80\x24\x80"), bytes.Repeat([]byte("\x04\x01\x30"), size/3)...), entry.ErrDamaged},
		{"very many parts", file(bytes.Repeat(plain(), size/len(plain()))), nil},
		{"very many bags", file(plain(bytes.Repeat(safeBag("\x2a", nil, nil), size/len(safeBag("\x2a", nil, nil))))), entry.ErrLimit},
		{"very many bags in bags", file(plain(bytes.Repeat(safeBag(oidSafeContentsBag, ber.TLV(0x30), nil), size/20))), entry.ErrLimit},
		{"very many attributes", file(plain(safeBag("\x2a", nil, bytes.Repeat(ber.TLV(0x30), size/2)))), nil},
		{"very many equal certificates", file(plain(key, leaf, bytes.Repeat(cert, size/len(cert)))), nil},
		{"very many keys and a long chain", file(plain(keys, long)), entry.ErrLimit},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, pass := range [][]byte{[]byte(password), nil} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				start := time.Now()
				_, err := Decode(test.data, pass, entry.Limits{})
				took := time.Since(start)
				runtime.ReadMemStats(&after)
				if !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
				if took > time.Minute {
					t.Errorf("took %v", took)
				}
				if used := after.TotalAlloc - before.TotalAlloc; used > 200<<20 {
					t.Errorf("took %d MB", used>>20)
				}
			}
		})
	}
}

// selfIssued makes something like a certificate, with one name for subject
// and issuer, whose key identifier is n and whose issuer's is n+1.
func selfIssued(t testing.TB, name asn1.RawValue, n int) []byte {
	t.Helper()
	extension := func(oid string, value []byte) []byte {
		return ber.TLV(0x30, ber.TLV(0x06, []byte(oid)), ber.TLV(0x04, value))
	}
	id := func(n int) []byte { return fmt.Appendf(nil, "%08d", n) }
	extensions := ber.TLV(0xa3, ber.TLV(0x30,
		extension("\x55\x1d\x0e", ber.TLV(0x04, id(n))),
		extension("\x55\x1d\x23", ber.TLV(0x30, ber.TLV(0x80, id(n+1))))))
	empty := ber.TLV(0x30)
	tbs := ber.TLV(0x30, ber.TLV(0xa0, ber.Integer(2)), ber.Integer(n), empty, name.FullBytes, empty, name.FullBytes, empty, extensions)
	return ber.TLV(0x30, tbs)
}
