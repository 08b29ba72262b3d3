package keys

import (
	"bytes"
	"testing"
)

// TestPSSParams reads parameters back and refuses others.
func TestPSSParams(t *testing.T) {
	for _, h := range pssHashes {
		p := newPSSParams(h.hash)
		again, err := ParsePSSParams(p.marshal())
		if err != nil || again != p {
			t.Errorf("%v: got %v, %v", p, again, err)
		}
	}
	p := newPSSParams(pssHashes[2].hash)
	der := p.marshal()
	for cut := range der {
		if _, err := ParsePSSParams(der[:cut]); err == nil && cut > 0 {
			t.Errorf("accepted when cut to %d octets", cut)
		}
	}
	if _, err := ParsePSSParams(bytes.Replace(der, []byte{0xa2}, []byte{0xa7}, 1)); err == nil {
		t.Error("unknown field accepted")
	}
}
