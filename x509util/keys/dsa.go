package keys

import (
	"cmp"
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 keytool makes DSA keys, and old keystores hold them
	"crypto/rand"
	"io"
	"math/big"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
)

// DSAPrivateKey is a DSA key that signs. crypto/dsa leaves that to its caller.
type DSAPrivateKey struct{ dsa.PrivateKey }

// Public returns a *dsa.PublicKey.
func (k *DSAPrivateKey) Public() crypto.PublicKey { return &k.PublicKey }

// Sign signs a digest, of which it uses as many octets as the subgroup has, and
// encodes the signature as RFC 3279, 2.2.2 has it.
func (k *DSAPrivateKey) Sign(random io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	r, s, err := dsa.Sign(random, &k.PrivateKey, dsaDigest(&k.PublicKey, digest))
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(r)
		b.AddASN1BigInt(s)
	})
	return b.Bytes()
}

func dsaDigest(k *dsa.PublicKey, digest []byte) []byte {
	return digest[:min(len(digest), (k.Q.BitLen()+7)/8)]
}

func verifyDSA(k *dsa.PublicKey, digest, signature []byte) bool {
	input := cryptobyte.String(signature)
	var inner cryptobyte.String
	r, s := new(big.Int), new(big.Int)
	return input.ReadASN1(&inner, casn1.SEQUENCE) && input.Empty() &&
		inner.ReadASN1Integer(r) && inner.ReadASN1Integer(s) && inner.Empty() &&
		dsa.Verify(k, dsaDigest(k, digest), r, s)
}

// DSA keys are as long as Java makes them at most.
const maxDSABits = 3072

// checkDSA bounds a key's numbers, and leaves only those that arithmetic can be
// done with.
func checkDSA(p *dsa.Parameters, y *big.Int) error {
	switch {
	case p.P.BitLen() > maxDSABits || p.P.BitLen() < 512 || p.P.Bit(0) == 0:
		return unsupported("DSA keys of %d bits", p.P.BitLen())
	case p.Q.BitLen() < 160 || p.Q.BitLen() > 256 || p.Q.BitLen()%8 != 0:
		return unsupported("DSA keys with a subprime of %d bits", p.Q.BitLen())
	case p.G.Sign() <= 0 || p.G.Cmp(p.P) >= 0 || y.Sign() <= 0 || y.Cmp(p.P) >= 0:
		return keyError("malformed DSA key")
	}
	return nil
}

// parseDSAParams reads the parameters of a DSA key.
func parseDSAParams(alg Algorithm) (*dsa.Parameters, error) {
	if alg.Params.Tag != casn1.SEQUENCE {
		return nil, unsupported("DSA keys without parameters")
	}
	numbers, err := readIntegers(alg.Params, 3, maxDSABits)
	if err != nil {
		return nil, keyError("malformed DSA key")
	}
	return &dsa.Parameters{P: numbers[0], Q: numbers[1], G: numbers[2]}, nil
}

func parseDSAPublicKey(alg Algorithm, bits []byte) (*dsa.PublicKey, error) {
	params, err := parseDSAParams(alg)
	if err != nil {
		return nil, err
	}
	y, err := readInteger(bits, maxDSABits)
	if err != nil {
		return nil, keyError("malformed DSA key")
	}
	if err := checkDSA(params, y); err != nil {
		return nil, err
	}
	return &dsa.PublicKey{Parameters: *params, Y: y}, nil
}

func parseDSAPrivateKey(alg Algorithm, content []byte) (crypto.Signer, error) {
	params, err := parseDSAParams(alg)
	if err != nil {
		return nil, err
	}
	x, err := readInteger(content, maxDSABits)
	if err != nil || x.Sign() <= 0 || x.Cmp(params.Q) >= 0 {
		return nil, keyError("malformed DSA key")
	}
	if err := checkDSA(params, big.NewInt(1)); err != nil {
		return nil, err
	}
	return newDSAKey(params, x), nil
}

func newDSAKey(params *dsa.Parameters, x *big.Int) *DSAPrivateKey {
	key := &DSAPrivateKey{}
	key.Parameters = *params
	key.X = x
	key.Y = new(big.Int).Exp(params.G, x, params.P)
	return key
}

func marshalDSAParams(p *dsa.Parameters) []byte {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(p.P)
		b.AddASN1BigInt(p.Q)
		b.AddASN1BigInt(p.G)
	})
	return b.BytesOrPanic()
}

func marshalInteger(n *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1BigInt(n)
	return b.BytesOrPanic()
}

// sizeOfDSA is the size of a DSA key in bits.
func sizeOfDSA(spec Spec) (int, error) {
	if spec.Group != "" {
		return 0, jdk.ArgumentError("Inappropriate parameter")
	}
	return cmp.Or(spec.Size, 2048), nil
}

// generateDSA makes a key with the parameters that Java has for its size.
func generateDSA(spec Spec, _ jdk.Release) (crypto.Signer, error) {
	size, err := sizeOfDSA(spec)
	if err != nil {
		return nil, err
	}
	params, err := dsaParams(size)
	if err != nil {
		return nil, err
	}
	x, err := rand.Int(rand.Reader, new(big.Int).Sub(params.Q, big.NewInt(1)))
	if err != nil {
		return nil, err
	}
	return newDSAKey(params, x.Add(x, big.NewInt(1))), nil
}

// dsaParams returns the domain parameters of so many bits that every Java
// uses (sun.security.provider.ParameterCache). For sizes between them Java
// makes new ones, which is not implemented.
func dsaParams(size int) (*dsa.Parameters, error) {
	parse := func(p, q, g string) (*dsa.Parameters, error) {
		params := new(dsa.Parameters)
		for target, digits := range map[**big.Int]string{&params.P: p, &params.Q: q, &params.G: g} {
			*target, _ = new(big.Int).SetString(digits, 16)
		}
		return params, nil
	}
	switch size {
	case 512:
		return parse(
			"fca682ce8e12caba26efccf7110e526db078b05edecbcd1eb4a208f3ae1617ae01f35b91a47e6df63413c5e12ed0899b"+
				"cd132acd50d99151bdc43ee737592e17",
			"962eddcc369cba8ebb260ee6b6a126d9346e38c5",
			"678471b27a9cf44ee91a49c5147db1a9aaf244f05a434d6486931d2d14271b9e35030b71fd73da179069b32e2935630e"+
				"1c2062354d0da20a6c416e50be794ca4",
		)
	case 768:
		return parse(
			"e9e642599d355f37c97ffd3567120b8e25c9cd43e927b3a9670fbec5d890141922d2c3b3ad2480093799869d1e846aab"+
				"49fab0ad26d2ce6a22219d470bce7d777d4a21fbe9c270b57f607002f3cef8393694cf45ee3688c11a8c56ab127a3daf",
			"9cdbd84c9f1ac2f38d0f80f42ab952e7338bf511",
			"30470ad5a005fb14ce2d9dcd87e38bc7d1b1c5facbaecbe95f190aa7a31d23c4dbbcbe06174544401a5b2c020965d8c2"+
				"bd2171d3668445771f74ba084d2029d83c1c158547f3a9f1a2715be23d51ae4d3e5a1f6a7064f316933a346d3f529252",
		)
	case 1024:
		return parse(
			"fd7f53811d75122952df4a9c2eece4e7f611b7523cef4400c31e3f80b6512669455d402251fb593d8d58fabfc5f5ba30"+
				"f6cb9b556cd7813b801d346ff26660b76b9950a5a49f9fe8047b1022c24fbba9d7feb7c61bf83b57e7c6a8a6150f04fb"+
				"83f6d3c51ec3023554135a169132f675f3ae2b61d72aeff22203199dd14801c7",
			"9760508f15230bccb292b982a2eb840bf0581cf5",
			"f7e1a085d69b3ddecbbcab5c36b857b97994afbbfa3aea82f9574c0b3d0782675159578ebad4594fe67107108180b449"+
				"167123e84c281613b7cf09328cc8a6e13c167a8b547c8d28e0a3ae1e2bb3a675916ea37f0bfa213562f1fb627a01243b"+
				"cca4f1bea8519089a883dfe15ae59f06928b665e807b552564014c3bfecf492a",
		)
	case 2048:
		return parse(
			"8f7935d9b9aae9bfabed887acf4951b6f32ec59e3baf3718e8eac4961f3efd3606e74351a9c4183339b809e7c2ae1c53"+
				"9ba7475b85d011adb8b47987754984695cac0e8f14b3360828a22ffa27110a3d62a993453409a0fe696c4658f84bdd20"+
				"819c3709a01057b195adcd00233dba5484b6291f9d648ef883448677979cec04b434a6ac2e75e9985de23db0292fc111"+
				"8c9ffa9d8181e7338db792b730d7b9e349592f68099872153915ea3d6b8b4653c633458f803b32a4c2e0f27290256e4e"+
				"3f8a3b0838a1c450e4e18c1a29a37ddf5ea143de4b66ff04903ed5cf1623e158d487c608e97f211cd81dca23cb6e3807"+
				"65f822e342be484c05763939601cd667",
			"baf696a68578f7dfdee7fa67c977c785ef32b233bae580c0bcd5695d",
			"16a65c58204850704e7502a39757040d34da3a3478c154d4e4a5c02d242ee04f96e61e4bd0904abdac8f37eeb1e09f31"+
				"82d23c9043cb642f88004160edf9ca09b32076a79c32a627f2473e91879ba2c4e744bd2081544cb55b802c368d1fa83e"+
				"d489e94e0fa0688e32428a5c78c478c68d0527b71c9a3abb0b0be12c44689639e7d3ce74db101a65aa2b87f64c6826db"+
				"3ec72f4b5599834bb4edb02f7c90e9a496d3a55d535bebfc45d4f619f63f3dedbb873925c2f224e07731296da887ec1e"+
				"4748f87efb5fdeb75484316b2232dee553ddaf02112b0d1f02da30973224fe27aeda8b9d4b2922d9ba8be39ed9e103a6"+
				"3c52810bc688b7e2ed4316e1ef17dbde",
		)
	case 3072:
		return parse(
			"ea9cda9f5fbda66dd830494609405687ab7cf38538e058d1e2f68dea95364866e1c05beacded24227edee28cad80bcec"+
				"ad39913be3b713267b3b96c8d9f0f6a03b5dfc9222d5cfe4afcc9982f33784f760c3b759aebe3bbe9098a6b84c96f1fd"+
				"e44ce11c084c2a082c7a76a0ef142928b4f328406ab9beb24f84577dd0f46ce86fd8f08488269998bf4742d6425f7a0e"+
				"c75d8660c5dd6f4e3b3d3bee81b2c21afe8c9e8b84b87192e2cc20f961d2bcd8133afcf3675ab80681cb374c78f33e29"+
				"d1011083d89f9c5728b94676fccb1b57bc60288c15d85ae838ae1941c5a20ae2b2049b3583fe30da455ddb3e6ad9b995"+
				"5cd9bb5681431622beb0f92da533fcab496cebc447aa1bb5a8039522f2da98ff416289323a64df626ab6881870927dce"+
				"e387f13b5c9d24d6cba1d82ed375a082506ee87bc7ae30067f4a94e2ee363d992c40f2725b5db4b3525ebde22bbbfd0f"+
				"a124a588b0f5a4acb3a86951aff09f8c8198fb5b53da0c931cedc598b4f835b779d04d99026c7ba08c4b27f118ac1e3d",
			"c4eeac2bbab79bd831946d717a56a6e687547aa8e9c5494a5a4b2f4ca13d6c11",
			"42e5fa7844f8fa9d8998d830d004e7b15b1d276bcbe5f12c35ec90c1a25f5832018a6724bd9cdbe803b675509bed167f"+
				"3d7cf8599fc865c6d5a0f79158c1bc918f00a944d0ad0f38f520fb91d85d82674d0d5f874faa5fcdfe56cd178c1afdc7"+
				"ce8795727b7dee966ed0b3c5cedcef8aca628befebf2d105c7aff8eb0da9c9610737dd64dce1237b82c1b2bc8608d55f"+
				"fda98d7189444e65883315669c05716bde36c78b130aa3df2e4d609914c7c8dc470f4e300187c775f81e7b1a9c0dce40"+
				"5d6eab2cbb9d9c4ef44412ba573dd403c4ed7bc2364772f56a30c48de78f5003f9371c55262d2c8ac2246ade3b02fdcf"+
				"cf5cbfde74fbcbfe6e0e0fdf3160764f84d311c179a40af679a8f47ab13c8f706893245eb11edcce451fa2ab98001998"+
				"7f125d8dc96622d419ba0d71f16c6024dce9d364c3b26d8ec1a3c828f6c9d14b1d0333b95db77bfdbe3c6bce5337a1a5"+
				"a7ace10111219448447197e2a344cc423be768bb89e27be6cbd22085614a5a3360be23b1bfbb6e6e6471363d32c85d31",
		)
	}
	text := strconv.Itoa(size)
	switch {
	case size > 1024:
		return nil, jdk.ArgumentError("Invalid DSA Prime Size: " + text)
	case size < 512 || size%64 != 0:
		return nil, jdk.ArgumentError("Unsupported prime and subprime size combination: " + text + ", 160")
	}
	return nil, keyError("DSA keys of %d bits are not made; 512, 768, 1024, 2048 and 3072 are", size)
}
