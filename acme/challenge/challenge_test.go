package challenge

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"gokeytool/acme"
)

// account is the digest of an account's key, as it ends a key authorization.
const account = "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"

// proof is one as a CA asks for it.
func proof(method acme.Method, name, token string) acme.Proof {
	p := acme.Proof{Method: method, Name: name, Token: token, KeyAuthorization: token + "." + account, Names: []string{name}}
	digest := sha256.Sum256([]byte(p.KeyAuthorization))
	p.Record = base64.RawURLEncoding.EncodeToString(digest[:])
	return p
}

// present puts a proof there, and takes it away at the end of the test, or before.
func present(t *testing.T, s acme.Solver, p acme.Proof) (remove func()) {
	t.Helper()
	its, err := s.Present(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	removed := false
	remove = func() {
		t.Helper()
		if removed {
			return
		}
		removed = true
		if err := its(context.Background()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(remove)
	return remove
}

// TestHostileTokens has a CA send what is no token: nobody puts it anywhere.
func TestHostileTokens(t *testing.T) {
	dir := t.TempDir()
	ran := false
	for _, token := range []string{
		"", ".", "..", "../../etc/passwd", "a/b", `a\b`, "a.b", "a b", "a\x00b", "a\nb", "%2e%2e", "a=", "ä",
		strings.Repeat("a", maxToken+1), "/etc/passwd", "C:x", "$(id)",
	} {
		for name, s := range map[string]acme.Solver{
			"answers": new(Answers),
			"listen":  Listen(acme.HTTP01, "127.0.0.1:0"),
			"webroot": Webroot(dir),
			"hook":    Hook("echo ran", "", nil, func(string) { ran = true }),
		} {
			if remove, err := s.Present(t.Context(), proof(acme.HTTP01, "www.example.com", token)); err == nil || remove != nil {
				t.Errorf("%s takes the token %q", name, token)
			}
		}
	}
	if ran {
		t.Error("a hook was run for a token that is none")
	}
	p := proof(acme.HTTP01, "www.example.com", "token")
	for _, authorization := range []string{"", "token", "token.", "other." + account, "token." + account + "\n", "token.a/b"} {
		p.KeyAuthorization = authorization
		if _, err := new(Answers).Present(t.Context(), p); err == nil {
			t.Errorf("the key authorization %q is taken", authorization)
		}
	}
}

// TestMethods asks each solver for what it does not do.
func TestMethods(t *testing.T) {
	for _, test := range []struct {
		name   string
		solver acme.Solver
		not    []acme.Method
	}{
		{"answers", new(Answers), []acme.Method{acme.DNS01}},
		{"listen http-01", Listen(acme.HTTP01, "127.0.0.1:0"), []acme.Method{acme.DNS01, acme.TLSALPN01}},
		{"listen tls-alpn-01", Listen(acme.TLSALPN01, "127.0.0.1:0"), []acme.Method{acme.DNS01, acme.HTTP01}},
		{"webroot", Webroot(t.TempDir()), []acme.Method{acme.DNS01, acme.TLSALPN01}},
		{"hook", Hook("true", "", nil, nil), []acme.Method{acme.TLSALPN01}},
	} {
		for _, method := range append(test.not, "other-01") {
			if _, err := test.solver.Present(t.Context(), proof(method, "www.example.com", "token")); err == nil || !strings.Contains(err.Error(), string(method)) {
				t.Errorf("%s, asked for %s: %v", test.name, method, err)
			}
		}
	}
	p := proof(acme.DNS01, "192.0.2.1", "token")
	p.IP = true
	if _, err := Hook("true", "", nil, nil).Present(t.Context(), p); err == nil || !strings.Contains(err.Error(), "IP address") {
		t.Errorf("dns-01 of an IP address: %v", err)
	}
}

func TestServerName(t *testing.T) {
	for _, test := range []struct {
		name string
		ip   bool
		want string // of RFC 8738, or empty
	}{
		{"www.Example.com", false, "www.example.com"},
		{"www.example.com.", false, "www.example.com"},
		{"192.0.2.1", true, "1.2.0.192.in-addr.arpa"},
		{"::ffff:192.0.2.1", true, "1.2.0.192.in-addr.arpa"},
		{"2001:db8::1", true, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
		{"fe80::1%eth0", true, ""},
		{"www.example.com", true, ""},
	} {
		got, err := serverName(test.name, test.ip)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
}
