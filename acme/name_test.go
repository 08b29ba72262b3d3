package acme

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseNames(t *testing.T) {
	for typed, want := range map[string]string{
		"www.example.com":       "www.example.com",
		"WWW.Example.COM.":      "www.example.com",
		"*.example.com":         "*.example.com",
		"bücher.example":        "xn--bcher-kva.example",
		"BÜCHER.example":        "xn--bcher-kva.example",
		"straße.example":        "xn--strae-oqa.example",
		"*.bücher.example":      "*.xn--bcher-kva.example",
		"xn--bcher-kva.example": "xn--bcher-kva.example",
		"例え。テスト":                "xn--r8jz45g.xn--zckzah",
		"192.0.2.1":             "192.0.2.1",
		"2001:DB8:0:0::1":       "2001:db8::1",
		"[2001:db8::1]":         "2001:db8::1",
		"::ffff:192.0.2.1":      "192.0.2.1",
		"localhost":             "localhost",
		"a--b.example.com":      "a--b.example.com",
		"r3---sn-x.example.com": "r3---sn-x.example.com",
	} {
		got, err := ParseNames([]string{typed})
		if err != nil || len(got) != 1 || got[0].Text != want || got[0].IP != !strings.ContainsAny(want, "ghijklmnopqrstuvwxyz") {
			t.Errorf("%q: %v, %v; want %q", typed, got, err, want)
		}
		if again, err := ParseNames([]string{want}); err != nil || !slices.Equal(again, got) {
			t.Errorf("%q again: %v, %v", want, again, err)
		}
	}
	for typed, reason := range map[string]string{
		"":                                "empty",
		"https://www.example.com/":        "URL",
		"www.example.com:443":             "port",
		"a b.example.com":                 "space",
		"a\x1b.example.com":               "control",
		"a_b.example.com":                 "underscore",
		"a..example.com":                  "empty label",
		"example.com..":                   "empty label",
		".":                               "empty label",
		"a\x81.example.com":               "UTF-8",
		".example.com":                    "empty label",
		"-a.example.com":                  "hyphen",
		"a-.example.com":                  "hyphen",
		"*":                               "wildcard",
		"*.*.example.com":                 "wildcard",
		"www.*.example.com":               "wildcard",
		"*.com":                           "top-level",
		"*.192.0.2.1":                     "IP address",
		"256.0.0.1":                       "IP address",
		"1.2.3":                           "IP address",
		"fe80::1%eth0":                    "zone",
		"0.0.0.0":                         "not the address",
		"[www.example.com]":               "brackets",
		"a/b.example.com":                 "in no name",
		"xn--a.example":                   "A-label",
		strings.Repeat("a", 64) + ".com":  "63",
		strings.Repeat("a.", 127) + "com": "253",
	} {
		if got, err := ParseNames([]string{"good.example.com", typed}); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v, %v; want %q", typed, got, err, reason)
		}
	}
	got, err := ParseNames([]string{"b.example.com", "A.example.com", "B.example.com.", "a.example.com"})
	if err != nil || fmt.Sprint(texts(got)) != "[b.example.com a.example.com]" {
		t.Errorf("twice: %v, %v", got, err)
	}
	var many []string
	for i := range maxNames {
		many = append(many, fmt.Sprintf("n%d.example.com", i))
	}
	if got, err := ParseNames(many); err != nil || len(got) != maxNames {
		t.Errorf("%d names: %v", maxNames, err)
	}
	if _, err := ParseNames(append(many, "one.example.com")); err == nil {
		t.Error("one more")
	}
	if _, err := ParseNames(nil); err == nil {
		t.Error("no names")
	}
}

func TestFindCA(t *testing.T) {
	seen := make(map[string]bool)
	for _, ca := range CAs() {
		if got, err := FindCA(strings.ToUpper(ca.Name)); err != nil || got != ca {
			t.Errorf("%s: %+v, %v", ca.Name, got, err)
		}
		if got, err := FindCA(ca.Directory); err != nil || got != ca {
			t.Errorf("%s: %+v, %v", ca.Directory, got, err)
		}
		if seen[ca.Name] || seen[ca.Directory] || !strings.HasPrefix(ca.Directory, "https://") || ca.Title == "" {
			t.Errorf("%+v", ca)
		}
		seen[ca.Name], seen[ca.Directory] = true, true
	}
	if got, err := FindCA("https://ca.example.com:9000/acme/acme/directory"); err != nil || got.Name != "" || got.Title != "ca.example.com:9000" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "letsencript", "http://ca.example.com/dir", "https://", "https://user@ca.example.com/", "https://ca.example.com/#x", "ca.example.com", "file:///etc", "://"} {
		if got, err := FindCA(bad); err == nil {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

func FuzzParseNames(f *testing.F) {
	for _, s := range []string{"www.example.com", "*.bücher.example", "2001:db8::1", "[::1]", "a_b", "xn--bcher-kva.example", "1.2.3.4."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := ParseNames([]string{typed})
		if err != nil {
			return
		}
		again, err := ParseNames([]string{got[0].Text})
		if err != nil || again[0] != got[0] || len(got[0].Text) > 255 || strings.ContainsAny(got[0].Text, " /\x00\n") {
			t.Errorf("%q is %+v, and again %+v, %v", typed, got, again, err)
		}
	})
}
