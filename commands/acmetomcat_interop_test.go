package commands_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gokeytool/internal/testtool"
)

// acmeStores are keystores that Tomcat serves, by type, each for a name.
var acmeStores = []struct{ storeType, file, host string }{
	{"PKCS12", "keystore.p12", "pkcs12.example.com"},
	{"JKS", "keystore.jks", "jks.example.com"},
	{"JCEKS", "keystore.jceks", "jceks.example.com"},
}

// Keystores of each type that acme makes are served by Tomcat, renewed under load,
// and taken without a restart: no connection fails, old ones go on, new ones get the
// new certificate. Java reads them.
func TestACMETomcatUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Tomcat")
	}
	testtool.Look(t, "curl")
	testtool.TomcatHome(t)
	pebble := testtool.StartPebble(t, testtool.PebbleConfig{})
	base := t.TempDir()
	conf := filepath.Join(base, "conf")
	testtool.WriteFiles(t, base, map[string]string{"conf/pass": "changeit\n"})
	program := plainProgram(t, "gokeytool")
	acme := func(i int, more ...string) {
		t.Helper()
		store := acmeStores[i]
		cmd := testtool.Command(t, base, program, append([]string{"acme", "-host", store.host, "-keystore", filepath.Join("conf", store.file),
			"-storetype", store.storeType, "-alias", "tomcat", "-storepass:file", "conf/pass", "-agree",
			"-directory", pebble.Directory, "-caFile", pebble.CAFile, "-address", net.JoinHostPort("127.0.0.1", strconv.Itoa(pebble.HTTPPort))}, more...)...)
		cmd.Env = append(cmd.Env, "GOKEYTOOL_ACME_DIR="+filepath.Join(base, "acme"), "no_proxy=*")
		testtool.Output(t, cmd)
	}
	var hosts string
	for i, store := range acmeStores {
		acme(i)
		hosts += fmt.Sprintf(`<SSLHostConfig hostName="%s"><Certificate certificateKeystoreFile="conf/%s" certificateKeystoreType="%s" certificateKeystorePassword="changeit"/></SSLHostConfig>`,
			store.host, store.file, store.storeType)
	}
	tc := startReloadingTomcat(t, testtool.Tomcat10, base, hosts)
	load := startLoad(t, "127.0.0.1:"+tc.port, pebble.Roots)
	for range 2 {
		for i, store := range acmeStores {
			before := load.served(t, store.host)
			acme(i, "-force", "-exec", tc.lines[0])
			after := load.served(t, store.host)
			if bytes.Equal(before, after) {
				t.Errorf("%s: Tomcat serves the old certificate still", store.file)
			}
			file := filepath.Join(base, "leaf.pem")
			testtool.Run(t, program, "export", "-alias", "tomcat", "-rfc", "-file", file, "-keystore", filepath.Join(conf, store.file), "-storepass", "changeit")
			if !bytes.Equal(after, readPEM(t, file)) {
				t.Errorf("%s: Tomcat serves another certificate than the keystore's", store.file)
			}
		}
	}
	load.stop(t, 2*len(acmeStores))

	for release := range testtool.Keytools(t) {
		java := testtool.StartJava(t, release)
		for _, store := range acmeStores {
			file := filepath.Join(conf, store.file)
			if out, ok := java.Keytool("", "-list", "-v", "-keystore", file, "-storepass", "changeit"); !ok || !strings.Contains(out, "Certificate chain length: 2") || !strings.Contains(out, "DNSName: "+store.host) {
				t.Errorf("keytool %d -list -v -keystore %s:\n%s", release, store.file, out)
			}
			key := filepath.Join(base, "key.der")
			testtool.Run(t, program, "export", "-alias", "tomcat", "-key", "-format", "der", "-file", key, "-keystore", file, "-storepass", "changeit")
			algorithm, encoded, exceptions := java.Key(store.storeType, file, "changeit", "tomcat", "changeit")
			if algorithm != "EC" || !bytes.Equal(encoded, testtool.ReadFile(t, key)) {
				t.Errorf("Java %d does not get the key of %s: %s %q", release, store.file, algorithm, exceptions)
			}
			if err := os.Remove(key); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// load are clients of a server that trust only some roots. Some make a connection
// for each request, others keep theirs. None of them is to fail.
type load struct {
	address string
	roots   *x509.CertPool

	stopped chan struct{}
	clients sync.WaitGroup
	mu      sync.Mutex
	errs    []error
	fresh   int                        // connections for one request each
	kept    map[string]int             // requests of each connection that is kept
	shown   map[string]map[string]bool // certificates seen in fresh connections, by host
}

func startLoad(t *testing.T, address string, roots *x509.CertPool) *load {
	t.Helper()
	l := &load{address: address, roots: roots, stopped: make(chan struct{}), kept: make(map[string]int), shown: make(map[string]map[string]bool)}
	for _, store := range acmeStores {
		l.shown[store.host] = make(map[string]bool)
	}
	for _, store := range acmeStores {
		for range 2 {
			l.repeat(func() error { return l.request(store.host) })
		}
		conn, err := l.dial(store.host)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		reader := bufio.NewReader(conn)
		l.repeat(func() error {
			if err := get(conn, reader, store.host, "keep-alive"); err != nil {
				return fmt.Errorf("in a connection that was there before: %w", err)
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.kept[store.host]++
			return nil
		})
	}
	return l
}

// repeat does something until the load is stopped or it fails.
func (l *load) repeat(do func() error) {
	l.clients.Go(func() {
		for {
			select {
			case <-l.stopped:
				return
			default:
			}
			if err := do(); err != nil {
				l.mu.Lock()
				l.errs = append(l.errs, err)
				l.mu.Unlock()
				return
			}
		}
	})
}

func (l *load) dial(host string) (*tls.Conn, error) {
	return tls.Dial("tcp", l.address, &tls.Config{ServerName: host, RootCAs: l.roots})
}

// request makes a connection of its own for a request.
func (l *load) request(host string) error {
	conn, err := l.dial(host)
	if err != nil {
		return err
	}
	defer conn.Close()
	leaf := conn.ConnectionState().PeerCertificates[0].Raw
	l.mu.Lock()
	l.fresh++
	l.shown[host][string(leaf)] = true
	l.mu.Unlock()
	return get(conn, bufio.NewReader(conn), host, "close")
}

// get sends a request, whose answer may be any.
func get(conn net.Conn, reader *bufio.Reader, host, connection string) error {
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: %s\r\n\r\n", host, connection); err != nil {
		return err
	}
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// served is the certificate that a new connection gets.
func (l *load) served(t *testing.T, host string) []byte {
	t.Helper()
	conn, err := l.dial(host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Raw
}

// stop ends the load, in which the certificates were replaced so many times.
func (l *load) stop(t *testing.T, renewals int) {
	t.Helper()
	close(l.stopped)
	l.clients.Wait()
	if err := errors.Join(l.errs...); err != nil {
		t.Errorf("under load: %v", err)
	}
	t.Logf("%d connections, %v requests in connections that were kept", l.fresh, l.kept)
	for _, store := range acmeStores {
		if l.kept[store.host] < renewals || l.fresh < 10*renewals {
			t.Errorf("there was no load: %d connections, %v requests in connections that were kept", l.fresh, l.kept)
		}
		if len(l.shown[store.host]) < 2 {
			t.Errorf("%s: clients have seen %d certificates", store.host, len(l.shown[store.host]))
		}
	}
}
