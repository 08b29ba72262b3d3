package commands

import (
	"context"
	"fmt"

	"gokeytool/internal/text"
	"gokeytool/tomcat"
)

// maxSessionIDs bounds one run of sessionid.
const maxSessionIDs = 10_000_000

type sessionIDOptions struct {
	ids   idOptions
	from  serverXMLOptions
	count int64 // -n
}

func readSessionID(l line) sessionIDOptions {
	return sessionIDOptions{
		ids:   readIDOptions(l),
		from:  readServerXMLOptions(l),
		count: l.number("n").or(1),
	}
}

// differentIDs says whether the ids of applications look different.
func differentIDs(a, b *tomcat.Application) bool {
	return a.Sessions.IDLength != b.Sessions.IDLength || a.Sessions.Route != b.Sessions.Route
}

// sessionID prints session ids as Tomcat makes them.
func sessionID(_ context.Context, s *session, o sessionIDOptions) error {
	if o.count < 1 || o.count > maxSessionIDs {
		return fmt.Errorf("-n %d: the number of ids is from 1 to %s", o.count, text.Group(maxSessionIDs))
	}
	var app *tomcat.Application
	if o.from.file != "" {
		conf, err := s.readServerXML(o.from, func(string) {})
		if err != nil {
			return err
		}
		connector, err := anyConnector(o.from, conf)
		if err != nil {
			return err
		}
		a, findings, err := s.application(o.from, conf, connector)
		if err != nil {
			return err
		}
		// Whatever else is wrong, these are the ids.
		s.printFindings(o.from.file, findings)
		s.sayOthers(o.from, conf, connector, a, differentIDs)
		app = a
	}
	generator, err := s.sessionIDs(o.ids, app)
	if err != nil {
		return err
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
