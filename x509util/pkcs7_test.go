package x509util

import (
	"bytes"
	"testing"
)

func TestEncodePKCS7(t *testing.T) {
	der := EncodePKCS7(nil)
	if list, ok := ParsePKCS7(der); !ok || len(list) != 0 {
		t.Errorf("without certificates: %v %v", list, ok)
	}
	chain := testChain(t)
	list, err := ParseCertificates(EncodePKCS7([][]byte{chain[0].Raw, chain[1].Raw}))
	if err != nil || len(list) != 2 || !bytes.Equal(list[0].Raw, chain[0].Raw) || !bytes.Equal(list[1].Raw, chain[1].Raw) {
		t.Errorf("of two certificates: %d, %v", len(list), err)
	}
}
