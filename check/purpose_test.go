package check_test

import (
	"slices"
	"strings"
	"testing"

	"gokeytool/check"
	"gokeytool/finding"
	"gokeytool/store"
)

// TestPurposeFirst makes keys for every purpose, each with every fault that a
// certificate can have in itself. What only a TLS server has to have is asked of
// servers, and no remedy changes a certificate or a key that others know without
// saying who notices.
func TestPurposeFirst(t *testing.T) {
	purposes := map[string][]string{
		"says nothing": {}, "server": {"eku=serverAuth"}, "client": {"eku=clientAuth"}, "code": {"eku=codeSigning"},
		"mail": {"eku=emailProtection"}, "time": {"eku=timeStamping"}, "OCSP": {"eku=OCSPSigning"}, "documents": {"eku=1.3.6.1.4.1.311.10.3.12"},
		"any": {"eku=anyExtendedKeyUsage"}, "code and server": {"eku=codeSigning,serverAuth"}, "client and mail": {"eku=clientAuth,emailProtection"},
		"CA": {"bc:c", "ku=keyCertSign"},
	}
	faults := map[string]template{
		"expired":            {from: -100 * day, ends: -day},
		"ends soon":          {ends: 10 * day},
		"made for 30 years":  {ends: 10950 * day},
		"short key":          {algorithm: "RSA", size: 1024},
		"signed with SHA-1":  {signature: "SHA1withECDSA"},
		"key of no TLS":      {algorithm: "DSA", size: 2048},
		"key of no browsers": {algorithm: "Ed25519"},
	}
	ca := newCA(t, "CN=Some CA")
	onlyServers := []string{"names", "usage", "key-type", "long-life", "long-key", "several-keys"}
	for purpose, ext := range purposes {
		for fault := range faults {
			for _, issued := range []bool{false, true} {
				of := faults[fault]
				of.name, of.ext = "CN=Acme Games", ext
				issuers := []*identity{}
				if issued {
					of.issuer, issuers = ca, append(issuers, ca)
				}
				if issued && of.signature == "" {
					of.signature = "SHA256withECDSA"
				}
				made := issue(t, of)
				with := faults[fault]
				with.key = made.key // one a fault is enough
				faults[fault] = with
				file := makeStore(t, store.PKCS12).key("release", made, issuers...).save()
				v := check.File(t.Context(), file, check.Options{Password: []byte(password), Now: today})
				what := purpose + ", " + fault
				if issued {
					what += ", issued by a CA"
				}
				server := strings.Contains(purpose, "server")
				for _, f := range v.Findings {
					if slices.Contains(onlyServers, f.ID) && !server {
						t.Errorf("%s: %s %s", what, f.ID, f.Text)
					}
					line, _, _ := strings.Cut(f.Remedy, "#")
					changes := strings.Contains(line, "renew") || strings.Contains(line, "certreq")
					if changes && purpose != "server" && !strings.Contains(f.Remedy, "the fingerprint changes: ") {
						t.Errorf("%s: %s: nobody is said to notice: %s", what, f.ID, f.Remedy)
					}
					if strings.Contains(line, "-newkey") && !server {
						t.Errorf("%s: %s: another key: %s", what, f.ID, f.Remedy)
					}
					if !server && (strings.Contains(line, "san=") || strings.Contains(line, "serverAuth")) {
						t.Errorf("%s: %s: made a server's: %s", what, f.ID, f.Remedy)
					}
				}
				bad := fault == "expired" || fault == "ends soon" || fault == "short key"
				if bad && !slices.ContainsFunc(v.Findings, func(f finding.Finding) bool { return f.Alias == "release" }) {
					t.Errorf("%s: nothing is found", what)
				}
			}
		}
	}
}

// The debug keystore that Android's tools make is as it has to be.
func TestAndroidDebugKeystore(t *testing.T) {
	debug := issue(t, template{name: "CN=Android Debug,O=Android,C=US", ext: []string{}, algorithm: "RSA", size: 2048, ends: 10950 * day})
	file := makeStore(t, store.JKS).key("androiddebugkey", debug).save()
	v := check.File(t.Context(), file, check.Options{Password: []byte(password), Now: today})
	if got := findings(v); !slices.Equal(got, []string{"warning old-format <>"}) {
		t.Errorf("found: %q", got)
	}
}
