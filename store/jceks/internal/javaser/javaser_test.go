package javaser

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"gokeytool/store/entry"
)

const maxDepth = 16

// Streams that JDK 17 and 25 write of a SecretKeySpec and of a DES key.
const (
	javaSpec = "aced00057372001f6a617661782e63727970746f2e737065632e5365637265744b6579537065635b470b66e230614d0200024c0009616c676f726974686d7400124c6a6176612f6c616e672f537472696e673b5b00036b65797400025b427870740003414553757200025b42acf317f8060854e0020000787000000003010203"
	javaRep  = "aced0005737200146a6176612e73656375726974792e4b6579526570bdf94fb3889aa5430200044c0009616c676f726974686d7400124c6a6176612f6c616e672f537472696e673b5b0007656e636f6465647400025b424c0006666f726d617471007e00014c00047479706574001b4c6a6176612f73656375726974792f4b657952657024547970653b7870740003444553757200025b42acf317f8060854e002000078700000000801020204040707087400035241577e7200196a6176612e73656375726974792e4b6579526570245479706500000000000000001200007872000e6a6176612e6c616e672e456e756d00000000000000001200007870740006534543524554"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSecretKeySpec(t *testing.T) {
	want := unhex(t, javaSpec)
	if got := AppendSecretKeySpec(nil, "AES", []byte{1, 2, 3}); !bytes.Equal(got, want) {
		t.Errorf("written\n%x, Java writes\n%x", got, want)
	}
	o, n, err := Read(append(want, "more"...), maxDepth)
	if err != nil || n != len(want) {
		t.Fatalf("%d of %d bytes read, error %v", n, len(want), err)
	}
	if o.Class != SecretKeySpec || o.String("algorithm") != "AES" || !bytes.Equal(o.Bytes("key"), []byte{1, 2, 3}) {
		t.Errorf("read %+v", o)
	}
}

func TestKeyRep(t *testing.T) {
	o, _, err := Read(unhex(t, javaRep), maxDepth)
	if err != nil {
		t.Fatal(err)
	}
	if o.Class != KeyRep || o.String("algorithm") != "DES" || o.String("format") != "RAW" || o.Enum("type") != "SECRET" ||
		!bytes.Equal(o.Bytes("encoded"), []byte{1, 2, 2, 4, 4, 7, 7, 8}) {
		t.Errorf("read %+v", o)
	}
	if o.String("type") != "" || o.Bytes("algorithm") != nil || o.Enum("missing") != "" {
		t.Error("a field of one type is found as another")
	}
}

func TestSealedObject(t *testing.T) {
	stream := AppendSealedObject(nil, []byte("params"), []byte("content"), "cipher")
	o, n, err := Read(stream, maxDepth)
	if err != nil || n != len(stream) {
		t.Fatalf("%d of %d bytes read, error %v", n, len(stream), err)
	}
	if o.Class != SealedForProtector || !o.Is(SealedObject) || o.Is(SecretKeySpec) {
		t.Errorf("class %q, extending %q", o.Class, o.Supers)
	}
	if string(o.Bytes("encodedParams")) != "params" || string(o.Bytes("encryptedContent")) != "content" ||
		o.String("paramsAlg") != "cipher" || o.String("sealAlg") != "cipher" {
		t.Errorf("read %+v", o)
	}
}

// class is the descriptor of a class with the given flags and fields, without
// a superclass unless one is given.
func descriptor(name string, flags byte, fields string, super ...string) string {
	count := strings.Count(fields, ";")
	s := "\x72\x00" + string(rune(len(name))) + name + "\x00\x00\x00\x00\x00\x00\x00\x01" + string(rune(flags)) + "\x00" + string(rune(count))
	s += strings.ReplaceAll(fields, ";", "")
	return s + "\x78" + strings.Join(append(super, "\x70")[:1], "")
}

func TestOddStreams(t *testing.T) {
	const str = "\x74\x00\x01s"
	tests := []struct{ name, stream string }{
		{"all primitive types", "\x73" + descriptor("C", 2, "B\x00\x01a;C\x00\x01b;D\x00\x01c;F\x00\x01d;I\x00\x01e;J\x00\x01f;S\x00\x01g;Z\x00\x01h;") + strings.Repeat("\x00", 1+2+8+4+4+8+2+1)},
		{"data written by writeObject", "\x73" + descriptor("C", 3, "") + "\x77\x02ab\x7A\x00\x00\x00\x01c" + str + "\x78"},
		{"null field", "\x73" + descriptor("C", 2, "L\x00\x01a"+str+";") + "\x70"},
		{"field refers to the object", "\x73" + descriptor("C", 2, "L\x00\x01a"+str+";") + "\x71\x00\x7E\x00\x02"},
		{"array of numbers", "\x73" + descriptor("C", 2, "[\x00\x01a"+str+";") + "\x75" + descriptor("[I", 2, "") + "\x00\x00\x00\x02abcdefgh"},
		{"array of objects", "\x73" + descriptor("C", 2, "[\x00\x01a"+str+";") + "\x75" + descriptor("[Ljava.lang.Object;", 2, "") + "\x00\x00\x00\x02\x70" + str},
		{"class, long string", "\x73" + descriptor("C", 3, "") + "\x76" + descriptor("D", 2, "") + "\x7C\x00\x00\x00\x00\x00\x00\x00\x01s\x78"},
		{"reset before the object", "\x79\x73" + descriptor("C", 2, "")},
		{"two objects of one class", "\x73" + descriptor("C", 3, "") + "\x73\x71\x00\x7E\x00\x00\x78\x78"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := []byte(Magic + tt.stream)
			o, n, err := Read(data, maxDepth)
			if err != nil || n != len(data) || o.Class != "C" {
				t.Errorf("%+v of %d of %d bytes, error %v", o, n, len(data), err)
			}
			for cut := range data {
				if _, _, err := Read(data[:cut], maxDepth); !errors.Is(err, entry.ErrDamaged) {
					t.Errorf("cut after %d bytes: error %v", cut, err)
				}
			}
		})
	}
}

func TestHostile(t *testing.T) {
	object := "\x73" + descriptor("C", 3, "")
	tests := []struct {
		name, data string
		want       error
	}{
		{"nothing", "", entry.ErrDamaged},
		{"no stream", "\xCA\xFE\xBA\xBE", entry.ErrDamaged},
		{"null", Magic + "\x70", entry.ErrDamaged},
		{"string", Magic + "\x74\x00\x01s", entry.ErrDamaged},
		{"unknown content", Magic + "\x60", entry.ErrDamaged},
		{"end of nothing", Magic + "\x78", entry.ErrDamaged},
		{"object of no class", Magic + "\x73\x70", entry.ErrDamaged},
		{"object of an object", Magic + object + "\x73\x71\x00\x7E\x00\x01", entry.ErrDamaged},
		{"reference to nothing", Magic + object + "\x71\x00\x7E\x00\x02", entry.ErrDamaged},
		{"reference below the first", Magic + object + "\x71\x00\x00\x00\x00", entry.ErrDamaged},
		{"negative array", Magic + object + "\x75" + descriptor("[B", 2, "") + "\xFF\xFF\xFF\xFF", entry.ErrDamaged},
		{"huge array", Magic + object + "\x75" + descriptor("[J", 2, "") + "\x7F\xFF\xFF\xFF", entry.ErrDamaged},
		{"array of no class", Magic + object + "\x75" + descriptor("I", 2, "") + "\x00\x00\x00\x00", entry.ErrDamaged},
		{"negative block", Magic + object + "\x7A\xFF\xFF\xFF\xFF", entry.ErrDamaged},
		{"huge string", Magic + object + "\x7C\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", entry.ErrDamaged},
		{"string not UTF-8", Magic + object + "\x74\x00\x01\x80", entry.ErrDamaged},
		{"field of no type", Magic + "\x73" + descriptor("C", 2, "X\x00\x01a;"), entry.ErrDamaged},
		{"field of a type that is no string", Magic + "\x73" + descriptor("C", 2, "L\x00\x01a\x70;"), entry.ErrDamaged},
		{"externalizable", Magic + "\x73" + descriptor("C", 12, ""), entry.ErrUnsupported},
		{"proxy", Magic + "\x73\x7D", entry.ErrUnsupported},
		{"exception", Magic + "\x7B", entry.ErrUnsupported},
		{"deep", Magic + strings.Repeat(object, 100), entry.ErrLimit},
		{"deep classes", Magic + "\x73" + strings.Repeat(strings.TrimSuffix(descriptor("C", 2, ""), "\x70"), 100), entry.ErrLimit},
		{"its own ancestor", Magic + "\x73" + descriptor("C", 2, "", "\x71\x00\x7E\x00\x00"), entry.ErrLimit},
		{"many objects", Magic + object + strings.Repeat("\x74\x00\x00", maxHandles), entry.ErrLimit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, _, err := Read([]byte(tt.data), maxDepth)
			if _, ok := errors.AsType[*entry.FormatError](err); !ok || !errors.Is(err, tt.want) {
				t.Errorf("%+v, error %v, want %v", o, err, tt.want)
			}
		})
	}
}

// An object's end does not depend on what follows it, and no stream but a
// whole one is taken.
func FuzzRead(f *testing.F) {
	f.Add(unhex(f, javaSpec))
	f.Add(unhex(f, javaRep))
	f.Add(AppendSealedObject(nil, []byte("params"), []byte("content"), "cipher"))
	f.Add([]byte(Magic + "\x73" + descriptor("C", 3, "I\x00\x01a;") + "abcd\x77\x01x\x78"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, n, err := Read(data, maxDepth)
		if err != nil {
			if _, ok := errors.AsType[*entry.FormatError](err); !ok {
				t.Fatalf("error %v (%T) is no FormatError", err, err)
			}
			return
		}
		if _, m, err := Read(data[:n], maxDepth); err != nil || m != n {
			t.Fatalf("without what follows: %d bytes instead of %d, error %v", m, n, err)
		}
		if _, _, err := Read(data[:n-1], maxDepth); err == nil {
			t.Fatalf("the last of %d bytes is not needed", n)
		}
	})
}
