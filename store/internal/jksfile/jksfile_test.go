package jksfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/store/entry"
	"gokeytool/store/storetest"
)

const magic = 0xFEEDFEED

// plain has no secret keys; withSecrets has such as are one byte of length and
// as many more.
var (
	plain       = Format{Name: "PLAIN", Magic: magic}
	withSecrets = Format{Name: "SECRETS", Magic: 0xCECECECE, Accept: magic, SecretKey: func(data []byte, _ entry.Limits) (int, error) {
		if len(data) == 0 || int(data[0]) >= len(data) {
			return 0, &entry.FormatError{Kind: entry.ErrDamaged, Format: "object", Offset: 1, What: "cut"}
		}
		return 1 + int(data[0]), nil
	}}
)

func sample() *entry.File {
	cert := entry.X509([]byte("certificate"))
	return &entry.File{Entries: []*entry.Entry{
		{Alias: "key", Created: time.UnixMilli(1).UTC(), Kind: entry.PrivateKey, Sealed: []byte("sealed"), Chain: []entry.Certificate{cert, {Type: "X509", DER: []byte("CA")}}},
		{Alias: "Mixed Case", Created: time.UnixMilli(-1).UTC(), Kind: entry.TrustedCertificate, Chain: []entry.Certificate{cert}},
		{Alias: "\x00ä🔑", Created: time.UnixMilli(1<<62 + 1).UTC(), Kind: entry.PrivateKey, Sealed: []byte{}},
		{Alias: "key", Created: time.UnixMilli(0).UTC(), Kind: entry.TrustedCertificate, Chain: []entry.Certificate{{Type: "", DER: []byte{}}}},
	}}
}

func mustEncode(t testing.TB, f *Format, file *entry.File, password string) []byte {
	t.Helper()
	data, err := f.Encode(file, []byte(password))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	for _, password := range []string{"", "changeit", "ლ(ಠ益ಠლ)", "🔑"} {
		t.Run(password, func(t *testing.T) {
			data := mustEncode(t, &plain, sample(), password)
			file, err := plain.Decode(data, []byte(password), entry.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if !file.Verified {
				t.Error("not verified in spite of the password")
			}
			if diff := cmp.Diff(sample().Entries, file.Entries, storetest.SameEntries); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if again := mustEncode(t, &plain, file, password); !bytes.Equal(again, data) {
				t.Error("encodes to other bytes than were decoded")
			}
		})
	}
}

func TestSecretKeys(t *testing.T) {
	secret := &entry.Entry{Alias: "s", Created: time.UnixMilli(5).UTC(), Kind: entry.SecretKey, Sealed: []byte{2, 'x', 'y'}}
	file := sample()
	file.Entries = append(file.Entries, secret)
	data := mustEncode(t, &withSecrets, file, "pw")
	got, err := withSecrets.Decode(data, []byte("pw"), entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(file.Entries, got.Entries, storetest.SameEntries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if _, err := plain.Encode(got, []byte("pw")); !errors.Is(err, entry.ErrUnsupported) {
		t.Errorf("a format without secret keys: error %v, want ErrUnsupported", err)
	}
	for _, sealed := range [][]byte{nil, {5}, {0, 1}} {
		secret.Sealed = sealed
		if _, err := withSecrets.Encode(file, []byte("pw")); err == nil {
			t.Errorf("sealed key % x would make the file unreadable, and was written", sealed)
		}
	}
}

func TestAcceptsOtherMagic(t *testing.T) {
	data := mustEncode(t, &plain, sample(), "pw")
	file, err := withSecrets.Decode(data, []byte("pw"), entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample().Entries, file.Entries, storetest.SameEntries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// A file is built of these pieces, beside those of appendString and
// appendBytes.
func u32(v ...uint32) (b []byte) {
	for _, v := range v {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

var date = make([]byte, 8)

func TestVersion1(t *testing.T) {
	body := bytes.Join([][]byte{
		u32(magic, 1, 2),
		u32(tagPrivateKey), appendString(nil, "key"), date, appendBytes(nil, []byte("sealed")), u32(1), appendBytes(nil, []byte("leaf")),
		u32(tagTrustedCertificate), appendString(nil, "ca"), date, appendBytes(nil, []byte("root")),
	}, nil)
	sum := digest([]byte("pw"), body)
	file, err := plain.Decode(append(body, sum[:]...), []byte("pw"), entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	want := []*entry.Entry{
		{Alias: "key", Created: time.UnixMilli(0).UTC(), Kind: entry.PrivateKey, Sealed: []byte("sealed"), Chain: []entry.Certificate{entry.X509([]byte("leaf"))}},
		{Alias: "ca", Created: time.UnixMilli(0).UTC(), Kind: entry.TrustedCertificate, Chain: []entry.Certificate{entry.X509([]byte("root"))}},
	}
	if diff := cmp.Diff(want, file.Entries, storetest.SameEntries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	again, err := plain.Decode(mustEncode(t, &plain, file, "pw"), []byte("pw"), entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again.Entries, storetest.SameEntries); diff != "" {
		t.Errorf("after writing as version 2 (-want +got):\n%s", diff)
	}
}

func TestUntouchedEntriesKeepTheirBytes(t *testing.T) {
	odd := []byte("\x00\x02\xC1\x81") // A, overlong
	body := bytes.Join([][]byte{
		u32(magic, 2, 1),
		u32(tagTrustedCertificate), odd, date, appendString(nil, "X509"), appendBytes(nil, []byte("root")),
	}, nil)
	sum := digest([]byte("pw"), body)
	data := append(body, sum[:]...)
	file, err := plain.Decode(data, []byte("pw"), entry.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if got := file.Entries[0].Alias; got != "A" {
		t.Errorf("alias %q, want A", got)
	}
	if !bytes.Equal(mustEncode(t, &plain, file, "pw"), data) {
		t.Error("the overlong alias was not kept")
	}
	file.Entries[0].Origin = nil
	if bytes.Contains(mustEncode(t, &plain, file, "pw"), []byte("\xC1\x81")) {
		t.Error("a changed entry has the overlong alias still")
	}
}

func TestDigest(t *testing.T) {
	data := mustEncode(t, &plain, sample(), "changeit")
	body := data[:len(data)-20]
	flipped := bytes.Clone(data)
	flipped[20] ^= 1 // in an alias
	tests := []struct {
		name     string
		data     []byte
		password []byte
		verified bool
		err      error
	}{
		{"right password", data, []byte("changeit"), true, nil},
		{"no password", data, nil, false, nil},
		{"wrong password", data, []byte("changeIt"), false, entry.ErrPassword},
		{"empty password", data, []byte{}, false, entry.ErrPassword},
		{"changed content", flipped, []byte("changeit"), false, entry.ErrPassword},
		{"changed content, no password", flipped, nil, false, nil},
		{"bytes after the digest", append(bytes.Clone(data), "\r\n"...), []byte("changeit"), true, nil},
		{"cut in the digest", data[:len(data)-1], []byte("changeit"), false, entry.ErrDamaged},
		{"cut in the digest, no password", data[:len(data)-1], nil, false, nil},
		{"no digest, no password", body, nil, false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, err := plain.Decode(tt.data, tt.password, entry.DefaultLimits)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err == nil && file.Verified != tt.verified {
				t.Errorf("verified %v, want %v", file.Verified, tt.verified)
			}
		})
	}
}

func TestHostile(t *testing.T) {
	head := func(count uint32) []byte { return u32(magic, 2, count) }
	certificate := func(alias string) []byte {
		return bytes.Join([][]byte{u32(tagTrustedCertificate), appendString(nil, alias), date, appendString(nil, entry.TypeX509), appendBytes(nil, []byte("c"))}, nil)
	}
	huge := uint32(0xFFFFFFFF)
	tests := []struct {
		name string
		data []byte
		kind error
		want string
	}{
		{"empty", nil, entry.ErrDamaged, "PLAIN: magic number of 4 bytes where 0 are left at offset 0"},
		{"other magic", []byte("-----BEGIN"), entry.ErrDamaged, "PLAIN: magic number 2D2D2D2D instead of FEEDFEED at offset 0"},
		{"cut after the magic", u32(magic), entry.ErrDamaged, "PLAIN: version of 4 bytes where 0 are left at offset 4"},
		{"version 3", u32(magic, 3, 0), entry.ErrUnsupported, "PLAIN: version 3 at offset 4"},
		{"no count", u32(magic, 2), entry.ErrDamaged, "PLAIN: number of entries of 4 bytes where 0 are left at offset 8"},
		{"huge count", head(huge), entry.ErrDamaged, "PLAIN: 4294967295 entries where 0 bytes are left at offset 8"},
		{"count beyond the file", append(head(2), certificate("a")...), entry.ErrDamaged, "PLAIN: 2 entries where 27 bytes are left at offset 8"},
		{"count beyond the limit", append(head(3), bytes.Repeat(certificate("a"), 3)...), entry.ErrLimit, "PLAIN: 3 entries, more than the limit of 2 at offset 8"},
		{"cut in an entry", append(head(1), certificate("abcd")[:26]...), entry.ErrDamaged, "PLAIN: certificate length of 4 bytes where 1 are left at offset 37"},
		{"unknown tag", append(head(1), append(u32(3), certificate("a")...)...), entry.ErrDamaged, "PLAIN: unknown entry tag 3 at offset 12"},
		{"alias beyond the file", append(head(1), append(u32(2), "\xFF\xFFaaaaaaaaaaaaaaaa"...)...), entry.ErrDamaged, "PLAIN: alias of 65535 bytes where 16 are left at offset 18"},
		{"alias not UTF-8", bytes.Join([][]byte{head(1), u32(2), {0, 2, 'a', 0x80}, date, {0, 0}, u32(0)}, nil), entry.ErrDamaged, "PLAIN: alias is not modified UTF-8 at offset 19"},
		{"huge key", bytes.Join([][]byte{head(1), u32(tagPrivateKey), {0, 0}, date, u32(huge)}, nil), entry.ErrDamaged, "PLAIN: protected key of 4294967295 bytes where 0 are left at offset 30"},
		{"huge chain", bytes.Join([][]byte{head(1), u32(tagPrivateKey), {0, 0}, date, u32(0, 0x80000000)}, nil), entry.ErrDamaged, "PLAIN: 2147483648 certificates where 0 bytes are left at offset 30"},
		{"chain beyond the limit", bytes.Join([][]byte{head(1), u32(tagPrivateKey), {0, 0}, date, u32(0, 3), make([]byte, 18)}, nil), entry.ErrLimit, "PLAIN: 3 certificates, more than the limit of 2 at offset 30"},
		{"huge certificate", bytes.Join([][]byte{head(1), u32(tagTrustedCertificate), {0, 0}, date, {0, 0}, u32(huge)}, nil), entry.ErrDamaged, "PLAIN: certificate of 4294967295 bytes where 0 are left at offset 32"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lim := entry.DefaultLimits
			lim.MaxEntries = 2
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := plain.Decode(tt.data, nil, lim)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, tt.kind) || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("%d bytes allocated for a file of %d", used, len(tt.data))
			}
		})
	}
}

func TestSecretKeyOffset(t *testing.T) {
	data := bytes.Join([][]byte{u32(0xCECECECE, 2, 1), u32(tagSecretKey), {0, 0}, date, {9, 'x', 'y', 'z'}}, nil)
	_, err := withSecrets.Decode(data, nil, entry.DefaultLimits)
	if want := "SECRETS: secret key: cut at offset 27"; !errors.Is(err, entry.ErrDamaged) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	one := func(e entry.Entry) *entry.File { return &entry.File{Entries: []*entry.Entry{&e}} }
	tests := []struct {
		name     string
		file     *entry.File
		password []byte
	}{
		{"no password", &entry.File{}, nil},
		{"no kind", one(entry.Entry{}), []byte("pw")},
		{"trusted certificate without one", one(entry.Entry{Kind: entry.TrustedCertificate}), []byte("pw")},
		{"two trusted certificates", one(entry.Entry{Kind: entry.TrustedCertificate, Chain: make([]entry.Certificate, 2)}), []byte("pw")},
		{"long alias", one(entry.Entry{Kind: entry.PrivateKey, Alias: strings.Repeat("ä", 1<<15)}), []byte("pw")},
		{"long type", one(entry.Entry{Kind: entry.TrustedCertificate, Chain: []entry.Certificate{{Type: strings.Repeat("x", 1<<16)}}}), []byte("pw")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if data, err := plain.Encode(tt.file, tt.password); err == nil {
				t.Errorf("written: % x", data)
			}
		})
	}
}

func TestUTF16(t *testing.T) {
	tests := []struct{ name, password, want string }{
		{"empty", "", ""},
		{"ascii", "ab", "\x00a\x00b"},
		{"Latin-1", "é", "\x00\xE9"},
		{"beyond", "ಠ", "\x0C\xA0"},
		{"surrogates", "🔑", "\xD8\x3D\xDD\x11"},
		{"not UTF-8", "a\xE9", "\x00a\x00\xE9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := UTF16([]byte(tt.password)); string(got) != tt.want {
				t.Errorf("% X, want % X", got, tt.want)
			}
		})
	}
}
