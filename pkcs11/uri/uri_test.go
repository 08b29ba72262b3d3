package uri

import (
	"reflect"
	"strings"
	"testing"
)

func number(n uint64) *uint64 { return &n }

func TestParse(t *testing.T) {
	for text, want := range map[string]struct {
		URI
		canonical string
	}{
		"pkcs11:":                   {URI{}, "pkcs11:"},
		"PKCS11:?":                  {URI{}, "pkcs11:"},
		"pkcs11:token=tok":          {URI{Token: "tok"}, "pkcs11:token=tok"},
		"pkcs11:object=o;TOKEN=tok": {URI{Token: "tok", Object: "o"}, "pkcs11:token=tok;object=o"},
		// the examples of RFC 7512, section 3
		"pkcs11:object=my-pubkey;type=public":                          {URI{Object: "my-pubkey", Type: "public"}, "pkcs11:object=my-pubkey;type=public"},
		"pkcs11:object=my-key;type=private?pin-source=file:/etc/token": {URI{Object: "my-key", Type: "private", PINSource: "/etc/token"}, "pkcs11:object=my-key;type=private?pin-source=/etc/token"},
		"pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin": {
			URI{Token: "The Software PKCS#11 Softtoken", Manufacturer: "Snake Oil, Inc.", Model: "1.0", Object: "my-certificate", Type: "cert", ID: []byte("i\x95>\\\xf4\xbd\xec\x91"), PINSource: "/etc/token_pin"},
			"pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil%2C%20Inc.;model=1.0;object=my-certificate;id=%69%95%3E%5C%F4%BD%EC%91;type=cert?pin-source=/etc/token_pin",
		},
		"pkcs11:object=my-sign-key;type=private?module-name=mypkcs11":              {URI{Object: "my-sign-key", Type: "private", ModuleName: "mypkcs11"}, "pkcs11:object=my-sign-key;type=private?module-name=mypkcs11"},
		"pkcs11:object=my-sign-key;type=private?module-path=/mnt/libmypkcs11.so.1": {URI{Object: "my-sign-key", Type: "private", ModulePath: "/mnt/libmypkcs11.so.1"}, "pkcs11:object=my-sign-key;type=private?module-path=/mnt/libmypkcs11.so.1"},
		"pkcs11:slot-description=Sun%20Metaslot":                                   {URI{SlotDescription: "Sun Metaslot"}, "pkcs11:slot-description=Sun%20Metaslot"},
		"pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description=Soft%20Token%20Library;library-version=1.23": {
			URI{LibraryManufacturer: "Snake Oil, Inc.", LibraryDescription: "Soft Token Library", LibraryVersion: "1.23"},
			"pkcs11:library-description=Soft%20Token%20Library;library-manufacturer=Snake%20Oil%2C%20Inc.;library-version=1.23",
		},
		"pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3;id=%01%02%03%Ba%dd%Ca%fe%04%05%06": {
			URI{Token: "My token% created by Joe", LibraryVersion: "3.0", ID: []byte("\x01\x02\x03\xba\xdd\xca\xfe\x04\x05\x06")},
			"pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3.0;id=%01%02%03%BA%DD%CA%FE%04%05%06",
		},
		"pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=my-certificate;type=cert": {
			URI{Token: "A name with a substring %;", Object: "my-certificate", Type: "cert"},
			"pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=my-certificate;type=cert",
		},
		"pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1;object=my-certificate;type=cert": {
			URI{Token: "Name with a small A with acute: á", Object: "my-certificate", Type: "cert"},
			"pkcs11:token=Name%20with%20a%20small%20A%20with%20acute%3A%20%C3%A1;object=my-certificate;type=cert",
		},
		"pkcs11:token=my-token;object=my-certificate;type=cert;vendor-aaa=value-a;x-a=b?pin-source=file:/etc/token_pin&vendor-bbb=value-b": {
			URI{Token: "my-token", Object: "my-certificate", Type: "cert", PINSource: "/etc/token_pin"},
			"pkcs11:token=my-token;object=my-certificate;type=cert?pin-source=/etc/token_pin",
		},
		// what people write otherwise
		"pkcs11:object=schlüssel/1&2;id=":             {URI{Object: "schlüssel/1&2", ID: []byte{}}, "pkcs11:object=schl%C3%BCssel%2F1%262;id="},
		"pkcs11:object=%FF%00":                        {URI{Object: "\xff\x00"}, "pkcs11:object=%FF%00"},
		"pkcs11:token=tok%20%20;object=o%20":          {URI{Token: "tok", Object: "o "}, "pkcs11:token=tok;object=o%20"},
		"pkcs11:slot-id=18446744073709551615":         {URI{Slot: number(1<<64 - 1)}, "pkcs11:slot-id=18446744073709551615"},
		"pkcs11:slot-id=007":                          {URI{Slot: number(7)}, "pkcs11:slot-id=7"},
		"pkcs11:type=CERT":                            {URI{Type: "cert"}, "pkcs11:type=cert"},
		"pkcs11:?pin-value=a%26b?|=":                  {URI{PINValue: []byte("a&b?|=")}, "pkcs11:"},
		"pkcs11:?pin-value=":                          {URI{PINValue: []byte{}}, "pkcs11:"},
		"pkcs11:?pin-source=pin.txt":                  {URI{PINSource: "pin.txt"}, "pkcs11:?pin-source=pin.txt"},
		"pkcs11:?pin-source=FILE://localhost/a%2520b": {URI{PINSource: "/a b"}, "pkcs11:?pin-source=/a%20b"},
		"pkcs11:?pin-source=file:///a":                {URI{PINSource: "/a"}, "pkcs11:?pin-source=/a"},
		"pkcs11:?pin-source=file:%257Ca":              {URI{PINSource: "./|a"}, "pkcs11:?pin-source=./%7Ca"},
		"pkcs11:?pin-source=C:/pin":                   {URI{PINSource: "C:/pin"}, "pkcs11:?pin-source=C%3A/pin"},
	} {
		got, err := Parse(text)
		if err != nil || !reflect.DeepEqual(got, want.URI) {
			t.Errorf("%s:\n%+v, %v, not\n%+v", text, got, err, want.URI)
		}
		if s := got.String(); s != want.canonical {
			t.Errorf("%s is written\n%s, not\n%s", text, s, want.canonical)
		}
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                               "its beginning is not \"pkcs11:\"",
		"pkcs11":                                         "its beginning is not \"pkcs11:\"",
		"pkcs11:token":                                   `attribute number 1 of the path has no "="`,
		"pkcs11:token=a;":                                `number 2 of the path is empty: is there a ";" too many?`,
		"pkcs11:;token=a":                                "number 1 of the path is empty",
		"pkcs11:=a":                                      "number 1 of the path is not one",
		"pkcs11:to%6Ben=a":                               "number 1 of the path is not one",
		"pkcs11:token=a;token=a":                         "attribute token is given twice",
		"pkcs11:id=%01;Id=%01":                           "attribute id is given twice",
		"pkcs11:tokn=a":                                  `attribute "tokn" is not known; known are token, manufacturer`,
		"pkcs11:module-path=/a":                          `attribute module-path belongs into the query, behind a "?"`,
		"pkcs11:?token=a":                                `attribute token belongs into the path, before the "?"`,
		"pkcs11:?slot=1":                                 `attribute "slot" is not known; known are module-name`,
		"pkcs11:?module-path=/a;token=b":                 `attribute module-path: attributes of the query are separated by "&"`,
		"pkcs11:token=a b":                               "attribute token: a blank is written %20",
		"pkcs11:token=a#b":                               "a character in it that has to be written %23",
		"pkcs11:token=a\nb":                              "written %0A",
		"pkcs11:token=%":                                 "without two hexadecimal digits",
		"pkcs11:token=%1":                                "without two hexadecimal digits",
		"pkcs11:token=%+1":                               "without two hexadecimal digits",
		"pkcs11:slot-id=0x1":                             "attribute slot-id: it is a decimal number",
		"pkcs11:slot-id=":                                "attribute slot-id: it is a decimal number",
		"pkcs11:slot-id=-1":                              "attribute slot-id: it is a decimal number",
		"pkcs11:slot-id=18446744073709551616":            "attribute slot-id: it is a decimal number",
		"pkcs11:library-version=256":                     "attribute library-version: it is one number or two",
		"pkcs11:library-version=1.2.3":                   "attribute library-version: it is one number or two",
		"pkcs11:library-version=":                        "attribute library-version: it is one number or two",
		"pkcs11:type=key":                                "attribute type: it is one of cert, data, private, public, secret-key",
		"pkcs11:?pin-source=|cat":                        "programs that print the PIN are not run",
		"pkcs11:?pin-source=%7Ccat":                      "programs that print the PIN are not run",
		"pkcs11:?pin-source=":                            "no file is named",
		"pkcs11:?pin-source=file:":                       "no file is named",
		"pkcs11:?pin-source=https://a/b":                 "only the path of a file, or a URI of the scheme file, names one",
		"pkcs11:?pin-source=file://h/b":                  "not one of this machine",
		"pkcs11:?pin-source=file:/b%3Fc":                 "not one of this machine",
		"pkcs11:?pin-source=/a%00":                       "a NUL in the name",
		"pkcs11:?pin-source=file:/%2500":                 "not one of this machine",
		"pkcs11:?pin-source=/a&pin-value=1":              "both pin-source and pin-value",
		"pkcs11:token=" + strings.Repeat("a", maxLength): "longer than 16384 bytes",
	} {
		u, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: %v, not %s", text, err, want)
		}
		if !reflect.DeepEqual(u, URI{}) {
			t.Errorf("%.100s: an error, and %+v", text, u)
		}
	}
}

// No error shows a PIN, wherever a slip of the pen has put it.
func TestErrorsHidePINs(t *testing.T) {
	for _, text := range []string{
		"pkcs11:?pin-value=s3cret%", "pkcs11:?pin-value=s3 cret", "pkcs11:?pin-value=s3;s3cret", "pkcs11:?pin-value=a&s3cret",
		"pkcs11:?pin-value=a&s3cret=b", "pkcs11:?pin-value=a&s3cret%=b", "pkcs11:?pin-value-s3cret", "pkcs11:?pin-value:s3cret=1",
		"pkcs11:pin-value=s3cret", "pkcs11:pin-value=a;s3cret=b", "pkcs11:pin=s3cret;s3cret", "pkcs11:?pin=s3cret", "pkcs11:?PIN_VALUE=a&s3cret=",
		"pkcs11:?pin-value=s3cret&pin-value=s3cret", "pkcs11:?pin-value=s3cret&pin-source=/a", "pkcs11:?pin-value=s3cret#", "pkcs11:?s3cret",
	} {
		if _, err := Parse(text); err == nil || strings.Contains(err.Error(), "s3") || strings.Contains(err.Error(), "cret") {
			t.Errorf("%s: %v", text, err)
		}
	}
	u, err := Parse("pkcs11:token=a?pin-value=s3cret")
	if err != nil || strings.Contains(u.String(), "cret") {
		t.Errorf("%s, %v", u, err)
	}
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{"pkcs11:": true, "PKCS11:token=a": true, "pkcs11": false, "pkcs11.p12": false, "./pkcs11:a": false, "": false} {
		if Is(text) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("pkcs11:token=a%20b;object=o;id=%01?module-path=/a&pin-source=file:/b")
	f.Add("pkcs11:slot-id=1;library-version=2.6;type=cert?pin-value=1234&x-a=b")
	f.Add("pkcs11:?pin-source=file:a:b")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := Parse(text)
		if err != nil {
			return
		}
		s := u.String()
		again, err := Parse(s)
		if u.PINValue != nil {
			u.PINValue = nil
		}
		if err != nil || !reflect.DeepEqual(u, again) || again.String() != s {
			t.Errorf("%q is written %q, which is %+v, %v, not %+v", text, s, again, err, u)
		}
	})
}
