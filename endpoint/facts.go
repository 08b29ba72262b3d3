package endpoint

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gokeytool/finding"
	"gokeytool/internal/tlsname"
	"gokeytool/x509util"
)

// The JSON documents. Field names are plain; Tomcat's own stand in
// tlsFacts.Attributes.

// tlsFacts is the answer of /api/tls: what came of the handshake.
type tlsFacts struct {
	Entry       entryFacts    `json:"entry"`
	Protocol    string        `json:"protocol"`
	CipherSuite string        `json:"cipherSuite"`
	KeySize     int           `json:"keySize"`
	Group       string        `json:"group,omitempty"`
	ServerName  string        `json:"serverName"`
	ALPN        string        `json:"alpn"`
	HTTP        string        `json:"http"`
	Session     tlsSessionDoc `json:"session"`
	HTTPSession *sessionDoc   `json:"httpSession"`
	// Request is what an application sees of the request, behind proxies too.
	Request seenFacts   `json:"request"`
	Client  clientFacts `json:"client"`
	// Proxy is what a trusted proxy in front said.
	Proxy        *proxyFacts            `json:"proxy,omitempty"`
	Certificates []x509util.Description `json:"certificates"`
	// Attributes are the request attributes that a servlet finds in Tomcat.
	Attributes map[string]any `json:"attributes"`
}

// entryFacts says which entry is served.
type entryFacts struct {
	Alias     string `json:"alias"`
	Keystore  string `json:"keystore,omitempty"`
	StoreType string `json:"storeType,omitempty"`
	Host      string `json:"host"`
	// Renewal is when the certificate is renewed next, where that is known.
	Renewal time.Time `json:"renewal,omitzero"`
}

// tlsSessionDoc is the TLS session of a connection.
type tlsSessionDoc struct {
	ID      string    `json:"id"`
	Resumed bool      `json:"resumed"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

// sessionDoc is an HTTP session.
type sessionDoc struct {
	ID             string    `json:"id"`
	New            bool      `json:"new"`
	Requests       int       `json:"requests"`
	Created        time.Time `json:"created"`
	LastAccessed   time.Time `json:"lastAccessed"`
	TimeoutSeconds int       `json:"timeoutSeconds"` // -1 for none
	Tracking       string    `json:"tracking"`
}

// clientFacts is what the client offered.
type clientFacts struct {
	Address      string                 `json:"address"`
	Protocols    []string               `json:"protocols"`
	CipherSuites []string               `json:"cipherSuites"`
	Groups       []string               `json:"groups"`
	Signatures   []string               `json:"signatures"`
	ALPN         []string               `json:"alpn"`
	Certificates []x509util.Description `json:"certificates"`
	Verified     bool                   `json:"verified"`
}

// identityFacts is an element of the answer of /api/certificates.
type identityFacts struct {
	entryFacts
	Names []string `json:"names"`
	// Served says that it is the one served on this connection.
	Served bool                   `json:"served"`
	Chain  []x509util.Description `json:"chain"`
	Checks finding.Checks         `json:"checks"`
}

// moment is a time as it is shown: to the millisecond, as Java has it.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func encodePEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func (s *site) describeEntry(h *host, id *served) entryFacts {
	facts := entryFacts{Alias: id.Alias, Keystore: id.Keystore, StoreType: id.StoreType, Host: h.name}
	if s.cfg.Renewal != nil {
		facts.Renewal = moment(s.cfg.Renewal(id.Chain[0]))
	}
	return facts
}

func (s *site) describeSession(session httpSession) *sessionDoc {
	tracking := TrackTLS // what it hangs on, of those that are allowed
	for _, mode := range []Tracking{TrackURL, TrackCookie} {
		if s.cfg.Tracking&mode != 0 {
			tracking = mode
		}
	}
	return &sessionDoc{
		ID:             session.ID,
		New:            session.Requests == 1,
		Requests:       session.Requests,
		Created:        moment(session.Created),
		LastAccessed:   moment(session.Used),
		TimeoutSeconds: int(s.cfg.SessionTimeout / time.Second),
		Tracking:       tracking.String(),
	}
}

func (s *site) describeTLSSession(c *conn) tlsSessionDoc {
	return tlsSessionDoc{
		ID:      c.session.ID,
		Resumed: c.resumed,
		Created: moment(c.session.Created),
		Expires: moment(c.session.Created.Add(s.cfg.TLSSessionTimeout)),
	}
}

// describeTLS tells what came of the handshake of a request's connection, with
// the attributes of a Tomcat of that major release.
func (s *site) describeTLS(r *http.Request, c *conn, session *sessionDoc, tomcat int) tlsFacts {
	cs := r.TLS
	facts := tlsFacts{
		Entry:       s.describeEntry(c.host, c.identity),
		Protocol:    tlsname.Protocol(cs.Version),
		CipherSuite: tlsname.Suite(cs.CipherSuite),
		KeySize:     tlsname.KeySize(cs.CipherSuite),
		ServerName:  cs.ServerName,
		ALPN:        cs.NegotiatedProtocol,
		HTTP:        r.Proto,
		Session:     s.describeTLSSession(c),
		HTTPSession: session,
		Request:     s.seen(r).facts(),
		Client: clientFacts{
			Address:      r.RemoteAddr,
			Protocols:    tlsname.List(c.offer.protocols, tlsname.Protocol),
			CipherSuites: tlsname.List(c.offer.suites, tlsname.Suite),
			Groups:       tlsname.List(c.offer.groups, tlsname.Group),
			Signatures:   tlsname.List(c.offer.signatures, tlsname.Scheme),
			ALPN:         append([]string{}, c.offer.alpn...),
			Certificates: []x509util.Description{},
			Verified:     len(cs.VerifiedChains) > 0,
		},
		Certificates: c.identity.facts(),
	}
	if cs.CurveID != 0 {
		facts.Group = tlsname.Group(cs.CurveID)
	}
	facts.Attributes = attributes(cs, c, tomcat)
	if facts.Proxy = s.describeProxy(r); facts.Proxy != nil {
		facts.Proxy.overlay(facts.Attributes, servletRequest(tomcat))
	}
	for _, cert := range cs.PeerCertificates {
		facts.Client.Certificates = append(facts.Client.Certificates, x509util.Describe(cert.Raw))
	}
	return facts
}

// newestTomcat is the release whose attributes are shown by default.
const newestTomcat = 11

// servletRequest begins the names of the servlet API's attributes.
func servletRequest(tomcat int) string {
	if tomcat < 10 {
		return "javax.servlet.request."
	}
	return "jakarta.servlet.request."
}

// attributes are the request attributes that a Tomcat of that major release sets
// (AbstractProcessor.populateSslRequestAttributes): those of the servlet
// specification, and Tomcat's own.
func attributes(cs *tls.ConnectionState, c *conn, release int) map[string]any {
	servlet := servletRequest(release)
	const tomcat = "org.apache.tomcat.util.net."
	set := map[string]any{
		servlet + "cipher_suite":   tlsname.Suite(cs.CipherSuite),
		servlet + "key_size":       tlsname.KeySize(cs.CipherSuite),
		servlet + "ssl_session_id": c.session.ID,
		// An object there, with the method invalidateSession.
		servlet + "ssl_session_mgr": "DELETE /api/session",

		tomcat + "secure_protocol_version":            tlsname.Protocol(cs.Version),
		tomcat + "secure_requested_protocol_versions": requested(c.offer.protocols, requestedProtocol),
		tomcat + "secure_requested_ciphers":           requested(c.offer.suites, requestedSuite),
	}
	if release >= 11 { // Servlet 6.1
		set[servlet+"secure_protocol"] = tlsname.Protocol(cs.Version)
	}
	if len(cs.PeerCertificates) > 0 {
		var chain []string
		for _, cert := range cs.PeerCertificates {
			chain = append(chain, encodePEM(cert.Raw))
		}
		set[servlet+"X509Certificate"] = chain
	}
	return set
}

// requested lists what a client offered as Tomcat's TLSClientHelloExtractor does.
func requested(ids []uint16, name func(uint16) string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = name(id)
	}
	return strings.Join(names, ",")
}

func requestedProtocol(id uint16) string {
	if id == tls.VersionTLS10 {
		return "TLSv1.0" // there alone
	}
	return known(tlsname.Protocol(id), id)
}

func requestedSuite(id uint16) string {
	switch id {
	case 0x00ff, 0x5600: // signals that are no suites (RFC 5746, RFC 7507)
		return known("", id)
	}
	return known(tlsname.Suite(id), id)
}

// known returns a name unless it is a number.
func known(name string, id uint16) string {
	if name == "" || strings.HasPrefix(name, "0x") {
		return fmt.Sprintf("Unknown(0x%04x)", id)
	}
	return name
}
