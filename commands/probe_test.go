package commands

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProbeServer(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	address := server.Listener.Addr().String()
	t.Run("another certificate", func(t *testing.T) {
		u := newUnit(t, nil)
		ks := newUnit(t, keyed(t, "tomcat"))
		u.opt.storepass = []byte(unitPassword)
		err := probeServer(t.Context(), u.session, probeOptions{server: address, against: ks.opt.keystore.value})
		if err != exitCode(exitError) {
			t.Error(err)
		}
		if got := u.out.String(); !strings.Contains(got, address) || !strings.Contains(got, "FAIL") {
			t.Errorf("printed %q", got)
		}
	})
	for name, o := range map[string]probeOptions{
		`"http://x" is no server`: {server: "http://x"},
		`-host "a/b"`:             {server: address, host: given("a/b")},
		"has no such entry":       {server: address, against: newUnit(t, trusting(t, nil)).opt.keystore.value},
	} {
		u := newUnit(t, nil)
		u.opt.storepass = []byte(unitPassword)
		if err := probeServer(t.Context(), u.session, o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
