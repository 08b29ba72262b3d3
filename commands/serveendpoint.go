package commands

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"gokeytool/endpoint"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/shell"
	"gokeytool/sessionid"
)

// maxMinutes bounds the life of HTTP sessions, to a century.
const maxMinutes = 100 * 365 * 24 * 60

// configure adds what the options say about the endpoint itself.
func (s *serving) configure(cfg *endpoint.Config) (err error) {
	cfg.Now = s.Now
	cfg.Exhausted = s.sayExhausted
	cfg.Requests = int(s.o.requests)
	cfg.HSTS = s.o.hsts
	if s.o.once {
		cfg.Requests = 1
	}
	if cfg.SessionIDs, err = sessionid.New(int(s.o.sessionIDLength), s.o.jvmRoute); err != nil {
		return err
	}
	if s.o.httpSessionTimeout.given {
		cfg.SessionTimeout = -1 // as in web.xml: none
		if minutes := s.o.httpSessionTimeout.value; minutes > 0 {
			cfg.SessionTimeout = time.Duration(min(minutes, maxMinutes)) * time.Minute
		}
	}
	if most := s.o.maxActiveSessions; most.given {
		if most.value < 1 {
			return fmt.Errorf("-maxActiveSessions %d: at least one is needed, and a number without bound is not possible", most.value)
		}
		cfg.MaxSessions = int(most.value)
	}
	tracking, err := s.choose("tracking", s.o.tracking)
	if err != nil {
		return err
	}
	cfg.Tracking = trackings[tracking]
	accesslog, err := s.choose("accesslog", s.o.accesslog)
	if err != nil {
		return err
	}
	if handler := accessLogs[accesslog]; handler != nil {
		cfg.AccessLog = slog.New(handler(s.Stdout.Lines()))
	}
	for _, proxy := range s.o.proxies {
		prefix, err := netip.ParsePrefix(proxy)
		if err != nil {
			address, err := netip.ParseAddr(proxy)
			if err != nil {
				return fmt.Errorf("-proxy %s: an address such as 127.0.0.1 or 10.0.0.0/8 is wanted", proxy)
			}
			address = address.Unmap() // as clients' addresses are looked at
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		cfg.TrustedProxies = append(cfg.TrustedProxies, prefix)
	}
	if s.o.keylog != "" {
		if err := keyLogOrNew(s.o.keylog); err != nil {
			return err
		}
		file, err := atomicfile.AppendSecret(s.o.keylog)
		if err != nil {
			return secretNotWritten(s.o.keylog, err)
		}
		s.Stderr.Printf("gokeytool: whoever reads %s can read this endpoint's traffic\n", s.o.keylog)
		cfg.KeyLog = file // open until the end of the program
	}
	if s.opt.verbose {
		cfg.Logger = slog.New(slog.NewTextHandler(s.Stderr.Lines(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return nil
}

// trackings are the values of -tracking.
var trackings = map[string]endpoint.Tracking{
	"":       endpoint.TrackCookie,
	"cookie": endpoint.TrackCookie,
	"tls":    endpoint.TrackTLS,
	"ssl":    endpoint.TrackTLS,
}

// accessLogs are the values of -accesslog; nil for no log.
var accessLogs = map[string]func(io.Writer) slog.Handler{
	"":       nil,
	"off":    nil,
	"common": endpoint.CommonLog,
	"json":   func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
}

// sayExhausted tells of clients that wait because the process has too many files
// and connections open.
func (s *serving) sayExhausted(err error) {
	s.Stderr.Printf("gokeytool: clients have to wait: %s. More can be served at once where more descriptors are allowed: %s before the start\n",
		err, shell.Line("ulimit", "-n", "65536"))
}
