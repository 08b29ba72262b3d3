package acme

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Problem is what a CA says about something that it did not do (RFC 8555, section
// 6.7; RFC 9457). Its texts are the CA's, as it sent them.
type Problem struct {
	Type     string    `json:"type,omitempty"`   // a URN of ACME's, or another URI
	Title    string    `json:"title,omitempty"`  // of the type
	Detail   string    `json:"detail,omitempty"` // of this case
	Instance string    `json:"instance,omitempty"`
	Name     string    `json:"name,omitempty"` // that it concerns; "" for none in particular
	Sub      []Problem `json:"subproblems,omitempty"`
}

// What is taken of a problem; a CA has no reason for more.
const (
	maxProblemText = 2000 // bytes of a text
	maxSubproblems = maxNames
)

// namespace is that of ACME's own types.
const namespace = "urn:ietf:params:acme:error:"

// Kind is the type's name in ACME's own namespace, such as "rateLimited"; "" for
// another type.
func (p *Problem) Kind() string {
	kind, ok := strings.CutPrefix(p.Type, namespace)
	if !ok {
		return ""
	}
	return kind
}

// kinds says in words what the types mean (RFC 8555, section 6.7, and the registry
// "ACME Error Types").
var kinds = map[string]string{
	"accountDoesNotExist":               "it does not know the account",
	"alreadyReplaced":                   "the certificate has been replaced by another order already",
	"alreadyRevoked":                    "the certificate is revoked already",
	"autoRenewalCanceled":               "the renewals of the order are cancelled",
	"autoRenewalCancellationInvalid":    "the renewals of the order cannot be cancelled",
	"autoRenewalExpired":                "the renewals of the order are over",
	"autoRenewalRevocationNotSupported": "a certificate that renews by itself cannot be revoked",
	"badAttestationStatement":           "it does not accept what the device says about its key",
	"badCSR":                            "it does not accept the certificate request: the kind or size of its key, or a name in it",
	"badNonce":                          "it does not accept the nonces that it gives itself",
	"badPublicKey":                      "it does not accept this kind or size of key",
	"badRevocationReason":               "it does not accept this reason for a revocation",
	"badSignatureAlgorithm":             "it does not accept the signature's algorithm",
	"caa":                               "the DNS forbids it to certify the name (CAA record)",
	"compound":                          "several things are wrong",
	"connection":                        "it could not connect to the host",
	"dns":                               "its question to the DNS failed",
	"externalAccountRequired":           "accounts need an external account binding (EAB)",
	"incorrectResponse":                 "what it found is not the proof",
	"invalidContact":                    "it does not accept the contact",
	"invalidProfile":                    "it does not issue by this profile",
	"malformed":                         "it refuses the request as malformed",
	"onionCAARequired":                  "it needs the CAA record of the onion service",
	"orderNotReady":                     "the order is not ready to be finalized",
	"rateLimited":                       "its rate limit is reached",
	"rejectedIdentifier":                "it does not certify this name",
	"serverInternal":                    "it has an internal error",
	"tls":                               "its TLS connection to the host failed",
	"unauthorized":                      "it does not find us authorized",
	"unknownDelegation":                 "it does not know the delegation",
	"unsupportedContact":                "it does not take this kind of contact; mail addresses are usual",
	"unsupportedIdentifier":             "it does not certify this kind of name",
	"userActionRequired":                "somebody has to do something on its pages first",
}

// Words says in one line what the problem is, with what the CA says itself.
func (p *Problem) Words() string {
	words, known := kinds[p.Kind()]
	switch {
	case known:
		words += " (" + p.Kind() + ")"
	case p.Type == "" || p.Type == "about:blank":
		words = "it refuses"
		if p.Title != "" {
			words += " (" + p.Title + ")"
		}
	default:
		words = "it refuses with " + p.Type
	}
	if p.Name != "" {
		words = p.Name + ": " + words
	}
	if p.Detail != "" {
		words += ": " + p.Detail
	}
	for i := range p.Sub {
		if i == 0 {
			words += " ["
		} else {
			words += "; "
		}
		words += p.Sub[i].Words()
	}
	if len(p.Sub) > 0 {
		words += "]"
	}
	return words
}

// has says whether the problem, or one of its parts, is of a kind.
func (p *Problem) has(kind string) bool {
	return p != nil && (p.Kind() == kind || slices.ContainsFunc(p.Sub, func(sub Problem) bool { return sub.has(kind) }))
}

// parseProblem reads a problem document; nil if it is none. It is lenient: what has
// a wrong type is left out.
func parseProblem(data []byte) *Problem {
	var fields map[string]any
	if json.Unmarshal(data, &fields) != nil {
		return nil
	}
	const depth = 2
	p := problemOf(fields, depth)
	if p.Type == "" && p.Detail == "" && p.Title == "" {
		return nil
	}
	return &p
}

func problemOf(fields map[string]any, depth int) Problem {
	text := func(fields map[string]any, name string) string {
		s, _ := fields[name].(string)
		if len(s) > maxProblemText {
			s = strings.ToValidUTF8(s[:maxProblemText], "") + "..."
		}
		return s
	}
	p := Problem{Type: text(fields, "type"), Title: text(fields, "title"), Detail: text(fields, "detail"), Instance: text(fields, "instance")}
	if id, ok := fields["identifier"].(map[string]any); ok {
		p.Name = text(id, "value")
	}
	if subs, ok := fields["subproblems"].([]any); ok && depth > 0 {
		for _, sub := range subs[:min(len(subs), maxSubproblems)] {
			if fields, ok := sub.(map[string]any); ok {
				p.Sub = append(p.Sub, problemOf(fields, depth-1))
			}
		}
	}
	return p
}

// Error is what did not go well with a CA.
type Error struct {
	CA      string    // by the host of its directory
	Step    string    // in words
	Status  int       // of HTTP; 0 where there was no answer, or a good one
	Problem *Problem  // nil where the CA does not say
	RetryAt time.Time // when the CA may be asked again; zero where it does not say
	Terms   string    // URL of the terms that are to be agreed to; empty for none
	Err     error     // what went wrong otherwise; nil where the CA says it

	method  Method   // by which names were to be proved
	refused bool     // the CA has looked for a proof and not found it
	advice  []string // beside what the problem says
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	text := e.CA + ": " + e.Step + ": "
	switch {
	case e.Problem != nil:
		text += e.Problem.Words()
	case e.Err != nil && e.Err != errStatus:
		text += e.Err.Error()
	default:
		text += fmt.Sprintf("it answers with HTTP status %d %s", e.Status, http.StatusText(e.Status))
	}
	if !e.RetryAt.IsZero() {
		text += "; it is to be asked again after " + e.RetryAt.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	return text
}

// Kind is that of the CA's problem, "" for none.
func (e *Error) Kind() string {
	if e.Problem == nil {
		return ""
	}
	return e.Problem.Kind()
}

// Advice says what to do, in lines of their own; none where there is nothing to say.
func (e *Error) Advice() []string {
	var lines []string
	say := func(line string) {
		if line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	for _, line := range e.advice {
		say(line)
	}
	if e.Problem != nil {
		e.advise(e.Problem, say)
	}
	switch {
	case e.Problem != nil:
	case e.Status == http.StatusTooManyRequests:
		say(adviceRate)
	case e.Status >= 500:
		say(adviceServer)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](e.Err); ok {
		say("This machine does not trust the CA's own server. For a private CA give its root certificate by -caFile.")
	}
	if dns, ok := errors.AsType[*net.DNSError](e.Err); ok && dns.IsNotFound {
		say("There is no such host. The address of the CA's directory may be mistyped.")
	}
	return lines
}

const (
	adviceServer = "The CA has to put that right. Run the same line again later; nothing is lost."
	adviceRate   = "Run the same line again when the time is over. Try things with the CA's staging directory, which has higher limits."
)

// where is where the CA looks for a proof.
var where = map[Method]string{
	HTTP01:    "port 80",
	TLSALPN01: "port 443",
}

func (e *Error) advise(p *Problem, say func(string)) {
	for i := range p.Sub {
		e.advise(&p.Sub[i], say)
	}
	name := p.Name
	if name == "" {
		name = "the name"
	}
	proving := e.method != ""
	switch p.Kind() {
	case "accountDoesNotExist":
		say("The account was removed at the CA, or its file is another CA's. Agree to the terms again with -agree, and a new one is made.")
	case "badCSR", "badPublicKey", "badSignatureAlgorithm":
		say("Take another key: most CAs accept EC P-256 and P-384, and RSA of 2048 to 4096 bits.")
	case "badRevocationReason":
		say("CAs accept the reasons unspecified, keyCompromise, affiliationChanged, superseded and cessationOfOperation.")
	case "caa":
		say(fmt.Sprintf("Add a CAA record for %s (or a domain above it) that names this CA, or remove those that name others.", name))
	case "connection":
		switch port := where[e.method]; {
		case port != "":
			say(fmt.Sprintf("The CA must reach %s of %s from the Internet: look at the DNS (also at its AAAA record), at firewalls and at port forwarding.", port, name))
		default:
			say(fmt.Sprintf("Look at the DNS of %s and at firewalls.", name))
		}
		if e.method != DNS01 && proving {
			say("Where the host cannot be reached from outside, prove the name in the DNS: -via dns-01.")
		}
	case "dns":
		if e.method == DNS01 {
			say(fmt.Sprintf("The record _acme-challenge.%s must be there for all name servers of the zone when the hook ends. Let the hook wait until it is.", name))
		} else {
			say(fmt.Sprintf("%s must have an A or AAAA record that the whole Internet sees.", name))
		}
	case "externalAccountRequired":
		say("Get a key id and a key for ACME from your account at the CA, and give them by -eabKid and -eabKey.")
	case "incorrectResponse", "unauthorized":
		switch {
		case !proving:
			if e.Step == "making an account" {
				say("The CA does not accept the account or its external account binding: look at -eabKid and -eabKey, which may have been used already.")
			}
		case e.method == HTTP01:
			host := name
			if strings.Contains(host, ":") { // IPv6
				host = "[" + host + "]"
			}
			say(fmt.Sprintf("http://%s/.well-known/acme-challenge/ must be answered by what proves the name: another server, a proxy or a redirect may be in between.", host))
		case e.method == TLSALPN01:
			say(fmt.Sprintf("Port 443 of %s must lead to what proves the name, with no proxy that ends TLS in between.", name))
		case e.method == DNS01:
			say(fmt.Sprintf("The TXT record _acme-challenge.%s must have the value of this order; old ones may still be cached.", name))
		}
	case "invalidContact", "unsupportedContact":
		say("Give a mail address that exists as -contact, or none.")
	case "rateLimited":
		say(adviceRate)
	case "rejectedIdentifier", "unsupportedIdentifier":
		say(fmt.Sprintf("Take %s out of the names, or ask a CA that certifies it.", name))
	case "serverInternal", "badNonce":
		say(adviceServer)
	case "tls":
		say(fmt.Sprintf("Port 443 of %s must speak TLS, and lead to what proves the name.", name))
	case "userActionRequired":
		switch {
		case e.Terms != "":
			say("The CA's terms have changed. Read and agree to them there, then run the same line again: " + e.Terms)
		case p.Instance != "":
			say("The CA says what to do there: " + p.Instance)
		}
	}
}

// failed is an error in a step.
func (c *Client) failed(step string, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{CA: c.host, Step: step, Err: err}
}

// answered is an error in a step, by what the CA has answered.
func (c *Client) answered(step string, a *call, err error) *Error {
	e := &Error{CA: c.host, Step: step, Status: a.status}
	if a.retryAfter > 0 && a.status >= http.StatusBadRequest {
		e.RetryAt = c.cfg.Now().Add(a.retryAfter)
	}
	switch {
	case a.err != nil:
		e.Err = plainly(a.err)
	case !a.asked:
		e.Err = plainly(err)
	case a.status >= http.StatusBadRequest:
		e.Problem = parseProblem(a.body)
		e.Err = errStatus
		if e.Problem != nil && e.Problem.has("userActionRequired") {
			if terms := links(a.header, "terms-of-service"); len(terms) > 0 {
				e.Terms = terms[0]
			}
		}
	case a.status >= http.StatusMultipleChoices:
		e.Err = fmt.Errorf("it leads elsewhere (HTTP status %d, to %q), which is not followed", a.status, a.header.Get("Location"))
	default:
		for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
			err = inner // of the library's
		}
		kind := a.mediaType()
		if kind == "" {
			kind = "something without a type"
		}
		e.Err = fmt.Errorf("its answer (HTTP status %d, %s, %d bytes) is not what ACME has there: %w", a.status, kind, len(a.body), err)
	}
	return e
}

// plainly takes out of an error what the library and net/http put around it, since
// the step says it already, and says in words what is usual.
func plainly(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("it gives no answer in time: %w", err)
	case dropped(err):
		return fmt.Errorf("the connection broke off: %w", err)
	}
	return err
}

// dropped says whether a connection broke off.
func dropped(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
