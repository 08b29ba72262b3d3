package check_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/check"
	"gokeytool/finding"
	"gokeytool/internal/hostile"
	"gokeytool/store"
	"gokeytool/store/entry"
)

// counted is check.File with the iterations that it took.
func counted(t *testing.T, path string) (check.Verdict, int) {
	t.Helper()
	o := check.Options{Limits: entry.DefaultLimits}
	o.Limits.Work = entry.NewWork(math.MaxInt, 0, nil)
	v := check.File(t.Context(), path, o)
	return v, o.Limits.Work.Spent()
}

// Keys that would take minutes are not opened: the verdict says so, and what can
// be seen anyway.
func TestManyRounds(t *testing.T) {
	tests := map[string]struct {
		data    []byte
		entries int
		rounds  int // the most that it may take
	}{
		"PKCS12, many keys":       {hostile.Keys(t, store.PKCS12, 100, 1_000_000), 100, 100_000},
		"PKCS12, a few":           {hostile.Keys(t, store.PKCS12, 5, 999_999), 5, 100_000},
		"PKCS12, of few each":     {hostile.Keys(t, store.PKCS12, 1300, 10_000+40_000), 1300, 100_000},
		"PKCS12, beyond for each": {hostile.Keys(t, store.PKCS12, 3, 5_000_000), 3, 100_000},
		"JCEKS":                   {hostile.Keys(t, store.JCEKS, 100, 1_000_000), 100, 100_000},
		"PEM":                     {hostile.PEM(t, 50, 100_000*10), 50, 1_100_000}, // a key tells whether the password is right
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v, rounds := counted(t, write(t, "hostile", test.data))
			at := slices.IndexFunc(v.Findings, func(f finding.Finding) bool { return f.ID == "limit" })
			if at < 0 || v.Status != check.Unchecked || len(v.Entries) != test.entries {
				t.Fatalf("%v, %d entries: %v", v.Status, len(v.Entries), findings(v))
			}
			if test.rounds += 1600 * test.entries; rounds > test.rounds { // and the signatures
				t.Errorf("it took as much as %d iterations, more than %d", rounds, test.rounds)
			}
			// What is said to be enough is enough, and not much more than that.
			_, number, _ := strings.Cut(v.Findings[at].Remedy, "-maxIterations ")
			var enough int
			fmt.Sscan(number, &enough)
			for less, found := range map[int]bool{0: false, 1: true} {
				s, err := store.Decode("hostile", slices.Clone(test.data), store.Options{Foreign: true, Limits: entry.Limits{MaxIterations: enough - less, MaxEntries: 2000, MaxDepth: 64}})
				ok(t, err)
				if err := s.CheckCost(); (err != nil) != found {
					t.Errorf("with -maxIterations %d: %v", enough-less, err)
				}
			}
		})
	}
}

// What Java writes is no matter of limits.
func TestOrdinaryRounds(t *testing.T) {
	if err := entry.DefaultLimits.Check("PKCS12", entry.Cost{Keys: 1000, Rounds: 1000 * 10_000, Highest: 10_000}); err != nil {
		t.Errorf("a thousand keys of today's PKCS12: %v", err)
	}
	for name, data := range map[string][]byte{
		"twenty of Java 8's PKCS12": hostile.Keys(t, store.PKCS12, 20, 50_000),
		"ten of JCEKS":              hostile.Keys(t, store.JCEKS, 10, 200_000),
	} {
		s, err := store.Decode("ordinary", data, store.Options{Password: []byte(hostile.Password)})
		ok(t, err)
		if err := s.CheckCost(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One file that is named many times in a server.xml takes no more than one may.
func TestServerXMLRounds(t *testing.T) {
	dir := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(dir, "k.p12"), hostile.Keys(t, store.PKCS12, 1, 100_000), 0o600))
	var hosts strings.Builder
	for i := range 30 {
		fmt.Fprintf(&hosts, `<SSLHostConfig hostName="h%d"><Certificate certificateKeystoreFile="%s/k.p12" certificateKeystorePassword="changeit"/></SSLHostConfig>`, i, dir)
	}
	xml := filepath.Join(dir, "server.xml")
	ok(t, os.WriteFile(xml, fmt.Appendf(nil, `<Server><Service><Connector port="8443" SSLEnabled="true" defaultSSLHostConfigName="h0">%s</Connector></Service></Server>`, hosts.String()), 0o600))
	o := check.Options{Limits: entry.DefaultLimits}
	o.Limits.Work = entry.NewWork(200_000, 0, nil) // beyond the ordinary
	var limited int
	for v := range check.Files(t.Context(), []string{xml}, o) {
		if slices.ContainsFunc(v.Findings, func(f finding.Finding) bool { return f.ID == "limit" }) {
			limited++
		}
	}
	if limited < 20 {
		t.Errorf("%d files beyond the limit", limited)
	}
}

// Files in a directory share what they take beyond the ordinary.
func TestDirectoryRounds(t *testing.T) {
	dir := t.TempDir()
	data := hostile.Keys(t, store.PKCS12, 1, 40_000)
	for i := range 12 {
		ok(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.p12", i)), data, 0o600))
	}
	o := check.Options{Limits: entry.DefaultLimits}
	o.Limits.Work = entry.NewWork(0, 0, nil) // nothing is left for what is beyond the ordinary
	for v := range check.Files(context.Background(), []string{dir}, o) {
		for _, f := range v.Findings {
			if f.ID == "limit" {
				t.Errorf("%s: %s", v.Path, f.Text) // none is beyond it
			}
		}
	}
}

// TestGuessesBounded has a configuration name many files that are not there: for a
// few of them a name is looked for.
func TestGuessesBounded(t *testing.T) {
	var hosts strings.Builder
	for i := range 300 {
		fmt.Fprintf(&hosts, `<SSLHostConfig hostName="h%d.example.com"><Certificate certificateKeystoreFile="conf/server.xm" certificateKeystorePassword="x"/></SSLHostConfig>`, i)
	}
	path := catalina(t, `<Connector port="8443" SSLEnabled="true" defaultSSLHostConfigName="h0.example.com">`+hosts.String()+`</Connector>`, nil)
	told := 0
	for v := range check.Files(t.Context(), []string{path}, check.Options{}) {
		for _, f := range v.Findings {
			if f.ID == "unreadable" && strings.Contains(f.Remedy, "server.xml meant?") {
				told++
			}
		}
	}
	if told != 100 {
		t.Errorf("for %d files", told)
	}
}
