package endpoint

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"gokeytool/x509util"
)

// proxyFacts is what a TLS-terminating proxy in front says of the client's
// connection, by the headers of Tomcat's SSLValve.
type proxyFacts struct {
	Protocol     string                 `json:"protocol,omitempty"`
	CipherSuite  string                 `json:"cipherSuite,omitempty"`
	KeySize      int                    `json:"keySize,omitempty"`
	SessionID    string                 `json:"sessionId,omitempty"`
	Certificates []x509util.Description `json:"certificates"`

	der [][]byte
	has proxyHas
}

// proxyHas tells which headers there were, of which a value may be empty.
type proxyHas struct{ protocol, cipher, keySize, session, certificate bool }

// usualSSLValve has the names that Tomcat's SSLValve gives the headers.
var usualSSLValve = SSLValve{
	ClientCert: "ssl_client_cert", EscapedClientCert: "ssl_client_escaped_cert", Cipher: "ssl_cipher",
	SessionID: "ssl_session_id", KeySize: "ssl_cipher_usekeysize", Protocol: "ssl_secure_protocol",
}

// describeProxy reads the headers of a proxy that is believed. It returns nil
// where the request comes from elsewhere, or has none of them.
func (s *site) describeProxy(r *http.Request) *proxyFacts {
	valve := s.cfg.SSLValve
	switch {
	case len(s.cfg.TrustedProxies) > 0:
		if !s.trusts(r.RemoteAddr) {
			return nil
		}
		if valve == nil {
			valve = &usualSSLValve
		}
	case valve == nil:
		return nil
	}
	facts := &proxyFacts{Certificates: []x509util.Description{}}
	facts.Protocol, facts.has.protocol = valveHeader(r, valve.Protocol)
	facts.CipherSuite, facts.has.cipher = valveHeader(r, valve.Cipher)
	facts.SessionID, facts.has.session = valveHeader(r, valve.SessionID)
	if text, ok := valveHeader(r, valve.KeySize); ok {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			s.cfg.Logger.Warn("the header of a proxy has no number", "header", valve.KeySize, "value", text)
		} else {
			facts.KeySize, facts.has.keySize = int(n), true
		}
	}
	text, ok := valveHeader(r, valve.EscapedClientCert)
	if ok {
		// As nginx's $ssl_client_escaped_cert: a plus sign is itself.
		var err error
		if text, err = url.PathUnescape(text); err != nil {
			s.cfg.Logger.Warn("the client certificate of a proxy can't be read", "cause", err)
		}
	} else {
		text, _ = valveHeader(r, valve.ClientCert)
	}
	if text = trim(text); len(text) > len(pemBegin) {
		facts.has.certificate = true
		der, err := certificateHeader(text)
		if err != nil {
			s.cfg.Logger.Warn("the client certificate of a proxy can't be read", "cause", err)
		} else {
			facts.der = [][]byte{der}
			facts.Certificates = x509util.DescribeAll(facts.der)
		}
	}
	if facts.has == (proxyHas{}) {
		return nil
	}
	return facts
}

// trusts reports whether an address is that of a trusted proxy.
func (s *site) trusts(remote string) bool {
	addr, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, prefix := range s.cfg.TrustedProxies {
		if prefix.Contains(addr.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// valveHeader returns the first header of a name, and whether there is one.
// Apache writes "(null)" for variables without a value.
func valveHeader(r *http.Request, name string) (string, bool) {
	values := r.Header.Values(name)
	if name == "" || len(values) == 0 || values[0] == "(null)" {
		return "", false
	}
	return values[0], true
}

const (
	pemBegin = "-----BEGIN CERTIFICATE-----"
	pemEnd   = "-----END CERTIFICATE-----"
)

// certificateHeader reads a certificate in PEM whose lines a proxy has joined:
// Apache with spaces, nginx with tabs. Of several it is the first, and the first
// 27 characters are taken for the line that begins one, as by Tomcat.
func certificateHeader(text string) ([]byte, error) {
	text, _, ok := strings.Cut(text[len(pemBegin):], pemEnd)
	if !ok {
		return nil, errors.New("there is no " + pemEnd)
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, err
	}
	if _, err := x509util.ParseCertificate(der); err != nil {
		return nil, err
	}
	return der, nil
}

// overlay puts what the proxy says over the attributes of our own connection,
// as SSLValve does: a certificate that can't be read takes away that of the
// connection.
func (p *proxyFacts) overlay(attributes map[string]any, servlet string) {
	for _, set := range []struct {
		has   bool
		name  string
		value any
	}{
		{p.has.cipher, "cipher_suite", p.CipherSuite},
		{p.has.keySize, "key_size", p.KeySize},
		{p.has.session, "ssl_session_id", p.SessionID},
		{p.has.protocol, "secure_protocol", p.Protocol},
	} {
		if set.has {
			attributes[servlet+set.name] = set.value
		}
	}
	switch {
	case p.der != nil:
		attributes[servlet+"X509Certificate"] = []string{encodePEM(p.der[0])}
	case p.has.certificate:
		delete(attributes, servlet+"X509Certificate")
	}
}
