package pkcs11

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// stream is the connection to the module's process.
type stream interface {
	io.ReadWriteCloser
	SetDeadline(time.Time) error
}

// conn is a connection whose module is initialized. Its methods may be called by
// several goroutines at once: one call is made at a time.
type conn struct {
	module  string
	timeout time.Duration
	stream  stream
	process *process // nil for a server's
	version byte     // of the protocol
	stop    func() bool

	mu     sync.Mutex
	number uint32

	end  sync.Mutex // guards dead
	dead error      // why there is no connection any more
}

// offered is the version of the protocol that is offered first: up to version 1 nobody
// can tell from the version that was agreed on how mechanisms are framed.
const offered = 2

// dial connects and initializes the module. The context's end ends the connection.
func dial(ctx context.Context, at Location) (*conn, error) {
	c, err := dialVersion(ctx, at, offered)
	if errors.Is(err, errVersion) {
		c, err = dialVersion(ctx, at, 0)
	}
	return c, err
}

// errVersion is the error of a server that ends when it is offered more than version 0,
// as p11-kit did before 0.24.
var errVersion = errors.New("the connection was closed at once")

func dialVersion(ctx context.Context, at Location, version byte) (*conn, error) {
	c := &conn{module: at.name(), timeout: at.Timeout}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	if err := ctx.Err(); err != nil {
		return nil, &CallError{"C_Initialize", c.module, err}
	}
	if at.Address != "" {
		path, err := socketPath(at.Address)
		if err != nil {
			return nil, &ProgramError{Module: c.module, Err: err}
		}
		d := net.Dialer{Timeout: c.timeout}
		if c.stream, err = d.DialContext(ctx, "unix", path); err != nil {
			return nil, &ProgramError{Module: c.module, Err: err}
		}
	} else {
		p, err := start(at)
		if err != nil {
			return nil, err
		}
		c.stream, c.process = p, p
	}
	c.stop = context.AfterFunc(ctx, func() { c.abort(context.Cause(ctx)) })
	if err := c.begin(version); err != nil {
		c.abort(err)
		return nil, err
	}
	return c, nil
}

// begin agrees on the version and initializes the module.
func (c *conn) begin(version byte) error {
	_ = c.stream.SetDeadline(time.Now().Add(c.timeout))
	got := []byte{version}
	_, err := c.stream.Write(got)
	if err == nil {
		_, err = io.ReadFull(c.stream, got)
	}
	if err != nil {
		err = c.broken(err)
		var p *ProgramError
		if version > 0 && (c.process == nil && errors.Is(err, io.EOF) ||
			errors.As(err, &p) && strings.Contains(p.Stderr, "unsupported version")) {
			return errVersion
		}
		if errors.As(err, &p) {
			return p
		}
		return &CallError{"C_Initialize", c.module, err}
	}
	if got[0] > version {
		return &CallError{"C_Initialize", c.module, fmt.Errorf("version %d of the protocol is not known", got[0])}
	}
	c.version = got[0]
	m := c.ask(callInitialize)
	m.array([]byte(handshake))
	m.byte(0)
	m.array([]byte{0})
	if _, err := c.call(m); err != nil && !errors.Is(err, CryptokiAlreadyInitialized) {
		return err
	}
	return nil
}

// ask begins a question.
func (c *conn) ask(which call) *message { return newMessage(which, c.version) }

// call asks and returns the answer. After an error of the connection it is closed.
func (c *conn) call(m *message) (*answer, error) { return c.callFor(m, c.timeout) }

func (c *conn) callFor(m *message, timeout time.Duration) (*answer, error) {
	defer clear(m.b) // a PIN may be in it
	if m.err != nil {
		return nil, &CallError{m.call.String(), c.module, m.err}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a, err := c.exchange(m, timeout)
	if err != nil {
		var code Code
		if !errors.As(err, &code) {
			err = c.broken(err)
			c.abort(err)
		}
		return nil, &CallError{m.call.String(), c.module, err}
	}
	return a, nil
}

// exchange sends a frame and reads the one that answers it.
func (c *conn) exchange(m *message, timeout time.Duration) (*answer, error) {
	if err := c.ended(); err != nil {
		return nil, err
	}
	c.number++
	if err := c.stream.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	if _, err := c.stream.Write(m.frame(c.number)); err != nil {
		return nil, err
	}
	var header [headerSize]byte
	if _, err := io.ReadFull(c.stream, header[:]); err != nil {
		return nil, err
	}
	options, body := binary.BigEndian.Uint32(header[4:]), binary.BigEndian.Uint32(header[8:])
	if binary.BigEndian.Uint32(header[:]) != c.number || options > maxOptions {
		return nil, errAnswer
	}
	if body > maxFrame {
		return nil, fmt.Errorf("an answer of %d bytes is more than is taken", body)
	}
	// The buffer grows with what arrives, not with what is announced.
	var b bytes.Buffer
	if _, err := io.CopyN(&b, c.stream, int64(options)+int64(body)); err != nil {
		return nil, err
	}
	a := &answer{b: b.Bytes()[options:]}
	got := call(a.uint32())
	signature := string(a.bytes())
	if a.err == nil && got == callError && signature == calls[callError].response {
		code := Code(a.ulong())
		if a.err != nil || code == 0 {
			return nil, errAnswer
		}
		return nil, code
	}
	if a.err != nil || got != m.call || signature != calls[got].response {
		return nil, errAnswer
	}
	return a, nil
}

// check is the error of an answer that was read.
func (c *conn) check(which call, a *answer) error {
	if a.err == nil {
		return nil
	}
	c.abort(a.err)
	return &CallError{which.String(), c.module, a.err}
}

// broken says what an error of the stream means.
func (c *conn) broken(err error) error {
	if dead := c.ended(); dead != nil {
		return dead
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ErrTimeout
	}
	if c.process != nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || brokenPipe(err)) {
		return c.process.died()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the connection was closed: %w", err)
	}
	return err
}

func (c *conn) ended() error {
	c.end.Lock()
	defer c.end.Unlock()
	return c.dead
}

// abort ends the connection, and the module's process without asking it.
func (c *conn) abort(why error) { c.leave(why, (*process).kill) }

// leave ends the connection, if it is there yet, and the module's process.
func (c *conn) leave(why error, end func(*process)) {
	c.end.Lock()
	first := c.dead == nil
	if first {
		c.dead = why
	}
	c.end.Unlock()
	if first {
		c.stop()
		c.stream.Close()
		if c.process != nil {
			end(c.process)
		}
	}
}

// close finalizes the module, and ends its process when it does not end by itself.
func (c *conn) close() {
	const most = 3 * time.Second
	// A call that another goroutine has made may take longer.
	late := time.AfterFunc(most, func() { c.abort(ErrClosed) })
	defer late.Stop()
	if c.ended() == nil {
		_, _ = c.callFor(c.ask(callFinalize), min(c.timeout, most))
	}
	c.leave(ErrClosed, func(p *process) { p.wait(most) })
}

// name is what errors call the module.
func (at Location) name() string {
	switch {
	case at.Address != "":
		return at.Address
	case at.Module != "":
		return at.Module
	}
	return "p11-kit's modules"
}

// socketPath is the path in the address of a server.
func socketPath(address string) (string, error) {
	escaped, ok := strings.CutPrefix(address, "unix:path=")
	if !ok {
		return "", fmt.Errorf("the address of a p11-kit server begins with unix:path=")
	}
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(path, "/") {
		return "", fmt.Errorf("the path of a p11-kit server's socket begins with /")
	}
	return path, nil
}
