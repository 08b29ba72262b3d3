package commands

import (
	"gokeytool/sessionid"
	"gokeytool/tomcat"
)

// idOptions say what session ids look like.
type idOptions struct {
	length optional[int64]  // -sessionIdLength, in random bytes
	route  optional[string] // -jvmRoute
}

func readIDOptions(l line) idOptions {
	return idOptions{length: l.number("sessionIdLength"), route: l.text("jvmRoute")}
}

// sessionIDs makes ids as the options say, and where they say nothing as an
// application has them, which is nil for none.
func (s *session) sessionIDs(o idOptions, app *tomcat.Application) (*sessionid.Standard, error) {
	length, route := int64(sessionid.DefaultLength), ""
	if app != nil {
		length, route = int64(app.Sessions.IDLength), app.Sessions.Route
	}
	if o.length.given {
		length = o.length.value
	}
	if o.route.given {
		route = o.route.value
	}
	return sessionid.New(int(length), route)
}
