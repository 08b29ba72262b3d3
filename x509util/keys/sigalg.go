package keys

import (
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 keytool makes DSA keys, and old keystores hold them
	"crypto/ecdsa"
	"crypto/ed25519"
	_ "crypto/md5" // hashes that signatures name
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// ErrSignature is returned for a signature that its key did not make.
var ErrSignature = errors.New("the signature does not match")

// family is a kind of key that takes part in signature algorithms.
type family uint8

const (
	familyRSA family = iota + 1
	familyPSS
	familyEC
	familyEd25519
	familyDSA
	familyNamed // told apart by the algorithm's name
)

// A sigAlgorithm is a signature algorithm that Java knows.
type sigAlgorithm struct {
	name   string // Java's
	oid    string
	family family // of the algorithm; keys of RSA and RSASSA-PSS serve for both
	hash   crypto.Hash
}

var sigAlgorithms = [...]sigAlgorithm{
	{"MD2withRSA", OIDMD2withRSA, familyRSA, 0}, // Go has no such hash: see digest
	{"MD5withRSA", "1.2.840.113549.1.1.4", familyRSA, crypto.MD5},
	{"SHA1withRSA", "1.2.840.113549.1.1.5", familyRSA, crypto.SHA1},
	{"SHA224withRSA", "1.2.840.113549.1.1.14", familyRSA, crypto.SHA224},
	{"SHA256withRSA", "1.2.840.113549.1.1.11", familyRSA, crypto.SHA256},
	{"SHA384withRSA", "1.2.840.113549.1.1.12", familyRSA, crypto.SHA384},
	{"SHA512withRSA", "1.2.840.113549.1.1.13", familyRSA, crypto.SHA512},
	{"SHA512/224withRSA", "1.2.840.113549.1.1.15", familyRSA, crypto.SHA512_224},
	{"SHA512/256withRSA", "1.2.840.113549.1.1.16", familyRSA, crypto.SHA512_256},
	{"SHA3-224withRSA", "2.16.840.1.101.3.4.3.13", familyRSA, crypto.SHA3_224},
	{"SHA3-256withRSA", "2.16.840.1.101.3.4.3.14", familyRSA, crypto.SHA3_256},
	{"SHA3-384withRSA", "2.16.840.1.101.3.4.3.15", familyRSA, crypto.SHA3_384},
	{"SHA3-512withRSA", "2.16.840.1.101.3.4.3.16", familyRSA, crypto.SHA3_512},
	{"RSASSA-PSS", OIDRSASSAPSS, familyPSS, 0}, // the hash is a parameter
	{"SHA1withECDSA", "1.2.840.10045.4.1", familyEC, crypto.SHA1},
	{"SHA224withECDSA", "1.2.840.10045.4.3.1", familyEC, crypto.SHA224},
	{"SHA256withECDSA", "1.2.840.10045.4.3.2", familyEC, crypto.SHA256},
	{"SHA384withECDSA", "1.2.840.10045.4.3.3", familyEC, crypto.SHA384},
	{"SHA512withECDSA", "1.2.840.10045.4.3.4", familyEC, crypto.SHA512},
	{"SHA3-224withECDSA", "2.16.840.1.101.3.4.3.9", familyEC, crypto.SHA3_224},
	{"SHA3-256withECDSA", "2.16.840.1.101.3.4.3.10", familyEC, crypto.SHA3_256},
	{"SHA3-384withECDSA", "2.16.840.1.101.3.4.3.11", familyEC, crypto.SHA3_384},
	{"SHA3-512withECDSA", "2.16.840.1.101.3.4.3.12", familyEC, crypto.SHA3_512},
	{"Ed25519", oidEd25519, familyEd25519, 0},
	{"SHA1withDSA", "1.2.840.10040.4.3", familyDSA, crypto.SHA1},
	{"SHA224withDSA", "2.16.840.1.101.3.4.3.1", familyDSA, crypto.SHA224},
	{"SHA256withDSA", "2.16.840.1.101.3.4.3.2", familyDSA, crypto.SHA256},
	{"SHA384withDSA", "2.16.840.1.101.3.4.3.3", familyDSA, crypto.SHA384},
	{"SHA512withDSA", "2.16.840.1.101.3.4.3.4", familyDSA, crypto.SHA512},
	{"SHA3-224withDSA", "2.16.840.1.101.3.4.3.5", familyDSA, crypto.SHA3_224},
	{"SHA3-256withDSA", "2.16.840.1.101.3.4.3.6", familyDSA, crypto.SHA3_256},
	{"SHA3-384withDSA", "2.16.840.1.101.3.4.3.7", familyDSA, crypto.SHA3_384},
	{"SHA3-512withDSA", "2.16.840.1.101.3.4.3.8", familyDSA, crypto.SHA3_512},
	{"Ed448", oidEd448, familyNamed, 0},
	{"ML-DSA-44", oidMLDSA44, familyNamed, 0},
	{"ML-DSA-65", oidMLDSA65, familyNamed, 0},
	{"ML-DSA-87", oidMLDSA87, familyNamed, 0},
}

// OIDMD2withRSA is that of the signature algorithm.
const OIDMD2withRSA = "1.2.840.113549.1.1.2"

// SignatureAlgorithms returns the names of the signature algorithms that Java
// knows, by those of -sigalg.
func SignatureAlgorithms() []string {
	names := make([]string, len(sigAlgorithms))
	for i := range sigAlgorithms {
		names[i] = sigAlgorithms[i].name
	}
	return names
}

// digest is what is signed in place of tbs: its hash, if there is one, of MD2
// with the algorithm's name before it (RFC 8017, 9.2), as Go would put it there.
func (a *sigAlgorithm) digest(hash crypto.Hash, tbs []byte) []byte {
	switch {
	case a.oid == OIDMD2withRSA:
		h := NewMD2()
		h.Write(tbs)
		return h.Sum([]byte("\x30\x20\x30\x0C\x06\x08\x2A\x86\x48\x86\xF7\x0D\x02\x02\x05\x00\x04\x10"))
	case hash == 0:
		return tbs
	}
	h := hash.New()
	h.Write(tbs)
	return h.Sum(nil)
}

// nullParams says whether the AlgorithmIdentifier of a has NULL as parameters,
// as those of RSA must. Releases before 25 wrote it with most others as well.
func (a *sigAlgorithm) nullParams(rel jdk.Release) bool {
	switch a.family {
	case familyRSA:
		return true
	case familyEC:
		return rel < jdk.Release25 && !strings.HasPrefix(a.oid, "1.2.840.10045.4.3.")
	case familyDSA:
		return rel < jdk.Release25
	}
	return false
}

// findSigAlgorithm finds an algorithm by a value of -sigalg: Java's name in
// any case, or the OID, also with "OID." before it.
func findSigAlgorithm(name string) *sigAlgorithm {
	oid := strings.TrimPrefix(name, "OID.")
	for i := range sigAlgorithms {
		if a := &sigAlgorithms[i]; strings.EqualFold(a.name, name) || a.oid == oid {
			return a
		}
	}
	return nil
}

// sigAlgorithmByOID finds the algorithm of an AlgorithmIdentifier.
func sigAlgorithmByOID(oid string) *sigAlgorithm {
	switch oid {
	case "1.3.14.3.2.29": // sha1WithRSASignature of OIW
		return findSigAlgorithm("SHA1withRSA")
	case "1.3.14.3.2.13", "1.3.14.3.2.27": // dsaWithSHA of OIW
		return findSigAlgorithm("SHA1withDSA")
	}
	i := slices.IndexFunc(sigAlgorithms[:], func(a sigAlgorithm) bool { return a.oid == oid })
	if i < 0 {
		return nil
	}
	return &sigAlgorithms[i]
}

// keyFamily returns a key's family and the class of its private half in Java,
// which appears in error messages.
func keyFamily(pub crypto.PublicKey) (family, string) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return familyRSA, "sun.security.rsa.RSAPrivateCrtKeyImpl"
	case *PSSPublicKey:
		return familyPSS, "sun.security.rsa.RSAPrivateCrtKeyImpl"
	case *ecdsa.PublicKey:
		return familyEC, "sun.security.ec.ECPrivateKeyImpl"
	case ed25519.PublicKey:
		return familyEd25519, "sun.security.ec.ed.EdDSAPrivateKeyImpl"
	case *dsa.PublicKey:
		return familyDSA, "sun.security.provider.DSAPrivateKey"
	case *NamedPublicKey:
		switch k.algorithm.javaFamily {
		case "EdDSA":
			return familyNamed, "sun.security.ec.ed.EdDSAPrivateKeyImpl"
		case "XDH":
			return familyNamed, "sun.security.ec.XDHPrivateKeyImpl"
		}
		return familyNamed, "sun.security.pkcs.NamedPKCS8Key"
	case *DHPublicKey:
		return 0, "com.sun.crypto.provider.DHPrivateKey"
	}
	return 0, fmt.Sprintf("%T", pub)
}

// DefaultSignatureAlgorithm returns the signature algorithm, by its Java name,
// that keytool of the release picks for signing with the key.
func DefaultSignatureAlgorithm(pub crypto.PublicKey, rel jdk.Release) (string, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return rsaHash(k.N.BitLen(), rel) + "withRSA", nil
	case *PSSPublicKey:
		return "RSASSA-PSS", nil
	case *ecdsa.PublicKey:
		switch bits := k.Curve.Params().BitSize; {
		case bits >= 512:
			return "SHA512withECDSA", nil
		case bits >= 384 || rel >= jdk.Release21:
			return "SHA384withECDSA", nil
		}
		return "SHA256withECDSA", nil
	case ed25519.PublicKey:
		return "Ed25519", nil
	case *dsa.PublicKey:
		return "SHA256withDSA", nil
	case *NamedPublicKey:
		if k.algorithm.signer == nil {
			return "", jdk.ArgumentError("Cannot derive signature algorithm from " + k.algorithm.javaFamily)
		}
		return k.algorithm.name, nil
	case *DHPublicKey:
		return "", jdk.ArgumentError("Cannot derive signature algorithm from DH")
	}
	return "", keyError("no signature algorithm for %T", pub)
}

// rsaHash is the hash that Java finds as strong as an RSA key of so many bits.
// Since release 19 it prefers SHA-384, following CNSA.
func rsaHash(bits int, rel jdk.Release) string {
	switch {
	case bits > 7680:
		return "SHA512"
	case rel >= jdk.Release21 && bits >= 624, rel < jdk.Release21 && bits > 3072:
		return "SHA384"
	}
	return "SHA256"
}

// A Signing is a key ready to sign with an algorithm.
type Signing struct {
	key       crypto.Signer
	AlgID     []byte // AlgorithmIdentifier
	algorithm *sigAlgorithm
	hash      crypto.Hash
	opts      crypto.SignerOpts
}

// NewSigning finds out how key signs with the algorithm that -sigalg names, or
// says as Java why it can't.
func NewSigning(key crypto.Signer, sigAlg string, rel jdk.Release) (Signing, error) {
	pub := key.Public()
	a := findSigAlgorithm(sigAlg)
	switch {
	case a == nil:
		return signingByFamily(key, sigAlg, rel)
	case rel < jdk.Release25 && strings.HasPrefix(a.name, "ML-DSA"):
		return Signing{}, noSignature(sigAlg)
	}
	if err := a.checkKey(pub); err != nil {
		return Signing{}, err
	}
	s := Signing{key: key, algorithm: a, hash: a.hash, opts: a.hash}
	switch {
	case a.family == familyPSS:
		return pssSigning(key, a, rel)
	case a.nullParams(rel):
		s.AlgID = algorithmID(a.oid, ber.Null)
	default:
		s.AlgID = algorithmID(a.oid, nil)
	}
	return s, nil
}

func noSignature(sigAlg string) error {
	return &jdk.Error{Class: "java.security.NoSuchAlgorithmException", Text: sigAlg + " Signature not available"}
}

// signingByFamily is NewSigning for names that stand for what the key is, and
// for those that Java knows but can't put into a certificate.
func signingByFamily(key crypto.Signer, sigAlg string, rel jdk.Release) (Signing, error) {
	kind, class := keyFamily(key.Public())
	named, _ := key.Public().(*NamedPublicKey)
	is := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, sigAlg) })
	}
	switch {
	case is("EdDSA") && kind == familyEd25519:
		return NewSigning(key, "Ed25519", rel)
	case is("EdDSA") && named != nil && named.algorithm.javaFamily == "EdDSA",
		is("ML-DSA") && rel >= jdk.Release25 && named != nil && named.algorithm.javaFamily == "ML-DSA":
		return NewSigning(key, named.algorithm.name, rel)
	case is("EdDSA"):
		return Signing{}, invalidKey("Unsupported key type")
	case is("ML-DSA") && rel >= jdk.Release25:
		return Signing{}, notMLDSA(key.Public())
	case is("DSA", "DSS") && kind == familyDSA:
		return NewSigning(key, "SHA1withDSA", rel)
	case is("PSS") && (kind == familyRSA || kind == familyPSS):
		return Signing{}, signatureError("Parameters required for RSASSA-PSS signatures")
	case is("PSS") || is("DSA", "DSS"):
		return Signing{}, invalidKey("No installed provider supports this key: " + class)
	case is("NONEwithRSA", "MD5andSHA1withRSA") && (kind == familyRSA || kind == familyPSS),
		is("NONEwithECDSA") && kind == familyEC,
		is("NONEwithDSA", "RawDSA", "SHAwithDSA", "SHA/DSA", "SHA-1/DSA") && kind == familyDSA:
		return Signing{}, signatureError("Cannot derive AlgorithmIdentifier")
	}
	const format = "inP1363Format" // two numbers one after the other
	if n := len(sigAlg) - len(format); n > 0 && strings.EqualFold(sigAlg[n:], format) {
		if a := findSigAlgorithm(sigAlg[:n]); a != nil && (a.family == familyEC || a.family == familyDSA) {
			if err := a.checkKey(key.Public()); err != nil {
				return Signing{}, err
			}
			return Signing{}, signatureError("Cannot derive AlgorithmIdentifier")
		}
	}
	return Signing{}, noSignature(sigAlg)
}

func signatureError(text string) error {
	return &jdk.Error{Class: "java.security.SignatureException", Text: text}
}

// checkKey returns Java's complaint where a key can't sign with the algorithm.
func (a *sigAlgorithm) checkKey(pub crypto.PublicKey) error {
	kind, class := keyFamily(pub)
	named, _ := pub.(*NamedPublicKey)
	switch {
	case a.family == familyNamed && named != nil && named.algorithm.name == a.name:
		return nil
	case a.family == familyEd25519 || a.name == "Ed448":
		if a.family == kind {
			return nil
		}
		if kind == familyEd25519 || named != nil && named.algorithm.javaFamily == "EdDSA" {
			return invalidKey("Parameters must be " + a.name)
		}
		return invalidKey("Unsupported key type")
	case a.family == familyNamed:
		return notMLDSA(pub)
	case (a.family == familyRSA || a.family == familyPSS) && (kind == familyRSA || kind == familyPSS):
		return nil
	case a.family != kind:
		return invalidKey("No installed provider supports this key: " + class)
	}
	if k, ok := pub.(*dsa.PublicKey); ok && 8*a.hash.Size() < k.Q.BitLen() {
		return invalidKey("The security strength of " + a.hash.String() +
			" digest algorithm is not sufficient for this key size")
	}
	return nil
}

// notMLDSA is the complaint about signing with ML-DSA and a key of another
// kind, or of another size than the algorithm's.
func notMLDSA(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *NamedPublicKey:
		return invalidKey("Unsupported parameter set name: " + k.algorithm.name)
	case ed25519.PublicKey:
		return invalidKey("Unsupported parameter set name: Ed25519")
	case *rsa.PublicKey, *PSSPublicKey:
		return invalidKey("Cannot parse input")
	}
	return invalidKey("algorithm identifier has params")
}

func invalidKey(text string) error {
	return &jdk.Error{Class: "java.security.InvalidKeyException", Text: text}
}

// pssSigning chooses the parameters of RSASSA-PSS: those that bind the key, or
// a hash that suits its size with as long a salt.
func pssSigning(key crypto.Signer, a *sigAlgorithm, rel jdk.Release) (Signing, error) {
	var p PSSParams
	var pub *rsa.PublicKey
	switch k := key.Public().(type) {
	case *PSSPublicKey:
		pub = k.PublicKey
		if k.Params != nil {
			var err error
			if p, err = ParsePSSParams(k.Params); err != nil {
				return Signing{}, err
			}
		}
	case *rsa.PublicKey:
		pub = k
	}
	if p.Digest == "" {
		switch rsaHash(pub.N.BitLen(), rel) {
		case "SHA256":
			p = newPSSParams(crypto.SHA256)
		case "SHA384":
			p = newPSSParams(crypto.SHA384)
		case "SHA512":
			p = newPSSParams(crypto.SHA512)
		}
	}
	hash, err := p.hash()
	if err != nil {
		return Signing{}, err
	}
	if need := hash.Size() + p.SaltLength + 2; pub.Size() < need {
		return Signing{}, invalidKey("Key is too short, need min " + strconv.Itoa(need) + " bytes")
	}
	return Signing{
		key:       key,
		AlgID:     algorithmID(OIDRSASSAPSS, p.marshal()),
		algorithm: a,
		hash:      hash,
		opts:      &rsa.PSSOptions{SaltLength: p.SaltLength, Hash: hash},
	}, nil
}

// Sign returns the signature of tbs.
func (s Signing) Sign(tbs []byte) ([]byte, error) {
	signature, err := s.key.Sign(rand.Reader, s.algorithm.digest(s.hash, tbs), s.opts)
	if errors.Is(err, rsa.ErrMessageTooLong) {
		return nil, invalidKey("Key is too short for this signature algorithm")
	}
	return signature, err
}

// Sign signs tbs with the algorithm that sigAlg names as -sigalg does (Java's
// name in any case, or the OID), and returns the DER of the
// AlgorithmIdentifier, which is keytool's of the release, and the signature.
// Errors for what can't be combined are *jdk.Error with Java's text.
func Sign(key crypto.Signer, sigAlg string, rel jdk.Release, tbs []byte) (algID, signature []byte, err error) {
	s, err := NewSigning(key, sigAlg, rel)
	if err != nil {
		return nil, nil, err
	}
	signature, err = s.Sign(tbs)
	return s.AlgID, signature, err
}

// CheckSignature verifies a signature on tbs made with the algorithm of the
// DER-encoded AlgorithmIdentifier algID by the owner of pub. It returns
// ErrSignature where the key did not make it, which includes keys that make no
// signatures of that algorithm. Any other error says why the signature can't be
// verified here, mostly an *UnsupportedError: it may be good.
func CheckSignature(pub crypto.PublicKey, algID, tbs, sig []byte) error {
	v, err := ber.Parse(algID)
	if err != nil {
		return err
	}
	id, err := ReadAlgorithm(v)
	if err != nil {
		return err
	}
	a := sigAlgorithmByOID(id.OID)
	if a == nil {
		return &UnsupportedError{"signatures with " + algorithmName(id),
			&jdk.Error{Class: "java.security.NoSuchAlgorithmException", Text: id.Name(jdk.Default) + " Signature not available"}}
	}
	hash, mgf, salt := a.hash, a.hash, 0
	if a.family == familyPSS {
		p, err := ParsePSSParams(id.Params.Full)
		if err != nil {
			return err
		}
		if hash, mgf, err = p.hashes(); err != nil {
			return err
		}
		salt = p.SaltLength
	}
	digest := a.digest(hash, tbs)
	if pss, ok := pub.(*PSSPublicKey); ok {
		pub = pss.PublicKey
	}
	ok := false
	switch k := pub.(type) {
	case *rsa.PublicKey:
		switch a.family {
		case familyRSA:
			err = rsa.VerifyPKCS1v15(k, hash, digest, sig)
		case familyPSS:
			err = verifyPSS(k, hash, mgf, salt, digest, sig)
		default:
			return ErrSignature
		}
		if err != nil && !errors.Is(err, rsa.ErrVerification) {
			return unsupported("RSA keys like this one") // even numbers, say
		}
		ok = err == nil
	case *ecdsa.PublicKey:
		ok = a.family == familyEC && ecdsa.VerifyASN1(k, digest, sig)
	case ed25519.PublicKey:
		ok = a.family == familyEd25519 && ed25519.Verify(k, tbs, sig)
	case *dsa.PublicKey:
		ok = a.family == familyDSA && verifyDSA(k, digest, sig)
	case *NamedPublicKey:
		ok = k.algorithm.name == a.name && k.verify(tbs, sig)
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

// madeBy says whether keys of the algorithm with that OID make signatures of a.
func (a *sigAlgorithm) madeBy(keyOID string) bool {
	switch a.family {
	case familyRSA, familyPSS:
		return keyOID == OIDRSA || keyOID == OIDRSASSAPSS
	case familyEC:
		return keyOID == OIDEC
	case familyDSA:
		return keyOID == OIDDSA
	}
	return keyOID == a.oid // Ed25519 and the like
}

// CheckSignatureSPKI is CheckSignature for an encoded key, which may be of a kind
// that is not supported: where that kind makes no such signatures, it is wrong.
func CheckSignatureSPKI(spki, algID, tbs, sig []byte) error {
	pub, err := ParsePublic(spki)
	if err == nil {
		return CheckSignature(pub, algID, tbs, sig)
	}
	v, e := ber.Parse(algID)
	if e != nil {
		return err
	}
	id, e := ReadAlgorithm(v)
	if e != nil {
		return err
	}
	a := sigAlgorithmByOID(id.OID)
	if key, e := Describe(spki, jdk.Default); a != nil && e == nil && !a.madeBy(key.oid) {
		return ErrSignature
	}
	return err
}
