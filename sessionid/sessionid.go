// Package sessionid makes session identifiers as Tomcat does.
//
// Standard follows org.apache.catalina.util.StandardSessionIdGenerator
// (Tomcat 7 to 11): a number of random bytes, each as two upper-case
// hexadecimal digits, then a dot and the route (jvmRoute) where there is one:
//
//	0C5AD3F2A16F0E9BD1B2C61D1F3B9E47.node1
//
// The random bytes come from the operating system's generator by crypto/rand,
// drawn in blocks; what Tomcat calls secureRandomAlgorithm has no counterpart.
package sessionid

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
)

const (
	// DefaultLength is the number of random bytes in an identifier: 16, 32
	// hexadecimal digits.
	DefaultLength = 16
	// MaxLength is the greatest number of random bytes: 1024, 2048 digits.
	// A cookie of more than 4096 bytes is dropped by browsers (RFC 6265,
	// section 6.1).
	MaxLength = 1024
	// MaxRoute is the greatest length of a route in bytes.
	MaxRoute = 255
)

// The causes of a refusal, for errors.Is. The error itself says what was given
// and what is allowed.
var (
	ErrLength = errors.New("session id length out of range")
	ErrRoute  = errors.New("route does not belong in a cookie")
)

// Generator makes session identifiers; it is Tomcat's
// org.apache.catalina.SessionIdGenerator. It is safe for concurrent use.
type Generator interface {
	// Generate returns a new identifier with the generator's own route.
	Generate() (string, error)
	// GenerateRoute returns a new identifier with the given route. The
	// empty route stands for the generator's own.
	GenerateRoute(route string) (string, error)
}

// Standard is Tomcat's standard generator. The zero value makes identifiers of
// DefaultLength without a route. It must not be changed once in use.
type Standard struct {
	// Length is the number of random bytes, 1 to MaxLength; zero stands for
	// DefaultLength. Tomcat's name for it is sessionIdLength.
	Length int
	// Route is appended after a dot; empty for none. Tomcat's name for it
	// is jvmRoute.
	Route string
}

// New returns a generator for identifiers of length random bytes and the given
// route, as a user gave them: unlike the field Length, a length of zero is
// refused. The errors are ErrLength and ErrRoute.
func New(length int, route string) (*Standard, error) {
	if err := CheckLength(length); err != nil {
		return nil, err
	}
	if err := CheckRoute(route); err != nil {
		return nil, err
	}
	return &Standard{Length: length, Route: route}, nil
}

// Generate returns a new identifier with the route of g.
func (g *Standard) Generate() (string, error) { return g.GenerateRoute("") }

// GenerateRoute returns a new identifier with the given route, or that of g
// where route is empty.
func (g *Standard) GenerateRoute(route string) (string, error) {
	length := g.Length
	if length == 0 {
		length = DefaultLength
	}
	if err := CheckLength(length); err != nil {
		return "", err
	}
	if route == "" {
		route = g.Route
	}
	if err := CheckRoute(route); err != nil {
		return "", err
	}

	// The usual identifier is put together on the stack: one allocation,
	// that of the string.
	var small [2*DefaultLength + 32]byte
	id := small[:0]
	if n := 2*length + 1 + len(route); n > len(small) {
		id = make([]byte, 0, n)
	}
	id = appendRandomHex(id, length)
	if route != "" {
		id = append(id, '.')
		id = append(id, route...)
	}
	return string(id), nil
}

// CheckLength returns an error that matches ErrLength unless n random bytes
// make an identifier.
func CheckLength(n int) error {
	if n < 1 || n > MaxLength {
		return fmt.Errorf("%w: %d bytes (1 to %d are possible)", ErrLength, n, MaxLength)
	}
	return nil
}

// CheckRoute returns an error that matches ErrRoute unless route may stand in
// a cookie's value (RFC 6265, cookie-octet) and is at most MaxRoute bytes long.
// The empty route is good.
func CheckRoute(route string) error {
	if len(route) > MaxRoute {
		return fmt.Errorf("%w: it has %d bytes (at most %d are possible)", ErrRoute, len(route), MaxRoute)
	}
	for _, r := range route {
		if r <= ' ' || r > '~' || r == '"' || r == ',' || r == ';' || r == '\\' {
			return fmt.Errorf("%w: %q in %q (printable ASCII without spaces, quotes, commas, semicolons and backslashes is possible)", ErrRoute, r, route)
		}
	}
	return nil
}

const upperHex = "0123456789ABCDEF"

// block is a store of random bytes. Drawing them one identifier at a time
// would cost a system call each on older kernels.
type block struct {
	unused []byte // the tail of bytes not handed out yet
	bytes  [512]byte
}

// blocks holds one block or so for each processor.
var blocks = sync.Pool{New: func() any { return new(block) }}

// appendRandomHex appends n random bytes to id in hexadecimal.
func appendRandomHex(id []byte, n int) []byte {
	b := blocks.Get().(*block)
	for n > 0 {
		if len(b.unused) == 0 {
			rand.Read(b.bytes[:]) // never fails: it ends the program instead
			b.unused = b.bytes[:]
		}
		take := b.unused[:min(n, len(b.unused))]
		for i, c := range take {
			id = append(id, upperHex[c>>4], upperHex[c&15])
			take[i] = 0 // an identifier can't be found in memory afterwards
		}
		b.unused = b.unused[len(take):]
		n -= len(take)
	}
	blocks.Put(b)
	return id
}
