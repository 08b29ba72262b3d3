// Package fetch reads files over HTTP and connects through HTTP proxies.
package fetch

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// timeout bounds a whole conversation.
const timeout = 30 * time.Second

// maxHeader bounds what a server or a proxy says before a file, in bytes: real
// ones are a hundred times shorter.
const maxHeader = 256 << 10

// maxRedirects is how often Java lets itself be sent elsewhere.
const maxRedirects = 20

// StatusError is a server's refusal.
type StatusError struct {
	Code int // HTTP's, 400 and above
	URL  string
}

func (e *StatusError) Error() string { return "HTTP status " + strconv.Itoa(e.Code) + " for " + e.URL }

// RedirectError says that a server leads elsewhere, where Get does not follow: to
// another scheme, or nowhere.
type RedirectError struct {
	Code int    // HTTP's, from 300 to 399
	URL  string // who says so
	To   string // where it leads; "" if it does not say
}

func (e *RedirectError) Error() string {
	if e.To == "" {
		return fmt.Sprintf("%s answers with HTTP status %d, and not with a file", e.URL, e.Code)
	}
	return fmt.Sprintf("not followed: %s leads to %s (HTTP status %d)", e.URL, e.To, e.Code)
}

// ErrRedirects says that a server leads from one place to the next for ever.
var ErrRedirects = fmt.Errorf("redirected more than %d times", maxRedirects)

// TooLargeError is the answer to a file larger than was asked for.
type TooLargeError struct{ Limit int64 } // in bytes

func (e *TooLargeError) Error() string {
	return "larger than " + strconv.FormatInt(e.Limit, 10) + " bytes"
}

// Options are how a file is fetched.
type Options struct {
	// Proxy returns the host:port of the HTTP proxy on the way to a URL, ""
	// for none. nil: there is never one.
	Proxy func(*url.URL) string
	// Roots are who may vouch for an HTTPS server; nil is the system's.
	Roots *x509.CertPool
	// Limit is the size in bytes that a file may have.
	Limit int64
}

// Get reads the file at an http or https URL. It follows redirections as Java
// does: never from one of the two to the other. What comes with a redirection
// that is not followed is returned beside a *RedirectError.
func Get(ctx context.Context, address string, o Options) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: o.Roots},
		DisableKeepAlives: true,
		// Of a proxy's answer to CONNECT as well.
		MaxResponseHeaderBytes: maxHeader,
		Proxy: func(r *http.Request) (*url.URL, error) {
			if o.Proxy == nil {
				return nil, nil
			}
			if host := o.Proxy(r.URL); host != "" {
				return &url.URL{Scheme: "http", Host: host}, nil
			}
			return nil, nil
		},
	}
	client := &http.Client{
		Transport: transport,
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if next.URL.Scheme != via[0].URL.Scheme {
				return http.ErrUseLastResponse
			}
			if len(via) >= maxRedirects {
				return ErrRedirects
			}
			return nil
		},
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return nil, &StatusError{response.StatusCode, response.Request.URL.String()}
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, o.Limit+1))
	if err == nil && int64(len(data)) > o.Limit {
		err = &TooLargeError{o.Limit}
	}
	if err == nil && response.StatusCode >= http.StatusMultipleChoices {
		redirect := &RedirectError{Code: response.StatusCode, URL: response.Request.URL.String()}
		if to, err := response.Location(); err == nil {
			redirect.To = to.String()
		}
		return data, redirect
	}
	return data, err
}

// Dial connects to address, host:port, over TCP; through the HTTP proxy at
// proxy unless that is "".
func Dial(ctx context.Context, address, proxy string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: timeout}
	if proxy == "" {
		return dialer.DialContext(ctx, "tcp", address)
	}
	conn, err := dialer.DialContext(ctx, "tcp", proxy)
	if err != nil {
		return nil, err
	}
	if err := tunnel(ctx, conn, address); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// tunnel asks the proxy at the other end to pass everything on to address.
func tunnel(ctx context.Context, conn net.Conn, address string) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "CONNECT %[1]s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", address); err != nil {
		return err
	}
	// Nothing follows the answer before we speak: TLS servers wait.
	response, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxHeader)), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy answers %s", response.Status)
	}
	return conn.SetDeadline(time.Time{})
}
