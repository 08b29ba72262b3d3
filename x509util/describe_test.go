package x509util

import (
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"slices"
	"testing"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/testkey"
	"gokeytool/x509util/keys"
)

func TestRevocationReason(t *testing.T) {
	for der, want := range map[string]string{
		"\x0a\x01\x01": "keyCompromise", "\x0a\x01\x07": "", "\x0a\x01\x0b": "", "\x0a\x01\xff": "", "\x02\x01\x01": "", "": "",
	} {
		r := RevokedCertificate{Extensions: []Extension{{OID: asn1.ObjectIdentifier{2, 5, 29, 21}, Value: []byte(der)}}}
		if got := r.Reason(); got != want {
			t.Errorf("%x: %s", der, got)
		}
	}
}

func TestDescribeExtensions(t *testing.T) {
	build := func(specs ...string) []Extension {
		spki, err := keys.MarshalPublic(testkey.Make(t, "ec256").Public())
		if err != nil {
			t.Fatal(err)
		}
		extensions, err := BuildExtensions(specs, ExtensionContext{SubjectKey: spki, Release: jdk.Default})
		if err != nil {
			t.Fatal(err)
		}
		var wanted []Extension
		for _, e := range extensions {
			if e.OID.String() != "2.5.29.14" { // the key identifier, which is random
				wanted = append(wanted, e)
			}
		}
		return wanted
	}
	raw := func(oid asn1.ObjectIdentifier, der string) []Extension {
		return []Extension{{OID: oid, Value: []byte(der)}}
	}
	for _, test := range []struct {
		name       string
		extensions []Extension
		want       string // without the list of all
	}{
		{"none", nil, `{"names":[],"ca":false,"keyUsage":[],"extendedKeyUsage":[]}`},
		{"server", build("san=dns:localhost,ip:127.0.0.1,ip:::1,email:a@b.example,uri:https://b.example/", "ku:c=digitalSignature,keyEncipherment", "eku=serverAuth,1.2.3"),
			`{"names":["dns:localhost","ip:127.0.0.1","ip:::1","email:a@b.example","uri:https://b.example/"],"ca":false,` +
				`"keyUsage":["digitalSignature","keyEncipherment"],"extendedKeyUsage":["serverAuth","1.2.3"]}`},
		{"authority", build("bc:c=ca:true,pathlen:0", "ku=keyCertSign,cRLSign,decipherOnly"),
			`{"names":[],"ca":true,"pathLength":0,"keyUsage":["keyCertSign","cRLSign","decipherOnly"],"extendedKeyUsage":[]}`},
		{"no path length", build("bc"), `{"names":[],"ca":true,"keyUsage":[],"extendedKeyUsage":[]}`},
		{"registered id", build("san=oid:1.2.3"), `{"names":["other:8"],"ca":false,"keyUsage":[],"extendedKeyUsage":[]}`},
		{"garbage names", raw(asn1.ObjectIdentifier{2, 5, 29, 17}, "\x30\x05\x82\x01a\x82\x09"), `{"names":["dns:a"],"ca":false,"keyUsage":[],"extendedKeyUsage":[]}`},
		{"address of three bytes", raw(asn1.ObjectIdentifier{2, 5, 29, 17}, "\x30\x05\x87\x03abc"), `{"names":[],"ca":false,"keyUsage":[],"extendedKeyUsage":[]}`},
		{"garbage usage", raw(asn1.ObjectIdentifier{2, 5, 29, 15}, "x"), `{"names":[],"ca":false,"keyUsage":[],"extendedKeyUsage":[]}`},
		{"garbage purposes", raw(asn1.ObjectIdentifier{2, 5, 29, 37}, ""), `{"names":[],"ca":false,"keyUsage":[],"extendedKeyUsage":[]}`},
		{"garbage constraints", raw(asn1.ObjectIdentifier{2, 5, 29, 19}, "\x30\x03\x01\x01"), `{"names":[],"ca":false,"keyUsage":[],"extendedKeyUsage":[]}`},
		{"negative path length", raw(asn1.ObjectIdentifier{2, 5, 29, 19}, "\x30\x06\x01\x01\xff\x02\x01\xff"), `{"names":[],"ca":true,"keyUsage":[],"extendedKeyUsage":[]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			described := struct {
				Names []string `json:"names"`
				ExtensionsDescription
			}{append([]string{}, ExtensionNames(test.extensions)...), DescribeExtensions(test.extensions)}
			if len(described.Extensions) != len(test.extensions) {
				t.Errorf("%d extensions of %d", len(described.Extensions), len(test.extensions))
			}
			text, err := json.Marshal(described)
			if err != nil {
				t.Fatal(err)
			}
			var fields map[string]json.RawMessage
			if err := json.Unmarshal(text, &fields); err != nil {
				t.Fatal(err)
			}
			delete(fields, "extensions")
			got, err := json.Marshal(fields)
			if err != nil {
				t.Fatal(err)
			}
			var want map[string]json.RawMessage
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			wanted, _ := json.Marshal(want) // sorted
			if string(got) != string(wanted) {
				t.Errorf("\n got %s\nwant %s", got, wanted)
			}
		})
	}
}

func TestIssuerURLs(t *testing.T) {
	var spkis [2][]byte
	for i, name := range []string{"ec256", "ec384"} {
		var err error
		if spkis[i], err = keys.MarshalPublic(testkey.Make(t, name).Public()); err != nil {
			t.Fatal(err)
		}
	}
	id, err := KeyID(spkis[1])
	if err != nil {
		t.Fatal(err)
	}
	built, err := BuildExtensions([]string{"aia=ocsp:uri:http://o.example,caIssuers:uri:http://a.example/ca.cer,caIssuers:dns:b.example"},
		ExtensionContext{SubjectKey: spkis[0], IssuerKey: spkis[1], IssuerKeyID: id, Release: jdk.Default})
	if err != nil {
		t.Fatal(err)
	}
	raw := func(id, url string) []Extension {
		return []Extension{
			{OID: asn1.ObjectIdentifier{2, 5, 29, 35}, Value: []byte(id)},
			{OID: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 1}, Value: []byte(url)},
		}
	}
	for _, test := range []struct {
		name       string
		extensions []Extension
		id         []byte
		urls       []string
	}{
		{"none", nil, nil, nil},
		{"both", built, id, []string{"http://a.example/ca.cer"}},
		{"empty", raw("", ""), nil, nil},
		{"no identifier", raw("\x30\x00", "\x30\x00"), nil, nil},
		{"cut off", raw("\x30\x05\x80\x04a", "\x30\x05\x30\x04\x06\x02"), nil, nil},
		{"other types", raw("\x04\x00", "\x30\x02\x04\x00"), nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &Certificate{Extensions: test.extensions}
			if got := c.AuthorityKeyID(); !slices.Equal(got, test.id) {
				t.Errorf("identifier %x, want %x", got, test.id)
			}
			if got := c.IssuerURLs(); !slices.Equal(got, test.urls) {
				t.Errorf("URLs %q, want %q", got, test.urls)
			}
		})
	}
}

func TestCalled(t *testing.T) {
	key, err := keys.Generate(keys.Spec{Algorithm: "EC"}, jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ dname, san, called, label string }{
		{"CN=a, O=b", "dns:c", "CN=a, O=b", "a"},
		{"O=b", "dns:c", "O=b", "b"},
		{"C=DE", "dns:c", "C=DE", "c"},
		{"C=DE", "", "C=DE", ""},
		{"", "dns:a.example", "dns:a.example", "a.example"},
		{"", "ip:127.0.0.1,dns:a", "ip:127.0.0.1, dns:a", "127.0.0.1"},
		{"", "uri:spiffe://a/b,dns:b,dns:c", "uri:spiffe://a/b and 2 more", "spiffe://a/b"},
		{"", "", "serial 1a2b", "serial 1a2b"},
	} {
		c := &Certificate{Serial: big.NewInt(0x1a2b)}
		if test.dname != "" {
			if c.Subject, err = ParseDName(test.dname); err != nil {
				t.Fatal(err)
			}
		}
		if test.san != "" {
			if c.Extensions, err = BuildExtensions([]string{"san=" + test.san}, ExtensionContext{SubjectKey: spki, Release: jdk.Default}); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.Called(); got != test.called {
			t.Errorf("%q, %q: called %q, not %q", test.dname, test.san, got, test.called)
		}
		if got := c.Label(); got != test.label {
			t.Errorf("%q, %q: label %q, not %q", test.dname, test.san, got, test.label)
		}
	}
}
