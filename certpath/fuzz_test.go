package certpath_test

import (
	"math/rand/v2"
	"testing"

	"gokeytool/certpath"
	"gokeytool/x509util"
)

// FuzzJudge judges whatever two certificates say, one as the issuer of the other:
// each fault says who minds, and is about one of them.
func FuzzJudge(f *testing.F) {
	g := newChains(f)
	for i := range 12 {
		specs := g.ordinary(2, certpath.Purpose(i%3))
		for range i {
			g.mutate(specs)
		}
		chain := g.chain(specs)
		f.Add(chain[0], chain[1], uint8(i%3))
	}
	f.Fuzz(func(t *testing.T, leaf, issuer []byte, purpose uint8) {
		var chain []*x509util.Certificate
		for _, der := range [][]byte{leaf, issuer} {
			c, err := x509util.ParseCertificate(der)
			if err != nil {
				return
			}
			chain = append(chain, c)
		}
		for _, fault := range certpath.Judge(chain, certpath.Purpose(purpose%3)) {
			if fault.By == 0 || fault.Text == "" || fault.At < 0 || fault.At >= len(chain) {
				t.Errorf("%+v", fault)
			}
		}
	})
}

// newChains makes the same chains each time.
func newChains(tb testing.TB) *chains {
	return &chains{maker: newMaker(tb), rand: rand.New(rand.NewPCG(1, 2))}
}
