package commands

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gokeytool/finding"
	"gokeytool/internal/text"
	"gokeytool/tomcat"
)

// maxCompared bounds the applications that one is held against.
const maxCompared = 20

// application is the web application of -context, else the root of the default host
// or, where there is none, the first application; and what there is to say of it.
func (s *session) application(o serverXMLOptions, conf *tomcat.Configuration, connector *tomcat.Connector) (*tomcat.Application, []finding.Finding, error) {
	name := contextName(o.context.value)
	if !o.context.given {
		name = ""
	}
	app, findings, err := conf.Application(connector, name)
	if err == nil && !o.context.given {
		names, _ := conf.Applications(connector)
		if len(names) > 0 && !slices.Contains(names, applicationName(app)) {
			app, findings, err = conf.Application(connector, names[0])
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.file, err)
	}
	return app, findings, nil
}

// sayOthers says which applications are different from the one that was taken, where
// none was chosen.
func (s *session) sayOthers(o serverXMLOptions, conf *tomcat.Configuration, connector *tomcat.Connector, taken *tomcat.Application, different func(a, b *tomcat.Application) bool) {
	if o.context.given {
		return
	}
	names, _ := conf.Applications(connector)
	var others []string
	for _, name := range names[:min(len(names), maxCompared)] {
		if app, _, err := conf.Application(connector, name); err == nil && different(app, taken) {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		s.Stderr.Printf("gokeytool: this is the application %s; different in this are %s: choose with -context\n", applicationName(taken), text.Elide(others, 5))
	}
}

// applicationName is the full name of an application, as -context takes it.
func applicationName(app *tomcat.Application) string {
	name := "//" + app.Host + cmp.Or(app.Path, "/")
	if app.Version != "" {
		name += "##" + app.Version
	}
	return name
}

// contextName is the name of an application as tomcat.Configuration.Application
// takes it, of one as people write it: "shop" and "ROOT" are names of directories
// in webapps.
func contextName(typed string) string {
	switch {
	case strings.EqualFold(typed, "ROOT"):
		return "/"
	case strings.HasPrefix(typed, "/"):
		return typed
	}
	return "/" + typed
}
