// Package keys generates, reads, writes and describes the asymmetric keys that keytool
// knows, and signs and verifies with them. It knows nothing of certificates.
//
// Private keys are PKCS #8 (RFC 5958), public keys SubjectPublicKeyInfo (RFC 5280,
// 4.1.2.7). There are RSA (512 to 16384 bits), RSASSA-PSS, EC on the three curves that
// Java's provider has (secp256r1, secp384r1, secp521r1), Ed25519, Ed448, DSA and
// ML-DSA; and X25519, X448, DH and ML-KEM, which sign nothing. Keys of other
// algorithms and curves are described, not used: an UnsupportedError says so.
// Signatures with MD2 are made and verified, as in Java. crypto/rsa refuses keys below
// 1024 bits unless the program has the setting "//go:debug rsa1024min=0".
//
// Names of algorithms and defaults are those of keytool of a release; see package
// jdk.
package keys

import (
	"bytes"
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 keytool makes DSA keys, and old keystores hold them
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/internal/text"
	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// Spec says what key pair to generate, by keytool's option values.
type Spec struct {
	Algorithm string // -keyalg, any case
	Size      int    // -keysize in bits; 0 for the default of the release
	Group     string // -groupname; "" for the default
}

// ErrKey is wrapped by the errors for keys that are malformed, out of bounds
// or of an algorithm that is not implemented.
var ErrKey = errors.New("unusable key")

func keyError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrKey}, args...)...)
}

// An UnsupportedError is the error for a key or a signature of a kind that is
// not implemented. It may be as good as any. It wraps ErrKey.
type UnsupportedError struct {
	What string     // in the plural: "EC keys on brainpoolP256r1"
	Java *jdk.Error // what keytool says where it would use such a key; nil if not known
}

// Error says what is not supported.
func (e *UnsupportedError) Error() string { return e.What + " are not supported" }

// Unwrap returns ErrKey.
func (e *UnsupportedError) Unwrap() error { return ErrKey }

func unsupported(format string, args ...any) error {
	return &UnsupportedError{What: fmt.Sprintf(format, args...)}
}

// RSA keys have 512 to 16384 bits, as in Java. The upper bound is also what
// keeps a hostile certificate from occupying the processor for minutes.
const (
	minRSABits = 512
	MaxRSABits = 16384
)

// PSSPrivateKey is an RSA key of the algorithm RSASSA-PSS (RFC 4055), which
// makes only signatures of that kind.
type PSSPrivateKey struct {
	*rsa.PrivateKey
	Params []byte // RSASSA-PSS-params in DER that bind the key; nil for none
}

// Public returns a *PSSPublicKey.
func (k *PSSPrivateKey) Public() crypto.PublicKey {
	return &PSSPublicKey{&k.PrivateKey.PublicKey, k.Params}
}

// PSSPublicKey is the public part of a PSSPrivateKey.
type PSSPublicKey struct {
	*rsa.PublicKey
	Params []byte // as in PSSPrivateKey
}

// Equal reports whether x is the same key.
func (k *PSSPublicKey) Equal(x crypto.PublicKey) bool {
	o, ok := x.(*PSSPublicKey)
	return ok && k.PublicKey.Equal(o.PublicKey)
}

// A keyGenerator makes keys for the values of -keyalg that Java's
// KeyPairGenerator takes for an algorithm.
type keyGenerator struct {
	names    []string // in any case; the first is the algorithm's
	oids     []string // further names from release oidSince on; with "OID." before the first too
	since    jdk.Release
	oidSince jdk.Release
	generate func(spec Spec, rel jdk.Release) (crypto.Signer, error)
}

var keyGenerators = [...]keyGenerator{
	{names: []string{"RSA"}, oids: []string{"1.2.840.113549.1.1", OIDRSA}, generate: generateRSA},
	{names: []string{"RSASSA-PSS", "PSS"}, oids: []string{OIDRSASSAPSS}, generate: generatePSS},
	{names: []string{"EC", "EllipticCurve"}, oids: []string{OIDEC}, oidSince: jdk.Release25, generate: generateEC},
	{names: []string{"DSA"}, oids: []string{OIDDSA, "1.3.14.3.2.12"}, generate: generateDSA},
	{names: []string{"DiffieHellman", "DH"}, oids: []string{oidDH}, generate: generateDH},
	{names: []string{"EdDSA"}, generate: edwardsGenerator("")},
	{names: []string{"Ed25519"}, oids: []string{oidEd25519}, generate: edwardsGenerator("Ed25519")},
	{names: []string{"Ed448"}, oids: []string{oidEd448}, generate: edwardsGenerator("Ed448")},
	{names: []string{"XDH"}, generate: montgomeryGenerator("")},
	{names: []string{"X25519"}, oids: []string{oidX25519}, generate: montgomeryGenerator("X25519")},
	{names: []string{"X448"}, oids: []string{oidX448}, generate: montgomeryGenerator("X448")},
	{names: []string{"ML-DSA"}, since: jdk.Release25, generate: namedGenerator(mlDSA, "")},
	{names: []string{"ML-DSA-44"}, oids: []string{oidMLDSA44}, since: jdk.Release25, generate: namedGenerator(mlDSA, "ML-DSA-44")},
	{names: []string{"ML-DSA-65"}, oids: []string{oidMLDSA65}, since: jdk.Release25, generate: namedGenerator(mlDSA, "ML-DSA-65")},
	{names: []string{"ML-DSA-87"}, oids: []string{oidMLDSA87}, since: jdk.Release25, generate: namedGenerator(mlDSA, "ML-DSA-87")},
	{names: []string{"ML-KEM"}, since: jdk.Release25, generate: namedGenerator(mlKEM, "")},
	{names: []string{"ML-KEM-512"}, oids: []string{oidMLKEM512}, since: jdk.Release25, generate: namedGenerator(mlKEM, "ML-KEM-512")},
	{names: []string{"ML-KEM-768"}, oids: []string{oidMLKEM768}, since: jdk.Release25, generate: namedGenerator(mlKEM, "ML-KEM-768")},
	{names: []string{"ML-KEM-1024"}, oids: []string{oidMLKEM1024}, since: jdk.Release25, generate: namedGenerator(mlKEM, "ML-KEM-1024")},
}

// findGenerator finds what makes keys for a value of -keyalg.
func findGenerator(name string, rel jdk.Release) *keyGenerator {
	for i := range keyGenerators {
		g := &keyGenerators[i]
		if rel < g.since {
			continue
		}
		for _, n := range g.names {
			if strings.EqualFold(n, name) {
				return g
			}
		}
		for j, oid := range g.oids {
			if rel >= g.oidSince && (name == oid || j == 0 && strings.EqualFold(name, "OID."+oid)) {
				return g
			}
		}
	}
	return nil
}

// CheckAlgorithm returns the error with which keytool of the release
// answers a value of -keyalg that names no kind of key pair.
func CheckAlgorithm(name string, rel jdk.Release) error {
	if findGenerator(name, rel) == nil {
		return &jdk.Error{Class: "java.security.NoSuchAlgorithmException", Text: name + " KeyPairGenerator not available"}
	}
	return nil
}

// Check returns the errors that keytool finds in a Spec before it looks at
// anything else.
func (s Spec) Check() error {
	if s.Group != "" && s.Size != 0 {
		return &jdk.Error{Class: "java.lang.Exception", Text: "Cannot specify both -groupname and -keysize"}
	}
	if s.Size != 0 && strings.EqualFold(s.Algorithm, "EC") {
		_, err := CurveForSize(s.Size)
		return err
	}
	return nil
}

// CurveForSize returns the name of the elliptic curve that a -keysize in bits
// stands for. keytool advises to give -groupname with that name instead.
func CurveForSize(size int) (name string, err error) {
	if c := curveBySize(size); c != nil {
		return c.Name, nil
	}
	return "", &jdk.Error{Class: "java.security.spec.InvalidParameterSpecException", Text: "Not a supported curve: " + strconv.Itoa(size) + " bits"}
}

// Generate makes a key pair with the defaults of keytool of the release.
// Errors are *jdk.Error with Java's text.
//
// RSA keys below 1024 bits need the Go setting rsa1024min=0 in the program.
func Generate(spec Spec, rel jdk.Release) (crypto.Signer, error) {
	if err := spec.Check(); err != nil {
		return nil, err
	}
	if err := CheckAlgorithm(spec.Algorithm, rel); err != nil {
		return nil, err
	}
	return findGenerator(spec.Algorithm, rel).generate(spec, rel)
}

// SpecOf returns what Generate needs to make another key of the kind and
// size of a SubjectPublicKeyInfo.
func SpecOf(spki []byte) (Spec, error) {
	k, err := Describe(spki, jdk.Default)
	if err != nil {
		return Spec{}, err
	}
	switch k.oid {
	case OIDRSA, OIDRSASSAPSS, OIDDSA:
		return Spec{Algorithm: k.Algorithm, Size: k.Bits}, nil
	case OIDEC:
		if k.Curve == "" {
			return Spec{}, keyError("the elliptic curve has no name")
		}
		return Spec{Algorithm: "EC", Group: k.Curve}, nil
	}
	return Spec{Algorithm: k.Algorithm}, nil
}

func generateRSA(spec Spec, rel jdk.Release) (crypto.Signer, error) {
	key, err := newRSA(spec, rel)
	if err != nil {
		return nil, err
	}
	return key, nil
}

func generatePSS(spec Spec, rel jdk.Release) (crypto.Signer, error) {
	key, err := newRSA(spec, rel)
	if err != nil {
		return nil, err
	}
	return &PSSPrivateKey{PrivateKey: key}, nil
}

func newRSA(spec Spec, rel jdk.Release) (*rsa.PrivateKey, error) {
	if spec.Group != "" {
		return nil, jdk.ArgumentError("Params must be instance of RSAKeyGenParameterSpec")
	}
	size := spec.Size
	if size == 0 {
		size = 3072
		if rel < jdk.Release21 {
			size = 2048
		}
	}
	const exponentBits = 17 // of 65537
	var problem string
	switch {
	case size < exponentBits:
		problem = "Public exponent must be no longer than " + strconv.Itoa(size) + " bits"
	case size < minRSABits || size > MaxRSABits:
		problem = "Invalid key sizes"
	}
	if problem != "" {
		if rel >= jdk.Release25 {
			problem = "java.security.InvalidAlgorithmParameterException: " + problem
		}
		return nil, jdk.ArgumentError(problem)
	}
	return rsa.GenerateKey(rand.Reader, size)
}

func generateEC(spec Spec, rel jdk.Release) (crypto.Signer, error) {
	var c *Curve
	switch {
	case spec.Group != "":
		if c = curveByName(spec.Group); c == nil {
			return nil, jdk.ArgumentError("Unknown curve name: " + spec.Group)
		}
		if c.implementation() == nil {
			return nil, jdk.ArgumentError("Curve not supported: " + c.String())
		}
	case spec.Size != 0:
		if c = curveBySize(spec.Size); c == nil {
			return nil, keySizeError(spec.Size)
		}
		if c.implementation() == nil {
			return nil, &jdk.Error{Class: "java.security.ProviderException", Text: "Curve not supported:  " + c.String()}
		}
	case rel < jdk.Release21:
		c = curveByName("secp256r1")
	default:
		c = curveByName("secp384r1")
	}
	return ecdsa.GenerateKey(c.implementation(), rand.Reader)
}

// keySizeError is the answer to a size for which there is no curve, given with
// another name of the algorithm than EC.
func keySizeError(size int) error {
	switch {
	case size < 112:
		return jdk.ArgumentError("Key size must be at least 112 bits")
	case size > 571:
		return jdk.ArgumentError("Key size must be at most 571 bits")
	}
	return jdk.ArgumentError("Unknown key size: " + strconv.Itoa(size))
}

// implementation returns the curve's arithmetic, nil where there is none.
func (c *Curve) implementation() elliptic.Curve {
	switch c.Name {
	case "secp256r1":
		return elliptic.P256()
	case "secp384r1":
		return elliptic.P384()
	case "secp521r1":
		return elliptic.P521()
	}
	return nil
}

// edwardsGenerator makes keys of Ed25519 or Ed448, or of only one of them where
// it is bound to it.
func edwardsGenerator(bound string) func(Spec, jdk.Release) (crypto.Signer, error) {
	return func(spec Spec, _ jdk.Release) (crypto.Signer, error) {
		chosen, err := chooseNamed(spec, bound, "Ed25519", "Ed448")
		if err != nil {
			return nil, err
		}
		if chosen == "Ed448" {
			return namedAlgorithmBy(chosen).generate()
		}
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
}

// montgomeryGenerator makes keys of X25519 or X448.
func montgomeryGenerator(bound string) func(Spec, jdk.Release) (crypto.Signer, error) {
	return func(spec Spec, _ jdk.Release) (crypto.Signer, error) {
		chosen, err := chooseNamed(spec, bound, "X25519", "X448")
		if err != nil {
			return nil, err
		}
		return namedAlgorithmBy(chosen).generate()
	}
}

// chooseNamed picks between the two algorithms of a family, of 255 and of 448
// bits, the first by default. The -keyalg may be bound to one of them.
func chooseNamed(spec Spec, bound, name255, name448 string) (string, error) {
	var chosen string
	switch {
	case spec.Group == "" && spec.Size == 0:
		if bound != "" {
			return bound, nil
		}
		return name255, nil
	case strings.EqualFold(spec.Group, name255) || spec.Size == 255:
		chosen = name255
	case strings.EqualFold(spec.Group, name448) || spec.Size == 448:
		chosen = name448
	case spec.Group != "":
		return "", jdk.ArgumentError("Unsupported name: " + spec.Group)
	default:
		return "", jdk.ArgumentError("Unsupported size: " + strconv.Itoa(spec.Size))
	}
	if bound == "" || bound == chosen {
		return chosen, nil
	}
	if spec.Group != "" {
		return "", jdk.ArgumentError("java.security.InvalidParameterException: Parameters must be " + bound)
	}
	return "", jdk.ArgumentError("Parameters must be " + bound)
}

// GeneratedName describes a new key as "Generating ... key pair" of the release
// does: as Info.String in 25, "2,048 bit RSA" and "255 bit Ed25519" in earlier ones.
// spec is what the key was asked for with.
func GeneratedName(spec Spec, pub crypto.PublicKey, rel jdk.Release) string {
	spki, err := MarshalPublic(pub)
	if err != nil {
		return spec.Algorithm
	}
	k, err := Describe(spki, rel)
	if err != nil {
		return spec.Algorithm
	}
	if rel >= jdk.Release25 {
		return k.String()
	}
	name := k.Algorithm
	switch k.oid {
	case oidDH:
		name = "DH"
	case oidX25519, oidX448:
		name = "XDH"
	}
	if k.Curve != "" {
		name += " (" + k.Curve + ")"
	}
	bits := k.Bits
	if spec.Size == 0 && spec.Group == "" && !hasDefaultSize(spec.Algorithm) {
		bits = -1 // what keytool prints where -keyalg is another name or RSASSA-PSS
	}
	return text.Group(bits) + " bit " + name
}

// hasDefaultSize says whether keytool itself, before release 25, knows a
// default size for a -keyalg.
func hasDefaultSize(algorithm string) bool {
	for _, name := range [...]string{"EC", "RSA", "DSA", "EdDSA", "Ed25519", "Ed448", "XDH", "X25519", "X448", "DH"} {
		if strings.EqualFold(name, algorithm) {
			return true
		}
	}
	return false
}

// MarshalPrivate encodes a private key as PKCS#8 (RFC 5958, version 1),
// byte for byte as Java does: an elliptic curve key, for one, comes without
// its public key. The result is secret and belongs to the caller.
func MarshalPrivate(key crypto.Signer) ([]byte, error) {
	alg, err := keyAlgorithmID(key.Public())
	if err != nil {
		return nil, err
	}
	var inner cryptobyte.Builder
	switch k := key.(type) {
	case *rsa.PrivateKey:
		addRSAPrivateKey(&inner, k)
	case *PSSPrivateKey:
		addRSAPrivateKey(&inner, k.PrivateKey)
	case *ecdsa.PrivateKey:
		scalar, err := k.Bytes()
		if err != nil {
			return nil, err
		}
		inner.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) { // RFC 5915
			b.AddASN1Int64(1)
			b.AddASN1OctetString(scalar)
		})
	case ed25519.PrivateKey:
		inner.AddASN1OctetString(k.Seed())
	case *DSAPrivateKey:
		inner.AddASN1BigInt(k.X)
	case *DHPrivateKey:
		inner.AddASN1BigInt(k.x)
	case *NamedPrivateKey:
		inner.AddASN1OctetString(k.secret)
	default:
		return nil, unsupported("private keys of this kind")
	}
	content, err := inner.Bytes()
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddBytes(alg)
		b.AddASN1OctetString(content)
	})
	return b.Bytes()
}

// addRSAPrivateKey adds an RSAPrivateKey (RFC 8017, A.1.2). A key whose primes
// are not known has zeros in their place, as in Java.
func addRSAPrivateKey(b *cryptobyte.Builder, k *rsa.PrivateKey) {
	p, q, dP, dQ, qInv := new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int)
	if len(k.Primes) == 2 {
		one := big.NewInt(1)
		p, q = k.Primes[0], k.Primes[1]
		dP.Mod(k.D, new(big.Int).Sub(p, one))
		dQ.Mod(k.D, new(big.Int).Sub(q, one))
		qInv.ModInverse(q, p)
	}
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, n := range []*big.Int{new(big.Int), k.N, big.NewInt(int64(k.E)), k.D, p, q, dP, dQ, qInv} {
			b.AddASN1BigInt(n)
		}
	})
}

// keyAlgorithmID returns the AlgorithmIdentifier of a public key.
func keyAlgorithmID(pub crypto.PublicKey) ([]byte, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return algorithmID(OIDRSA, ber.Null), nil
	case *PSSPublicKey:
		return algorithmID(OIDRSASSAPSS, k.Params), nil
	case *ecdsa.PublicKey:
		for i := range curves {
			if curves[i].implementation() == k.Curve {
				return algorithmID(OIDEC, ber.EncodeOID(curves[i].OID)), nil
			}
		}
		return nil, keyError("unknown curve")
	case ed25519.PublicKey:
		return algorithmID(oidEd25519, nil), nil
	case *dsa.PublicKey:
		return algorithmID(OIDDSA, marshalDSAParams(&k.Parameters)), nil
	case *DHPublicKey:
		return algorithmID(oidDH, k.group.marshal()), nil
	case *NamedPublicKey:
		return algorithmID(k.algorithm.oid, nil), nil
	}
	return nil, unsupported("public keys of this kind")
}

// algorithmID encodes an AlgorithmIdentifier with encoded parameters or none.
func algorithmID(oid string, params []byte) []byte {
	return ber.Encode(casn1.SEQUENCE, string(ber.EncodeOID(oid))+string(params))
}

// MarshalPublic encodes a public key as SubjectPublicKeyInfo (RFC 5280,
// 4.1.2.7).
func MarshalPublic(pub crypto.PublicKey) ([]byte, error) {
	alg, err := keyAlgorithmID(pub)
	if err != nil {
		return nil, err
	}
	var bits []byte
	switch k := pub.(type) {
	case *rsa.PublicKey:
		bits = marshalRSAPublicKey(k)
	case *PSSPublicKey:
		bits = marshalRSAPublicKey(k.PublicKey)
	case *ecdsa.PublicKey:
		if bits, err = k.Bytes(); err != nil {
			return nil, err
		}
	case ed25519.PublicKey:
		bits = k
	case *dsa.PublicKey:
		bits = marshalInteger(k.Y)
	case *DHPublicKey:
		bits = marshalInteger(k.y)
	case *NamedPublicKey:
		bits = []byte(k.octets)
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(alg)
		b.AddASN1BitString(bits)
	})
	return b.Bytes()
}

func marshalRSAPublicKey(k *rsa.PublicKey) []byte {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(k.N)
		b.AddASN1Int64(int64(k.E))
	})
	return b.BytesOrPanic()
}

// ParsePrivate decodes a PKCS#8 private key, version 1 or 2. The key shares
// no memory with pkcs8. Errors wrap ErrKey and say nothing of the content.
func ParsePrivate(pkcs8 []byte) (crypto.Signer, error) {
	outer, err := ber.Parse(pkcs8)
	if err != nil || outer.Tag != casn1.SEQUENCE {
		return nil, keyError("malformed PKCS#8")
	}
	parts, err := ber.First(outer, 3)
	if err != nil || parts[2].Tag != casn1.OCTET_STRING {
		return nil, keyError("malformed PKCS#8")
	}
	alg, err := ReadAlgorithm(parts[1])
	if err != nil {
		return nil, keyError("malformed PKCS#8")
	}
	content := parts[2].Body
	switch alg.OID {
	case OIDRSA, OIDRSASSAPSS:
		key, err := parseRSAPrivateKey(content)
		if err != nil {
			return nil, err
		}
		if alg.OID == OIDRSASSAPSS {
			return &PSSPrivateKey{key, bytes.Clone(alg.Params.Full)}, nil
		}
		return key, nil
	case OIDEC:
		return parseECPrivateKey(alg, content)
	case oidEd25519:
		seed, err := ber.Parse(content)
		if err != nil || seed.Tag != casn1.OCTET_STRING || len(seed.Body) != ed25519.SeedSize {
			return nil, keyError("malformed Ed25519 key")
		}
		return ed25519.NewKeyFromSeed(seed.Body), nil
	case OIDDSA:
		return parseDSAPrivateKey(alg, content)
	case oidDH:
		return parseDHPrivateKey(alg, content)
	}
	if a := namedAlgorithmBy(alg.OID); a != nil {
		return a.parsePrivate(content)
	}
	return nil, unsupported("%s keys", algorithmName(alg))
}

// EmbeddedPublic returns the SubjectPublicKeyInfo of a PKCS#8 key that brings
// its public half with it, as OpenSSL writes those on elliptic curves (RFC 5915),
// on any curve; nil where it does not.
func EmbeddedPublic(pkcs8 []byte) []byte {
	outer, err := ber.Parse(pkcs8)
	if err != nil {
		return nil
	}
	parts, err := ber.First(outer, 3)
	if err != nil {
		return nil
	}
	if alg, err := ReadAlgorithm(parts[1]); err != nil || alg.OID != OIDEC {
		return nil
	}
	key, err := ber.Parse(parts[2].Body)
	if err != nil {
		return nil
	}
	for r := key.Reader(); !r.Empty(); {
		field, err := r.Next()
		if err != nil {
			return nil
		}
		if bits, err := ber.Parse(field.Body); field.Tag == ber.Explicit(1) && err == nil && bits.Tag == casn1.BIT_STRING {
			return ber.Encode(casn1.SEQUENCE, string(parts[1].Full)+string(bits.Full))
		}
	}
	return nil
}

// algorithmName names an algorithm of a key in errors.
func algorithmName(alg Algorithm) string {
	if name := ber.OIDName(alg.OID, jdk.Default); name != "" {
		return name
	}
	return foreignName(alg.OID)
}

// foreignName is the usual name of an algorithm or a curve that Java has none
// for, else its OID.
func foreignName(oid string) string {
	switch oid {
	case "1.2.156.10197.1.301": // GB/T 32918
		return "SM2"
	case "1.2.156.10197.1.501":
		return "SM3withSM2"
	case "1.2.156.10197.1.504":
		return "SM3withRSA"
	case "1.3.36.3.3.1.2": // TeleTrusT
		return "RIPEMD160withRSA"
	case "1.2.840.113549.1.1.3":
		return "MD4withRSA"
	case "1.2.643.2.2.19", "1.2.643.7.1.1.1.1", "1.2.643.7.1.1.1.2": // RFC 4491, RFC 9215
		return "GOST R 34.10"
	case "1.2.643.2.2.3", "1.2.643.7.1.1.3.2", "1.2.643.7.1.1.3.3":
		return "GOST R 34.10 signature"
	}
	return oid
}

// readIntegers reads n positive integers of so many bits at most in a
// sequence. A negative one is read as if it were not, as some certificates are
// written that way.
func readIntegers(sequence ber.Value, n, maxBits int) ([]*big.Int, error) {
	if sequence.Tag != casn1.SEQUENCE {
		return nil, ErrKey
	}
	parts, err := ber.First(sequence, n)
	if err != nil {
		return nil, err
	}
	numbers := make([]*big.Int, n)
	for i, v := range parts {
		if v.Tag != casn1.INTEGER || len(v.Body) > maxBits/8+1 {
			return nil, ErrKey
		}
		numbers[i] = new(big.Int).SetBytes(v.Body)
	}
	return numbers, nil
}

// readInteger reads der as one such integer.
func readInteger(der []byte, maxBits int) (*big.Int, error) {
	numbers, err := readIntegers(ber.Value{Tag: casn1.SEQUENCE, Body: der}, 1, maxBits)
	if err != nil {
		return nil, err
	}
	return numbers[0], nil
}

func parseRSAPrivateKey(content []byte) (*rsa.PrivateKey, error) {
	malformed := keyError("malformed RSA key")
	sequence, err := ber.Parse(content)
	if err != nil {
		return nil, malformed
	}
	numbers, err := readIntegers(sequence, 9, MaxRSABits)
	if err != nil {
		return nil, malformed
	}
	n, e, d, p, q := numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]
	if err := checkRSA(n, e); err != nil {
		return nil, err
	}
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d}
	if p.Sign() != 0 && q.Sign() != 0 {
		key.Primes = []*big.Int{p, q}
	}
	// Taking over what the file has precomputed is several times faster than
	// computing it; it is verified all the same. Validate costs next to
	// nothing then.
	key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv = numbers[6], numbers[7], numbers[8]
	if key.Precompute(); key.Validate() == nil {
		return key, nil
	}
	key.Precomputed = rsa.PrecomputedValues{}
	if key.Precompute(); key.Validate() != nil {
		return nil, malformed
	}
	return key, nil
}

// checkRSA bounds modulus and public exponent. crypto/rsa takes exponents
// below 2^31; Java also knows longer ones, which nobody uses.
func checkRSA(n, e *big.Int) error {
	switch {
	case n.BitLen() < minRSABits || n.BitLen() > MaxRSABits:
		return unsupported("RSA keys of %d bits", n.BitLen())
	case e.BitLen() > 31:
		return unsupported("RSA keys with an exponent of %d bits", e.BitLen())
	case e.Cmp(big.NewInt(2)) < 0:
		return keyError("RSA exponent of %d bits", e.BitLen())
	}
	return nil
}

// parseECPrivateKey reads an ECPrivateKey (RFC 5915) of the curve that the
// algorithm names.
func parseECPrivateKey(alg Algorithm, content []byte) (crypto.Signer, error) {
	c, err := namedCurve(alg)
	if err != nil {
		return nil, err
	}
	sequence, err := ber.Parse(content)
	if err != nil || sequence.Tag != casn1.SEQUENCE {
		return nil, keyError("malformed EC key")
	}
	parts, err := ber.First(sequence, 2)
	if err != nil || parts[1].Tag != casn1.OCTET_STRING {
		return nil, keyError("malformed EC key")
	}
	// Old releases of Java wrote the number with as many octets as it needed.
	size := (c.Params().N.BitLen() + 7) / 8
	number := new(big.Int).SetBytes(parts[1].Body)
	if number.BitLen() > 8*size {
		return nil, keyError("malformed EC key")
	}
	key, err := ecdsa.ParseRawPrivateKey(c, number.FillBytes(make([]byte, size)))
	if err != nil {
		return nil, keyError("malformed EC key")
	}
	return key, nil
}

// namedCurve returns the arithmetic of the curve in an algorithm's parameters.
func namedCurve(alg Algorithm) (elliptic.Curve, error) {
	if alg.Params.Tag != casn1.OBJECT_IDENTIFIER {
		return nil, unsupported("EC keys on a curve without a name")
	}
	oid, err := alg.Params.OID()
	if err != nil {
		return nil, keyError("malformed EC key")
	}
	c := curveByName(oid)
	if c == nil {
		return nil, &UnsupportedError{"EC keys on " + foreignName(oid), &jdk.Error{Class: "java.io.IOException", Text: "Unknown named curve: " + oid}}
	}
	if c.implementation() == nil {
		return nil, &UnsupportedError{"EC keys on " + c.Name, &jdk.Error{Class: "java.security.SignatureException", Text: "Curve not supported: " + c.String()}}
	}
	return c.implementation(), nil
}

// ParsePublic decodes a SubjectPublicKeyInfo. Errors wrap ErrKey.
func ParsePublic(spki []byte) (crypto.PublicKey, error) {
	outer, err := ber.Parse(spki)
	if err != nil || outer.Tag != casn1.SEQUENCE {
		return nil, keyError("malformed SubjectPublicKeyInfo")
	}
	parts, err := ber.First(outer, 2)
	if err != nil {
		return nil, keyError("malformed SubjectPublicKeyInfo")
	}
	alg, err := ReadAlgorithm(parts[0])
	if err != nil {
		return nil, keyError("malformed SubjectPublicKeyInfo")
	}
	bits, count, err := parts[1].Bits()
	if err != nil || count%8 != 0 {
		return nil, keyError("malformed SubjectPublicKeyInfo")
	}
	switch alg.OID {
	case OIDRSA, OIDRSASSAPSS:
		key, err := parseRSAPublicKey(bits)
		if err != nil {
			return nil, err
		}
		if alg.OID == OIDRSASSAPSS {
			return &PSSPublicKey{key, alg.Params.Full}, nil
		}
		return key, nil
	case OIDEC:
		c, err := namedCurve(alg)
		if err != nil {
			return nil, err
		}
		key, err := ecdsa.ParseUncompressedPublicKey(c, bits)
		if err != nil && len(bits) > 0 && (bits[0] == 2 || bits[0] == 3) {
			return nil, unsupported("EC keys with a compressed point")
		}
		if err != nil {
			return nil, keyError("malformed EC key")
		}
		return key, nil
	case oidEd25519:
		if len(bits) != ed25519.PublicKeySize {
			return nil, keyError("malformed Ed25519 key")
		}
		return ed25519.PublicKey(bits), nil
	case OIDDSA:
		return parseDSAPublicKey(alg, bits)
	case oidDH:
		return parseDHPublicKey(alg, bits)
	}
	if a := namedAlgorithmBy(alg.OID); a != nil {
		if len(bits) != a.publicSize {
			return nil, keyError("malformed %s key", a.name)
		}
		return &NamedPublicKey{a, string(bits)}, nil
	}
	return nil, unsupported("%s keys", algorithmName(alg))
}

func parseRSAPublicKey(bits []byte) (*rsa.PublicKey, error) {
	sequence, err := ber.Parse(bits)
	if err != nil {
		return nil, keyError("malformed RSA key")
	}
	numbers, err := readIntegers(sequence, 2, MaxRSABits)
	if err != nil {
		return nil, keyError("malformed RSA key")
	}
	n, e := numbers[0], numbers[1]
	if err := checkRSA(n, e); err != nil {
		return nil, err
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}
