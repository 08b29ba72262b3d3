package acme

import (
	"crypto/x509"
	"testing"
	"time"
)

// TestWindow: a certificate is renewed in the CA's window, but not in the last
// twentieth of its life, whatever the CA says.
func TestWindow(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	leaf := &x509.Certificate{Raw: []byte("a certificate"), NotBefore: from, NotAfter: from.Add(100 * day)}
	for _, c := range []struct {
		name       string
		start, end time.Duration // after from
		ok         bool
	}{
		{"inside its life", 60 * day, 62 * day, true},
		{"in the past", -3 * day, -2 * day, true},
		{"a second", 60 * day, 60*day + time.Second, true},
		{"to its end and beyond", 90 * day, 200 * day, true},
		{"after its life", 101 * day, 102 * day, false},
		{"at its very end", 96 * day, 99 * day, false},
		{"empty", 60 * day, 60 * day, false},
		{"backwards", 62 * day, 60 * day, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var info renewalInfo
			info.Window.Start, info.Window.End = from.Add(c.start), from.Add(c.end)
			at, ok := info.at(leaf)
			if ok != c.ok {
				t.Fatalf("taken: %v", ok)
			}
			if ok && (at.Before(info.Window.Start) || at.After(info.Window.End) || at.After(from.Add(95*day))) {
				t.Errorf("renewed at %v", at)
			}
		})
	}
	if _, ok := new(renewalInfo).at(leaf); ok {
		t.Error("a window of nothing is taken")
	}
}
