package commands

import (
	"io"
	"log/slog"

	"gokeytool/endpoint"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/shell"
)

// configure adds what the options say about the endpoint itself.
func (s *serving) configure(cfg *endpoint.Config) (err error) {
	cfg.Now = s.Now
	cfg.Exhausted = s.sayExhausted
	cfg.Requests = int(s.o.requests)
	if s.o.once {
		cfg.Requests = 1
	}
	accesslog, err := s.choose("accesslog", s.o.accesslog)
	if err != nil {
		return err
	}
	if handler := accessLogs[accesslog]; handler != nil {
		cfg.AccessLog = slog.New(handler(s.Stdout.Lines()))
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
