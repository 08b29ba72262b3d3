package endpoint

import (
	"context"
	"time"
)

// Check is one thing that was looked at, and what came of it.
type Check struct {
	// Name is short and stable: "key", "chain", "names", "dates", "usage",
	// "strength", "suites", "handshake TLSv1.3", "resumption TLSv1.3",
	// "HTTP" and the like.
	Name string
	// OK says that it holds; Warn, that there is something to know all the
	// same.
	OK, Warn bool
	// Detail says what was found, in a line.
	Detail string
	// Remedy says what to do where OK is false or Warn is true: a command
	// line, or a sentence. It may be empty.
	Remedy string
}

// SmokeConfig says what Smoke proves.
type SmokeConfig struct {
	// Identity is what the endpoint serves.
	Identity Identity
	// Host is the name that a client would ask for; empty for the first
	// alternative name of the certificate.
	Host string
	// Policy goes with the identity.
	Policy Policy
	// Timeout bounds each connection; zero means 10 s.
	Timeout time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Examine looks at an identity alone, at the given time: whether the key
// belongs to the certificate, the chain is whole and in order, names, dates,
// usage and strength are good, and the key type is one that TLS can use here.
// It gives one Check for each, in this order.
func Examine(id Identity, now time.Time) []Check { return nil }

// Smoke proves an identity: it examines it, then serves it on a free loopback
// port and connects as a client, with each protocol version of the policy. The
// client trusts the last certificate of the chain and nothing else.
func Smoke(ctx context.Context, cfg SmokeConfig) []Check { return nil }
