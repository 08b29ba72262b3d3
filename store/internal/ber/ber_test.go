package ber

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"gokeytool/store/entry"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestToDER(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"DER stays", "3006 020103 0401ff", "3006 020103 0401ff"},
		{"empty sequence", "3000", "3000"},
		{"bytes behind are left", "0500 ffff", "0500"},
		{"indefinite length", "3080 020103 0000", "3003 020103"},
		{"indefinite in indefinite", "3080 3080 0500 0000 0000", "3004 3002 0500"},
		{"indefinite in definite", "3006 3080 0500 0000", "3004 3002 0500"},
		{"length not minimal", "308103 020103", "3003 020103"},
		{"length with zeros in front", "30850000000003 020103", "3003 020103"},
		{"primitive with length not minimal", "04820001 aa", "0401 aa"},
		{"octet string in pieces", "2408 0401aa 0403bbccdd", "0404 aabbccdd"},
		{"octet string in pieces, indefinite", "2480 0401aa 0401bb 0000", "0402 aabb"},
		{"pieces in pieces", "2480 2405 0403010203 240a 0401aa 2480 0401bb 0000 0000", "0405 010203aabb"},
		{"no pieces", "2480 0000", "0400"},
		{"character string in pieces", "3e80 04020041 04020042 0000", "1e04 00410042"},
		{"context tag keeps its pieces", "a080 0401aa 0401bb 0000", "a006 0401aa 0401bb"},
		{"high tag number", "bf8a2380 0500 0000", "bf8a2302 0500"},
		{"DER beside BER", "3080 3003020103 3080 0000 3003020104 0000", "300c 3003020103 3000 3003020104"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := unhex(t, test.in)
			got, n, err := ToDER(in, 10)
			if err != nil {
				t.Fatal(err)
			}
			if want := unhex(t, test.want); !bytes.Equal(got, want) {
				t.Errorf("got %x, want %x", got, want)
			}
			if n > len(in) || bytes.HasPrefix(in, got) && n != len(got) {
				t.Errorf("took %d bytes of %d", n, len(in))
			}
		})
	}
}

// What is no element stays within what holds it, and what is around it is DER.
func TestToDERLoosely(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"DER stays", "3006 020103 0401ff", "3006 020103 0401ff"},
		{"junk in a sequence", "3003 0405aa", "3003 0405aa"},
		{"junk behind an element", "308105 020103 ff02", "3005 020103 ff02"},
		{"junk beside BER", "3080 3102 0405 3080 0500 0000 0000", "3008 3102 0405 3002 0500"},
		{"junk within indefinite within definite", "3080 3106 3080 0405 0000 0500 0000", "300a 3106 3080 0405 0000 0500"},
		{"junk behind BER", "3007 3080 0500 0000 ff", "3005 3002 0500 ff"},
		{"other in an octet string", "3080 2403 020103 0000", "3005 2403 020103"},
	} {
		in, want := unhex(t, test.in), unhex(t, test.want)
		if got, n, err := ToDERLoosely(in, 10); err != nil || n != len(in) || !bytes.Equal(got, want) {
			t.Errorf("%s: got %x of %d bytes (%v), want %x", test.name, got, n, err, want)
		}
	}
	for _, in := range []string{"3004 0201", "3080 0405 0000", strings.Repeat("3080", 20) + strings.Repeat("0000", 20)} {
		if got, _, err := ToDERLoosely(unhex(t, in), 10); err == nil {
			t.Errorf("%s: got %x", in, got)
		}
	}
}

func TestToDERKeepsMemory(t *testing.T) {
	in := unhex(t, "3006 020103 0401ff")
	if got, _, err := ToDER(in, 10); err != nil || &got[0] != &in[0] {
		t.Errorf("DER was copied (%v)", err)
	}
}

func TestToDERErrors(t *testing.T) {
	for _, test := range []struct {
		name, in string
		kind     error
		offset   int
	}{
		{"nothing", "", entry.ErrDamaged, 0},
		{"no length", "30", entry.ErrDamaged, 0},
		{"content cut", "3003 0201", entry.ErrDamaged, 0},
		{"longer than what holds it", "3004 0405aabb", entry.ErrDamaged, 2},
		{"length cut", "3082 01", entry.ErrDamaged, 0},
		{"huge length", "3088 ffffffffffffffff", entry.ErrDamaged, 0},
		{"length of 127 octets", "30ff 00", entry.ErrDamaged, 0},
		{"no end of contents", "3080 0500", entry.ErrDamaged, 4},
		{"half an end of contents", "3080 00", entry.ErrDamaged, 2},
		{"primitive of indefinite length", "3080 0480 0000 0000", entry.ErrDamaged, 2},
		{"endless tag", "3f8080808080808080", entry.ErrDamaged, 0},
		{"other in an octet string", "2403 020103", entry.ErrDamaged, 2},
		{"too deep", strings.Repeat("3080", 20) + strings.Repeat("0000", 20), entry.ErrLimit, 20},
		{"too deep in an octet string", strings.Repeat("2480", 20) + strings.Repeat("0000", 20), entry.ErrLimit, 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := ToDER(unhex(t, test.in), 10)
			format, ok := errors.AsType[*entry.FormatError](err)
			if !ok || !errors.Is(err, test.kind) || format.Offset != test.offset {
				t.Errorf("got %v (%+v), want %v at %d", err, format, test.kind, test.offset)
			}
		})
	}
}

func TestInteger(t *testing.T) {
	for n, want := range map[int]string{0: "020100", 3: "020103", 127: "02017f", 128: "02020080", 10000: "02022710", 1 << 24: "020401000000"} {
		if got := hex.EncodeToString(Integer(n)); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

func TestAppend(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 24} {
		tlv := TLV(0x04, make([]byte, n/2), make([]byte, n-n/2))
		if len(tlv) != Size(n) {
			t.Errorf("%d bytes: an element of %d bytes, Size says %d", n, len(tlv), Size(n))
		}
		if der, taken, err := ToDER(tlv, 1); err != nil || taken != len(tlv) || &der[0] != &tlv[0] {
			t.Errorf("%d bytes: not DER (%v)", n, err)
		}
	}
}

// FuzzToDER: what comes out is DER already, says the same, and is no longer
// than what went in.
func FuzzToDER(f *testing.F) {
	for _, seed := range []string{
		"3006 020103 0401ff", "3080 3080 0500 0000 0000", "30850000000003 020103",
		"2480 2405 0403010203 240a 0401aa 2480 0401bb 0000 0000", "3e80 04020041 04020042 0000",
		"bf8a2380 0500 0000", "3080 3003020103 3080 0000 3003020104 0000", "a080 0401aa 0401bb 0000",
		"3080 0480 0000 0000", "3088 ffffffffffffffff",
	} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		der, n, err := ToDER(data, 16)
		if err != nil {
			if !errors.Is(err, entry.ErrDamaged) && !errors.Is(err, entry.ErrLimit) {
				t.Fatalf("error of no declared kind: %v", err)
			}
			return
		}
		if n > len(data) || len(der) > n {
			t.Fatalf("%d bytes out of %d of %d", len(der), n, len(data))
		}
		again, m, err := ToDER(der, 16)
		if err != nil || m != len(der) || &again[0] != &der[0] {
			t.Fatalf("%x became %x, which is no DER (%v)", data, der, err)
		}
		if before, after := leaves(data[:n]), leaves(der); before != after {
			t.Fatalf("%x became %x: values %s became %s", data, der, before, after)
		}
	})
}

// leaves lists the contents of primitive elements, by a reader of its own
// that trusts its input; strings in pieces count as one.
func leaves(data []byte) string {
	var b strings.Builder
	var read func(in []byte, inString bool) (rest []byte)
	read = func(in []byte, inString bool) []byte {
		tag, size := in[0], 1
		if tag&0x1f == 0x1f {
			for in[size]&0x80 != 0 {
				size++
			}
			size++
		}
		in = in[size:]
		length, indefinite := int(in[0]), in[0] == 0x80
		in = in[1:]
		if length > 0x80 {
			octets := length & 0x7f
			length = 0
			for _, o := range in[:octets] {
				length = length<<8 | int(o)
			}
			in = in[octets:]
		}
		if tag&0x20 == 0 {
			if b.WriteString(hex.EncodeToString(in[:length])); !inString {
				b.WriteByte(' ')
			}
			return in[length:]
		}
		isText := isString(tag)
		body, rest := in, []byte(nil)
		if !indefinite {
			body, rest = in[:length], in[length:]
		}
		for {
			if indefinite && body[0] == 0 && body[1] == 0 {
				rest = body[2:]
				break
			}
			if !indefinite && len(body) == 0 {
				break
			}
			body = read(body, isText)
		}
		if isText && !inString {
			b.WriteByte(' ')
		}
		return rest
	}
	read(data, false)
	return b.String()
}

func BenchmarkToDER(b *testing.B) {
	certificate := TLV(0x30, TLV(0x06, make([]byte, 11)), TLV(0xa0, TLV(0x04, make([]byte, 1000))))
	der := TLV(0x30, bytes.Repeat(certificate, 10_000))
	berForm := append(append([]byte{0x30, 0x80}, bytes.Repeat(certificate, 10_000)...), 0, 0)
	for name, data := range map[string][]byte{"DER": der, "BER": berForm} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := ToDER(data, 16); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
