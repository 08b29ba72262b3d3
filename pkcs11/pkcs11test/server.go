// Package pkcs11test is a token for tests, which does what no token in software can be
// asked for: it is pulled out, hangs, forgets, and answers with anything. It is reached as
// a server of p11-kit's protocol (Location.Address).
package pkcs11test

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Key is a private key of the token.
type Key struct {
	ID, Label string
	Signer    crypto.Signer
	Always    bool // CKA_ALWAYS_AUTHENTICATE
}

// Server is a token. Its fields may be changed between Lock and Unlock.
type Server struct {
	Address string // for pkcs11.Location

	sync.Mutex
	PIN     string
	Tries   int // that are left; at 0 the PIN is locked
	Absent  bool
	Keys    []Key
	Serial  string
	Most    uint64 // sessions
	Version byte   // of the protocol
	// Without are mechanisms that the module does not have.
	Without map[uint64]bool
	// Code, if not nil, is asked before each call: another code than 0 is the answer.
	Code func(call string) uint64
	// Answer, if not nil, is given each answer's frame, and returns the bytes that are sent
	// instead. None, not even nil, closes the connection; Hang sends nothing.
	Answer func(call string, frame []byte) []byte

	// Logins and Signatures count those that went well, Refused PINs that were not taken,
	// Connections those that were made, and Sessions those that are open.
	Logins, Refused, Signatures, Connections, Sessions int

	listener    net.Listener
	connections map[net.Conn]bool
}

// Hang is the answer that is never sent.
var Hang = []byte("hang")

// New starts a token with the PIN 1234, of the label "fake".
func New(t testing.TB, keys ...Key) *Server {
	t.Helper()
	// The path of a socket is short; a test's directory is not.
	dir, err := os.MkdirTemp("", "p11")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{PIN: "1234", Tries: 3, Serial: "1", Version: 2, Keys: keys, connections: map[net.Conn]bool{}}
	path := filepath.Join(dir, "s")
	if s.listener, err = net.Listen("unix", path); err != nil {
		t.Fatal(err)
	}
	s.Address = "unix:path=" + path
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.Lock()
			s.Connections++
			s.connections[c] = true
			s.Unlock()
			running.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		s.listener.Close()
		s.Disconnect()
		running.Wait()
		os.RemoveAll(dir)
	})
	return s
}

// Disconnect ends all connections, as when the module's process dies.
func (s *Server) Disconnect() {
	s.Lock()
	defer s.Unlock()
	for c := range s.connections {
		c.Close()
	}
}

// client is a connection's state, as a module has it for a process.
type client struct {
	*Server
	logged   bool
	sessions map[uint64]*session
	last     uint64
}

type session struct {
	found         []uint64
	finding       bool
	key           *Key // of the signature that is being made
	mechanism     uint64
	parameter     []uint64
	authenticated bool
}

func (s *Server) serve(c net.Conn) {
	state := &client{Server: s, sessions: map[uint64]*session{}}
	defer func() {
		c.Close()
		s.Lock()
		defer s.Unlock()
		delete(s.connections, c)
		s.Sessions -= len(state.sessions)
	}()
	in := bufio.NewReader(c)
	offered, err := in.ReadByte()
	if err != nil {
		return
	}
	s.Lock()
	version := min(offered, s.Version)
	s.Unlock()
	if _, err := c.Write([]byte{version}); err != nil {
		return
	}
	for {
		var header [12]byte
		if _, err := io.ReadFull(in, header[:]); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(header[8:]))
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		r := &reader{b: body}
		number := r.u32()
		r.bytes() // the signature
		name := names[number]
		s.Lock()
		out, code := state.answer(name, r, version)
		hook := s.Answer
		s.Unlock()
		w := &writer{}
		if code == 0 {
			w.u32(number)
			w.bytes([]byte(answers[name]))
			w.b = append(w.b, out.b...)
		} else {
			w.u32(0)
			w.bytes([]byte("u"))
			w.u64(code)
		}
		frame := append(header[:4:4], 0, 0, 0, 0)
		frame = binary.BigEndian.AppendUint32(frame, uint32(len(w.b)))
		frame = append(frame, w.b...)
		if hook != nil {
			frame = hook(name, frame)
		}
		if string(frame) == string(Hang) {
			_, _ = io.Copy(io.Discard, in)
			return
		}
		if len(frame) == 0 {
			return
		}
		if _, err := c.Write(frame); err != nil {
			return
		}
	}
}

var names = map[uint32]string{1: "C_Initialize", 2: "C_Finalize", 3: "C_GetInfo", 4: "C_GetSlotList", 5: "C_GetSlotInfo",
	6: "C_GetTokenInfo", 10: "C_OpenSession", 11: "C_CloseSession", 13: "C_GetSessionInfo", 18: "C_Login",
	24: "C_GetAttributeValue", 26: "C_FindObjectsInit", 27: "C_FindObjects", 28: "C_FindObjectsFinal",
	42: "C_SignInit", 43: "C_Sign"}

var answers = map[string]string{"C_GetInfo": "vsusv", "C_GetSlotList": "au", "C_GetSlotInfo": "ssuvv",
	"C_GetTokenInfo": "ssssuuuuuuuuuuuvvs", "C_OpenSession": "u", "C_GetSessionInfo": "uuuu",
	"C_GetAttributeValue": "aAu", "C_FindObjects": "au", "C_Sign": "ay"}

// slot is the number of the only slot.
const slot = 7

// answer does what a module does. The codes are those of PKCS #11.
func (c *client) answer(name string, r *reader, version byte) (w *writer, code uint64) {
	w = &writer{}
	if c.Code != nil {
		if code := c.Code(name); code != 0 {
			return w, code
		}
	}
	var s *session
	switch name {
	case "C_Initialize", "C_Finalize":
		return w, 0
	case "C_GetInfo":
		w.b = append(w.b, 2, 40)
		w.text("Example Ltd", 32)
		w.u64(0)
		w.text("A token for tests", 32)
		w.b = append(w.b, 1, 2)
		return w, 0
	case "C_GetSlotList":
		r.take(1)
		if r.u32() == 0 {
			w.b = append(w.b, 0)
			w.u32(1)
			return w, 0
		}
		w.b = append(w.b, 1)
		w.u32(1)
		w.u64(slot)
		return w, 0
	case "C_GetSlotInfo":
		w.text("A slot for tests", 64)
		w.text("Example Ltd", 32)
		if c.Absent {
			w.u64(2)
		} else {
			w.u64(3)
		}
		w.b = append(w.b, 1, 0, 1, 0)
		return w, 0
	case "C_GetTokenInfo":
		if c.Absent {
			return w, 0xE0
		}
		w.text("fake", 32)
		w.text("Example Ltd", 32)
		w.text("Model 1", 16)
		w.text(c.Serial, 16)
		flags := uint64(0x40C)
		if c.Tries == 0 {
			flags |= 0x40000
		}
		w.u64(flags)
		w.u64(c.Most)
		for range 9 {
			w.u64(0)
		}
		w.u64(0)
		w.b = append(w.b, 1, 0, 1, 0)
		w.text("", 16)
		return w, 0
	case "C_OpenSession":
		if c.Absent {
			return w, 0xE0
		}
		if c.Most > 0 && uint64(len(c.sessions)) >= c.Most {
			return w, 0xB1
		}
		c.last++
		c.sessions[c.last] = &session{}
		c.Sessions++
		w.u64(c.last)
		return w, 0
	default:
		if c.Absent {
			return w, 0x32
		}
		handle := r.u64()
		if s = c.sessions[handle]; s == nil {
			return w, 0xB3
		}
		if name == "C_CloseSession" {
			delete(c.sessions, handle)
			c.Sessions--
			c.logged = c.logged && len(c.sessions) > 0
			return w, 0
		}
	}
	return w, c.inSession(s, name, r, w, version)
}

func (c *client) inSession(s *session, name string, r *reader, w *writer, version byte) uint64 {
	switch name {
	case "C_GetSessionInfo":
		for range 4 {
			w.u64(0)
		}
	case "C_Login":
		who := r.u64()
		r.take(1)
		pin := string(r.bytes())
		if who == 1 && c.logged {
			return 0x100
		}
		if who == 2 && s.key == nil {
			return 0x91
		}
		if c.Tries == 0 {
			return 0xA4
		}
		if pin != c.PIN {
			c.Refused++
			c.Tries--
			return 0xA0
		}
		c.Logins++
		c.Tries = 3
		if who == 2 {
			s.authenticated = true
		} else {
			c.logged = true
		}
	case "C_FindObjectsInit":
		if s.finding {
			return 0x90
		}
		want := map[uint32]string{}
		for range r.u32() {
			t := r.u32()
			r.take(1)
			r.u32()
			if t == 0 {
				r.u64()
			} else {
				want[t] = string(r.bytes())
			}
		}
		s.found, s.finding = nil, true
		for i, k := range c.Keys {
			id, byID := want[0x102]
			label, byLabel := want[3]
			if c.logged && (!byID || id == k.ID) && (!byLabel || label == k.Label) {
				s.found = append(s.found, uint64(i+1))
			}
		}
	case "C_FindObjects":
		if !s.finding {
			return 0x91
		}
		n := min(int(r.u32()), len(s.found))
		w.b = append(w.b, 1)
		w.u32(uint32(n))
		for _, o := range s.found[:n] {
			w.u64(o)
		}
		s.found = s.found[n:]
	case "C_FindObjectsFinal":
		s.finding = false
	case "C_GetAttributeValue":
		k := c.key(r.u64())
		if k == nil {
			return 0x82
		}
		attributes(k, r, w)
	case "C_SignInit":
		if s.key != nil {
			return 0x90
		}
		s.mechanism, s.parameter = uint64(r.u32()), nil
		r.mechanism(s, version)
		key := c.key(r.u64())
		if key == nil {
			return 0x60
		}
		if c.Without[s.mechanism] {
			return 0x70
		}
		s.key, s.authenticated = key, !key.Always
	case "C_Sign":
		if s.key == nil {
			return 0x91
		}
		r.take(1)
		data := r.bytes()
		room := int(r.u32())
		key := s.key
		if !c.logged || !s.authenticated {
			s.key = nil
			return 0x101
		}
		signature, code := key.sign(s, data)
		if code == 0 && len(signature) > room {
			w.b = append(w.b, 0)
			w.u32(uint32(len(signature)))
			return 0
		}
		s.key = nil
		if code != 0 {
			return code
		}
		c.Signatures++
		w.b = append(w.b, 1)
		w.bytes(signature)
	default:
		return 0x54
	}
	return 0
}

func (c *client) key(o uint64) *Key {
	if o == 0 || o > uint64(len(c.Keys)) {
		return nil
	}
	return &c.Keys[o-1]
}

// attributes writes type of key, modulus and CKA_ALWAYS_AUTHENTICATE.
func attributes(k *Key, r *reader, w *writer) {
	n := r.u32()
	w.u32(n)
	code := uint64(0)
	for range n {
		t := r.u32()
		r.u32()
		w.u32(t)
		rsaKey, isRSA := k.Signer.Public().(*rsa.PublicKey)
		switch {
		case t == 0x100:
			w.b = append(w.b, 1)
			w.u32(8)
			switch k.Signer.Public().(type) {
			case *rsa.PublicKey:
				w.u64(0)
			case ed25519.PublicKey:
				w.u64(0x40)
			default:
				w.u64(3)
			}
		case t == 0x120 && isRSA:
			w.b = append(w.b, 1)
			w.u32(uint32(rsaKey.Size()))
			w.bytes(rsaKey.N.Bytes())
		case t == 0x202:
			w.b = append(w.b, 1)
			w.u32(1)
			if k.Always {
				w.b = append(w.b, 1)
			} else {
				w.b = append(w.b, 0)
			}
		default:
			w.b = append(w.b, 0)
			code = 0x12
		}
	}
	w.u64(code)
}

// sign makes a signature from what a module is given.
func (k *Key) sign(s *session, data []byte) (signature []byte, code uint64) {
	switch key := k.Signer.(type) {
	case *rsa.PrivateKey:
		switch s.mechanism {
		case 1:
			signature, err := rsa.SignPKCS1v15(nil, key, 0, data)
			if err != nil {
				return nil, 0x21
			}
			return signature, 0
		case 3:
			if len(data) != key.Size() {
				return nil, 0x21
			}
			m := new(big.Int).SetBytes(data)
			return m.Exp(m, key.D, key.N).FillBytes(make([]byte, key.Size())), 0
		case 0xD:
			hash := map[uint64]crypto.Hash{0x220: crypto.SHA1, 0x250: crypto.SHA256, 0x260: crypto.SHA384, 0x270: crypto.SHA512}[s.parameter[0]]
			signature, err := key.Sign(rand.Reader, data, &rsa.PSSOptions{SaltLength: int(s.parameter[2]), Hash: hash})
			if err != nil {
				return nil, 0x21
			}
			return signature, 0
		}
	case *ecdsa.PrivateKey:
		if s.mechanism != 0x1041 {
			return nil, 0x63
		}
		der, err := key.Sign(rand.Reader, data, crypto.Hash(0))
		var rs struct{ R, S *big.Int }
		if err == nil {
			_, err = asn1.Unmarshal(der, &rs)
		}
		if err != nil {
			return nil, 5
		}
		size := (key.Params().N.BitLen() + 7) / 8
		return append(rs.R.FillBytes(make([]byte, size)), rs.S.FillBytes(make([]byte, size))...), 0
	case ed25519.PrivateKey:
		if s.mechanism == 0x1057 {
			return ed25519.Sign(key, data), 0
		}
	}
	return nil, 0x70
}

// reader reads values of the protocol; after the end all is zero.
type reader struct{ b []byte }

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.b = nil
		return make([]byte, min(n, 8))
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }
func (r *reader) u64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }

func (r *reader) bytes() []byte {
	n := r.u32()
	if n == 0xFFFFFFFF || int(n) > len(r.b) {
		return nil
	}
	return r.take(int(n))
}

// mechanism reads the parameter of a mechanism, as the version of the protocol has it.
func (r *reader) mechanism(s *session, version byte) {
	known := s.mechanism == 1 || s.mechanism == 3 || s.mechanism == 0x11 || s.mechanism == 0x1041
	if version >= 2 && (known || r.take(1)[0] == 0) {
		return
	}
	if s.mechanism == 0xD {
		s.parameter = []uint64{r.u64(), r.u64(), r.u64()}
		return
	}
	r.bytes()
}

type writer struct{ b []byte }

func (w *writer) u32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *writer) u64(v uint64) { w.b = binary.BigEndian.AppendUint64(w.b, v) }

func (w *writer) bytes(v []byte) {
	w.u32(uint32(len(v)))
	w.b = append(w.b, v...)
}

func (w *writer) text(text string, size int) {
	w.bytes([]byte(text + strings.Repeat(" ", size-len(text))))
}
