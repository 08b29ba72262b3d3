package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"gokeytool/pkcs11/pkcs11test"
)

// everything makes each call whose answer is read.
func everything(c *conn) {
	info, _, err := c.choose(Selection{})
	if err != nil {
		return
	}
	s, err := c.openSession(info.Slot, true)
	if err != nil {
		return
	}
	_ = s.alive()
	_ = s.login(user, []byte("1234"))
	objects, _ := s.Find(NewNumber(Class, PrivateKeyObject))
	for _, o := range append(objects[:min(len(objects), 2)], 1) {
		_, _ = s.Get(o, KeyType, Modulus, AlwaysAuthenticate, Value, ID, StartDate)
		_, _ = s.Sign(Mechanism{Type: ECDSA}, o, make([]byte, 32))
	}
	_, _ = s.Create(NewNumber(Class, DataObject))
	_, _ = s.Copy(1)
	_ = s.Set(1, Attribute{Label, []byte("label")})
	_, _ = s.GenerateKey(Mechanism{Type: AESKeyGen}, nil)
	_, _, _ = s.GenerateKeyPair(Mechanism{Type: RSAPKCSKeyPairGen}, nil, nil)
	_ = s.Destroy(1)
	_ = s.close()
}

// recorder notes what is read.
type recorder struct {
	stream
	b []byte
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.stream.Read(b)
	r.b = append(r.b, b[:n]...)
	return n, err
}

// FuzzServer: whatever the other side answers, nothing panics, hangs or takes much memory.
func FuzzServer(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	for _, version := range []byte{0, 2} {
		fake := pkcs11test.New(f, pkcs11test.Key{ID: "id", Signer: crypto.Signer(key)})
		fake.Version = version
		path, err := socketPath(fake.Address)
		if err != nil {
			f.Fatal(err)
		}
		socket, err := net.Dial("unix", path)
		if err != nil {
			f.Fatal(err)
		}
		r := &recorder{stream: socket}
		c := &conn{module: "fake", timeout: DefaultTimeout, stream: r, stop: func() bool { return true }}
		if err := c.begin(offered); err != nil {
			f.Fatal(err)
		}
		everything(c)
		c.close()
		f.Add(r.b)
	}
	f.Fuzz(func(t *testing.T, answers []byte) {
		ours, theirs := net.Pipe()
		var running sync.WaitGroup
		running.Go(func() { _, _ = io.Copy(io.Discard, theirs) })
		running.Go(func() {
			_, _ = theirs.Write(answers)
			theirs.Close()
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c := &conn{module: "hostile", timeout: 10 * time.Second, stream: ours, stop: func() bool { return true }}
		if c.begin(offered) == nil {
			everything(c)
		}
		c.abort(ErrClosed)
		runtime.ReadMemStats(&after)
		running.Wait()
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 4<<20+uint64(64*len(answers)) {
			t.Errorf("%d bytes of answers took %d bytes of memory", len(answers), taken)
		}
	})
}
