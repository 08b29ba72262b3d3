package probe

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// VersionSSL3 is SSL 3.0, which crypto/tls does not know any more.
const VersionSSL3 = 0x0300

const (
	// maxServerHello bounds what is read of a server's first message.
	maxServerHello = 1 << 16
	// maxCertificates bounds the message with them.
	maxCertificates = 1 << 18
	// maxAccepted bounds the suites that a server is believed to accept.
	maxAccepted = 400
)

// errRefused: the server does not want the offer.
var errRefused = errors.New("refused")

// oldSuites are the suites that could be accepted up to TLS 1.2: the ranges in
// which IANA has given numbers for them, whether or not they have a name here.
func oldSuites() []uint16 {
	var list []uint16
	for _, r := range [][2]uint16{{0xcca8, 0xccae}, {0xc001, 0xc0b1}, {0xd001, 0xd005}, {0x0001, 0x00c7}} {
		for id := r[0]; id <= r[1]; id++ {
			list = append(list, id)
		}
	}
	return list
}

// tls13Suites are those of RFC 8446, section B.4, and RFC 8998.
func tls13Suites() []uint16 { return []uint16{0x1302, 0x1303, 0x1301, 0x1304, 0x1305, 0x00c6, 0x00c7} }

// Suites returns the suites that a server accepts with a version, from
// VersionSSL3 to tls.VersionTLS13, in the order in which it picks them, and nil
// where it does not accept the version. It makes a connection with dial for each
// suite, and one more. The server name may be empty. With an error, the suites
// are those found until then.
func Suites(ctx context.Context, dial func(context.Context) (net.Conn, error), version uint16, serverName string) ([]uint16, error) {
	offer := oldSuites()
	if version == tls.VersionTLS13 {
		offer = tls13Suites()
	}
	var accepted []uint16
	for len(offer) > 0 && len(accepted) < maxAccepted {
		suite, err := offerSuites(ctx, dial, version, serverName, offer)
		switch {
		case errors.Is(err, errRefused):
			// A server that says nothing refuses, as firewalls do, unless
			// nobody would have waited for it.
			if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
				return accepted, context.DeadlineExceeded
			}
			return accepted, nil
		case err != nil:
			return accepted, err
		}
		at := slices.Index(offer, suite)
		if at < 0 {
			return accepted, fmt.Errorf("the server picked suite %#04x, which was not offered", suite)
		}
		offer = slices.Delete(offer, at, at+1)
		accepted = append(accepted, suite)
	}
	return accepted, nil
}

// offerSuites makes one offer and returns the suite that the server picks. The
// error is errRefused where it picks none, or another version.
func offerSuites(ctx context.Context, dial func(context.Context) (net.Conn, error), version uint16, serverName string, suites []uint16) (uint16, error) {
	conn, err := dial(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	hello, err := clientHello(version, serverName, suites)
	if err != nil {
		return 0, err
	}
	if _, err := conn.Write(hello); err != nil {
		return 0, errRefused
	}
	return readServerHello(conn, version)
}

// clientHello makes a ClientHello in a record of its own (RFC 8446, section
// 4.1.2, and for the older ones RFC 5246, section 7.4.1.2).
func clientHello(version uint16, serverName string, suites []uint16) ([]byte, error) {
	legacy := min(version, tls.VersionTLS12)
	random := make([]byte, 64)
	rand.Read(random)
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	serverName = strings.TrimSuffix(serverName, ".") // RFC 6066, section 3
	list16 := func(b *cryptobyte.Builder, values ...uint16) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, v := range values {
				b.AddUint16(v)
			}
		})
	}
	extensions := func(b *cryptobyte.Builder) {
		extension := func(id uint16, body func(*cryptobyte.Builder)) {
			b.AddUint16(id)
			b.AddUint16LengthPrefixed(body)
		}
		if serverName != "" && net.ParseIP(serverName) == nil {
			extension(0, func(b *cryptobyte.Builder) { // server_name
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					b.AddUint8(0)
					b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(serverName)) })
				})
			})
		}
		extension(10, func(b *cryptobyte.Builder) { // supported_groups
			list16(b, 0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x0100, 0x0101, 0x0102, 0x11ec, 0x11eb, 0x11ed, 0x0200, 0x0201, 0x0202,
				0x001a, 0x001b, 0x001c, 0x0016) // Brainpool (RFC 7027), secp256k1
		})
		extension(11, func(b *cryptobyte.Builder) { b.AddBytes([]byte{1, 0}) }) // ec_point_formats
		if version >= tls.VersionTLS12 {
			extension(13, func(b *cryptobyte.Builder) { // signature_algorithms
				list16(b, 0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b,
					0x0401, 0x0501, 0x0601, 0x0904, 0x0905, 0x0906, 0x0203, 0x0201, 0x0402, 0x0202)
			})
		}
		extension(23, func(*cryptobyte.Builder) {})                      // extended_master_secret
		extension(0xff01, func(b *cryptobyte.Builder) { b.AddUint8(0) }) // renegotiation_info
		if version == tls.VersionTLS13 {
			extension(43, func(b *cryptobyte.Builder) { // supported_versions
				b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint16(version) })
			})
			extension(51, func(b *cryptobyte.Builder) { // key_share
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					b.AddUint16(0x001d)
					b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(key.PublicKey().Bytes()) })
				})
			})
		}
	}
	var b cryptobyte.Builder
	b.AddUint8(22) // handshake
	b.AddUint16(min(legacy, tls.VersionTLS10))
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint8(1) // client_hello
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint16(legacy)
			b.AddBytes(random[:32])
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {
				if version == tls.VersionTLS13 {
					b.AddBytes(random[32:])
				}
			})
			list16(b, suites...)
			b.AddBytes([]byte{1, 0}) // no compression
			if version > VersionSSL3 {
				b.AddUint16LengthPrefixed(extensions)
			}
		})
	})
	return b.Bytes()
}

// readServerHello reads the server's answer up to its suite.
func readServerHello(r io.Reader, version uint16) (uint16, error) {
	kind, body, err := (&messages{r: r, most: maxServerHello}).next()
	if err != nil {
		return 0, err
	}
	if kind != 2 {
		return 0, errNoHello
	}
	return parseServerHello(body, version)
}

var errNoHello = errors.New("the server's first message is no ServerHello")

// messages are those of a handshake, out of records that are not encrypted.
type messages struct {
	r    io.Reader
	most int // octets of a message
	rest []byte
}

// next returns the next message and its type. The error is errRefused where the
// server ends the handshake.
func (m *messages) next() (kind byte, body []byte, err error) {
	for {
		if len(m.rest) >= 4 {
			length := int(m.rest[1])<<16 | int(m.rest[2])<<8 | int(m.rest[3])
			if length > m.most {
				return 0, nil, errNoHello
			}
			if len(m.rest) >= 4+length {
				kind, body = m.rest[0], m.rest[4:4+length]
				m.rest = m.rest[4+length:]
				return kind, body, nil
			}
		}
		var head [5]byte
		if _, err := io.ReadFull(m.r, head[:]); err != nil {
			return 0, nil, errRefused // closed, as old servers do without a word
		}
		length := int(head[3])<<8 | int(head[4])
		switch head[0] {
		case 21:
			var alert [2]byte
			if _, err := io.ReadFull(m.r, alert[:]); err != nil || length != len(alert) || alert[0] != 1 || alert[1] == 0 {
				return 0, nil, errRefused
			}
			continue // a warning, as of a server name that it does not know
		case 22:
		default:
			return 0, nil, errors.New("the server does not speak TLS")
		}
		if length == 0 || length > 1<<14+256 || len(m.rest)+length > m.most+1<<15 {
			return 0, nil, errors.New("the server's answer is no TLS record")
		}
		record := make([]byte, length)
		if _, err := io.ReadFull(m.r, record); err != nil {
			return 0, nil, errRefused
		}
		m.rest = append(m.rest, record...)
	}
}

// Certificates returns the certificates that a server of TLS 1.2 or older shows,
// as they are, also those that crypto/tls can't read: of a curve that it does not
// know, say. The server name may be empty.
func Certificates(conn net.Conn, serverName string) ([][]byte, error) {
	hello, err := clientHello(tls.VersionTLS12, serverName, oldSuites())
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(hello); err != nil {
		return nil, err
	}
	m := &messages{r: conn, most: maxCertificates}
	for {
		kind, body, err := m.next()
		switch {
		case err != nil:
			return nil, err
		case kind == 11: // RFC 5246, section 7.4.2
			return parseCertificates(body)
		case kind != 2:
			return nil, errors.New("the server shows no certificate")
		}
	}
}

func parseCertificates(body []byte) ([][]byte, error) {
	errMalformed := errors.New("the server's Certificate message is malformed")
	in := cryptobyte.String(body)
	var list cryptobyte.String
	if !in.ReadUint24LengthPrefixed(&list) {
		return nil, errMalformed
	}
	var certificates [][]byte
	for !list.Empty() {
		var der cryptobyte.String
		if !list.ReadUint24LengthPrefixed(&der) {
			return nil, errMalformed
		}
		certificates = append(certificates, der)
	}
	return certificates, nil
}

// parseServerHello returns the suite of a ServerHello of the version. A
// HelloRetryRequest is one too, and names its suite as well.
func parseServerHello(body []byte, version uint16) (uint16, error) {
	var (
		in           = cryptobyte.String(body)
		picked       uint16
		random, sid  cryptobyte.String
		suite        uint16
		compression  uint8
		extensions   cryptobyte.String
		errMalformed = errors.New("the server's ServerHello is malformed")
	)
	if !in.ReadUint16(&picked) || !in.ReadBytes((*[]byte)(&random), 32) || !in.ReadUint8LengthPrefixed(&sid) ||
		!in.ReadUint16(&suite) || !in.ReadUint8(&compression) {
		return 0, errMalformed
	}
	if !in.Empty() && !in.ReadUint16LengthPrefixed(&extensions) {
		return 0, errMalformed
	}
	for !extensions.Empty() {
		var id uint16
		var data cryptobyte.String
		if !extensions.ReadUint16(&id) || !extensions.ReadUint16LengthPrefixed(&data) {
			return 0, errMalformed
		}
		if id == 43 && !data.ReadUint16(&picked) {
			return 0, errMalformed
		}
	}
	if picked != version {
		return 0, errRefused
	}
	return suite, nil
}
