package check_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/check"
	ident "gokeytool/identity"
	"gokeytool/store"
)

// TestCameByACME: what a certificate's CA says of its renewal is what it is judged
// by, and the remedy is a line that renews it.
func TestCameByACME(t *testing.T) {
	root := newCA(t, "CN=Root")
	middle := issue(t, template{name: "CN=Middle", ext: []string{"bc:c"}, issuer: root})
	ended := issue(t, template{name: "CN=Ended", ext: []string{"bc:c"}, issuer: root, from: -100 * day, ends: -day})
	leaf := func(ends time.Duration) *identity {
		return issue(t, template{issuer: middle, from: -60 * day, ends: ends})
	}
	in := func(id *identity, issuers ...*identity) string {
		return makeStore(t, store.PKCS12).key("tomcat", id, issuers...).save()
	}
	const renew, force = "gokeytool renew -alias tomcat -keystore ", " -force -acmeDir '/a b'"
	for name, test := range map[string]struct {
		leaf    *identity
		issuers []*identity
		due     time.Duration // from today
		managed check.Managed
		options check.Options
		want    []string // severity and id
		remedy  string   // begin and end of that of the first
		end     string
		none    bool // the first has no remedy
	}{
		"not due, far from the end":        {leaf: leaf(90 * day), issuers: []*identity{middle}, due: 30 * day},
		"six days are all it has":          {leaf: leaf(5 * day), issuers: []*identity{middle}, due: 2 * day, want: []string{"info expires-soon"}, none: true},
		"due since an hour":                {leaf: leaf(20 * day), issuers: []*identity{middle}, due: -time.Hour, want: []string{"info expires-soon"}, none: true},
		"due since two days":               {leaf: leaf(29 * day), issuers: []*identity{middle}, due: -2 * day, want: []string{"warning renewal-overdue", "warning expires-soon"}, remedy: renew, end: " -acmeDir '/a b'"},
		"the CA wants it early":            {leaf: leaf(80 * day), issuers: []*identity{middle}, due: -2 * day, want: []string{"warning renewal-overdue"}, remedy: renew, end: " -acmeDir '/a b'"},
		"expired":                          {leaf: leaf(-day), issuers: []*identity{middle}, due: -30 * day, want: []string{"error expired", "warning renewal-overdue"}, remedy: renew, end: " -acmeDir '/a b'"},
		"expired before it was due":        {leaf: leaf(-day), issuers: []*identity{middle}, due: 30 * day, want: []string{"error expired"}, remedy: renew, end: " -acmeDir '/a b'"},
		"within, not due":                  {leaf: leaf(50 * day), issuers: []*identity{middle}, due: 20 * day, options: check.Options{Within: 60 * day}, want: []string{"error expires-soon"}, remedy: renew, end: force},
		"within, due":                      {leaf: leaf(50 * day), issuers: []*identity{middle}, due: -time.Hour, options: check.Options{Within: 60 * day}, want: []string{"error expires-soon"}, remedy: renew, end: " -acmeDir '/a b'"},
		"the command has still to run":     {leaf: leaf(90 * day), issuers: []*identity{middle}, due: 30 * day, managed: check.Managed{ToRun: true}, want: []string{"warning exec-pending"}, remedy: renew, end: " -acmeDir '/a b'"},
		"revoked":                          {leaf: leaf(90 * day), issuers: []*identity{middle}, due: 30 * day, managed: check.Managed{Revoked: today.Add(-day), Reason: "keyCompromise"}, want: []string{"error revoked"}, remedy: renew, end: force},
		"the chain was forgotten":          {leaf: leaf(90 * day), due: 30 * day, want: []string{"error chain-incomplete"}, remedy: renew, end: force},
		"another issuer in the chain":      {leaf: leaf(90 * day), issuers: []*identity{root}, due: 30 * day, want: []string{"error chain-incomplete"}, remedy: renew, end: force},
		"a CA that has ended in the chain": {leaf: issue(t, template{issuer: ended, ends: 90 * day}), issuers: []*identity{ended}, due: 30 * day, want: []string{"error expired"}, remedy: renew, end: force},
	} {
		t.Run(name, func(t *testing.T) {
			path, o := in(test.leaf, test.issuers...), test.options
			o.Password, o.Now = []byte(password), today
			o.ACME = func(der []byte) *check.Managed {
				if !bytes.Equal(der, test.leaf.der) {
					return nil
				}
				m := test.managed
				m.ACME = ident.ACME{CA: "Example CA", Due: today.Add(test.due), Options: []string{"-acmeDir", "/a b"}}
				return &m
			}
			v := check.File(t.Context(), path, o)
			var got []string
			for i, f := range v.Findings {
				if f.Alias == "" || f.ID == "chain-without-root" {
					continue
				}
				got = append(got, f.Severity.String()+" "+f.ID)
				if len(got) > 1 {
					continue
				}
				if none := f.Remedy == ""; none != test.none || !none && (!strings.HasPrefix(f.Remedy, test.remedy) || !strings.HasSuffix(f.Remedy, path+test.end)) {
					t.Errorf("%d: remedy %q, want %q ... %q", i, f.Remedy, test.remedy, test.end)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q: %+v", got, test.want, v.Findings)
			}
			if e := v.Entries[0]; e.ACME == nil || e.ACME.CA != "Example CA" || !e.ACME.Renew.Equal(today.Add(test.due)) {
				t.Errorf("entry: %+v", e.ACME)
			}
		})
	}
}
