package commands

import (
	"context"
	"fmt"

	"gokeytool/sessionid"
)

// defaultSessionIDLength is Tomcat's number of random bytes in a session id.
const defaultSessionIDLength = 16

// maxSessionIDs bounds one run of sessionid.
const maxSessionIDs = 10_000_000

// sessionID prints session ids as Tomcat makes them.
func sessionID(_ context.Context, s *session) error {
	generator, err := s.sessionIDs()
	if err != nil {
		return err
	}
	n := int64(1)
	if s.opt.given("n") {
		n = s.opt.count
	}
	if n < 1 || n > maxSessionIDs {
		return fmt.Errorf("-n %d: the number of ids is from 1 to %s", n, group(maxSessionIDs))
	}
	out := s.Stdout.Buffer()
	for range n {
		id, err := generator.Generate()
		if err != nil {
			return err
		}
		if err := out.Printf("%s\n", id); err != nil {
			return err
		}
	}
	return out.Flush()
}

// sessionIDs is the generator that -sessionIdLength and -jvmRoute describe.
func (s *session) sessionIDs() (sessionid.Generator, error) {
	length := int64(defaultSessionIDLength)
	if s.opt.given("sessionIdLength") {
		length = s.opt.sessionIDLength
	}
	return sessionid.New(int(length), s.opt.jvmRoute)
}
