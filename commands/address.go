package commands

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"gokeytool/internal/fetch"
	"gokeytool/internal/shell"
	"gokeytool/jdk"
	"gokeytool/x509util"
)

// readAddress reads what -printcrl takes: an address or, where it is none, a
// file. A file by the name of a bad address is read, too.
func (s *session) readAddress(ctx context.Context, name string) ([]byte, error) {
	u, err := url.Parse(name)
	if err != nil || u.Scheme == "" || strings.ContainsAny(name, " \"<>\\^`{|}") || u.Opaque == "" && u.Host == "" && u.Path == "" {
		return s.readFile(name)
	}
	data, err := s.fetch(ctx, u, name)
	if err != nil {
		if data, err := s.readFile(name); err == nil {
			return data, nil
		}
	}
	return data, err
}

// fetch reads what an address leads to.
func (s *session) fetch(ctx context.Context, u *url.URL, name string) ([]byte, error) {
	switch u.Scheme {
	case "file":
		path := u.Path
		if u.Opaque != "" { // relative
			path, _ = url.PathUnescape(u.Opaque)
		}
		if u.Host != "" && u.Host != "localhost" {
			return nil, java("java.net.UnknownHostException", u.Host)
		}
		return s.readFile(filepath.FromSlash(path))
	case "http", "https":
	case "ftp", "jar", "ldap", "mailto":
		return nil, withHint(java("java.net.UnknownServiceException", u.Scheme+" is not supported"),
			"file, http and https addresses are read; download others first")
	default:
		return nil, java("java.net.MalformedURLException", "unknown protocol: "+u.Scheme)
	}
	data, err := fetch.Get(ctx, name, fetch.Options{Proxy: s.proxy, Roots: s.httpsRoots(u), Limit: maxInput})
	if redirect, ok := errors.AsType[*fetch.RedirectError](err); ok {
		return data, s.notFollowed(redirect)
	}
	if err != nil {
		return nil, withHint(s.fetchError(err), err.Error())
	}
	return data, nil
}

// notFollowed is the error of a redirection that Java does not follow either.
// keytool takes the answer for the file, which is empty as a rule, and is content.
func (s *session) notFollowed(redirect *fetch.RedirectError) error {
	switch {
	case !s.ownStyle():
		s.hint(redirect.Error())
		return nil
	case redirect.To == "":
		return redirect
	}
	return withHint(redirect, "to follow it: "+shell.Line("gokeytool", "printcrl", "-file", redirect.To))
}

// httpsRoots are the certificates of Java's trust store for an https address;
// nil where there is none.
func (s *session) httpsRoots(u *url.URL) *x509.CertPool {
	if u.Scheme != "https" {
		return nil
	}
	cacerts, err := s.cacerts()
	if err != nil {
		return nil
	}
	roots := x509.NewCertPool()
	for _, e := range cacerts.Entries() {
		for _, c := range e.Chain {
			if root, err := x509.ParseCertificate(x509util.Encoded(c.DER)); err == nil {
				roots.AddCert(root)
			}
		}
	}
	return roots
}

// fetchError is what Java says of a file that can't be fetched.
func (s *session) fetchError(err error) error {
	var status *fetch.StatusError
	var dns *net.DNSError
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.Is(err, fetch.ErrRedirects):
		text := "Server redirected too many times (20)"
		if s.release < jdk.Release25 {
			text = "Server redirected too many  times (20)"
		}
		return java("java.net.ProtocolException", text)
	case errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusGone):
		return java("java.io.FileNotFoundException", status.URL)
	case errors.As(err, &status):
		return java("java.io.IOException", "Server returned HTTP response code: "+strconv.Itoa(status.Code)+" for URL: "+status.URL)
	case errors.As(err, &dns):
		return java("java.net.UnknownHostException", dns.Name)
	case errors.As(err, &untrusted):
		text := "PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target"
		if s.release >= jdk.Release25 {
			text = "(certificate_unknown) " + text
		}
		return java("javax.net.ssl.SSLHandshakeException", text)
	case errors.Is(err, syscall.ECONNREFUSED):
		return java("java.net.ConnectException", "Connection refused")
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return java("java.net.ConnectException", "Connection timed out")
	}
	return java("java.io.IOException", err.Error())
}

// readFile reads a file that is given by its name, which may be empty.
func (s *session) readFile(name string) ([]byte, error) {
	if name == "" {
		return nil, fileError(name, fs.ErrNotExist)
	}
	return s.readInput(name)
}

// proxy is the HTTP proxy that Java's properties (http.proxyHost and the
// like) name for a URL, "" if they name none.
func (s *session) proxy(u *url.URL) string {
	host, _ := s.property(u.Scheme + ".proxyHost")
	if host == "" {
		return ""
	}
	direct, ok := s.property("http.nonProxyHosts") // for both
	if !ok {
		direct = "localhost|127.*|[::1]|0.0.0.0|[::0]"
	}
	name := strings.ToLower(u.Hostname())
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	for pattern := range strings.SplitSeq(strings.ToLower(direct), "|") {
		if matchesHost(pattern, name) {
			return ""
		}
	}
	port, ok := s.property(u.Scheme + ".proxyPort")
	if !ok {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(host, port)
}

// matchesHost says whether a pattern, which may begin or end with a star, is
// one of a host.
func matchesHost(pattern, host string) bool {
	rest, before := strings.CutPrefix(pattern, "*")
	rest, after := strings.CutSuffix(rest, "*")
	switch {
	case before && after:
		return strings.Contains(host, rest)
	case before:
		return strings.HasSuffix(host, rest)
	case after:
		return strings.HasPrefix(host, rest)
	}
	return host == rest
}
