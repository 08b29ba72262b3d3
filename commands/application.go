package commands

import (
	"fmt"
	"strings"

	"gokeytool/finding"
	"gokeytool/tomcat"
)

// application is the web application of -context, and what there is to say of it.
func (s *session) application(o serverXMLOptions, conf *tomcat.Configuration, connector *tomcat.Connector) (*tomcat.Application, []finding.Finding, error) {
	app, findings, err := conf.Application(connector, contextName(o.context.value))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.file, err)
	}
	return app, findings, nil
}

// contextName is the name of an application as tomcat.Configuration.Application
// takes it, of one as people write it: "shop" and "ROOT" are names of directories
// in webapps.
func contextName(typed string) string {
	switch {
	case typed == "", strings.EqualFold(typed, "ROOT"):
		return "/"
	case strings.HasPrefix(typed, "/"):
		return typed
	}
	return "/" + typed
}
