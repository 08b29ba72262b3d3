package commands

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"gokeytool/check"
	"gokeytool/finding"
	"gokeytool/internal/console"
	"gokeytool/internal/jsontime"
	"gokeytool/internal/testtool"
	"gokeytool/store"
	"gokeytool/x509util"
)

var checkDay = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// odd is a verdict with names that are out to do harm.
func odd() check.Verdict {
	return check.Verdict{
		Path: "a\x1b[2J\"\\\nb", Status: check.Faulty, Type: store.JKS,
		Entries: []check.Entry{
			{Alias: "ev\u202eil\n", Kind: "PrivateKeyEntry", Chain: []x509util.Description{{Subject: "CN=\"x\"\n\xff", Called: "CN=\"x\"\n\xff", Serial: "1", NotAfter: jsontime.New(checkDay.Add(36 * time.Hour))}}},
			{Alias: "ev\u202eil\n", Kind: "PrivateKeyEntry", Chain: []x509util.Description{{Subject: "CN=\"x\"\n\xff", Called: "CN=\"x\"\n\xff", Serial: "1", NotAfter: jsontime.New(checkDay.Add(36 * time.Hour))}}},
		},
		Readers:  []check.Reader{{Name: "Java", Reads: true, Since: "26"}, {Name: "OpenSSL", Reads: true, Note: "with care"}, {Name: "Windows"}},
		Findings: []finding.Finding{{ID: "expired", Severity: finding.Error, Alias: "ev\u202eil\n", Text: "bad\x07 && <worse>", Remedy: "rm\r x"}, {ID: "note", Severity: finding.Info, Text: "nothing"}},
	}
}

func TestCheckText(t *testing.T) {
	for name, test := range map[string]struct {
		report textReport
		want   string
	}{
		"plain": {textReport{}, `
FAIL  JKS     2 keys                  1 day left        a\u001b[2J"\\u000ab
      error    expired: <ev\u202eil\u000a> bad\u0007 && <worse>
               -> rm\u000d x
`},
		"verbose": {textReport{verbose: true}, `
FAIL  JKS     2 keys                  1 day left        a\u001b[2J"\\u000ab
      <ev\u202eil\u000a> PrivateKeyEntry, CN="x"\u000a` + "\uFFFD" + `, , until 2026-09-02
      <ev\u202eil\u000a> PrivateKeyEntry, CN="x"\u000a` + "\uFFFD" + `, , until 2026-09-02
      read by Java since 26; OpenSSL with care; not by Windows
      error    expired: <ev\u202eil\u000a> bad\u0007 && <worse>
               -> rm\u000d x
      info     note: nothing
`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			r := test.report
			r.out, r.now = console.NewWriter(&out).Buffer(), checkDay
			if err := r.verdict(odd()); err != nil {
				t.Fatal(err)
			}
			if got := "\n" + out.String(); got != test.want {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestCheckJSON(t *testing.T) {
	for _, n := range []int{0, 1, 3} {
		var out bytes.Buffer
		r := jsonReport{out: bufio.NewWriter(&out), now: checkDay}
		for range n {
			if err := r.verdict(odd()); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.end(checkCount{all: n, faulty: n}); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Version   int
			Time      time.Time
			Keystores []check.Verdict
			Summary   map[string]int
		}
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
		if got.Version != 1 || !got.Time.Equal(checkDay) || len(got.Keystores) != n || got.Summary["keystores"] != n || got.Summary["faulty"] != n {
			t.Errorf("%+v", got)
		}
		if n > 0 && !strings.Contains(out.String(), "&& <worse>") {
			t.Errorf("escaped:\n%s", &out)
		}
	}
}

func TestCheckMetrics(t *testing.T) {
	var m checkMetrics
	m.add(odd())
	m.add(odd())
	text := string(m.text(checkDay, checkCount{all: 1, faulty: 1}))
	const sample = `gokeytool_certificate_not_after_timestamp_seconds{path="a\\u001b[2J\"\\\nb",alias="ev\\u202eil\n",kind="PrivateKeyEntry",position="0",serial="1",subject="CN=\"x\"\n` + "\uFFFD" + `"} 1788350400`
	if !strings.Contains(text, sample+"\n") {
		t.Errorf("%s\nis not in\n%s", sample, text)
	}
	seen := make(map[string]bool)
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") && seen[line] {
			t.Errorf("twice: %s", line)
		}
		seen[line] = true
	}
}

// TestCheckMetricsRead has the Prometheus project's own parser for Python read the
// metrics, those of names that are out to do harm among them, once each.
func TestCheckMetricsRead(t *testing.T) {
	var m checkMetrics
	healthy := check.Verdict{Path: "b.p12", Status: check.Healthy, Type: store.PKCS12, Entries: []check.Entry{
		{Alias: "tomcat", Kind: "PrivateKeyEntry", Chain: []x509util.Description{{Subject: "CN=a", Called: "CN=a", Serial: "2", NotBefore: jsontime.New(checkDay), NotAfter: jsontime.New(checkDay.Add(time.Hour))}}},
	}}
	var count checkCount
	for _, v := range []check.Verdict{odd(), healthy, healthy} {
		m.add(v)
		count.add(v)
	}
	cmd := exec.Command(testtool.Python(t, "prometheus_client"), "-c", `
import json, sys
from prometheus_client.parser import text_string_to_metric_families as parse
seen = set()
out = []
for family in parse(sys.stdin.buffer.read().decode("utf-8")):
    assert family.type == "gauge" and family.documentation, family
    for s in family.samples:
        key = (s.name, tuple(sorted(s.labels.items())))
        assert key not in seen, key
        seen.add(key)
        out.append({"name": s.name, "labels": s.labels, "value": s.value})
json.dump(out, sys.stdout)
`)
	cmd.Stdin = bytes.NewReader(m.text(checkDay, count))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	var samples []struct {
		Name   string
		Labels map[string]string
		Value  float64
	}
	if err := json.Unmarshal(text, &samples); err != nil {
		t.Fatal(err)
	}
	value := func(name string, labels ...string) float64 {
		for _, s := range samples {
			fits := s.Name == name
			for i := 0; i < len(labels); i += 2 {
				fits = fits && s.Labels[labels[i]] == labels[i+1]
			}
			if fits {
				return s.Value
			}
		}
		t.Errorf("no %s of %q", name, labels)
		return 0
	}
	for _, got := range []struct {
		what      string
		got, want float64
	}{
		{"end", value("gokeytool_certificate_not_after_timestamp_seconds", "path", "a\\u001b[2J\"\\\nb", "alias", "ev\\u202eil\n", "subject", "CN=\"x\"\n\uFFFD"), float64(checkDay.Add(36 * time.Hour).Unix())},
		{"begin", value("gokeytool_certificate_not_before_timestamp_seconds", "path", "b.p12", "alias", "tomcat", "position", "0"), float64(checkDay.Unix())},
		{"errors", value("gokeytool_keystore_findings", "path", "a\\u001b[2J\"\\\nb", "severity", "error"), 1},
		{"checked", value("gokeytool_keystore_checked", "path", "b.p12", "type", "PKCS12"), 1},
		{"faulty", value("gokeytool_check_keystores", "status", "faulty"), 1},
		{"time", value("gokeytool_check_timestamp_seconds"), float64(checkDay.Unix())},
	} {
		if got.got != got.want {
			t.Errorf("%s: %v, not %v", got.what, got.got, got.want)
		}
	}
}

func TestCheckWithin(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"30d": 30 * day, "8w": 56 * day, "36h": 36 * time.Hour, "90": 90 * day, "5m": 5 * time.Minute,
		"": 0, "0": 0, "-3d": 0, "d": 0, "3x": 0, "1e3": 0, "99999999999999999999d": 0, "4294967295w": 0, "3 d": 0,
	} {
		got, err := lookAhead(optional[string]{text, true})
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if got, err := lookAhead(optional[string]{}); got != 0 || err != nil {
		t.Errorf("not given: %v, %v", got, err)
	}
}
