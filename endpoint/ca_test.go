package endpoint

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
)

// writeRoot writes the top of an identity's chain to a PEM file.
func writeRoot(t testing.TB, id identity.Identity) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "root.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.Chain[len(id.Chain)-1]})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// start serves until the test ends, and fails it if serving does.
func start(t testing.TB, cfg Config) *Server {
	t.Helper()
	server, err := Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return server
}

// client is a browser of sorts: it keeps cookies and TLS sessions.
type client struct {
	*http.Client
	transport *http.Transport
	base      string
}

// newClient makes a client for a server that trusts the identity's root. It
// asks for the server name localhost; adjust may change what it offers.
func newClient(t testing.TB, server *Server, id identity.Identity, adjust func(*tls.Config)) *client {
	t.Helper()
	config := &tls.Config{RootCAs: identitytest.Roots(t, id), ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	if adjust != nil {
		adjust(config)
	}
	jar, _ := cookiejar.New(nil)
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{&http.Client{Transport: transport, Jar: jar, Timeout: 10 * time.Second}, transport, "https://" + server.Addr().String()}
}

// facts asks for /api/tls.
func (c *client) facts(t testing.TB) tlsFacts {
	t.Helper()
	var facts tlsFacts
	c.get(t, "/api/tls", &facts)
	return facts
}

func (c *client) get(t testing.TB, path string, into any) {
	t.Helper()
	c.do(t, http.MethodGet, path, into)
}

// do makes a request that must be answered with 200 and JSON.
func (c *client) do(t testing.TB, method, path string, into any) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body := readAll(t, response)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s\n%s", method, path, response.Status, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, body)
	}
	return response
}

// reconnect makes the next request use a new connection.
func (c *client) reconnect() { c.transport.CloseIdleConnections() }

func readAll(t testing.TB, response *http.Response) []byte {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return body
}

// contains fails the test unless text has all the parts.
func contains(t testing.TB, text []byte, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !bytes.Contains(text, []byte(part)) {
			t.Errorf("%q is missing in\n%s", part, strings.TrimSpace(string(text)))
		}
	}
}

// decode reads JSON.
func decode[T any](t testing.TB, body []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return v
}
