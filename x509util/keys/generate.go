package keys

import (
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 keytool makes DSA keys, and tokens do
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"strconv"
	"strings"

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

// Parameters are what a Spec comes to, for who makes the key elsewhere.
type Parameters struct {
	Algorithm string // RSA, RSASSA-PSS, EC, DSA, Ed25519; else -keyalg as it was given
	Bits      int    // of RSA and RSASSA-PSS
	Curve     []byte // of EC: its OID in DER
	DSA       *dsa.Parameters
}

// Parameters returns what kind of key Generate would make. Errors are those of Generate;
// of kinds of keys other than those of Parameters.Algorithm not all are found.
func (s Spec) Parameters(rel jdk.Release) (Parameters, error) {
	if err := s.Check(); err != nil {
		return Parameters{}, err
	}
	if err := CheckAlgorithm(s.Algorithm, rel); err != nil {
		return Parameters{}, err
	}
	p := Parameters{Algorithm: findGenerator(s.Algorithm, rel).names[0]}
	var err error
	switch p.Algorithm {
	case "RSA", "RSASSA-PSS":
		p.Bits, err = sizeOfRSA(s, rel)
	case "DSA":
		var size int
		if size, err = sizeOfDSA(s); err == nil {
			p.DSA, err = dsaParams(size)
		}
	case "EC":
		var c *Curve
		if c, err = chooseCurve(s, rel); err == nil {
			p.Curve = ber.EncodeOID(c.OID)
		}
	case "EdDSA":
		p.Algorithm, err = chooseNamed(s, "", "Ed25519", "Ed448")
	case "Ed25519", "Ed448":
		p.Algorithm, err = chooseNamed(s, p.Algorithm, "Ed25519", "Ed448")
	}
	return p, err
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
	size, err := sizeOfRSA(spec, rel)
	if err != nil {
		return nil, err
	}
	return rsa.GenerateKey(rand.Reader, size)
}

// sizeOfRSA is the size of an RSA key in bits.
func sizeOfRSA(spec Spec, rel jdk.Release) (int, error) {
	if spec.Group != "" {
		return 0, jdk.ArgumentError("Params must be instance of RSAKeyGenParameterSpec")
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
		return 0, jdk.ArgumentError(problem)
	}
	return size, nil
}

func generateEC(spec Spec, rel jdk.Release) (crypto.Signer, error) {
	c, err := chooseCurve(spec, rel)
	if err != nil {
		return nil, err
	}
	return ecdsa.GenerateKey(c.implementation(), rand.Reader)
}

// chooseCurve is the curve of an EC key.
func chooseCurve(spec Spec, rel jdk.Release) (*Curve, error) {
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
	return c, nil
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
