package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/subtle"
	"io"
	"math/big"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
)

// dhGroup is a group for Diffie-Hellman key agreement as PKCS #3 describes it.
type dhGroup struct {
	p, g   *big.Int
	length int // bits of private values; 0 where it isn't said
}

// DHPublicKey is a key for Diffie-Hellman key agreement (PKCS #3). keytool
// makes such keys, but they sign nothing.
type DHPublicKey struct {
	group *dhGroup
	y     *big.Int
}

// Equal reports whether x is the same key.
func (k *DHPublicKey) Equal(x crypto.PublicKey) bool {
	o, ok := x.(*DHPublicKey)
	return ok && k.y.Cmp(o.y) == 0 && k.group.p.Cmp(o.group.p) == 0 && k.group.g.Cmp(o.group.g) == 0
}

// DHPrivateKey is the private half of a DHPublicKey.
type DHPrivateKey struct {
	public *DHPublicKey
	x      *big.Int
}

// Public returns a *DHPublicKey.
func (k *DHPrivateKey) Public() crypto.PublicKey { return k.public }

// Equal reports whether x is the same key.
func (k *DHPrivateKey) Equal(x crypto.PrivateKey) bool {
	o, ok := x.(*DHPrivateKey)
	return ok && k.public.Equal(o.public) && subtle.ConstantTimeCompare(k.x.Bytes(), o.x.Bytes()) == 1
}

// Sign fails: there are no signatures of this algorithm.
func (k *DHPrivateKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, keyError("DH keys can't sign")
}

// maxDHBits is the size of the largest group that Java takes.
const maxDHBits = 8192

// marshal encodes the group as DHParameter (PKCS #3, section 9).
func (g *dhGroup) marshal() []byte {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(g.p)
		b.AddASN1BigInt(g.g)
		if g.length > 0 {
			b.AddASN1Int64(int64(g.length))
		}
	})
	return b.BytesOrPanic()
}

func parseDHGroup(alg Algorithm) (*dhGroup, error) {
	numbers, err := readIntegers(alg.Params, 2, maxDHBits)
	if err != nil {
		return nil, keyError("malformed DH key")
	}
	g := &dhGroup{p: numbers[0], g: numbers[1]}
	if three, err := readIntegers(alg.Params, 3, maxDHBits); err == nil && three[2].BitLen() < 16 {
		g.length = int(three[2].Int64())
	}
	if g.p.BitLen() < 512 || g.p.Bit(0) == 0 || g.g.Sign() <= 0 || g.g.Cmp(g.p) >= 0 {
		return nil, keyError("malformed DH key")
	}
	return g, nil
}

func parseDHPublicKey(alg Algorithm, bits []byte) (*DHPublicKey, error) {
	group, err := parseDHGroup(alg)
	if err != nil {
		return nil, err
	}
	y, err := readInteger(bits, maxDHBits)
	if err != nil || y.Sign() <= 0 || y.Cmp(group.p) >= 0 {
		return nil, keyError("malformed DH key")
	}
	return &DHPublicKey{group, y}, nil
}

func parseDHPrivateKey(alg Algorithm, content []byte) (crypto.Signer, error) {
	group, err := parseDHGroup(alg)
	if err != nil {
		return nil, err
	}
	x, err := readInteger(content, maxDHBits)
	if err != nil || x.Sign() <= 0 || x.Cmp(group.p) >= 0 {
		return nil, keyError("malformed DH key")
	}
	return newDHKey(group, x), nil
}

func newDHKey(group *dhGroup, x *big.Int) *DHPrivateKey {
	return &DHPrivateKey{&DHPublicKey{group, new(big.Int).Exp(group.g, x, group.p)}, x}
}

// modpGroups are the groups of RFC 2409 and RFC 3526 that Java takes for a key
// size, with the number that makes the prime of each, and the size of private
// values that Java finds strong enough.
var modpGroups = [...]struct{ bits, k, length int }{
	{768, 149686, 160},
	{1024, 129093, 160},
	{1536, 741804, 160},
	{2048, 124476, 224},
	{3072, 1690314, 256},
	{4096, 240904, 304},
	{6144, 929484, 352},
	{8192, 4743158, 400},
}

// modpGroup computes a group by the formula of RFC 3526:
// p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + k), g = 2.
func modpGroup(bits, k, length int) *dhGroup {
	power := func(n int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(n)) }
	middle := piTimesPowerOf2(bits - 130)
	middle.Add(middle, big.NewInt(int64(k))).Lsh(middle, 64)
	p := power(bits)
	p.Sub(p, power(bits-64)).Sub(p, big.NewInt(1)).Add(p, middle)
	return &dhGroup{p, big.NewInt(2), length}
}

// piTimesPowerOf2 returns floor(2^n * pi), by Machin's formula
// pi/4 = 4 arctan(1/5) - arctan(1/239).
func piTimesPowerOf2(n int) *big.Int {
	const guard = 64 // bits more than asked for, against rounding
	arctanInverse := func(x int64) *big.Int {
		term := new(big.Int).Lsh(big.NewInt(1), uint(n+guard))
		term.Quo(term, big.NewInt(x))
		sum, square := new(big.Int), big.NewInt(-x*x)
		for i := int64(1); term.Sign() != 0; i += 2 {
			sum.Add(sum, new(big.Int).Quo(term, big.NewInt(i)))
			term.Quo(term, square)
		}
		return sum
	}
	pi := arctanInverse(5)
	pi.Lsh(pi, 2).Sub(pi, arctanInverse(239)).Lsh(pi, 2)
	return pi.Rsh(pi, guard)
}

// generateDH makes a key of a group that is known for its size.
func generateDH(spec Spec, rel jdk.Release) (crypto.Signer, error) {
	if spec.Group != "" {
		return nil, jdk.ArgumentError("Inappropriate parameter type")
	}
	size := spec.Size
	if size == 0 {
		size = 3072
		if rel < jdk.Release21 {
			size = 2048
		}
	}
	if size%64 != 0 || size < 512 || size > maxDHBits {
		return nil, jdk.ArgumentError("DH key size must be multiple of 64, and can only range from 512 to 8192 (inclusive). " +
			"The specific key size " + strconv.Itoa(size) + " is not supported")
	}
	for _, known := range modpGroups {
		if known.bits != size {
			continue
		}
		group := modpGroup(known.bits, known.k, known.length)
		x, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(known.length)))
		if err != nil {
			return nil, err
		}
		return newDHKey(group, x.SetBit(x, known.length-1, 1)), nil
	}
	return nil, keyError("DH keys of %d bits are not made; 768, 1024, 1536, 2048, 3072, 4096, 6144 and 8192 are", size)
}
