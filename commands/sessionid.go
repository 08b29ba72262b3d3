package commands

import (
	"context"
	"fmt"

	"gokeytool/internal/text"
	"gokeytool/sessionid"
)

// maxSessionIDs bounds one run of sessionid.
const maxSessionIDs = 10_000_000

type sessionIDOptions struct {
	length int64  // -sessionIdLength, in random bytes
	route  string // -jvmRoute
	count  int64  // -n
}

func readSessionID(l line) sessionIDOptions {
	return sessionIDOptions{
		length: l.number("sessionIdLength").or(sessionid.DefaultLength),
		route:  l.String("jvmRoute"),
		count:  l.number("n").or(1),
	}
}

// sessionID prints session ids as Tomcat makes them.
func sessionID(_ context.Context, s *session, o sessionIDOptions) error {
	generator, err := sessionid.New(int(o.length), o.route)
	if err != nil {
		return err
	}
	if o.count < 1 || o.count > maxSessionIDs {
		return fmt.Errorf("-n %d: the number of ids is from 1 to %s", o.count, text.Group(maxSessionIDs))
	}
	out := s.Stdout.Buffer()
	for range o.count {
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
