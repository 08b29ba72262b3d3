package commands

import (
	"encoding/asn1"
	"slices"
	"testing"

	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

func TestIssuerHints(t *testing.T) {
	var spkis [2][]byte
	for i := range spkis {
		key, err := keys.Generate(keys.Spec{Algorithm: "EC"}, jdk.Default)
		if err != nil {
			t.Fatal(err)
		}
		if spkis[i], err = keys.MarshalPublic(key.Public()); err != nil {
			t.Fatal(err)
		}
	}
	id, err := x509util.KeyID(spkis[1])
	if err != nil {
		t.Fatal(err)
	}
	built, err := x509util.BuildExtensions([]string{"aia=ocsp:uri:http://o.example,caIssuers:uri:http://a.example/ca.cer,caIssuers:dns:b.example"},
		x509util.ExtensionContext{SubjectKey: spkis[0], IssuerKey: spkis[1], IssuerKeyID: id, Release: jdk.Default})
	if err != nil {
		t.Fatal(err)
	}
	raw := func(id, url string) []x509util.Extension {
		return []x509util.Extension{
			{OID: asn1.ObjectIdentifier{2, 5, 29, 35}, Value: []byte(id)},
			{OID: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 1}, Value: []byte(url)},
		}
	}
	for _, test := range []struct {
		name       string
		extensions []x509util.Extension
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
			c := &x509util.Certificate{Extensions: test.extensions}
			if got := c.AuthorityKeyID(); !slices.Equal(got, test.id) {
				t.Errorf("identifier %x, want %x", got, test.id)
			}
			if got := issuerURLs(c); !slices.Equal(got, test.urls) {
				t.Errorf("URLs %q, want %q", got, test.urls)
			}
		})
	}
}
