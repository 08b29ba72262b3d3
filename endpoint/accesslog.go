package endpoint

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"gokeytool/internal/tlsname"
)

// logAccess writes one record for each request to Config.AccessLog.
func (s *site) logAccess(next http.Handler) http.Handler {
	handler := s.cfg.AccessLog.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.cfg.Now()
		counted := &countingWriter{ResponseWriter: w}
		defer func() {
			if !handler.Enabled(r.Context(), slog.LevelInfo) {
				return
			}
			if counted.status == 0 {
				counted.status = http.StatusOK
			}
			if r.Method == http.MethodHead {
				counted.bytes = 0 // what was written was not sent
			}
			// The record goes to the handler directly: a Logger would
			// look for the place in the source, which costs more than
			// all the rest.
			record := slog.NewRecord(start, slog.LevelInfo, "request", 0)
			remote := r.RemoteAddr
			if len(s.valves) > 0 {
				remote = s.seen(r).logged
			}
			attrs := append(make([]slog.Attr, 0, 11),
				slog.String("remote", remote),
				slog.String("method", r.Method),
				slog.String("uri", r.RequestURI),
				slog.String("proto", r.Proto),
				slog.Int("status", counted.status),
				slog.Int64("bytes", counted.bytes),
				slog.Duration("duration", s.cfg.Now().Sub(start)))
			if c := connOf(r.Context()); c != nil && r.TLS != nil {
				attrs = append(attrs,
					slog.String("tls", tlsname.Protocol(r.TLS.Version)),
					slog.String("suite", tlsname.Suite(r.TLS.CipherSuite)),
					slog.String("session", c.session.ID),
					slog.Bool("resumed", c.resumed))
			}
			record.AddAttrs(attrs...)
			handler.Handle(r.Context(), record) // nobody is left to be told
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
	// line is used again and again, and stamp is the time of a second.
	line, stamp []byte
	second      time.Time
}

func (l *commonLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *commonLog) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *commonLog) WithGroup(string) slog.Handler            { return l }

func (l *commonLog) Handle(_ context.Context, r slog.Record) error {
	var remote, method, uri, proto string
	var status, bytes int64
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "remote":
			remote = a.Value.String()
		case "method":
			method = a.Value.String()
		case "uri":
			uri = a.Value.String()
		case "proto":
			proto = a.Value.String()
		case "status":
			status = a.Value.Int64()
		case "bytes":
			bytes = a.Value.Int64()
		}
		return true
	})
	if host, _, err := net.SplitHostPort(remote); err == nil {
		remote = host
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if second := r.Time.Truncate(time.Second); second != l.second {
		l.second, l.stamp = second, r.Time.AppendFormat(l.stamp[:0], " - - [02/Jan/2006:15:04:05 -0700] \"")
	}
	line := append(l.line[:0], escapeLog(remote)...) // a proxy's header may have said it
	line = append(line, l.stamp...)
	line = append(line, escapeLog(method)...)
	line = append(line, ' ')
	line = append(line, escapeLog(uri)...)
	line = append(line, ' ')
	line = append(line, proto...)
	line = append(line, "\" "...)
	line = strconv.AppendInt(line, status, 10)
	line = append(line, ' ')
	if bytes == 0 {
		line = append(line, '-')
	} else {
		line = strconv.AppendInt(line, bytes, 10)
	}
	l.line = append(line, '\n')
	_, err := l.w.Write(l.line)
	return err
}

// escapeLog keeps a client from forging lines.
func escapeLog(s string) string {
	harmless := true
	for i := range len(s) {
		harmless = harmless && !forges(s[i])
	}
	if harmless {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; forges(c) {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func forges(c byte) bool { return c < ' ' || c >= 0x7f || c == '"' || c == '\\' }
