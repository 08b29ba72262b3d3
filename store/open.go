package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gokeytool/internal/atomicfile"
	"gokeytool/store/entry"
)

// maxSize is the size in bytes beyond which a file is not read. Real stores of
// 10,000 entries have about 20 MB; a hostile one should not cost 200 MB.
const maxSize = 64 << 20

// Options says how a keystore is opened.
type Options struct {
	// Password is UTF-8 text; nil for none, in which case the integrity of
	// the file is not checked.
	Password []byte
	// Limits bounds the work done for the file. Zero is entry.DefaultLimits.
	Limits entry.Limits
	// Type is the type that the user named, if any. As in Java the content
	// of the file decides; the name matters where content cannot tell
	// (CaseExactJKS; a JKS file opened as JCEKS, which becomes one) and for
	// what JavaError says.
	Type Type
	// ReadOnly says that the store will not be saved: of PKCS12 it takes half
	// the memory then.
	ReadOnly bool
	// Foreign says that files are opened too which Java by itself does not
	// take for keystores: PEM, DER, PKCS #7, BKS and UBER, to be read only. So
	// does a Type that is one of them, for itself.
	Foreign bool
}

// detect is Detect with the foreign formats that o allows.
func (o Options) detect(data []byte) (Type, error) {
	t, err := Detect(data)
	if e, ok := errors.AsType[*NotKeystoreError](err); ok {
		if foreign := e.What.Type(); foreign != "" && (o.Foreign || o.Type == foreign) {
			return foreign, nil
		}
	}
	return t, err
}

// Open reads a keystore file. The error is an *fs.PathError if the file cannot
// be read, and otherwise an *OpenError that wraps a *NotKeystoreError or what
// the codec says: entry.ErrPassword, ErrDamaged, ErrUnsupported or ErrLimit.
func Open(path string, o Options) (*Store, error) {
	data, err := readFile(path, o)
	if err != nil {
		return nil, err
	}
	return Decode(path, data, o)
}

// readFile is readOnce, again while the file is changed meanwhile: where it is
// written in place what is read may be half of one content, half of another.
func readFile(path string, o Options) ([]byte, error) {
	for tries := 10; ; tries-- {
		before, _ := os.Stat(path)
		data, err := readOnce(path, o)
		after, _ := os.Stat(path)
		same := before == nil || after == nil || !before.Mode().IsRegular() ||
			before.Size() == after.Size() && before.ModTime().Equal(after.ModTime())
		if err != nil || same || tries == 0 {
			return data, err
		}
		time.Sleep(time.Millisecond)
	}
}

// Decode is Open for content that was read already. Errors call it name. The
// store keeps parts of data, and changes it where Options.ReadOnly is set. Of a
// file that is being written in place, or was when its writer was killed, it
// takes the old or the new content.
func Decode(name string, data []byte, o Options) (*Store, error) {
	data = atomicfile.Settled(data)
	var sum [sha256.Size]byte
	if !o.ReadOnly {
		sum = sha256.Sum256(data)
	}
	t, err := o.detect(data)
	if err != nil {
		return nil, &OpenError{Path: name, Err: err, options: o, data: data}
	}
	if t == JKS && (o.Type == CaseExactJKS || o.Type == JCEKS) {
		t = o.Type
	}
	lim := o.Limits
	if lim == (entry.Limits{}) {
		lim = entry.DefaultLimits
	}
	decode := t.codec().decode
	if view := t.codec().view; view != nil && o.ReadOnly {
		decode = view
	}
	f, err := decode(data, o.Password, lim)
	if err != nil {
		return nil, &OpenError{Path: name, Type: t, Err: err, options: o, data: data}
	}
	s := newStore(t, f, lim)
	s.path, s.readOnly, s.sum = name, o.ReadOnly, sum
	return s, nil
}

// readOnce reads a file whole, if its beginning may be that of a keystore, and
// its beginning only if not: enough for Detect and Unwrap to say what it is.
func readOnce(path string, o Options) ([]byte, error) {
	f, err := atomicfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int64(detectSize)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
		size = min(info.Size(), maxSize) + 1 // to meet the end
	}
	data := make([]byte, size)
	n, err := io.ReadFull(f, data[:min(size, detectSize)])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return data[:n], nil
	}
	if err != nil {
		return nil, err
	}
	t, err := o.detect(data[:n])
	if err != nil {
		rest := bytes.NewBuffer(data[:n])
		_, err = rest.ReadFrom(io.LimitReader(f, WrappedSize-int64(n)))
		return rest.Bytes(), err
	}
	m, err := io.ReadFull(f, data[n:])
	data = data[:n+m]
	if err == nil && len(data) <= maxSize { // not a plain file, or one that grows
		rest := bytes.NewBuffer(data)
		_, err = rest.ReadFrom(io.LimitReader(f, maxSize-int64(len(data))+1))
		data = rest.Bytes()
	}
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	if len(data) > maxSize {
		err := &entry.FormatError{Kind: entry.ErrLimit, Format: string(t), Offset: -1, What: fmt.Sprintf("larger than %d MiB", maxSize>>20)}
		return nil, &OpenError{Path: path, Type: t, Err: err, options: o, data: data[:n]}
	}
	return data, nil
}
