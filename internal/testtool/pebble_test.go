package testtool

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
)

func TestPebble(t *testing.T) {
	t.Parallel()
	p := StartPebble(t, PebbleConfig{AlternateRoots: 1, EAB: map[string]string{"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"}})
	other := StartPebble(t, PebbleConfig{})
	if p.Directory == other.Directory {
		t.Errorf("two at %s", p.Directory)
	}
	needsEAB := func(p *Pebble) bool {
		answer, err := p.client.Get(p.Directory)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var directory struct {
			Meta struct {
				ExternalAccountRequired bool `json:"externalAccountRequired"`
			} `json:"meta"`
		}
		if err := json.NewDecoder(answer.Body).Decode(&directory); err != nil {
			t.Fatal(err)
		}
		return directory.Meta.ExternalAccountRequired
	}
	if !needsEAB(p) || needsEAB(other) {
		t.Errorf("an external account is needed: %v, %v", needsEAB(p), needsEAB(other))
	}

	signed := func(i int) *x509.Certificate {
		block, _ := pem.Decode(p.Intermediate(i))
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Verify(x509.VerifyOptions{Roots: p.Roots}); err != nil {
			t.Errorf("intermediate %d: %v", i, err)
		}
		return c
	}
	first, second := signed(0), signed(1)
	if first.Issuer.String() == second.Issuer.String() {
		t.Errorf("both intermediates are from %s", first.Issuer)
	}
	if got := p.Status(first.SerialNumber); got.Status != "Valid" {
		t.Errorf("of the intermediate: %+v", got)
	}
	if got := p.Status(big.NewInt(1)); got.Status != "" {
		t.Errorf("of an unknown certificate: %+v", got)
	}

	records := func() string {
		texts, _ := p.LookupTXT("_acme-challenge.example.com")
		return strings.Join(texts, " ")
	}
	p.AddTXT("_acme-challenge.example.com", "one")
	p.AddTXT("_acme-challenge.example.com", "two")
	if got := records(); got != "one two" {
		t.Errorf("TXT records: %q", got)
	}
	p.ClearTXT("_acme-challenge.example.com")
	if got := records(); got != "" {
		t.Errorf("TXT records: %q", got)
	}
	addresses := func(name string) string {
		found, _ := p.resolver().LookupHost(t.Context(), name+".")
		return strings.Join(found, " ")
	}
	p.AddAddresses("two.example.com", "::1", "127.0.0.2")
	if got := addresses("two.example.com"); got != "127.0.0.2 ::1" && got != "::1 127.0.0.2" {
		t.Errorf("addresses of two.example.com: %s", got)
	}
	if got := addresses("one.example.com"); got != "127.0.0.1" {
		t.Errorf("addresses of one.example.com: %s", got)
	}
	p.SetDefaultIPv4("")
	if got := addresses("one.example.com"); got != "" {
		t.Errorf("addresses of one.example.com: %s", got)
	}

	p.Restart()
	if got := p.Status(first.SerialNumber); got.Status != "" {
		t.Errorf("after a restart it knows %+v", got)
	}
	if _, err := first.Verify(x509.VerifyOptions{Roots: p.Roots}); err == nil {
		t.Error("after a restart it has the same root")
	}
	signed(0)
	p.Stop()
	if _, err := p.client.Get(p.Directory); err == nil {
		t.Error("it answers after its end")
	}
}
