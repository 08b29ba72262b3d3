package commands

import (
	"fmt"
	"net"
	"strconv"
)

// defaultAddress is where serve listens unless told otherwise: on this machine only.
const defaultAddress = "127.0.0.1"

// addresses puts where -address, -port and -redirectPort say to listen over the
// connector's ports. Its plain port leads to its own TLS port, and is left alone
// where -port names another.
func (s *serving) addresses(v *served) error {
	address := defaultAddress
	if s.o.address.given && s.o.address.value == "" {
		address = "" // all of this machine's
	} else if s.o.address.given {
		var err error
		if address, err = hostOption("address", s.o.address.value); err != nil {
			return err
		}
	}
	for _, option := range []struct {
		name string
		port int64
	}{{"port", s.o.port.value}, {"redirectPort", s.o.redirectPort.value}} {
		if option.port < 0 || option.port > 65535 {
			return fmt.Errorf("-%s %d: a port is from 0 (any free one) to 65535", option.name, option.port)
		}
	}
	at := func(port int64) string { return net.JoinHostPort(address, strconv.FormatInt(port, 10)) }
	switch {
	case s.o.port.given:
		v.config.Addr = at(s.o.port.value)
	case v.connector == nil:
		v.config.Addr = at(defaultPort)
	default:
		v.config.Addr = at(int64(v.connector.Port))
		if v.plain != nil {
			v.config.RedirectAddr = at(int64(v.plain.Port))
		}
	}
	if s.o.redirectPort.given {
		v.config.RedirectAddr = at(s.o.redirectPort.value)
	}
	return nil
}
