package keys

import (
	"crypto/rsa"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"

	"gokeytool/jdk"
)

// TestRSAPrecomputed reads keys whose precomputed numbers are right, wrong or
// not there: those are computed again, and the key is the same.
func TestRSAPrecomputed(t *testing.T) {
	signer, err := Generate(Spec{Algorithm: "RSA", Size: 1024}, jdk.Default)
	if err != nil {
		t.Fatal(err)
	}
	k := signer.(*rsa.PrivateKey)
	k.Precompute()
	one := big.NewInt(1)
	for name, crt := range map[string][3]*big.Int{
		"right":  {k.Precomputed.Dp, k.Precomputed.Dq, k.Precomputed.Qinv},
		"wrong":  {new(big.Int).Add(k.Precomputed.Dp, one), k.Precomputed.Dq, k.Precomputed.Qinv},
		"absent": {new(big.Int), new(big.Int), new(big.Int)},
	} {
		t.Run(name, func(t *testing.T) {
			read, err := ParsePrivate(rsaPKCS8(t, k, crt))
			if err != nil {
				t.Fatal(err)
			}
			got := read.(*rsa.PrivateKey)
			if !got.Equal(k) || got.Precomputed.Dp.Cmp(k.Precomputed.Dp) != 0 || got.Precomputed.Qinv.Cmp(k.Precomputed.Qinv) != 0 {
				t.Error("another key")
			}
		})
	}
	t.Run("wrong exponent", func(t *testing.T) {
		other := *k
		other.D = new(big.Int).Add(k.D, one)
		if _, err := ParsePrivate(rsaPKCS8(t, &other, [3]*big.Int{k.Precomputed.Dp, k.Precomputed.Dq, k.Precomputed.Qinv})); err == nil {
			t.Error("accepted")
		}
	})
}

// rsaPKCS8 writes a key (RFC 8017 appendix A.1.2) with any precomputed numbers.
func rsaPKCS8(t *testing.T, k *rsa.PrivateKey, crt [3]*big.Int) []byte {
	t.Helper()
	pkcs1, err := asn1.Marshal(struct {
		Version                          int
		N, E, D, P, Q, DP, DQ, QInverted *big.Int
	}{0, k.N, big.NewInt(int64(k.E)), k.D, k.Primes[0], k.Primes[1], crt[0], crt[1], crt[2]})
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := asn1.Marshal(struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}{0, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, Parameters: asn1.NullRawValue}, pkcs1})
	if err != nil {
		t.Fatal(err)
	}
	return pkcs8
}
