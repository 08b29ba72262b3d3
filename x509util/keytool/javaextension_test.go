package keytool

import (
	"math"
	"reflect"
	"testing"

	"gokeytool/jdk"
	"gokeytool/x509util"
)

// The differential tests compare what is printed of these and many more.
func TestReadExtension(t *testing.T) {
	for _, tt := range []struct {
		name, oid, value string
		want             printable
		fault            string
	}{
		{"unknown", "1.2.3", "\x01", nil, ""},
		{"value of no interest", "1.3.6.1.5.5.7.48.1.5", "\x01", nil, ""},
		{"CA", "2.5.29.19", "\x30\x03\x01\x01\xff", basicConstraints{ca: true, length: math.MaxInt32}, ""},
		{"no CA", "2.5.29.19", "\x30\x00", basicConstraints{length: -1}, ""},
		{"path length of no number", "2.5.29.19", "\x30\x05\x01\x01\xff\x05\x00", nil, "Invalid encoding of BasicConstraints"},
		{"usage", "2.5.29.15", "\x03\x02\x07\x80", keyUsage{[]byte{0x80}, 1}, ""},
		{"purposes", "2.5.29.37", "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01", extendedKeyUsage{"1.3.6.1.5.5.7.3.1"}, ""},
		{"names", "2.5.29.17", "\x30\x09\x82\x01a\x87\x04\x7f\x00\x00\x01",
			alternativeName{"SubjectAlternativeName", generalNames{dnsName("a"), ipAddress{127, 0, 0, 1}}}, ""},
		{"no names", "2.5.29.17", "\x30\x00", nil, "No data available in passed DER encoded value."},
		{"half an address", "2.5.29.17", "\x30\x04\x87\x02\x7f\x00", nil, "Invalid IPAddressName"},
		{"URI without a scheme", "2.5.29.17", "\x30\x03\x86\x01a", nil, "URI name must include scheme:a"},
		{"URI of a constraint", "2.5.29.30", "\x30\x07\xa0\x05\x30\x03\x86\x01a",
			nameConstraints{{{base: uriName("a"), maximum: -1}}}, ""},
		{"not critical", "2.5.29.54", "\x02\x01\x00", nil, "Criticality cannot be false for InhibitAnyPolicy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readExtension(x509util.RawExtension{OID: tt.oid, Value: []byte(tt.value)}, jdk.Default)
			fault := ""
			if err != nil {
				fault = err.Error()
			}
			if !reflect.DeepEqual(got, tt.want) || fault != tt.fault {
				t.Errorf("got %#v, %q; want %#v, %q", got, fault, tt.want, tt.fault)
			}
		})
	}
}
