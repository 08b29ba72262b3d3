package ber

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// Long arcs are what they were when they were put together by shifting.
func TestLongArcs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		b := make([]byte, 10+r.IntN(60))
		want := new(big.Int)
		for i := range b {
			b[i] = byte(r.Uint32()) | 0x80
			if i == len(b)-1 {
				b[i] &= 0x7f
			}
			want.Or(want.Lsh(want, 7), big.NewInt(int64(b[i]&0x7f)))
		}
		if got := string(appendLongArc(nil, b, false)); got != "."+want.String() {
			t.Fatalf("%x: %s, not .%s", b, got, want)
		}
	}
}
