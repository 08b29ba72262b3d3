package store

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"gokeytool/internal/javastring"
	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/store/entry"
)

// ownFormat makes a JKS or JCEKS file with odd aliases, tags, certificate types
// and lengths, and the digest that it should have.
func (m *maker) ownFormat(typ Type, sealed [][]byte) []byte {
	count := m.IntN(5)
	magic := uint32(0xFEEDFEED)
	if typ == JCEKS {
		magic = 0xCECECECE
	}
	data := binary.BigEndian.AppendUint32(nil, magic)
	version := uint32(2)
	if m.in(8) {
		version = pick[uint32](m, 1, 3)
	}
	data = binary.BigEndian.AppendUint32(data, version)
	said := uint32(count)
	if m.in(30) {
		said++
	}
	data = binary.BigEndian.AppendUint32(data, said)
	utf := func(s string) {
		s = strings.ReplaceAll(s, "\x00", "\xc0\x80")
		data = binary.BigEndian.AppendUint16(data, uint16(len(s)))
		data = append(data, s...)
	}
	certificate := func() {
		if version == 2 {
			utf(pick(m, slices.Concat(slices.Repeat([]string{"X.509"}, 20), []string{"X509", "x.509", "PGP", ""})...))
		}
		der := pick(m, m.certs...)
		if m.in(30) {
			der = append(slices.Clone(der), 0)
		}
		data = binary.BigEndian.AppendUint32(data, uint32(len(der)))
		data = append(data, der...)
	}
	for range count {
		tag := uint32(2)
		if len(sealed) > 0 && m.in(2) {
			tag = 1
		}
		if m.in(60) {
			tag = pick[uint32](m, 0, 3, 4)
		}
		data = binary.BigEndian.AppendUint32(data, tag)
		utf(pick(m, names...))
		data = binary.BigEndian.AppendUint64(data, pick[uint64](m, 1709210096789, 0, 1<<63))
		if tag != 1 {
			certificate()
			continue
		}
		key := pick(m, sealed...)
		data = binary.BigEndian.AppendUint32(data, uint32(len(key)))
		data = append(data, key...)
		chain := 1 + m.IntN(3)
		data = binary.BigEndian.AppendUint32(data, uint32(chain))
		for range chain {
			certificate()
		}
	}
	if m.in(50) {
		data = append(data, 0)
	}
	digest := sha1.New()
	for _, unit := range utf16.Encode([]rune(filePassword)) {
		digest.Write([]byte{byte(unit >> 8), byte(unit)})
	}
	digest.Write([]byte("Mighty Aphrodite"))
	digest.Write(data)
	data = digest.Sum(data)
	if m.in(50) {
		data = append(data, "behind it"...)
	}
	return data
}

// notFound is what Java sees of a JKS or JCEKS file in which aliases have
// capitals: it names them, but looks for them in lower case.
func notFound(s *sight) {
	lines := make(map[string]string)
	for _, line := range s.entries {
		alias, rest, _ := strings.Cut(line, "\t")
		lines[alias] = rest
	}
	s.trusted = nil
	for i, line := range s.entries {
		alias, _, _ := strings.Cut(line, "\t")
		rest, ok := lines[javastring.Lower(alias)]
		if !ok {
			rest = "none\t\t"
		}
		s.entries[i] = alias + "\t" + rest
		fields := strings.Split(rest, "\t")
		if first, _, _ := strings.Cut(fields[2], " "); first != "" {
			s.trusted = append(s.trusted, first)
		}
	}
	slices.Sort(s.trusted)
	s.trusted = slices.Compact(s.trusted)
}

// The same of JKS and JCEKS.
func TestJavaSeesOwnFormats(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java")
	}
	files := fromEnvironment(t, "JAVA_SEES_FILES", 300)
	seed := fromEnvironment(t, "JAVA_SEES_SEED", 1)
	made := newMaterial(t)
	keys := New(JKS)
	var sealed [][]byte
	for i, password := range []string{filePassword, filePassword, "another"} {
		key, err := keys.Seal(entry.Key{PKCS8: made.pkcs8[i]}, []byte(password))
		must(t, err)
		sealed = append(sealed, key)
	}
	java17, java25 := testtool.StartJava(t, jdk.Release17), testtool.StartJava(t, jdk.Release25)
	opened, faults := 0, 0
	for i := range files {
		m := &maker{Rand: mathrand.New(mathrand.NewPCG(uint64(seed), uint64(2_000_000+i))), material: made}
		typ, with := JKS, sealed
		if i%3 == 0 {
			typ, with = JCEKS, nil // its keys take long
		}
		data := m.ownFormat(typ, with)
		ours := seenByUs(typ, data, filePassword)
		notFound(&ours)
		for _, java := range []*testtool.Java{java17, java25} {
			theirs := seenByJava(java, typ, data, filePassword)
			if theirs.refused == "" {
				opened++
			}
			if diff := differs(theirs, ours); diff != "" {
				t.Errorf("file %d, %s, Java %d: %s\n%s", i, typ, java.Release, diff, base64.StdEncoding.EncodeToString(data))
				if faults++; faults == 20 {
					t.Fatal("and perhaps more")
				}
			}
		}
	}
	t.Logf("%d files, opened by Java %d times", files, opened)
	if opened < files/2 {
		t.Errorf("of %d files Java opened %d only", files, opened/2)
	}
}
