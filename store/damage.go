package store

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"gokeytool/internal/text"
	"gokeytool/store/entry"
)

// Damage is what has happened to a keystore, or another binary file, on its way.
type Damage struct {
	// Cause is a sentence: "line ends were changed to CR LF, as git ...".
	Cause string

	filter string // a shell command that undoes it; empty where that can't be done
	typ    Type   // of what comes out
}

// Command is a line for the shell that undoes the damage: it writes a new file
// in the current directory. It is empty where what is lost is lost.
func (d Damage) Command(file string) string {
	if d.filter == "" {
		return ""
	}
	w := Wrapped{keystore: d.typ, steps: []string{d.filter}}
	return w.Command(file)
}

// Damage says what has happened to the file, where that can be told.
func (e *OpenError) Damage() (Damage, bool) { return Diagnose(e.data) }

// Diagnose tells from a file, or its first WrappedSize bytes, what has happened
// to it: line ends were converted, it was taken for text in some charset, cut
// short, or something was put in front of it.
func Diagnose(data []byte) (Damage, bool) {
	if plainText(data) {
		return Damage{}, false
	}
	for _, look := range []func([]byte) (Damage, bool){inFront, replaced, latin1, wideText, sevenBits, lineEnds, zeroTail, cutShort} {
		if d, ok := look(data); ok {
			return d, true
		}
	}
	return Damage{}, false
}

// whole says whether data is a keystore, to its last byte.
func whole(data []byte) (Type, bool) {
	t, err := Detect(data)
	if err != nil {
		return "", false
	}
	if t == PKCS12 {
		if n, ok := derLength(data); !ok || n != int64(len(data)) {
			return "", false
		}
	}
	_, err = Decode("", bytes.Clone(data), Options{})
	return t, err == nil || errors.Is(err, entry.ErrUnsupported) || errors.Is(err, entry.ErrLimit)
}

// derLength is how long an ASN.1 value says that it is, with its header.
func derLength(data []byte) (int64, bool) {
	if len(data) < 2 || data[0] != 0x30 || data[1] == 0x80 {
		return 0, false
	}
	if data[1] < 0x80 {
		return 2 + int64(data[1]), true
	}
	n := int(data[1] & 0x7F)
	if n > 4 || len(data) < 2+n {
		return 0, false
	}
	length := int64(0)
	for _, b := range data[2 : 2+n] {
		length = length<<8 | int64(b)
	}
	return 2 + int64(n) + length, true
}

// inFront: something stands before the keystore, such as the header of an
// answer over HTTP or an empty line.
func inFront(data []byte) (Damage, bool) {
	if _, err := Detect(data); err == nil {
		return Damage{}, false
	}
	for i := 1; i < min(len(data), 4096); i++ {
		if b := data[i]; b != 0x30 && b != 0xFE && b != 0xCE {
			continue
		}
		if t, ok := whole(data[i:]); ok {
			return Damage{fmt.Sprintf("%s before the keystore that do not belong to it", text.Count(i, "byte stands", "bytes stand")), fmt.Sprintf("tail -c +%d", i+1), t}, true
		}
	}
	return Damage{}, false
}

// replaced: a program read the file as UTF-8, and wrote U+FFFD for bytes that are not.
func replaced(data []byte) (Damage, bool) {
	n := bytes.Count(data, []byte("\uFFFD"))
	if n < 4 || n < len(data)/100 {
		return Damage{}, false
	}
	return Damage{Cause: fmt.Sprintf("a program took it for text in UTF-8 and replaced what is none, in %d places (as Maven's filtering of resources, editors and strings in programs do): that is lost", n)}, true
}

// latin1: a program read the file as Latin-1 and wrote it as UTF-8.
func latin1(data []byte) (Damage, bool) {
	if !utf8.Valid(data) {
		return Damage{}, false
	}
	bare := make([]byte, 0, len(data))
	for _, r := range string(data) {
		if r > 0xFF {
			return Damage{}, false
		}
		bare = append(bare, byte(r))
	}
	t, ok := whole(bare)
	if !ok {
		return Damage{}, false
	}
	return Damage{"a program read it as text in Latin-1 and wrote it in UTF-8", "iconv -f UTF-8 -t ISO-8859-1", t}, true
}

// wideText: binary data that became UTF-16, as PowerShell's > has it.
func wideText(data []byte) (Damage, bool) {
	if !bytes.HasPrefix(data, []byte{0xFF, 0xFE}) && !bytes.HasPrefix(data, []byte{0xFE, 0xFF, 0, 0x30}) {
		return Damage{}, false
	}
	if text, ok := asText(data); ok && plainText([]byte(text)) {
		return Damage{}, false
	}
	return Damage{Cause: "it was written as text in UTF-16, as PowerShell's > does with what a program prints"}, true
}

// sevenBits: the high bit of each byte is gone.
func sevenBits(data []byte) (Damage, bool) {
	if !bytes.HasPrefix(data, []byte("~m~m")) && !bytes.HasPrefix(data, []byte("NNNN\x00")) && !bytes.HasPrefix(data, []byte{0x30, 0x02}) ||
		len(data) < 64 || bytes.ContainsFunc(data, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return Damage{}, false
	}
	return Damage{Cause: "no byte of it has its high bit: it went a way that takes seven bits only"}, true
}

// lineEnds: LF became CR LF or CR, or CR became LF.
func lineEnds(data []byte) (Damage, bool) {
	const by = ", as git (autocrlf), FTP in ASCII mode and unix2dos do"
	lf, cr, both := bytes.Count(data, []byte("\n")), bytes.Count(data, []byte("\r")), bytes.Count(data, []byte("\r\n"))
	if lf > 0 && lf == both {
		// What sed 's/\r$//' makes of it.
		fixed := bytes.TrimSuffix(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\r"))
		if t, ok := whole(fixed); ok {
			return Damage{"its line ends were changed to CR LF" + by, `sed 's/\r$//'`, t}, true
		}
		if lf > 3 {
			return Damage{Cause: "all that look like line ends in it are CR LF: they were changed" + by}, true
		}
	}
	const telling = 2500 // so many bytes have each value, but once in ten thousand files
	switch {
	case len(data) < telling:
	case lf == 0:
		return Damage{Cause: "it has no byte LF, of which there should be several: line ends were changed to CR, or taken out"}, true
	case cr == 0:
		return Damage{Cause: "it has no byte CR, of which there should be several: line ends were changed to LF, as dos2unix, git and FTP in ASCII mode do"}, true
	}
	return Damage{}, false
}

// zeroTail: the file has its length, but not all of its content.
func zeroTail(data []byte) (Damage, bool) {
	const most = 64 // no keystore ends so
	n := len(data) - len(bytes.TrimRight(data, "\x00"))
	if n < most || n == len(data) {
		return Damage{}, false
	}
	return Damage{Cause: fmt.Sprintf("its last %d bytes are zero: it was not copied to the end", n)}, true
}

// cutShort: the end is missing.
func cutShort(data []byte) (Damage, bool) {
	missing, what := int64(0), ""
	t, err := Detect(data)
	switch n, ok := derLength(data); {
	case err == nil && (t == JKS || t == JCEKS):
		if missing = missingJKS(data, t); missing > 0 {
			what = "it ends in the middle of an entry"
			if missing <= digestSize {
				what = "its end is missing"
			}
		}
	case ok && n > int64(len(data)) && len(data) < WrappedSize:
		missing = n - int64(len(data))
		what = fmt.Sprintf("it is %d bytes long, and should be %d", len(data), n)
	}
	switch {
	case missing <= 0 || missing > max(1<<20, 16*int64(len(data))): // no length of anything: the data are changed
		return Damage{}, false
	case missing <= 4 && !bytes.Contains(data, []byte("\r\n")):
		return Damage{Cause: what + ": it was cut short, or CR LF in it became LF, as git and FTP in ASCII mode change line ends"}, true
	}
	return Damage{Cause: what + ": it was cut short"}, true
}

// digestSize is that of the digest at the end of JKS and JCEKS.
const digestSize = 20

// missingJKS is how many bytes a JKS or JCEKS file lacks at least.
func missingJKS(data []byte, t Type) int64 {
	r := javaReader{data: data}
	r.uint32()
	walkJKS(&r, t, r.uint32())
	if r.short {
		return r.missing
	}
	return max(0, digestSize-int64(len(r.data)))
}
