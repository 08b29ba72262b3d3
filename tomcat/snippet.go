package tomcat

import "errors"

// Snippet returns the XML of a connector to paste into the server.xml of a
// major version of Tomcat: flat attributes for 7, SSLHostConfig and Certificate
// from 8 (8.5) on. Fields that are zero are left to Tomcat's defaults. The
// error tells of what that version, or XML, can't say.
func Snippet(version int, c Connector) (string, error) {
	return "", errors.New("tomcat: not written")
}
