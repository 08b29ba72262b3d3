package x509util

import (
	"bytes"
	"testing"
)

func TestSubjectKeyID(t *testing.T) {
	tests := []struct {
		name  string
		value []byte // of the extension; nil for a certificate without it
		want  []byte
	}{
		{"absent", nil, nil},
		{"present", []byte{4, 2, 0xab, 0xcd}, []byte{0xab, 0xcd}},
		{"not an octet string", []byte{5, 0}, nil},
		{"bytes behind", []byte{4, 1, 1, 0}, nil},
		{"truncated", []byte{4, 9, 1}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := &Certificate{}
			if test.value != nil {
				c.Extensions = []Extension{{OID: oidExtSubjectKeyID, Value: test.value}}
			}
			if got := c.SubjectKeyID(); !bytes.Equal(got, test.want) {
				t.Errorf("SubjectKeyID() = %x, want %x", got, test.want)
			}
		})
	}
}
