package fetch

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// answer is a connection to a proxy that has said all it will.
type answer struct {
	net.Conn
	*bytes.Reader
}

func (a answer) Read(b []byte) (int, error)    { return a.Reader.Read(b) }
func (answer) Write(b []byte) (int, error)     { return len(b), nil }
func (answer) SetDeadline(time.Time) error     { return nil }
func (answer) SetReadDeadline(time.Time) error { return nil }

// FuzzTunnel: whatever a proxy answers, it is a tunnel or an error, and no more of
// it is read than a header may have.
func FuzzTunnel(f *testing.F) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 3\r\n\r\nno\n",
		"HTTP/1.1 200\nA: b\n c\n\n\x16\x03\x01", "HTTP/1.1 100 Continue\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		conn := answer{Reader: bytes.NewReader(data)}
		err := tunnel(t.Context(), conn, "example.com:443")
		if err == nil && !bytes.Contains(data, []byte("200")) {
			t.Errorf("%q is a tunnel", data)
		}
		if rest, _ := io.ReadAll(conn); len(data)-len(rest) > maxHeader {
			t.Errorf("%d bytes were read", len(data)-len(rest))
		}
	})
}
