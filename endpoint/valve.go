package endpoint

import (
	"crypto/x509"
	"encoding/base64"
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
}

// describeProxy reads the headers of a trusted proxy. It returns nil where the
// request comes from elsewhere, or has none of them.
func (s *Server) describeProxy(r *http.Request) *proxyFacts {
	if len(s.cfg.TrustedProxies) == 0 || !s.trusts(r.RemoteAddr) {
		return nil
	}
	facts := &proxyFacts{
		Protocol:     valveHeader(r, "Ssl_secure_protocol"),
		CipherSuite:  valveHeader(r, "Ssl_cipher"),
		SessionID:    valveHeader(r, "Ssl_session_id"),
		Certificates: []x509util.Description{},
	}
	if n, err := strconv.Atoi(valveHeader(r, "Ssl_cipher_usekeysize")); err == nil && n > 0 {
		facts.KeySize = n
	}
	text := valveHeader(r, "Ssl_client_cert")
	if escaped := valveHeader(r, "Ssl_client_escaped_cert"); escaped != "" {
		// As nginx's $ssl_client_escaped_cert: a plus sign is itself.
		text, _ = url.PathUnescape(escaped)
	}
	if der := certificateHeader(text); der != nil {
		facts.der = [][]byte{der}
		facts.Certificates = x509util.DescribeAll(facts.der)
	}
	if facts.Protocol == "" && facts.CipherSuite == "" && facts.SessionID == "" && facts.KeySize == 0 && facts.der == nil {
		return nil
	}
	return facts
}

// trusts reports whether an address is that of a trusted proxy.
func (s *Server) trusts(remote string) bool {
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

// valveHeader returns a header in net/http's spelling. Apache writes "(null)"
// for variables without a value.
func valveHeader(r *http.Request, name string) string {
	value := strings.TrimSpace(r.Header.Get(name))
	if value == "(null)" {
		return ""
	}
	return value
}

// certificateHeader reads a certificate in PEM whose lines a proxy has joined:
// Apache with spaces, nginx with tabs. It returns nil where there is none; as
// in Tomcat a bad one counts as none.
func certificateHeader(text string) []byte {
	const begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
	_, text, ok := strings.Cut(text, begin)
	if !ok {
		return nil
	}
	text, _, ok = strings.Cut(text, end)
	if !ok {
		return nil
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil
	}
	if _, err := x509.ParseCertificate(der); err != nil {
		return nil
	}
	return der
}

// overlay puts what the proxy says over the attributes of our own connection,
// as SSLValve does.
func (p *proxyFacts) overlay(attributes map[string]any, prefix string) {
	servlet := prefix + ".servlet.request."
	if p.CipherSuite != "" {
		attributes[servlet+"cipher_suite"] = p.CipherSuite
	}
	if p.KeySize != 0 {
		attributes[servlet+"key_size"] = p.KeySize
	}
	if p.SessionID != "" {
		attributes[servlet+"ssl_session_id"] = p.SessionID
	}
	if p.Protocol != "" {
		attributes[servlet+"secure_protocol"] = p.Protocol
	}
	if p.der != nil {
		attributes[servlet+"X509Certificate"] = []string{encodePEM(p.der[0])}
	}
}
