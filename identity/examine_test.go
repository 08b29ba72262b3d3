package identity_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"gokeytool/identity"
	"gokeytool/identity/identitytest"
)

func TestExamine(t *testing.T) {
	root := identitytest.NewIssuer(t, "Root", nil)
	middle := identitytest.NewIssuer(t, "Intermediate", root)
	good := identitytest.Issue(t, "p256", middle, root, "localhost", "127.0.0.1")
	good.Alias = "tomcat"
	// selfSigned makes a self-signed identity of a template.
	selfSigned := func(change func(*x509.Certificate)) identity.Identity {
		template := identitytest.ServerTemplate("localhost")
		change(template)
		key := identitytest.NewKey(t, "p256")
		return identity.Identity{Alias: "tomcat", Keystore: "my store.p12", Key: key, Chain: [][]byte{identitytest.Sign(t, template, key, nil).Raw}}
	}
	chain := func(order ...int) identity.Identity {
		id := good
		id.Chain = nil
		for _, i := range order {
			id.Chain = append(id.Chain, good.Chain[i])
		}
		return id
	}
	// inFiles is a chain of which the first certificates are from cert.pem, the
	// rest from chain.pem.
	inFiles := func(own int, order ...int) identity.Identity {
		id := chain(order...)
		id.Keystore, id.StoreType, id.KeyFile, id.ChainFile, id.Own = "cert.pem", "PEM", "key.pem", "chain.pem", own
		return id
	}
	named := func(names ...string) identity.Identity {
		id := good
		id.Served, id.Names = true, names
		return id
	}
	leafOf := func(kind string) identity.Identity {
		return identitytest.Issue(t, kind, middle, root, "localhost")
	}
	otherKey := good
	otherKey.Key = identitytest.NewKey(t, "p256")
	noKey := good
	noKey.Key = nil
	// An impostor has the name of the intermediate, but not its key.
	impostor := identitytest.NewIssuer(t, "Intermediate", root)
	wrongSignature := good
	wrongSignature.Chain = [][]byte{good.Chain[0], impostor.Cert.Raw, root.Cert.Raw}
	// The leaf is made to issue a certificate.
	leafKey := identitytest.NewKey(t, "p256")
	leaf := &identitytest.Issuer{Cert: identitytest.Sign(t, identitytest.ServerTemplate("ca.example"), leafKey, root), Key: leafKey}
	notCA := identitytest.Issue(t, "p256", leaf, root, "localhost")
	noCertSignTemplate := identitytest.CATemplate("No CertSign")
	noCertSignTemplate.KeyUsage = x509.KeyUsageCRLSign
	noCertSignKey := identitytest.NewKey(t, "p256")
	noCertSign := identitytest.Issue(t, "p256", &identitytest.Issuer{Cert: identitytest.Sign(t, noCertSignTemplate, noCertSignKey, root), Key: noCertSignKey}, root, "localhost")
	expiredCATemplate := identitytest.CATemplate("Old CA")
	expiredCATemplate.NotBefore, expiredCATemplate.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-25*time.Hour)
	expiredCAKey := identitytest.NewKey(t, "p256")
	expiredCA := identitytest.Issue(t, "p256", &identitytest.Issuer{Cert: identitytest.Sign(t, expiredCATemplate, expiredCAKey, root), Key: expiredCAKey}, root, "localhost")
	damaged := good
	damaged.Chain = [][]byte{good.Chain[0], {1, 2, 3}}

	// In PEM files, what fixes them is openssl's, or the owner's own.
	inPEM := func(id identity.Identity) identity.Identity {
		id.Keystore, id.StoreType, id.KeyFile = "a cert.pem", "PEM", "key.pem"
		return id
	}
	pemSelfSigned := inPEM(selfSigned(func(c *x509.Certificate) {
		c.DNSNames, c.Subject.CommonName, c.Subject.Organization = nil, "host.example", []string{"A/B"}
	}))

	tests := []struct {
		name   string
		id     identity.Identity
		check  string
		want   string
		detail string
		remedy string
	}{
		{"PEM: other key", inPEM(otherKey), "key", "FAIL", "", "# write CERTIFICATE to 'a cert.pem'  # the one that was issued for this key"},
		{"PEM: leaf alone", inPEM(chain(0)), "chain", "FAIL", "", "write the certificates to 'a cert.pem' in order: the server's, its issuer's, and so on"},
		{"PEM: no names", pemSelfSigned, "names", "FAIL", "",
			`openssl req -x509 -days 90 -key key.pem -subj '/O=A\/B/CN=host.example' -addext subjectAltName=DNS:host.example -addext extendedKeyUsage=serverAuth -addext keyUsage=digitalSignature -out 'a cert.pem'`},
		{"PEM: no names, issued", inPEM(identitytest.Issue(t, "p256", middle, root)), "names", "FAIL", "",
			"openssl req -new -key key.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext extendedKeyUsage=serverAuth -addext keyUsage=digitalSignature -out REQUEST  # then have the CA sign it, and: write REPLY to 'a cert.pem'"},
		{"PEM: P-521", inPEM(leafOf("p521")), "suites", "warn", "", "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout NEWKEY"},

		{"good", good, "key", "ok", "256-bit EC (secp256r1); it belongs to the certificate", ""},
		{"good", good, "chain", "ok", "3 certificates, in order, each signature good, up to the root CN=Root, O=Example", ""},
		{"good", good, "names", "ok", "dns:localhost, ip:127.0.0.1", ""},
		{"good", good, "dates", "ok", ", 89 days from now", ""},
		{"good", good, "usage", "ok", "serverAuth", ""},
		{"good", good, "strength", "ok", "256-bit EC (secp256r1), signed with SHA256withECDSA", ""},
		{"good", good, "suites", "ok", "TLSv1.3, and TLS_ECDHE_ECDSA_* in TLSv1.2", ""},

		{"other key", otherKey, "key", "FAIL", "does not belong to the certificate", "gokeytool import -noprompt -backup -alias tomcat -keystore server.p12 -keyfile server.p12 -file CERTIFICATE"},
		{"no key", noKey, "key", "FAIL", "there is no private key", ""},
		{"no certificate", identity.Identity{Alias: "a", Key: good.Key}, "key", "FAIL", "there is no certificate with the key", ""},
		{"damaged", damaged, "chain", "FAIL", "certificate 2 of 2 can't be read", "importcert"},

		{"self-signed", selfSigned(func(*x509.Certificate) {}), "chain", "ok", "self-signed: clients must be given this very certificate to trust", ""},
		{"without root", chain(0, 1), "chain", "warn", "they end at CN=Intermediate, O=Example, whose issuer CN=Root, O=Example clients must know", ""},
		{"leaf alone", chain(0), "chain", "FAIL", "the certificate of its issuer CN=Intermediate, O=Example is missing", "gokeytool chain -complete -ca CAFILE -alias tomcat -keystore server.p12"},
		{"intermediate missing", chain(0, 2), "chain", "FAIL", "its issuer CN=Intermediate, O=Example is missing", "gokeytool chain -complete -ca CAFILE -alias tomcat -keystore server.p12"},
		{"out of order", chain(0, 2, 1), "chain", "FAIL", "the chain is out of order", "gokeytool chain -complete -alias tomcat -keystore server.p12"},
		{"after the root", chain(0, 1, 2, 1), "chain", "FAIL", "it is self-signed, and the rest does not belong to it", "chain -complete"},
		{"leaf in both files", inFiles(1, 0, 0, 1), "chain", "FAIL", "certificate 2 (CN=localhost) is certificate 1 again", "# the server's certificate is in both files: set certificateFile to chain.pem, and leave certificateChainFile out"},
		{"issuers in both files", inFiles(2, 0, 1, 1), "chain", "FAIL", "certificate 3 (CN=Intermediate, O=Example) is certificate 2 again", "# cert.pem holds the issuers' certificates too: leave certificateChainFile out"},
		{"issuer twice in the second file", inFiles(1, 0, 1, 1), "chain", "FAIL", "is certificate 2 again", "# write the server's certificate to cert.pem (certificateFile), and its issuer's"},
		{"names of the host", named("localhost"), "names", "ok", "dns:localhost", ""},
		{"another name", named("localhost", "www.example.com"), "names", "FAIL", "the certificate is not good for www.example.com, the name it is to be served under", "-ext san=dns:localhost,ip:127.0.0.1,dns:www.example.com"},
		{"wrong signature", wrongSignature, "chain", "FAIL", "the signature of CN=Intermediate, O=Example on CN=localhost is wrong", ""},
		{"not a CA", notCA, "chain", "FAIL", "CN=ca.example issued CN=localhost, but is not marked as a CA", "bc:c"},
		{"no keyCertSign", noCertSign, "chain", "FAIL", "its KeyUsage does not let it sign", "ku=keyCertSign"},

		{"no names", selfSigned(func(c *x509.Certificate) { c.DNSNames = nil; c.Subject.CommonName = "host.example" }), "names", "FAIL",
			`there is no subject alternative name; browsers and Go ignore the common name "host.example"`,
			"gokeytool renew -alias tomcat -keystore 'my store.p12' -ext san=dns:host.example"},
		{"no names, issued", func() identity.Identity {
			id := identitytest.Issue(t, "p256", middle, root)
			id.Alias = "it's"
			return id
		}(), "names", "FAIL",
			"there is no subject alternative name", `gokeytool certreq -alias 'it'\''s' -keystore server.p12 -ext san=dns:localhost -ext eku=serverAuth -ext ku=digitalSignature -file REQUEST`},
		{"common name is an address", selfSigned(func(c *x509.Certificate) { c.DNSNames = nil; c.Subject.CommonName = "192.0.2.1" }), "names", "FAIL", "", "-ext san=ip:192.0.2.1"},
		{"common name is a person", selfSigned(func(c *x509.Certificate) { c.DNSNames = nil; c.Subject.CommonName = "Duke of Java" }), "names", "FAIL", "", "-ext san=dns:localhost"},
		{"mail alone", selfSigned(func(c *x509.Certificate) { c.DNSNames = nil; c.EmailAddresses = []string{"duke@example"} }), "names", "FAIL", "(email:duke@example) name no host", ""},
		{"many names", selfSigned(func(c *x509.Certificate) {
			for i := range 9 {
				c.DNSNames = append(c.DNSNames, fmt.Sprintf("h%d", i))
			}
		}), "names", "ok", "dns:localhost, dns:h0, dns:h1, dns:h2, dns:h3, dns:h4 and 4 more", ""},

		{"expired", selfSigned(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(-80*time.Hour), time.Now().Add(-72*time.Hour)
		}), "dates", "FAIL", ", 3 days ago", "gokeytool renew -alias tomcat -keystore 'my store.p12'"},
		{"not yet valid", selfSigned(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(3*time.Hour + time.Minute) }), "dates", "FAIL", ", in 3 hours", "clock"},
		{"soon", selfSigned(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(29*24*time.Hour + time.Minute) }), "dates", "warn", "the certificate expires on ", "gokeytool renew"},
		{"ten years", selfSigned(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(3650 * 24 * time.Hour) }), "dates", "warn", "macOS and iOS refuse certificates made for more than 825 days (this: 3650)", "-validity 365"},
		{"CA expired", expiredCA, "dates", "FAIL", "the CA certificate CN=Old CA, O=Example expired on ", "with the CA's new certificate"},

		{"no extended usage", selfSigned(func(c *x509.Certificate) { c.ExtKeyUsage = nil }), "usage", "warn", "there is no ExtendedKeyUsage", "-ext eku=serverAuth"},
		{"any extended usage", selfSigned(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), "usage", "ok", "", ""},
		{"client only", selfSigned(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), "usage", "FAIL", "lacks serverAuth", "-ext eku=serverAuth"},
		{"no digitalSignature", selfSigned(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), "usage", "FAIL", "KeyUsage lacks digitalSignature", "-ext ku=digitalSignature"},
		{"no KeyUsage", selfSigned(func(c *x509.Certificate) { c.KeyUsage = 0 }), "usage", "ok", "", ""},

		{"RSA", leafOf("rsa2048"), "suites", "ok", "TLS_ECDHE_RSA_*", ""},
		{"short RSA", leafOf("rsa1024"), "strength", "FAIL", "CN=localhost has an RSA key of 1024 bits: 2048 are asked for at least", "genkeypair -alias rsa1024-new -keystore server.p12 -keyalg EC -groupname secp256r1 -dname CN=localhost -ext san=dns:localhost"},
		{"P-521", leafOf("p521"), "suites", "warn", "Chromium and its kin can't use secp521r1", "secp256r1"},
		{"P-224", leafOf("p224"), "suites", "FAIL", "no TLS suite here takes a key on P-224", "secp256r1"},
		{"Ed25519", leafOf("ed25519"), "suites", "warn", "browsers can't use Ed25519", "secp256r1"},
	}
	for _, test := range tests {
		t.Run(test.name+"/"+test.check, func(t *testing.T) {
			c := identitytest.Find(t, identity.Examine(test.id, identity.Options{}), test.check)
			if got := identitytest.Outcome(c); got != test.want {
				t.Errorf("%s, want %s: %+v", got, test.want, c)
			}
			if !strings.Contains(c.Text, test.detail) {
				t.Errorf("detail %q, want %q", c.Text, test.detail)
			}
			if !strings.Contains(c.Remedy, test.remedy) || test.remedy == "" && c.Remedy != "" && c.OK() && !c.Warn() {
				t.Errorf("remedy %q, want %q", c.Remedy, test.remedy)
			}
			if strings.ContainsAny(c.Text+c.Remedy, "\n\r") {
				t.Errorf("more than a line: %+v", c)
			}
		})
	}

	t.Run("order", func(t *testing.T) {
		var order []string
		for _, c := range identity.Examine(good, identity.Options{}) {
			order = append(order, c.Check)
			if !c.OK() || c.Warn() || c.Remedy != "" {
				t.Errorf("%+v", c)
			}
		}
		if got := strings.Join(order, " "); got != "key chain names dates usage strength suites" {
			t.Error(got)
		}
	})
}

// TestUnreadableLeaf: what crypto/x509 refuses is examined too.
func TestUnreadableLeaf(t *testing.T) {
	root := identitytest.NewIssuer(t, "Root", nil)
	key := identitytest.NewKey(t, "p256")
	template := identitytest.ServerTemplate("localhost")
	template.ExtraExtensions = []pkix.Extension{{Id: []int{2, 5, 29, 17}, Value: []byte{0x30, 0x03, 0x82, 0x01, 0xff}}}
	template.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(nil, template, root.Cert, key.Public(), root.Key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParseCertificate(der); err == nil {
		t.Skip("crypto/x509 reads it now")
	}
	checks := identity.Examine(identity.Identity{Alias: "odd", Key: key, Chain: [][]byte{der, root.Cert.Raw}}, identity.Options{})
	if c := identitytest.Find(t, checks, "names"); c.OK() || !strings.Contains(c.Text, "Go's TLS clients can't read the certificate") {
		t.Errorf("%+v", checks)
	}
	for _, name := range []string{"key", "chain", "dates"} {
		if c := identitytest.Find(t, checks, name); !c.OK() {
			t.Errorf("%+v", c)
		}
	}
}
