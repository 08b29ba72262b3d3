package signedjar

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
)

// A small JAR of large files is not unpacked to its end, however many digests and
// files there are.
func TestZipBomb(t *testing.T) {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	f, err := w.Create("a")
	if err == nil {
		_, err = f.Write(make([]byte, 1<<20))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
	if err != nil {
		t.Fatal(err)
	}
	digests := func(names ...string) *section {
		s := new(section)
		for _, name := range names {
			s.attributes = append(s.attributes, attribute{name + "-Digest", "AAAA"})
		}
		return s
	}
	const size = 1 << 20
	for name, test := range map[string]struct {
		content int64
		entry   *section
		want    string
	}{
		"enough":            {size, digests("SHA-256"), "digest error"},
		"too little":        {size - 1, digests("SHA-256"), "too much"},
		"the same again":    {size, digests("SHA-256", "sha-256", "SHA-256"), "digest error"},
		"of two algorithms": {2*size - 1, digests("SHA-256", "SHA-512"), "too much"},
	} {
		j := &jar{archive: archive, content: test.content}
		if err := j.verifyFile(archive.File[0], test.entry); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	j := &jar{archive: archive, meta: 3 << 19}
	for i := range 2 {
		if _, err := j.readMeta(archive.File[0]); (err != nil) != (i == 1) {
			t.Errorf("file %d of META-INF: %v", i+1, err)
		}
	}
}
