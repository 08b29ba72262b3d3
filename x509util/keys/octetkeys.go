package keys

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/subtle"
	"io"
	"strings"

	"github.com/cloudflare/circl/dh/x25519"
	"github.com/cloudflare/circl/dh/x448"
	"github.com/cloudflare/circl/kem"
	"github.com/cloudflare/circl/kem/mlkem/mlkem1024"
	"github.com/cloudflare/circl/kem/mlkem/mlkem512"
	"github.com/cloudflare/circl/kem/mlkem/mlkem768"
	"github.com/cloudflare/circl/sign"
	"github.com/cloudflare/circl/sign/ed448"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// OIDs of the algorithms of lattices (NIST CSOR).
const (
	oidMLDSA44   = "2.16.840.1.101.3.4.3.17"
	oidMLDSA65   = "2.16.840.1.101.3.4.3.18"
	oidMLDSA87   = "2.16.840.1.101.3.4.3.19"
	oidMLKEM512  = "2.16.840.1.101.3.4.4.1"
	oidMLKEM768  = "2.16.840.1.101.3.4.4.2"
	oidMLKEM1024 = "2.16.840.1.101.3.4.4.3"
)

// The families of which a -groupname chooses one, Java's default first.
var (
	mlDSA = []string{"ML-DSA-65", "ML-DSA-44", "ML-DSA-87"}
	mlKEM = []string{"ML-KEM-768", "ML-KEM-512", "ML-KEM-1024"}
)

// A namedAlgorithm is an algorithm without parameters whose keys are plain
// octets, which the standard library doesn't have or has with fewer encodings:
// Ed448 (RFC 8032), X25519 and X448 (RFC 7748), ML-DSA (FIPS 204) and ML-KEM
// (FIPS 203). Ed25519 is not one of them.
type namedAlgorithm struct {
	name       string
	oid        string
	javaFamily string // what Java calls the algorithm of a key: "EdDSA", "XDH"
	publicSize int    // octets
	secretSize int    // octets
	seedSize   int    // octets of a seed that the keys derive from; may be the secret itself
	derive     func(seed []byte) (public, secret []byte)
	public     func(secret []byte) []byte // nil where the seed is the secret
	signer     func() sign.Scheme         // nil for key agreement
}

// NamedPublicKey is a public key of Ed448, X25519, X448, ML-DSA or ML-KEM.
type NamedPublicKey struct {
	algorithm *namedAlgorithm
	octets    string
}

// Algorithm returns the name: "Ed448", "X25519", "X448", "ML-DSA-44",
// "ML-DSA-65", "ML-DSA-87", "ML-KEM-512", "ML-KEM-768" or "ML-KEM-1024".
func (k *NamedPublicKey) Algorithm() string { return k.algorithm.name }

// Equal reports whether x is the same key.
func (k *NamedPublicKey) Equal(x crypto.PublicKey) bool {
	o, ok := x.(*NamedPublicKey)
	return ok && k.algorithm == o.algorithm && k.octets == o.octets
}

// NamedPrivateKey is a private key of one of the algorithms of NamedPublicKey.
type NamedPrivateKey struct {
	public *NamedPublicKey
	secret []byte // as PKCS #8 has it in Java: the seed of Ed448, the expanded key of ML-DSA
}

// Public returns a *NamedPublicKey.
func (k *NamedPrivateKey) Public() crypto.PublicKey { return k.public }

// Equal reports whether x is the same key.
func (k *NamedPrivateKey) Equal(x crypto.PrivateKey) bool {
	o, ok := x.(*NamedPrivateKey)
	return ok && k.public.algorithm == o.public.algorithm && subtle.ConstantTimeCompare(k.secret, o.secret) == 1
}

// Sign signs a message, which is not hashed before. Keys of X25519, X448 and
// ML-KEM can't sign.
func (k *NamedPrivateKey) Sign(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	a := k.public.algorithm
	if a.signer == nil {
		return nil, keyError("%s keys can't sign", a.name)
	}
	scheme := a.signer()
	var key sign.PrivateKey
	if a.seedSize == a.secretSize {
		_, key = scheme.DeriveKey(k.secret)
	} else {
		var err error
		if key, err = scheme.UnmarshalBinaryPrivateKey(k.secret); err != nil {
			return nil, keyError("malformed %s key", a.name)
		}
	}
	return scheme.Sign(key, message, nil), nil
}

// verify checks a signature.
func (k *NamedPublicKey) verify(message, signature []byte) bool {
	if k.algorithm.signer == nil {
		return false
	}
	scheme := k.algorithm.signer()
	key, err := scheme.UnmarshalBinaryPublicKey([]byte(k.octets))
	return err == nil && scheme.Verify(key, message, signature, nil)
}

var namedAlgorithms = [...]namedAlgorithm{
	{
		name: "Ed448", oid: oidEd448, javaFamily: "EdDSA",
		publicSize: ed448.PublicKeySize, secretSize: ed448.SeedSize, seedSize: ed448.SeedSize,
		derive: func(seed []byte) ([]byte, []byte) { return ed448.NewKeyFromSeed(seed)[ed448.SeedSize:], seed },
		signer: ed448.Scheme,
	},
	{
		name: "X25519", oid: oidX25519, javaFamily: "XDH",
		publicSize: x25519.Size, secretSize: x25519.Size, seedSize: x25519.Size,
		derive: func(seed []byte) ([]byte, []byte) {
			secret, public := x25519.Key(seed), x25519.Key{}
			x25519.KeyGen(&public, &secret)
			return public[:], seed
		},
	},
	{
		name: "X448", oid: oidX448, javaFamily: "XDH",
		publicSize: x448.Size, secretSize: x448.Size, seedSize: x448.Size,
		derive: func(seed []byte) ([]byte, []byte) {
			secret, public := x448.Key(seed), x448.Key{}
			x448.KeyGen(&public, &secret)
			return public[:], seed
		},
	},
	latticeSigner("ML-DSA-44", oidMLDSA44, mldsa44.PublicKeySize, mldsa44.PrivateKeySize, mldsa44.Scheme),
	latticeSigner("ML-DSA-65", oidMLDSA65, mldsa65.PublicKeySize, mldsa65.PrivateKeySize, mldsa65.Scheme),
	latticeSigner("ML-DSA-87", oidMLDSA87, mldsa87.PublicKeySize, mldsa87.PrivateKeySize, mldsa87.Scheme),
	latticeKEM("ML-KEM-512", oidMLKEM512, mlkem512.PublicKeySize, mlkem512.PrivateKeySize, mlkem512.Scheme),
	latticeKEM("ML-KEM-768", oidMLKEM768, mlkem768.PublicKeySize, mlkem768.PrivateKeySize, mlkem768.Scheme),
	latticeKEM("ML-KEM-1024", oidMLKEM1024, mlkem1024.PublicKeySize, mlkem1024.PrivateKeySize, mlkem1024.Scheme),
}

func latticeSigner(name, oid string, publicSize, secretSize int, scheme func() sign.Scheme) namedAlgorithm {
	return namedAlgorithm{
		name: name, oid: oid, javaFamily: "ML-DSA",
		publicSize: publicSize, secretSize: secretSize, seedSize: 32,
		derive: func(seed []byte) (public, secret []byte) {
			pk, sk := scheme().DeriveKey(seed)
			public, _ = pk.MarshalBinary() // these never fail
			secret, _ = sk.MarshalBinary()
			return public, secret
		},
		public: func(secret []byte) []byte {
			sk, err := scheme().UnmarshalBinaryPrivateKey(secret)
			if err != nil {
				return nil
			}
			public, _ := sk.Public().(sign.PublicKey).MarshalBinary()
			return public
		},
		signer: scheme,
	}
}

func latticeKEM(name, oid string, publicSize, secretSize int, scheme func() kem.Scheme) namedAlgorithm {
	return namedAlgorithm{
		name: name, oid: oid, javaFamily: "ML-KEM",
		publicSize: publicSize, secretSize: secretSize, seedSize: 64,
		derive: func(seed []byte) (public, secret []byte) {
			pk, sk := scheme().DeriveKeyPair(seed)
			public, _ = pk.MarshalBinary() // these never fail
			secret, _ = sk.MarshalBinary()
			return public, secret
		},
		public: func(secret []byte) []byte {
			sk, err := scheme().UnmarshalBinaryPrivateKey(secret)
			if err != nil {
				return nil
			}
			public, _ := sk.Public().MarshalBinary()
			return public
		},
	}
}

// namedAlgorithmBy finds an algorithm by name, in any case, or OID.
func namedAlgorithmBy(s string) *namedAlgorithm {
	for i := range namedAlgorithms {
		if a := &namedAlgorithms[i]; a.oid == s || strings.EqualFold(a.name, s) {
			return a
		}
	}
	return nil
}

// generate makes a key pair.
func (a *namedAlgorithm) generate() (crypto.Signer, error) {
	seed := make([]byte, a.seedSize)
	if _, err := rand.Read(seed); err != nil {
		return nil, err
	}
	return a.fromSeed(seed), nil
}

func (a *namedAlgorithm) fromSeed(seed []byte) *NamedPrivateKey {
	public, secret := a.derive(seed)
	return &NamedPrivateKey{&NamedPublicKey{a, string(public)}, secret}
}

// parsePrivate reads the content of a PKCS #8 key: the secret in an OCTET
// STRING, as Java writes it and RFC 8410 has it; of ML-DSA and ML-KEM also the
// seed or both (RFC 9881, RFC 9935), or the bare secret.
func (a *namedAlgorithm) parsePrivate(content []byte) (crypto.Signer, error) {
	malformed := keyError("malformed %s key", a.name)
	secret := content
	if len(content) != a.secretSize {
		v, err := ber.Parse(content)
		if err != nil {
			return nil, malformed
		}
		secret = v.Body
		switch v.Tag {
		case casn1.OCTET_STRING:
		case ber.Implicit(0):
			if len(secret) != a.seedSize {
				return nil, malformed
			}
		case casn1.SEQUENCE:
			parts, err := ber.First(v, 2)
			if err != nil {
				return nil, malformed
			}
			secret = parts[1].Body
		default:
			return nil, malformed
		}
	}
	secret = bytes.Clone(secret) // the caller will wipe content
	switch len(secret) {
	case a.seedSize:
		return a.fromSeed(secret), nil
	case a.secretSize:
		if public := a.public(secret); public != nil {
			return &NamedPrivateKey{&NamedPublicKey{a, string(public)}, secret}, nil
		}
	}
	return nil, malformed
}

// namedGenerator makes keys of a family, the first by default, or of only one
// of it where the -keyalg is bound to that.
func namedGenerator(family []string, bound string) func(Spec, jdk.Release) (crypto.Signer, error) {
	return func(spec Spec, _ jdk.Release) (crypto.Signer, error) {
		if spec.Size != 0 {
			return nil, jdk.ArgumentError("keysize not supported")
		}
		name := family[0]
		if bound != "" {
			name = bound
		}
		if spec.Group != "" {
			name = ""
			for _, known := range family {
				if strings.EqualFold(known, spec.Group) && (bound == "" || bound == known) {
					name = known
				}
			}
			if name == "" {
				return nil, jdk.ArgumentError("Unsupported parameter set name: " + spec.Group)
			}
		}
		return namedAlgorithmBy(name).generate()
	}
}
