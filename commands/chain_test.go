package commands

import (
	"testing"
	"time"

	"gokeytool/store"
)

func TestChain(t *testing.T) {
	u := newUnit(t, store.New(store.JKS)) // PKCS12 builds chains of what is there
	u.opt.keypass = []byte(unitPassword)
	ca := issuance{days: 365, extensions: []string{"bc:c"}}
	u.opt.alias = given("ca")
	if err := genkeypair(t.Context(), u.session, genkeypairOptions{issuance: ca, dname: given("CN=The CA"), keyalg: given("EC")}); err != nil {
		t.Fatal(err)
	}
	u.giveWay()
	u.opt.alias = given("server")
	err := genkeypair(t.Context(), u.session, genkeypairOptions{
		issuance: issuance{days: 7}, dname: given("CN=example"), keyalg: given("EC"), signer: signerOptions{alias: given("ca")},
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := u.ks.get("server")
	if err != nil {
		t.Fatal(err)
	}
	if err := u.ks.SetChain("server", e.Chain[:1], time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := u.ks.save(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		complete bool
		want     string
	}{
		{"short", false, "<server>\n  1  CN=example, until Mar 8, 2026\n     the certificate of CN=The CA is not at hand: name its file with -ca\n"},
		{"completed", true, "<server>\n  1  CN=example, until Mar 8, 2026\n  2  CN=The CA, until Mar 1, 2027 (added)\n"},
		{"complete", false, "<server>\n  1  CN=example, until Mar 8, 2026\n  2  CN=The CA, until Mar 1, 2027\n"},
	} {
		u.giveWay()
		u.out.Reset()
		if err := chain(t.Context(), u.session, chainOptions{complete: test.complete}); err != nil {
			t.Fatal(err)
		}
		if got := u.out.String(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
