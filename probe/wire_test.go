package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"gokeytool/internal/testtool"
)

// TestSSL3 has a server say what no library does any more.
func TestSSL3(t *testing.T) {
	hello := func(version uint16, suite uint16) string {
		body := append([]byte{byte(version >> 8), byte(version)}, make([]byte, 32)...)
		body = append(body, 0, byte(suite>>8), byte(suite), 0)
		message := append([]byte{2, 0, 0, byte(len(body))}, body...)
		// In two records, as a server may do.
		return string(append(append([]byte{22, 3, 0, 0, 10}, message[:10]...), append([]byte{22, 3, 0, 0, byte(len(message) - 10)}, message[10:]...)...))
	}
	for _, test := range []struct {
		name, answer string
		version      uint16
		suite        uint16
		err          string
	}{
		{"SSL 3.0", hello(VersionSSL3, 0x000a), VersionSSL3, 0x000a, ""},
		{"another version", hello(VersionSSL3, 0x000a), tls.VersionTLS10, 0, "refused"},
		{"alert", "\x15\x03\x01\x00\x02\x02\x28", VersionSSL3, 0, "refused"},
		{"warning", "\x15\x03\x00\x00\x02\x01\x70" + hello(VersionSSL3, 0x000a), VersionSSL3, 0x000a, ""},
		{"warning alone", "\x15\x03\x00\x00\x02\x01\x70", VersionSSL3, 0, "refused"},
		{"end", "\x15\x03\x00\x00\x02\x01\x00" + hello(VersionSSL3, 0x000a), VersionSSL3, 0, "refused"},
		{"nothing", "", VersionSSL3, 0, "refused"},
		{"half", hello(VersionSSL3, 0x000a)[:20], VersionSSL3, 0, "refused"},
		{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", VersionSSL3, 0, "does not speak TLS"},
		{"empty record", "\x16\x03\x01\x00\x00", VersionSSL3, 0, "no TLS record"},
		{"huge record", "\x16\x03\x01\xff\xff", VersionSSL3, 0, "no TLS record"},
		{"other message", "\x16\x03\x01\x00\x04\x0e\x00\x00\x00", VersionSSL3, 0, "no ServerHello"},
		{"huge message", "\x16\x03\x01\x00\x04\x02\xff\xff\xff", VersionSSL3, 0, "no ServerHello"},
		{"short message", "\x16\x03\x01\x00\x05\x02\x00\x00\x01\x03", VersionSSL3, 0, "malformed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			suite, err := readServerHello(strings.NewReader(test.answer), test.version)
			if suite != test.suite || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%04x, %v", suite, err)
			}
		})
	}
	t.Run("offer", func(t *testing.T) {
		offer, err := clientHello(VersionSSL3, "localhost", []uint16{0x000a})
		if err != nil || strings.Contains(string(offer), "localhost") {
			t.Errorf("%x, %v", offer, err)
		}
	})
}

// TestSuites has a server in Go that agrees to little answer.
func TestSuites(t *testing.T) {
	key := testtool.NewKey(t)
	_, der := testtool.SelfSigned(t, key, x509.Certificate{DNSNames: []string{"localhost"}})
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	for _, test := range []struct {
		name, host string
		groups     []tls.CurveID
	}{
		{"any group", "localhost", nil},
		{"a group that is offered without a key", "localhost", []tls.CurveID{tls.X25519MLKEM768}},
		{"a host with its last dot", "localhost.", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := config.Clone()
			config.CurvePreferences = test.groups
			dial := func(context.Context) (net.Conn, error) {
				client, server := net.Pipe()
				go func() {
					tls.Server(server, config).Handshake()
					server.Close()
				}()
				return client, nil
			}
			suites, err := Suites(t.Context(), dial, tls.VersionTLS13, test.host)
			if err != nil || len(suites) != 3 {
				t.Errorf("%04x, %v", suites, err)
			}
		})
	}
}

// TestCertificates: what crypto/tls can't read comes as it was sent.
func TestCertificates(t *testing.T) {
	key := testtool.NewKey(t)
	_, der := testtool.SelfSigned(t, key, x509.Certificate{DNSNames: []string{"localhost"}})
	sent := [][]byte{der, []byte("no certificate"), bytes.Repeat([]byte("long"), 10000)}
	show := func(config *tls.Config) ([][]byte, error) {
		client, server := net.Pipe()
		go func() {
			tls.Server(server, config).Handshake()
			server.Close()
		}()
		return Certificates(client, "localhost")
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: sent, PrivateKey: key}}}
	if shown, err := show(config); err != nil || !slices.EqualFunc(shown, sent, bytes.Equal) {
		t.Errorf("%d certificates, %v", len(shown), err)
	}
	config.MinVersion = tls.VersionTLS13
	if shown, err := show(config); err == nil {
		t.Errorf("%d certificates of a server of TLS 1.3", len(shown))
	}
	for _, malformed := range []string{"", "\x00\x00", "\x00\x00\x02\x00\x00", "\x00\x00\x04\x00\x00\x02a"} {
		if shown, err := parseCertificates([]byte(malformed)); err == nil {
			t.Errorf("%q: %x", malformed, shown)
		}
	}
}

// TestStartTLS has servers say what real ones do.
func TestStartTLS(t *testing.T) {
	for _, test := range []struct{ name, protocol, said, err string }{
		{"FTP, with text between the first line and the last", "ftp", "220-Welcome\r\n\r\n  be nice\r\n220 ready\r\n234 go\r\n", ""},
		{"FTP, with another code", "ftp", "220-Welcome\r\n421 busy\r\n", `the server says "421 busy"`},
		{"SMTP", "smtp", "220 hi\r\n250-mail\r\n250 STARTTLS\r\n220 go\r\n", ""},
		{"SMTP, busy", "smtp", "421 busy\r\n", `the server says "421 busy"`},
		{"IMAP, with much that it can do", "imap", "* OK [CAPABILITY" + strings.Repeat(" X", 2000) + "] ready\r\na OK go\r\n", ""},
		{"a line without end", "imap", "* OK" + strings.Repeat(" X", 5000), "too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := StartTLS(talker{Reader: iotest.OneByteReader(strings.NewReader(test.said))}, test.protocol)
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Error(err)
			}
		})
	}
}

func FuzzServerHello(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x05\x02\x00\x00\x01\x03"), uint16(tls.VersionTLS12))
	f.Add([]byte("\x16\x03\x03\x00\x2c\x02\x00\x00\x28\x03\x03"+strings.Repeat("r", 32)+"\x00\xc0\x2f\x00\x00\x00"), uint16(tls.VersionTLS12))
	f.Fuzz(func(t *testing.T, data []byte, version uint16) {
		suite, err := readServerHello(strings.NewReader(string(data)), version)
		if err != nil && suite != 0 {
			t.Errorf("%04x with %v", suite, err)
		}
		if shown, err := Certificates(talker{Reader: bytes.NewReader(data)}, "localhost"); err != nil && shown != nil {
			t.Errorf("%x with %v", shown, err)
		}
	})
}

// FuzzStartTLS has servers say anything. What is asked of them goes nowhere.
func FuzzStartTLS(f *testing.F) {
	for i, said := range []string{"", "* OK ready\r\na OK go\r\n", "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00",
		"+OK ready\r\n+OK go\r\n", "S", "220-mail\r\n220 go\r\n250 mail\r\n220 go\r\n"} {
		f.Add([]byte(said), i)
	}
	f.Fuzz(func(t *testing.T, said []byte, protocol int) {
		name := StartTLSProtocols[uint(protocol)%uint(len(StartTLSProtocols))]
		if err := StartTLS(talker{Reader: bytes.NewReader(said)}, name); err != nil && !strings.HasPrefix(err.Error(), "STARTTLS: ") {
			t.Errorf("%s: %v", name, err)
		}
	})
}

// talker is a connection to one who says what is given, and listens to nothing.
type talker struct {
	net.Conn
	io.Reader
}

func (t talker) Read(p []byte) (int, error) { return t.Reader.Read(p) }
func (talker) Write(p []byte) (int, error)  { return len(p), nil }
