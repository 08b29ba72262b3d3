package probe

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
)

// StartTLSProtocols are the protocols in which StartTLS can ask a server to begin
// TLS.
var StartTLSProtocols = []string{"ftp", "imap", "ldap", "pop3", "postgres", "smtp"}

// Limits on what a server may say before TLS begins. IMAP's lines are the longest
// (RFC 7162, section 4): a greeting has all that the server can do in it.
const (
	maxLine  = 8192
	maxLines = 100
)

// StartTLS asks a server to begin TLS on a new connection, in one of
// StartTLSProtocols, and leaves it where the handshake begins; with the empty
// protocol it does nothing. The caller sets the deadline. The error begins with
// "STARTTLS: " where the server does not do as it should.
func StartTLS(conn net.Conn, protocol string) error {
	t := &textConn{conn: conn, r: bufio.NewReaderSize(conn, maxLine)}
	var err error
	switch protocol {
	case "":
		return nil
	case "smtp": // RFC 3207
		if err = t.replies("220"); err == nil {
			if err = t.command("EHLO localhost", "250"); err == nil {
				err = t.command("STARTTLS", "220")
			}
		}
	case "ftp": // RFC 4217
		if err = t.replies("220"); err == nil {
			err = t.command("AUTH TLS", "234")
		}
	case "pop3": // RFC 2595
		if err = t.expect("+OK"); err == nil {
			if err = t.send("STLS"); err == nil {
				err = t.expect("+OK")
			}
		}
	case "imap": // RFC 9051
		if err = t.expect("* OK", "* PREAUTH"); err == nil {
			if err = t.send("a STARTTLS"); err == nil {
				err = t.until("a ", "a OK")
			}
		}
	case "ldap": // RFC 4511, section 4.14
		err = t.ldap()
	case "postgres": // the protocol's SSLRequest
		err = t.postgres()
	default:
		return fmt.Errorf("STARTTLS is not possible for %q: %s are", protocol, strings.Join(StartTLSProtocols, ", "))
	}
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("STARTTLS: the server closed the connection")
	case err != nil:
		return fmt.Errorf("STARTTLS: %w", err)
	case t.r.Buffered() > 0:
		// What came before TLS could have come from anybody.
		return errors.New("STARTTLS: the server goes on in plain text")
	}
	return nil
}

// textConn is a conversation before TLS.
type textConn struct {
	conn net.Conn
	r    *bufio.Reader
}

func (t *textConn) send(line string) error {
	_, err := io.WriteString(t.conn, line+"\r\n")
	return err
}

func (t *textConn) line() (string, error) {
	line, err := t.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", errors.New("the server's line is too long")
	}
	return string(bytes.TrimRight(line, "\r\n")), err
}

// expect reads a line that must begin with one of the given texts.
func (t *textConn) expect(begins ...string) error {
	line, err := t.line()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(begins, func(s string) bool { return strings.HasPrefix(line, s) }) {
		return fmt.Errorf("the server says %q", line)
	}
	return nil
}

// until reads lines up to the one that begins with the tag, which must begin
// with want.
func (t *textConn) until(tag, want string) error {
	for range maxLines {
		line, err := t.line()
		if err != nil {
			return err
		}
		if strings.HasPrefix(line, tag) {
			if !strings.HasPrefix(line, want) {
				return fmt.Errorf("the server says %q", line)
			}
			return nil
		}
	}
	return errors.New("the server says too much")
}

// replies reads a reply of one or more lines ("250-...", then "250 ...") that
// must have a code (RFC 5321, section 4.2.1). In FTP, lines between the first and
// the last need not begin with it (RFC 959, section 4.2).
func (t *textConn) replies(code string) error {
	for i := range maxLines {
		line, err := t.line()
		if err != nil {
			return err
		}
		if i > 0 && (line == "" || line[0] < '0' || line[0] > '9') {
			continue // text of FTP
		}
		if !strings.HasPrefix(line, code) {
			return fmt.Errorf("the server says %q", line)
		}
		if len(line) == 3 || line[3] != '-' {
			return nil
		}
	}
	return errors.New("the server says too much")
}

func (t *textConn) command(line, code string) error {
	if err := t.send(line); err != nil {
		return err
	}
	return t.replies(code)
}

// ldap sends the extended request StartTLS and reads its response: a message
// with the id 1, an ExtendedResponse, and in it the result code, all in BER
// with definite lengths.
func (t *textConn) ldap() error {
	const oid = "1.3.6.1.4.1.1466.20037"
	request := append([]byte{0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, byte(len(oid))}, oid...)
	if _, err := t.conn.Write(request); err != nil {
		return err
	}
	read := func(tag byte) (int, error) {
		head := make([]byte, 2)
		if _, err := io.ReadFull(t.r, head); err != nil {
			return 0, err
		}
		length := int(head[1])
		if head[1]&0x80 != 0 {
			more := make([]byte, head[1]&0x7f)
			if len(more) > 4 { // Active Directory writes 4 bytes always
				return 0, errors.New("the server's response is too long")
			}
			if _, err := io.ReadFull(t.r, more); err != nil {
				return 0, err
			}
			length = 0
			for _, b := range more {
				length = min(length<<8|int(b), maxLine+1)
			}
		}
		if head[0] != tag || length > maxLine {
			return 0, errors.New("the server does not answer as LDAP does")
		}
		return length, nil
	}
	if _, err := read(0x30); err != nil {
		return err
	}
	for _, tag := range []byte{0x02, 0x78, 0x0a} {
		n, err := read(tag)
		if err != nil {
			return err
		}
		switch tag {
		case 0x02:
			if _, err := t.r.Discard(n); err != nil {
				return err
			}
		case 0x0a:
			code, err := t.r.ReadByte()
			if err != nil {
				return err
			}
			if code != 0 || n != 1 {
				return fmt.Errorf("the server refuses with LDAP result code %d", code)
			}
		}
	}
	// The rest of the response: matched name, message, perhaps the name of
	// the response. It came in one piece with the beginning.
	_, err := t.r.Discard(t.r.Buffered())
	return err
}

// postgres sends an SSLRequest and reads its answer, one letter.
func (t *textConn) postgres() error {
	if _, err := t.conn.Write([]byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}); err != nil {
		return err
	}
	answer, err := t.r.ReadByte()
	if err != nil {
		return err
	}
	if answer != 'S' {
		return fmt.Errorf("the server answers %q: it does not do TLS", answer)
	}
	return nil
}
