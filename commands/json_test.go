package commands

import (
	"encoding/asn1"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// Every field of what -json prints is described.
func TestJSONDoc(t *testing.T) {
	text, err := os.ReadFile("../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[reflect.Type]bool)
	var fields func(of reflect.Type)
	fields = func(of reflect.Type) {
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || seen[of] || of == reflect.TypeFor[time.Time]() {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			field := of.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && !strings.Contains(string(text), "`"+name+"`") {
				t.Errorf("%s of %s is not described", name, of)
			}
			fields(field.Type)
		}
	}
	for _, of := range []any{jsonList{}, jsonCertificates{}, jsonRequests{}, jsonCRLs{}, jsonSigners{}, jsonImport{}, jsonSmoke{}} {
		fields(reflect.TypeOf(of))
	}
}

func TestRevocationReason(t *testing.T) {
	for der, want := range map[string]string{
		"\x0a\x01\x01": "keyCompromise", "\x0a\x01\x07": "", "\x0a\x01\x0b": "", "\x0a\x01\xff": "", "\x02\x01\x01": "", "": "",
	} {
		e := x509util.Extension{OID: asn1.ObjectIdentifier{2, 5, 29, 21}, Value: []byte(der)}
		if got := revocationReason([]x509util.Extension{e}); got != want {
			t.Errorf("%x: %s", der, got)
		}
	}
}

func TestDescribeExtensions(t *testing.T) {
	build := func(specs ...string) []x509util.Extension {
		key, err := keys.Generate(keys.Spec{Algorithm: "EC"}, jdk.Default)
		if err != nil {
			t.Fatal(err)
		}
		spki, err := keys.MarshalPublic(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		extensions, err := x509util.BuildExtensions(specs, x509util.ExtensionContext{SubjectKey: spki, Release: jdk.Default})
		if err != nil {
			t.Fatal(err)
		}
		var wanted []x509util.Extension
		for _, e := range extensions {
			if e.OID.String() != "2.5.29.14" { // the key identifier, which is random
				wanted = append(wanted, e)
			}
		}
		return wanted
	}
	raw := func(oid asn1.ObjectIdentifier, der string) []x509util.Extension {
		return []x509util.Extension{{OID: oid, Value: []byte(der)}}
	}
	for _, test := range []struct {
		name       string
		extensions []x509util.Extension
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
			described := describeExtensions(test.extensions)
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

func TestDescribeUnreadable(t *testing.T) {
	c := describeCertificate([]byte("no certificate"))
	if c.Error == "" || c.PEM == "" || c.SHA256 == "" || c.Names == nil {
		t.Errorf("%+v", c)
	}
}
