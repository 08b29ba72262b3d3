package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
)

// disk is a file that remembers what was done to it, so that each state can be
// made in which a kill or a loss of power leaves it.
type disk struct {
	data []byte
	ops  []op
	full int // bytes beyond which it does not grow; 0 for none
}

// op is something done to a disk.
type op struct {
	kind string // write, cut, sync
	at   int64
	data []byte
}

func (d *disk) ReadAt(p []byte, at int64) (int, error) { return bytes.NewReader(d.data).ReadAt(p, at) }

func (d *disk) WriteAt(p []byte, at int64) (int, error) {
	if d.full > 0 && int(at)+len(p) > d.full {
		return 0, errFull
	}
	d.apply(op{"write", at, bytes.Clone(p)})
	return len(p), nil
}

func (d *disk) Truncate(size int64) error { d.apply(op{"cut", size, nil}); return nil }
func (d *disk) Sync() error               { d.apply(op{"sync", 0, nil}); return nil }

var errFull = errors.New("full")

func (d *disk) apply(o op) {
	d.ops = append(d.ops, o)
	d.data = o.on(d.data)
}

// on returns what data are after the operation.
func (o op) on(data []byte) []byte {
	switch o.kind {
	case "write":
		if grown := int(o.at) + len(o.data) - len(data); grown > 0 {
			data = append(data, make([]byte, grown)...)
		}
		copy(data[o.at:], o.data)
	case "cut":
		if int(o.at) < len(data) {
			return data[:o.at]
		}
		return append(data, make([]byte, int(o.at)-len(data))...)
	}
	return data
}

// part is a write that came as far as its first n bytes.
func (o op) part(n int) op { return op{o.kind, o.at, o.data[:n]} }

func contents(size int, seed byte) []byte {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(data)
	return data
}

// sizes of the old and the new content: none, less, more, around a page.
var sizes = []int{0, 1, 100, 3900, 4096, 4097, 9000}

// eachWrite writes new content in place of old, of each pair of sizes, and has
// the test look at what was done.
func eachWrite(t *testing.T, test func(t *testing.T, old, new []byte, ops []op)) {
	for _, was := range sizes {
		for _, becomes := range sizes {
			t.Run(fmt.Sprintf("%d to %d", was, becomes), func(t *testing.T) {
				old, new := contents(was, 1), contents(becomes, 2)
				d := &disk{data: bytes.Clone(old)}
				if err := overwrite(d, int64(was), payload{data: new}); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(d.data, new) {
					t.Fatal("not written")
				}
				test(t, old, new, d.ops)
			})
		}
	}
}

// TestKillInPlace stops the writer after each operation, and after each byte of
// one but the trailer's, which goes into one page. The file holds the old or
// the new content, and recover leaves it with it alone.
func TestKillInPlace(t *testing.T) {
	states := 0
	eachWrite(t, func(t *testing.T, old, new []byte, ops []op) {
		data := bytes.Clone(old)
		check := func(state []byte) {
			states++
			if got := Settled(state); !bytes.Equal(got, old) && !bytes.Equal(got, new) {
				t.Fatalf("torn: %d bytes of %d", len(got), len(state))
			}
			d := &disk{data: bytes.Clone(state)}
			if err := recover(d, int64(len(state))); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(d.data, old) && !bytes.Equal(d.data, new) {
				t.Fatalf("recovered torn: %d bytes of %d", len(d.data), len(state))
			}
		}
		for i, o := range ops {
			if o.kind == "write" && i > 0 {
				for n := 0; n < len(o.data); n += 1 + len(o.data)/50 {
					check(o.part(n).on(bytes.Clone(data)))
				}
			}
			data = o.on(data)
			check(data)
		}
	})
	if states < 2000 {
		t.Errorf("%d states only", states)
	}
}

// TestPowerLoss takes the power away: of what was done since the last sync any
// part may have reached the disk, in sectors, in any order. Then the file holds
// the old or the new content, or as long as it has no trailer the old one with
// something behind it.
func TestPowerLoss(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	eachWrite(t, func(t *testing.T, old, new []byte, ops []op) {
		synced := bytes.Clone(old)
		var pending []op
		for _, o := range ops {
			if o.kind == "sync" {
				for _, p := range pending {
					synced = p.on(synced)
				}
				pending = nil
				continue
			}
			pending = append(pending, o)
			for range 20 {
				state := bytes.Clone(synced)
				for _, p := range pending {
					if p.kind == "cut" {
						if random.IntN(2) == 0 {
							state = p.on(state)
						}
						continue
					}
					for at := 0; at < len(p.data); at += 512 {
						if random.IntN(2) == 0 {
							state = op{"write", p.at + int64(at), p.data[at:min(at+512, len(p.data))]}.on(state)
						}
					}
				}
				got := Settled(state)
				if !bytes.Equal(got, old) && !bytes.Equal(got, new) && (len(synced) > len(old) || !bytes.HasPrefix(got, old)) {
					t.Fatalf("lost: %d bytes of %d", len(got), len(state))
				}
			}
		}
	})
}

// Killed again and again, also while it recovers, the file comes to one of all
// the contents that were written.
func TestKillRecovery(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		content := contents(random.IntN(9000), 0)
		data := bytes.Clone(content)
		for round := range byte(5) {
			next := contents(random.IntN(9000), round+1)
			d := &disk{data: bytes.Clone(data)}
			if err := recover(d, int64(len(d.data))); err != nil {
				t.Fatal(err)
			}
			if err := overwrite(d, int64(len(d.data)), payload{data: next}); err != nil {
				t.Fatal(err)
			}
			for _, o := range d.ops[:random.IntN(len(d.ops)+1)] {
				data = o.on(data)
			}
			if got := Settled(data); bytes.Equal(got, next) {
				content = next
			} else if !bytes.Equal(got, content) {
				t.Fatal("torn")
			}
		}
	}
}

// What does not fit leaves the file as it was.
func TestFullInPlace(t *testing.T) {
	old, new := contents(5000, 1), contents(6000, 2)
	for full := 5000; full < 20000; full += 500 {
		d := &disk{data: bytes.Clone(old), full: full}
		err := overwrite(d, 5000, payload{data: new})
		if err != nil && !bytes.Equal(d.data, old) || err == nil && !bytes.Equal(d.data, new) {
			t.Errorf("of a disk of %d bytes: %v, and %d bytes", full, err, len(d.data))
		}
		if err != nil && !errors.Is(err, errFull) {
			t.Error(err)
		}
	}
	d := &disk{data: bytes.Clone(old)}
	bad := errors.New("no good")
	err := overwrite(d, 5000, payload{data: new, verify: func(r io.Reader) error {
		return errors.Join(iotest.TestReader(r, new), bad)
	}})
	if err == nil || err.Error() != bad.Error() || !bytes.Equal(d.data, old) {
		t.Errorf("after a verification that failed: %v", err)
	}
}

// A file that only ends as if it were being written in place is what it is.
func TestForgedTrailer(t *testing.T) {
	forge := func(change func(*trailer)) []byte {
		d := &disk{data: contents(100, 1)}
		tr := &trailer{old: 100, new: 50}
		tr.oldSum, _ = digest(bytes.NewReader(d.data))
		change(tr)
		end := 4096 - int64(trailerSize)
		if tr.end() > 0 && tr.end() < 1<<20 {
			end = tr.end() - int64(trailerSize)
		}
		if _, err := d.WriteAt(tr.encode(), end); err != nil {
			t.Fatal(err)
		}
		return d.data
	}
	if got := Settled(forge(func(*trailer) {})); len(got) != 100 {
		t.Fatalf("%d bytes of 100", len(got))
	}
	for name, change := range map[string]func(*trailer){
		"negative":    func(tr *trailer) { tr.old = -1 },
		"huge":        func(tr *trailer) { tr.old = 1<<63 - 1; tr.new = 1<<63 - 1 },
		"huge new":    func(tr *trailer) { tr.new = 1 << 62 },
		"too long":    func(tr *trailer) { tr.new = 8000; tr.oldSum[0]++ },
		"no content":  func(tr *trailer) { tr.oldSum[0]++ },
		"negative, 2": func(tr *trailer) { tr.new = -4096 },
	} {
		data := forge(change)
		if got := Settled(data); len(got) != len(data) {
			t.Errorf("%s: %d bytes of %d", name, len(got), len(data))
		}
	}
}

func FuzzSettled(f *testing.F) {
	d := &disk{data: contents(100, 1)}
	if err := overwrite(d, 100, payload{data: contents(50, 2)}); err != nil {
		f.Fatal(err)
	}
	data := contents(100, 1)
	for _, o := range d.ops {
		data = o.on(data)
		f.Add(bytes.Clone(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := Settled(data); len(got) > len(data) {
			t.Error("more than there is")
		}
	})
}

func TestRecover(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	old, new := contents(5000, 1), contents(6000, 2)
	d := &disk{data: bytes.Clone(old)}
	if err := overwrite(d, 5000, payload{data: new}); err != nil {
		t.Fatal(err)
	}
	data := bytes.Clone(old)
	for i, o := range d.ops[:len(d.ops)-1] {
		data = o.on(data)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if i < 4 && !Interrupted(path) {
			t.Errorf("after step %d it is not told", i)
		}
		if err := Recover(path); err != nil {
			t.Fatal(err)
		}
		got, _ := os.ReadFile(path)
		if !bytes.Equal(got, old) && !bytes.Equal(got, new) || Interrupted(path) {
			t.Errorf("after step %d: %d bytes", i, len(got))
		}
	}
	// So does who writes it next.
	if err := os.WriteFile(path, d.ops[1].on(d.ops[0].on(bytes.Clone(old))), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeInPlace(path, info, payload{data: []byte("third")}); err != nil {
		t.Fatal(err)
	}
	wantContent(t, path, "third")
	if err := Recover(filepath.Join(t.TempDir(), "missing")); err != nil {
		t.Error(err)
	}
}
