package atomicfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"gokeytool/internal/interrupt"
)

// A file whose name cannot be given to another is written in place, in such a
// way that whoever looks into it after a kill finds the old or the new content.
// It keeps both while it is written:
//
//	old content | zeros | new content | zeros | trailer
//
//  1. The trailer, which says how long the two are and what digests they have,
//     is written behind the old content, then the new content between the two;
//     both are synced. What was there is untouched until then, and who reads
//     a keystore (Java, OpenSSL) ends where it ends.
//  2. The new content is written from the file's beginning, and synced.
//  3. The file is cut behind it, and synced.
//
// Whoever finds a trailer tells by the digests whether the old content is still
// whole, the new one is whole already, or the second step has to be repeated.
//
// All that is needed for that stays in the file itself: it has the file's own
// rights, goes where the file goes (out of a container that is gone, mostly),
// and nobody can forge it who could not as well write the file.

// trailer is what ends a file that is being written in place.
type trailer struct {
	old, new       int64 // lengths
	oldSum, newSum [sha256.Size]byte
}

const (
	trailerMagic = "\x00gokeytool-wip\x00\x01"
	trailerSize  = len(trailerMagic) + 2*8 + 3*sha256.Size // the last digest is the trailer's own
	// trailerBlock aligns the file's end for the trailer to lie in one page:
	// writing it is not interrupted by a signal.
	trailerBlock = 4096
)

// copyAt is where the new content is kept, behind the old and the new one.
func (t *trailer) copyAt() int64 { return max(t.old, t.new) }

// end is the length of the file with the trailer.
func (t *trailer) end() int64 {
	n := t.copyAt() + t.new + int64(trailerSize)
	return (n + trailerBlock - 1) / trailerBlock * trailerBlock
}

func (t *trailer) encode() []byte {
	out := []byte(trailerMagic)
	out = binary.BigEndian.AppendUint64(out, uint64(t.old))
	out = binary.BigEndian.AppendUint64(out, uint64(t.new))
	out = append(append(out, t.oldSum[:]...), t.newSum[:]...)
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

// readTrailer returns the trailer of a file of that size, nil if it has none.
func readTrailer(f io.ReaderAt, size int64) (*trailer, error) {
	at := size - int64(trailerSize)
	if at < 0 || size%trailerBlock != 0 {
		return nil, nil
	}
	var buf [trailerSize]byte
	if n, err := f.ReadAt(buf[:], at); n < len(buf) {
		if err == io.EOF {
			err = nil // it has become shorter
		}
		return nil, err
	}
	t := &trailer{
		old: int64(binary.BigEndian.Uint64(buf[len(trailerMagic):])),
		new: int64(binary.BigEndian.Uint64(buf[len(trailerMagic)+8:])),
	}
	copy(t.oldSum[:], buf[len(trailerMagic)+16:])
	copy(t.newSum[:], buf[len(trailerMagic)+16+sha256.Size:])
	if !bytes.Equal(t.encode(), buf[:]) || t.old < 0 || t.new < 0 || t.old > size || t.new > size || t.end() != size {
		return nil, nil
	}
	return t, nil
}

// Content is what a file of that size holds, seen through a write in place that
// has not come to its end: the old content or the new one. interrupted says
// that there is such a write; it may also be under way.
func Content(f io.ReaderAt, size int64) (content *io.SectionReader, interrupted bool, err error) {
	whole := io.NewSectionReader(f, 0, size)
	t, err := readTrailer(f, size)
	if err != nil || t == nil {
		return whole, false, err
	}
	for _, part := range []struct {
		at, n int64
		sum   [sha256.Size]byte
	}{{0, t.old, t.oldSum}, {0, t.new, t.newSum}, {t.copyAt(), t.new, t.newSum}} {
		section := io.NewSectionReader(f, part.at, part.n)
		sum, err := digest(section)
		if err != nil {
			return whole, false, err
		}
		if sum == part.sum {
			_, err := section.Seek(0, io.SeekStart)
			return section, true, err
		}
	}
	return whole, false, nil // no kill makes such a file
}

// Settled is Content for a file that was read into memory.
func Settled(data []byte) []byte {
	content, interrupted, _ := Content(bytes.NewReader(data), int64(len(data)))
	if !interrupted {
		return data
	}
	_, at, n := content.Outer()
	return data[at : at+n]
}

func digest(r io.Reader) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	_, err = io.Copy(h, r)
	return [sha256.Size]byte(h.Sum(nil)), err
}

// file is what of an *os.File is needed to write it in place.
type file interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
}

// Interrupted says whether a write in place of that file has not come to its
// end. It may be under way.
func Interrupted(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size()%trailerBlock != 0 || info.Size() == 0 {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	t, err := readTrailer(f, info.Size())
	return err == nil && t != nil
}

// Recover brings to its end what a process that was killed has left of a write
// in place. A living one's comes to its end before. It does nothing
// where there is no such write, and fails where the user may not write the file.
func Recover(path string) error {
	if !Interrupted(path) {
		return nil
	}
	target, _, err := Target(path)
	if err != nil {
		return err
	}
	f, size, err := openInPlace(target)
	if err != nil {
		return named(path, err)
	}
	defer f.Close()
	if err := interrupt.Whole(func() error { return recover(f, size) }); err != nil {
		return named(path, err)
	}
	return nil
}

// openInPlace opens a file, and keeps away others who write it in place.
func openInPlace(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR|asItIs, 0)
	if err != nil {
		return nil, 0, err
	}
	if err := waitForWriter(f); err != nil {
		f.Close()
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil {
		err = Guard(path, info)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// waitForWriter waits for the others who write the file in place. That takes
// no longer than a disk needs for one write, unless one only holds the lock.
func waitForWriter(f *os.File) error {
	const patience = 10 * time.Second
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		free, err := TryLock(f, contentByte, true)
		if err != nil || free {
			return err
		}
		if time.Since(start) > patience {
			return errors.New("another process keeps the file locked")
		}
	}
}

// recover repeats what is left to do of a write in place.
func recover(f file, size int64) error {
	content, interrupted, err := Content(f, size)
	if err != nil || !interrupted {
		return err
	}
	_, at, n := content.Outer()
	if at != 0 {
		if err := copyTo(f, content); err != nil {
			return err
		}
	}
	return cut(f, n)
}

// copyTo writes content from the beginning of the file.
func copyTo(f file, content io.Reader) error {
	if _, err := io.Copy(io.NewOffsetWriter(f, 0), content); err != nil {
		return err
	}
	return f.Sync()
}

func cut(f file, size int64) error {
	if err := f.Truncate(size); err != nil {
		return err
	}
	return f.Sync()
}

// writeInPlace gives the file itself, which was looked at before, new content.
// Where it may not be read nothing of it can be kept, and it is written directly.
func writeInPlace(target string, old fs.FileInfo, c payload) error {
	if c.secret && wide(old) { // who has it open for reading would go on reading
		return &RefusedError{"it can be used by everybody, and cannot be replaced by a file of its owner's alone"}
	}
	f, size, err := openInPlace(target)
	if _, refused := errors.AsType[*RefusedError](err); errors.Is(err, fs.ErrPermission) && !refused {
		return interrupt.Whole(func() error { return writeDirectly(target, c, asItIs) })
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return interrupt.Whole(func() error {
		info, err := f.Stat()
		if err == nil && !os.SameFile(info, old) {
			err = errors.New("it was replaced in the meantime")
		}
		if err == nil {
			err = recover(f, size)
		}
		if err == nil {
			info, err = f.Stat()
		}
		if err != nil {
			return err
		}
		if err := overwrite(f, info.Size(), c); err != nil {
			return err
		}
		return f.Close()
	})
}

// overwrite gives a file of that size new content.
func overwrite(f file, size int64, c payload) error {
	data := c.data
	t := &trailer{old: size, new: int64(len(data)), newSum: sha256.Sum256(data)}
	var err error
	if t.oldSum, err = digest(io.NewSectionReader(f, 0, size)); err != nil {
		return err
	}
	if err := keepBoth(f, t, data, c.verify); err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	if err := copyTo(f, bytes.NewReader(data)); err != nil {
		return &fs.PathError{Op: "write", Err: &UnfinishedError{err}}
	}
	return cut(f, t.new)
}

// UnfinishedError says that the file system failed in the middle of a write in
// place. The file holds the new content in its second half, where Content sees it
// and the next write puts it into its place.
type UnfinishedError struct{ Err error }

func (e *UnfinishedError) Error() string {
	return e.Err.Error() + "; the file keeps the new content at its end, from where the next command that changes the file puts it in its place"
}

func (e *UnfinishedError) Unwrap() error { return e.Err }

// keepBoth adds the new content and the trailer to the file.
func keepBoth(f file, t *trailer, data []byte, verify func(io.Reader) error) error {
	if _, err := f.WriteAt(t.encode(), t.end()-int64(trailerSize)); err != nil {
		return err
	}
	if _, err := f.WriteAt(data, t.copyAt()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if verify == nil {
		return nil
	}
	return verify(io.NewSectionReader(f, t.copyAt(), t.new))
}
