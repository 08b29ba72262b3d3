package endpoint

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// logAccess writes one record for each request to Config.AccessLog.
func (s *Server) logAccess(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.cfg.Now()
		counted := &countingWriter{ResponseWriter: w}
		defer func() {
			if counted.status == 0 {
				counted.status = http.StatusOK
			}
			attrs := []slog.Attr{
				slog.String("remote", r.RemoteAddr),
				slog.String("method", r.Method),
				slog.String("uri", r.RequestURI),
				slog.String("proto", r.Proto),
				slog.Int("status", counted.status),
				slog.Int64("bytes", counted.bytes),
				slog.Duration("duration", s.cfg.Now().Sub(start)),
			}
			if c := connOf(r.Context()); c != nil && r.TLS != nil {
				attrs = append(attrs,
					slog.String("tls", protocolName(r.TLS.Version)),
					slog.String("suite", suiteName(r.TLS.CipherSuite)),
					slog.String("session", c.session.ID),
					slog.Bool("resumed", c.resumed))
			}
			s.cfg.AccessLog.LogAttrs(r.Context(), slog.LevelInfo, "request", attrs...)
		}()
		next.ServeHTTP(counted, r)
	})
}

// countingWriter remembers what was answered.
type countingWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *countingWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *countingWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap serves http.ResponseController.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// CommonLog returns a handler for Config.AccessLog that writes the Common Log
// Format, as Tomcat's AccessLogValve does by default (%h %l %u %t "%r" %s %b).
// It is for the records of an endpoint only.
func CommonLog(w io.Writer) slog.Handler { return &commonLog{w: w} }

type commonLog struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *commonLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *commonLog) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *commonLog) WithGroup(string) slog.Handler            { return l }

func (l *commonLog) Handle(_ context.Context, r slog.Record) error {
	value := make(map[string]string, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		value[a.Key] = a.Value.String()
		return true
	})
	remote := value["remote"]
	if host, _, err := net.SplitHostPort(remote); err == nil {
		remote = host
	}
	size := value["bytes"]
	if size == "0" {
		size = "-"
	}
	when := r.Time
	if when.IsZero() {
		when = time.Now()
	}
	line := fmt.Sprintf("%s - - [%s] \"%s %s %s\" %s %s\n", remote, when.Format("02/Jan/2006:15:04:05 -0700"),
		escapeLog(value["method"]), escapeLog(value["uri"]), value["proto"], value["status"], size)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := io.WriteString(l.w, line)
	return err
}

// escapeLog keeps a client from forging lines.
func escapeLog(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f || r == '"' || r == '\\' }) < 0 {
		return s
	}
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
