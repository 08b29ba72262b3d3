package commands

import (
	"fmt"
	"path/filepath"
	"strings"

	"gokeytool/finding"
	"gokeytool/tomcat"
)

// loadServerXML reads -serverxml and opens everything that its connector names:
// that of -connector, or the first one with TLS.
func (s *serving) loadServerXML() (*served, error) {
	v := new(served)
	v.watch(s.o.serverxml)
	data, err := s.readInput(s.o.serverxml)
	if err != nil {
		return v, err
	}
	opt := s.tomcatOptions(s.o.serverxml)
	opt.ReadFile = func(name string) ([]byte, error) {
		v.watch(name)
		return readSmallFile(name)
	}
	conf, err := tomcat.Read(data, opt)
	if err != nil {
		return v, fmt.Errorf("%s: %w", s.o.serverxml, err)
	}
	if v.connector, err = s.chooseConnector(conf.Connectors, conf.Findings); err != nil {
		return v, err
	}
	if err := s.reportFindings(s.o.serverxml, tomcat.About(conf.Findings, v.connector)); err != nil {
		return v, err
	}
	v.plain, _ = tomcat.Redirecting(conf.Connectors, v.connector)
	return v, s.load(v.connector, v)
}

// chooseConnector is the connector of -connector, or the first one with TLS.
func (s *serving) chooseConnector(connectors []tomcat.Connector, findings []finding.Finding) (*tomcat.Connector, error) {
	var ports []string
	var chosen *tomcat.Connector
	for i := range connectors {
		c := &connectors[i]
		if !c.TLS {
			continue
		}
		ports = append(ports, fmt.Sprint(c.Port))
		if chosen == nil && (!s.o.connector.given || int64(c.Port) == s.o.connector.value) {
			chosen = c
		}
	}
	switch {
	case len(ports) == 0:
		_ = s.reportFindings(s.o.serverxml, findings)
		return nil, fmt.Errorf("%s has no connector with TLS (SSLEnabled=\"true\")", s.o.serverxml)
	case chosen == nil:
		return nil, fmt.Errorf("%s has no TLS connector on port %d, but on %s", s.o.serverxml, s.o.connector.value, strings.Join(ports, ", "))
	case len(ports) > 1 && !s.o.connector.given:
		s.Stderr.Printf("gokeytool: TLS connectors are on ports %s: this is %s; choose with -connector\n", strings.Join(ports, ", "), ports[0])
	}
	return chosen, nil
}

// tomcatOptions say how a server.xml is read.
func (s *serving) tomcatOptions(serverxml string) tomcat.Options {
	o := tomcat.Options{Version: int(s.o.tomcat), Lookup: s.tomcatProperty, ReadFile: readSmallFile}
	if serverxml != "" {
		o.Base = tomcat.Base(serverxml)
		if absolute, err := filepath.Abs(o.Base); err == nil {
			o.Base = absolute // what ${catalina.base} stands for must not be relative to itself
		}
	}
	return o
}

// tomcatProperty is the value of a property in a server.xml: set by -J-D, of
// the environment (CATALINA_BASE and the like), or one of Java's.
func (s *serving) tomcatProperty(name string) (string, bool) {
	value, ok := s.property(name)
	if !ok && (name == "catalina.base" || name == "catalina.home") {
		return s.LookupEnv(strings.ToUpper(strings.ReplaceAll(name, ".", "_")))
	}
	return value, ok
}
