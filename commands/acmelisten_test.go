//go:build unix

package commands

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
)

// TestACMEListenHints has addresses that can't be had, and says what to do about it.
func TestACMEListenHints(t *testing.T) {
	p := testtool.StartPebble(t, testtool.PebbleConfig{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	port := ln.Addr().(*net.TCPAddr).Port
	for _, tt := range []struct{ options, want string }{
		{fmt.Sprintf("address 127.0.0.1:%d", port), fmt.Sprintf("(process %d) listens on port %d|-webroot DIR has a server that runs there answer, where DIR is what it serves at http://www.example.com/", os.Getpid(), port)},
		{fmt.Sprintf("via tls-alpn-01,address 127.0.0.1:%d", port), "|-via dns-01 -hook COMMAND has a command set the record _acme-challenge.www.example.com, and needs no port"},
		{"address 192.0.2.1:80", "192.0.2.1 is no address of this machine; -address :80 takes all that are"},
		{"address 80", "-address is HOST:PORT, or :PORT for all addresses"},
	} {
		dir := t.TempDir()
		u := acmeUnit(t, p, dir)
		target := acmeTarget{keystore: filepath.Join(dir, "k.p12"), storepass: []byte("changeit")}
		_, err := u.certifyByACME(t.Context(), target, recipeOf(p, append([]string{"host www.example.com"}, strings.Split(tt.options, ",")...)...), acmeHow{agree: true})
		if err == nil || !strings.Contains(strings.Join(u.hints(err), "|"), tt.want) {
			t.Errorf("%s: %v; %q", tt.options, err, u.hints(err))
		}
		if _, err := os.Stat(target.keystore); err == nil {
			t.Errorf("%s: there is a keystore", tt.options)
		}
	}
}
