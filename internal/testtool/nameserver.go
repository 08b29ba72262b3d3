package testtool

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// NameServer is a DNS server. Every name has the address 127.0.0.1 there, unless a
// test says otherwise.
type NameServer struct {
	DNS string // its address, by UDP and TCP

	t          testing.TB
	management string // URL
	client     *http.Client
}

// startNameServer starts a DNS server. It ends with the test.
func startNameServer(t testing.TB, management, address string) NameServer {
	t.Helper()
	server := startProcess(t, exec.Command(built(t, "pebble-challtestsrv"), "-management", management, "-dnsserver", address,
		"-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""))
	t.Cleanup(server.stop)
	server.await(t, func() bool { return listens(management) && listens(address) })
	return NameServer{address, t, "http://" + management, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}}
}

// AddTXT adds a TXT record to a name, such as "_acme-challenge.example.com".
func (n *NameServer) AddTXT(name, value string) {
	n.t.Helper()
	post(n.t, n.client, n.management+"/set-txt", map[string]string{"host": name + ".", "value": value})
}

// ClearTXT takes all TXT records of a name away.
func (n *NameServer) ClearTXT(name string) {
	n.t.Helper()
	post(n.t, n.client, n.management+"/clear-txt", map[string]string{"host": name + "."})
}

// LookupTXT asks its DNS server for the TXT records of a name.
func (n *NameServer) LookupTXT(name string) ([]string, error) {
	return n.resolver().LookupTXT(n.t.Context(), name+".")
}

// resolver asks its DNS server.
func (n *NameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, n.DNS)
	}}
}

// SetTXTURL is where a hook posts JSON to, {"host": NAME with a dot at its end,
// "value": TEXT}.
func (n *NameServer) SetTXTURL() string { return n.management + "/set-txt" }

// ClearTXTURL is where it posts {"host": NAME} to, and all its records are gone.
func (n *NameServer) ClearTXTURL() string { return n.management + "/clear-txt" }

// AddAddresses gives a name addresses, IPv4 and IPv6. Pebble tries the first
// only, and those of IPv6 before the others.
func (n *NameServer) AddAddresses(name string, addresses ...string) {
	n.t.Helper()
	for _, address := range addresses {
		call := "/add-a"
		if strings.Contains(address, ":") {
			call = "/add-aaaa"
		}
		post(n.t, n.client, n.management+call, map[string]any{"host": name + ".", "addresses": []string{address}})
	}
}

// SetDefaultIPv4 is the address of names that have none; empty for none.
func (n *NameServer) SetDefaultIPv4(address string) {
	n.t.Helper()
	post(n.t, n.client, n.management+"/set-default-ipv4", map[string]string{"ip": address})
}

// post sends JSON to one of the managements.
func post(t testing.TB, client *http.Client, url string, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	// Pebble refuses who does not say what he is.
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("User-Agent", "gokeytool tests")
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(answer.Body)
		t.Fatalf("%s: %s: %s", url, answer.Status, said)
	}
}
