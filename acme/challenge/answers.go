package challenge

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gokeytool/acme"
)

// maxAnswers is how many proofs there may be at a time. CAs have some hundred names
// in a certificate at most.
const maxAnswers = 1000

// Answers are the proofs of http-01 and tls-alpn-01 that are to be answered now,
// for servers of one's own. It is an acme.Solver, and safe for concurrent use. The
// zero value has none.
type Answers struct {
	mu    sync.RWMutex
	files map[string][]*answer // of http-01, by token
	names map[string][]*answer // of tls-alpn-01, by the name in the handshake
	count int
}

// answer is a proof. Where there are several for a name, the last counts.
type answer struct {
	body        string           // of http-01
	certificate *tls.Certificate // of tls-alpn-01
}

// Present puts a proof among the answers.
func (a *Answers) Present(_ context.Context, p acme.Proof) (func(context.Context) error, error) {
	if err := check(p, acme.HTTP01, acme.TLSALPN01); err != nil {
		return nil, err
	}
	key, one := p.Token, &answer{body: p.KeyAuthorization}
	if p.Method == acme.TLSALPN01 {
		var err error
		if key, err = serverName(p.Name, p.IP); err != nil {
			return nil, err
		}
		if one.certificate, err = certificate(p); err != nil {
			return nil, fmt.Errorf("making the certificate of tls-alpn-01 for %s: %w", p.Name, err)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count >= maxAnswers {
		return nil, fmt.Errorf("%s is not proved: %d names are being proved already", p.Name, a.count)
	}
	if a.files == nil {
		a.files, a.names = make(map[string][]*answer), make(map[string][]*answer)
	}
	of := a.files
	if p.Method == acme.TLSALPN01 {
		of = a.names
	}
	of[key] = append(of[key], one)
	a.count++
	return func(context.Context) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		i := slices.Index(of[key], one)
		if i < 0 {
			return nil
		}
		a.count--
		if of[key] = slices.Delete(of[key], i, i+1); len(of[key]) == 0 {
			delete(of, key)
		}
		return nil
	}, nil
}

// find is the answer that counts.
func (a *Answers) find(of *map[string][]*answer, key string) (*answer, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	all := (*of)[key]
	if len(all) == 0 {
		return nil, false
	}
	return all[len(all)-1], true
}

// ServeHTTP answers GET and HEAD of http-01 below Path, for any host, and else with
// 404 or 405.
func (a *Answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	token, under := strings.CutPrefix(r.URL.Path, Path)
	found, ok := a.find(&a.files, token)
	switch {
	case !under || !ok:
		header.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		header.Set("Allow", "GET, HEAD")
		header.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		header.Set("Content-Type", "application/octet-stream") // RFC 8555, section 8.3
		header.Set("Content-Length", strconv.Itoa(len(found.body)))
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, found.body)
		}
	}
}

// Certificate is the certificate of tls-alpn-01 for a handshake that offers
// acme-tls/1 and nothing else (RFC 8737, section 3); nil where the handshake is not
// such a one, or the name none of ours. The connection is to be closed after it, as
// net/http does, which does not know the protocol.
func (a *Answers) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if len(hello.SupportedProtos) != 1 || hello.SupportedProtos[0] != Protocol {
		return nil, nil
	}
	found, ok := a.find(&a.names, canonical(hello.ServerName))
	if !ok {
		return nil, nil
	}
	return found.certificate, nil
}

// acmeIdentifier is the extension with the digest (RFC 8737, section 6.1).
var acmeIdentifier = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}

// certificate makes that of tls-alpn-01: signed by itself, for the one name, with
// the digest of the key authorization (RFC 8737, section 3).
func certificate(p acme.Proof) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(p.KeyAuthorization))
	value, err := asn1.Marshal(digest[:])
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "ACME tls-alpn-01"},
		// The clock of the CA need not be ours.
		NotBefore:             now.Add(-24 * time.Hour),
		NotAfter:              now.Add(7 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		ExtraExtensions:       []pkix.Extension{{Id: acmeIdentifier, Critical: true, Value: value}},
	}
	if p.IP {
		template.IPAddresses = []net.IP{net.ParseIP(p.Name)}
	} else {
		template.DNSNames = []string{p.Name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
