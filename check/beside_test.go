package check_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gokeytool/check"
	"gokeytool/finding"
	"gokeytool/store"
)

// TestReplyBesideKey: a trusted certificate for a key of the keystore is a finding
// where it is the key's next one, in every format; not where it is the key's own or
// former one, or another key's.
func TestReplyBesideKey(t *testing.T) {
	ca := newCA(t, "CN=Some CA")
	own := issue(t, template{from: -10 * day, ends: 80 * day})
	// by is a certificate of an issuer, nil for the key itself, for a key or a new
	// one, that is valid so many days after own.
	by := func(days int, issuer, of *identity) *identity {
		made := template{from: time.Duration(days-10) * day, ends: 80 * day, issuer: issuer}
		if of != nil {
			made.key = of.key
		}
		return issue(t, made)
	}
	issued := by(0, ca, own)
	for _, test := range []struct {
		name    string
		key     *identity
		issuers []*identity
		trusted *identity
		found   bool
	}{
		{"a reply", own, nil, by(1, ca, own), true},
		{"a reply of an earlier day than the key's own", own, nil, by(-1, ca, own), true},
		{"its own", own, nil, own, false},
		{"a renewed one", own, nil, by(1, nil, own), true},
		{"a former one", own, nil, by(-1, nil, own), false},
		{"the CA's next", issued, []*identity{ca}, by(1, ca, own), true},
		{"the CA's former", issued, []*identity{ca}, by(-1, ca, own), false},
		{"self-signed, where the key has a CA's", issued, []*identity{ca}, by(-1, nil, own), false},
		{"another key's", own, nil, by(1, ca, nil), false},
		{"one that has ended", own, nil, issue(t, template{from: -9 * day, ends: -day, issuer: ca, key: own.key}), false},
	} {
		for _, format := range []store.Type{store.PKCS12, store.JKS, store.JCEKS} {
			file := makeStore(t, format).key("web", test.key, test.issuers...).cert("other", test.trusted).save()
			v := check.File(t.Context(), file, check.Options{Password: []byte(password), Now: today})
			at := slices.IndexFunc(v.Findings, func(f finding.Finding) bool { return f.ID == "reply-beside-key" })
			if (at >= 0) != test.found {
				t.Errorf("%s, %s: %+v", test.name, format, v.Findings)
			}
			if at < 0 {
				continue
			}
			if f := v.Findings[at]; f.Alias != "other" || !strings.Contains(f.Text, "<web>") || f.Severity != finding.Warning {
				t.Errorf("%s, %s: %+v", test.name, format, f)
			}
		}
	}
}
