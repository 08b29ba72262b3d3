package acme

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What a CA may send and cost. Real answers are a hundred times smaller: a chain has
// some 10 KB.
const (
	maxBody      = 1 << 20  // bytes of an answer
	maxHeader    = 64 << 10 // bytes of its header
	maxRedirects = 5
	timeout      = 60 * time.Second // of a request with its answer
)

// requests are how many may be sent for one thing that is asked of the Client: a few
// for each name, and some to wait.
func requests(names int) int { return 200 + 30*names }

// budget counts requests down.
type budget struct{ left int }

// call is what the CA has answered to one call of the protocol library.
type call struct {
	asked      bool  // there was an answer
	err        error // why there was none, or none that can be used; nil otherwise
	url        string
	status     int
	header     http.Header
	body       []byte
	retryAfter time.Duration // zero for none
}

type (
	callKey   struct{}
	budgetKey struct{}
)

// errBudget says that a CA keeps us busy for ever.
var errBudget = errors.New("the CA was asked too often, and comes to no end")

// transport is all traffic with a CA. It bounds it, and stands between the CA and
// the protocol library, which neither bounds answers nor waits as it is told: to the
// library whatever is no success is an error that it has no reason to try again after.
type transport struct {
	base http.RoundTripper
	// directory is the answer to the library's own request for it: it is read
	// once, by us.
	directory []byte
	now       func() time.Time
}

// newTransport speaks TLS with those that roots vouch for.
func newTransport(roots *x509.CertPool, proxy func(*http.Request) (*url.URL, error), now func() time.Time) *transport {
	return &transport{
		base: &http.Transport{
			Proxy:                  proxy,
			DialContext:            (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    30 * time.Second,
			MaxResponseHeaderBytes: maxHeader,
			IdleConnTimeout:        30 * time.Second,
			ForceAttemptHTTP2:      true,
		},
		now: now,
	}
}

// httpClient is the client that goes through t. What is signed is never sent elsewhere.
func (t *transport) httpClient() *http.Client {
	return &http.Client{
		Transport: t,
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if via[0].Method != http.MethodGet || len(via) > maxRedirects {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Fragment != "" && req.Method == http.MethodGet { // see Connect
		return answer(req, http.StatusOK, http.Header{"Content-Type": {"application/json"}}, t.directory), nil
	}
	c, _ := req.Context().Value(callKey{}).(*call)
	if c == nil {
		c = new(call)
	}
	*c = call{}
	c.err = t.ask(req, c)
	if req.Method == http.MethodGet { // ours
		if c.err != nil {
			return nil, c.err
		}
		return answer(req, c.status, c.header, c.body), nil
	}
	header := c.header.Clone()
	if c.err != nil || c.status >= http.StatusMultipleChoices {
		nonce := header.Get("Replay-Nonce")
		header = make(http.Header)
		if nonce != "" && c.err == nil {
			header.Set("Replay-Nonce", nonce)
		}
		return answer(req, http.StatusBadRequest, header, nil), nil
	}
	header.Del("Link") // which the library would follow without a bound
	return answer(req, c.status, header, c.body), nil
}

// ask sends a request, and reads what is answered into c.
func (t *transport) ask(req *http.Request, c *call) error {
	if req.URL.Scheme != "https" || req.URL.Host == "" {
		return fmt.Errorf("%q is not an https URL", req.URL.Redacted())
	}
	ctx := req.Context()
	if b, ok := ctx.Value(budgetKey{}).(*budget); ok {
		if b.left--; b.left < 0 {
			return errBudget
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp, err := t.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return err
	}
	if len(body) > maxBody {
		return errTooLarge
	}
	c.asked, c.url, c.status, c.header, c.body = true, req.URL.String(), resp.StatusCode, resp.Header, body
	c.retryAfter = retryAfter(resp.Header, t.now())
	if req.Method == http.MethodHead && resp.StatusCode < http.StatusMultipleChoices && resp.Header.Get("Replay-Nonce") == "" {
		return errNoNonce
	}
	return nil
}

var (
	errTooLarge = fmt.Errorf("its answer is larger than %d bytes", maxBody)
	errNoNonce  = errors.New("it gives no nonce (Replay-Nonce)")
)

// answer is an answer that is wholly there.
func answer(req *http.Request, status int, header http.Header, body []byte) *http.Response {
	return &http.Response{
		Status: strconv.Itoa(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// retryAfter reads Retry-After (RFC 9110, section 10.2.3), in seconds or as a date;
// zero for none, or for what it is not.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// maxRetryAfter is the longest time that is believed; rate limits of CAs end after a
// week.
const maxRetryAfter = 31 * 24 * time.Hour

// links are the URLs of Link with a relation (RFC 8288), the first few of them.
func links(h http.Header, relation string) []string {
	const most = 8
	var urls []string
	for _, value := range h.Values("Link") {
		for part := range strings.SplitSeq(value, ",") {
			target, params, ok := strings.Cut(part, ">")
			target = strings.TrimPrefix(strings.TrimSpace(target), "<")
			if !ok || len(urls) == most {
				continue
			}
			for param := range strings.SplitSeq(params, ";") {
				name, rel, _ := strings.Cut(strings.TrimSpace(param), "=")
				if strings.EqualFold(strings.TrimSpace(name), "rel") && strings.Trim(strings.TrimSpace(rel), `"`) == relation {
					urls = append(urls, target)
					break
				}
			}
		}
	}
	return urls
}
