package commands

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gokeytool/finding"
	"gokeytool/tomcat"
	"gokeytool/tomcat/disk"
)

// serverXMLOptions say which server.xml, and what in it is meant.
type serverXMLOptions struct {
	file      string          // empty for none
	connector optional[int64] // its port
	context   optional[string]
	tomcat    optional[int64] // Tomcat's version
}

func readServerXMLOptions(l line) serverXMLOptions {
	return serverXMLOptions{
		file:      l.String("serverxml"),
		connector: l.number("connector"),
		context:   l.text("context"),
		tomcat:    l.number("tomcat"),
	}
}

// readServerXML reads a server.xml. The files that it and its applications name are
// noted before they are read.
func (s *session) readServerXML(o serverXMLOptions, note func(file string)) (*tomcat.Configuration, error) {
	if err := checkTomcat(o.tomcat); err != nil {
		return nil, err
	}
	data, err := s.readInput(o.file)
	if err != nil {
		return nil, err
	}
	opt := s.tomcatOptions(o)
	read := readSmallFile // a password may come through a pipe
	opt.ReadFile = func(name string) ([]byte, error) {
		note(name)
		return read(name)
	}
	disk.Use(&opt)
	opt.ReadWAR = func(war, name string) ([]byte, error) {
		note(war)
		return disk.ReadWAR(war, name)
	}
	conf, err := tomcat.Read(data, opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.file, err)
	}
	read = disk.ReadFile
	return conf, nil
}

// tlsConnector is the connector of -connector, or the first one with TLS.
func (s *session) tlsConnector(o serverXMLOptions, conf *tomcat.Configuration) (*tomcat.Connector, error) {
	var ports []string
	var chosen *tomcat.Connector
	for i := range conf.Connectors {
		c := &conf.Connectors[i]
		if !c.TLS {
			continue
		}
		ports = append(ports, fmt.Sprint(c.Port))
		if chosen == nil && (!o.connector.given || int64(c.Port) == o.connector.value) {
			chosen = c
		}
	}
	switch {
	case len(ports) == 0:
		s.printFindings(o.file, conf.Findings)
		return nil, fmt.Errorf("%s has no connector with TLS (SSLEnabled=\"true\")", o.file)
	case chosen == nil:
		return nil, fmt.Errorf("%s has no TLS connector on port %d, but on %s", o.file, o.connector.value, strings.Join(ports, ", "))
	case len(ports) > 1 && !o.connector.given:
		s.Stderr.Printf("gokeytool: TLS connectors are on ports %s: this is %s; choose with -connector\n", strings.Join(ports, ", "), ports[0])
	}
	return chosen, nil
}

// anyConnector is the connector of -connector, or else the first one with TLS or
// without; nil where there is none, as where all of them speak AJP.
func anyConnector(o serverXMLOptions, conf *tomcat.Configuration) (*tomcat.Connector, error) {
	fits := func(c tomcat.Connector) bool {
		return o.connector.given && int64(c.Port) == o.connector.value || !o.connector.given && c.TLS
	}
	if i := slices.IndexFunc(conf.Connectors, fits); i >= 0 {
		return &conf.Connectors[i], nil
	}
	if o.connector.given {
		var ports []string
		for _, c := range conf.Connectors {
			ports = append(ports, fmt.Sprint(c.Port))
		}
		others := ""
		if len(ports) > 0 {
			others = ", but on " + strings.Join(ports, ", ")
		}
		return nil, fmt.Errorf("%s has no HTTP connector on port %d%s", o.file, o.connector.value, others)
	}
	if len(conf.Connectors) == 0 {
		return nil, nil
	}
	return &conf.Connectors[0], nil
}

// printFindings prints what there is to say about a configuration in a file; an
// empty one stands for options. It counts the errors.
func (s *session) printFindings(file string, findings []finding.Finding) (bad int) {
	for _, f := range findings {
		if file != "" && f.At.File == "" {
			s.Stderr.Printf("%s: ", file)
		}
		s.Stderr.Printf("%s\n", f.String())
		if f.Severity == finding.Error {
			bad++
		}
	}
	return bad
}

// tomcatOptions say how a server.xml is read, or the attributes of a connector.
func (s *session) tomcatOptions(from serverXMLOptions) tomcat.Options {
	o := tomcat.Options{Version: int(from.tomcat.value), Lookup: s.tomcatProperty, ReadFile: readSmallFile}
	if from.file != "" {
		o.Base = tomcat.Base(from.file)
		if absolute, err := filepath.Abs(o.Base); err == nil {
			o.Base = absolute // what ${catalina.base} stands for must not be relative to itself
		}
	}
	return o
}

// tomcatProperty is the value of a property in a server.xml: set by -J-D, of
// the environment (CATALINA_BASE and the like), or one of Java's.
func (s *session) tomcatProperty(name string) (string, bool) {
	value, ok := s.property(name)
	if !ok && (name == "catalina.base" || name == "catalina.home") {
		return s.LookupEnv(strings.ToUpper(strings.ReplaceAll(name, ".", "_")))
	}
	return value, ok
}
