package pkcs12

import (
	"regexp"
	"strconv"
	"strings"

	"gokeytool/jdk"
	"gokeytool/store/entry"
	"gokeytool/store/internal/pbe"
)

// Params says how a store is protected: the algorithms by the names that Java
// gives them in its keystore.pkcs12.* properties, and the iteration counts of
// their key derivations.
//
// Encryption is one of PBEWithSHA1AndRC2_40, PBEWithSHA1AndRC2_128,
// PBEWithSHA1AndRC4_40, PBEWithSHA1AndRC4_128, PBEWithSHA1AndDESede,
// PBEWithMD5AndDES, or PBES2 as PBEWithHmac<hash>And<cipher>, where hash is
// SHA1, SHA224, SHA256, SHA384, SHA512, SHA512/224 or SHA512/256 and cipher is
// AES_128, AES_192 (unknown to Java) or AES_256. The MAC is HmacPBE<hash>, or
// PBEWithHmac<hash> for PBMAC1. The case of names does not matter.
type Params struct {
	CertAlgorithm  string // encryption of the certificates, or None
	CertIterations int
	KeyAlgorithm   string // encryption of each key
	KeyIterations  int
	MACAlgorithm   string // integrity of the whole file, or None
	MACIterations  int

	release jdk.Release             // whose algorithms they are; 0: all of this package
	wrong   [parts]*ProtectionError // of counts that are none
}

// None stands for no encryption of certificates, or no MAC.
const None = "NONE"

// Java's algorithm names in the sets below.
const (
	aes256     = "PBEWithHmacSHA256AndAES_256"
	desede     = "PBEWithSHA1AndDESede"
	rc2        = "PBEWithSHA1AndRC2_40"
	macSHA1    = "HmacPBESHA1"
	macSHA256  = "HmacPBESHA256"
	pbmac1     = "PBEWithHmacSHA256"
	iterations = 10000 // Java's since release 16
)

// Named sets of parameters, by who has to read the file.
var (
	// Default is what JDK 16 and later write, and the updates of 11 and 8
	// since 2022: PBES2 with AES-256, and a MAC of SHA-256. JDK 12, 11.0.12,
	// 8u301 and later read it, OpenSSL 1.1.1, Windows 10 and Server 2019,
	// and today's NSS, GnuTLS and BouncyCastle.
	Default = of(aes256, iterations, aes256, iterations, macSHA256, iterations)

	// Java8 is what JDK 8 to 15 write, and later ones with
	// keystore.pkcs12.legacy set. All of Java reads it, Windows too, OpenSSL
	// 3 only with -legacy. Under 40 bits of RC2 certificates are as good as
	// open to everybody.
	Java8 = of(rc2, 50000, desede, 50000, macSHA1, 100000)

	// Legacy is readable by everything that reads PKCS #12 at all, such as
	// Windows before 10, macOS, appliances, and OpenSSL 3 without -legacy:
	// Triple-DES for keys and certificates, and a MAC of SHA-1.
	Legacy = of(desede, 50000, desede, 50000, macSHA1, 100000)

	// OpenSSL3 is what openssl pkcs12 -export of OpenSSL 3 writes. What
	// reads Default reads it. Its lower counts open it sooner, also to who
	// guesses passwords.
	OpenSSL3 = of(aes256, 2048, aes256, 2048, macSHA256, 2048)

	// Java26 has the MAC of RFC 9579 (PBMAC1), which FIPS 140 allows. JDK
	// 26, OpenSSL 3.4 and later read it; earlier ones refuse the file.
	Java26 = of(aes256, iterations, aes256, iterations, pbmac1, iterations)

	// Passwordless is for trust stores, as the cacerts of JDK 18 and later:
	// certificates in clear and no MAC, so that it opens without a password.
	// Keys in it are encrypted as in Default. All of Java reads it, with
	// whatever password; other programs may need a MAC.
	Passwordless = of(None, iterations, aes256, iterations, None, iterations)
)

// of makes a set of all parameters.
func of(cert string, certIterations int, key string, keyIterations int, mac string, macIterations int) Params {
	return Params{
		CertAlgorithm: cert, CertIterations: certIterations,
		KeyAlgorithm: key, KeyIterations: keyIterations,
		MACAlgorithm: mac, MACIterations: macIterations,
	}
}

// Profile returns the set of that name: "default", "java8", "legacy",
// "openssl3", "java26" or "passwordless".
func Profile(name string) (Params, bool) {
	switch strings.ToLower(name) {
	case "default":
		return Default, true
	case "java8":
		return Java8, true
	case "legacy":
		return Legacy, true
	case "openssl3":
		return OpenSSL3, true
	case "java26":
		return Java26, true
	case "passwordless":
		return Passwordless, true
	}
	return Params{}, false
}

// maxPropertyIterations is the highest count that Java takes from a property.
const maxPropertyIterations = 5_000_000

// ParamsFromProperties makes parameters of Java's keystore.pkcs12.*
// properties, as lookup gives them; what is absent or empty has Java's
// default. keystore.pkcs12.legacy, with whatever value, overrules the others.
// Algorithms that Java of the release does not know are wrong; with release 0
// only those that this package does not know.
//
// A wrong value is no error yet: as in Java it is one, a *ProtectionError, once
// something is to be protected by it.
func ParamsFromProperties(lookup func(string) (string, bool), release jdk.Release) Params {
	if _, ok := lookup("keystore.pkcs12.legacy"); ok {
		return Java8
	}
	value := func(name, standard string) string {
		if v, _ := lookup(name); v != "" {
			return v
		}
		return standard
	}
	p := Default
	p.release = release
	// Java reads this one in two spellings (JDK 8 documented the second).
	p.KeyAlgorithm = value("keystore.PKCS12.keyProtectionAlgorithm", p.KeyAlgorithm)
	p.KeyAlgorithm = value(Keys.algorithm(), p.KeyAlgorithm)
	p.CertAlgorithm = value(Certificates.algorithm(), p.CertAlgorithm)
	p.MACAlgorithm = value(MAC.algorithm(), p.MACAlgorithm)
	for part, n := range map[Part]*int{Keys: &p.KeyIterations, Certificates: &p.CertIterations, MAC: &p.MACIterations} {
		text := value(part.count(), "")
		if text == "" {
			continue
		}
		// As Integer.parseInt does, except for digits other than ASCII's.
		switch count, err := strconv.ParseInt(text, 10, 32); {
		case err != nil:
			p.wrong[part] = &ProtectionError{part, part.count(), text, NotNumber}
		case count <= 0 || count > maxPropertyIterations:
			p.wrong[part] = &ProtectionError{part, part.count(), text, OutOfRange}
		default:
			*n = int(count)
		}
	}
	return p
}

// certScheme returns a fresh scheme for certificates, nil for None.
func (p Params) certScheme() (*pbe.Scheme, error) {
	if err := p.checkCount(Certificates); err != nil {
		return nil, err
	}
	if strings.EqualFold(p.CertAlgorithm, None) {
		return nil, nil
	}
	return p.scheme(Certificates, p.CertAlgorithm, p.CertIterations)
}

func (p Params) keyScheme() (*pbe.Scheme, error) {
	if err := p.checkCount(Keys); err != nil {
		return nil, err
	}
	return p.scheme(Keys, p.KeyAlgorithm, p.KeyIterations)
}

func (p Params) scheme(part Part, algorithm string, iterations int) (*pbe.Scheme, error) {
	scheme, err := pbe.NewScheme(algorithm, iterations)
	if err != nil || !p.javaHas(javaSchemes, algorithm) {
		return nil, &ProtectionError{part, part.algorithm(), algorithm, UnknownAlgorithm}
	}
	return scheme, nil
}

// mac returns a fresh MAC, nil for None.
func (p Params) mac() (*pbe.MAC, error) {
	if err := p.checkCount(MAC); err != nil {
		return nil, err
	}
	if strings.EqualFold(p.MACAlgorithm, None) {
		return nil, nil
	}
	mac, err := pbe.NewMAC(p.MACAlgorithm, p.MACIterations)
	if err != nil || !p.javaHas(javaMACs, p.MACAlgorithm) {
		return nil, &ProtectionError{MAC, MAC.algorithm(), p.MACAlgorithm, UnknownAlgorithm}
	}
	return mac, nil
}

// checkCount returns what is wrong with the iteration count of a part. Java
// looks at it first, also where no algorithm then needs it.
func (p Params) checkCount(part Part) error {
	if p.wrong[part] != nil {
		return p.wrong[part]
	}
	return nil
}

// What Java knows.
var (
	javaSchemes = regexp.MustCompile(`(?i)^PBEWith(SHA1And(RC[24]_(40|128)|DESede)|MD5AndDES|HmacSHA(1|224|256|384|512(/224|/256)?)AndAES_(128|256))$`)
	javaMACs    = regexp.MustCompile(`(?i)^(HmacPBE|PBEWithHmac)SHA(1|224|256|384|512(/224|/256)?)$`)
	since19     = regexp.MustCompile(`(?i)^PBEWithHmacSHA512/`)
)

// javaHas says whether Java of p's release knows an algorithm.
func (p Params) javaHas(known *regexp.Regexp, algorithm string) bool {
	return p.release == 0 || known.MatchString(algorithm) && (p.release > jdk.Release17 || !since19.MatchString(algorithm))
}

// NewFile returns an empty file that is to be protected as p says.
func NewFile(p Params) *entry.File { return &entry.File{Origin: &origin{params: p}} }

// SetDefaults says how to protect what f has no manner of yet, as Java's
// properties do for an existing file: new keys, and certificates where there
// were none. MAC and certificates keep the manner that they have.
func SetDefaults(f *entry.File, p Params) {
	o := originOf(f)
	mac := o.params.MACAlgorithm
	o.params = p
	if o.read {
		o.params.MACAlgorithm = mac
	}
	f.Origin = o
}

// FileParams returns how f is protected, which is also how Encode will protect
// it. Of several encrypted parts it is the last, as for Java. Keys have each
// their own manner; the one named is that of new ones.
func FileParams(f *entry.File) Params {
	o := originOf(f)
	p := o.params
	if !o.read {
		return p
	}
	if scheme, none := o.certScheme(); none {
		p.CertAlgorithm = None
	} else if scheme != nil {
		p.CertAlgorithm, p.CertIterations = scheme.Name(), scheme.Iterations()
	}
	if o.mac != nil {
		p.MACAlgorithm, p.MACIterations = o.mac.Name(), o.mac.Iterations()
	} else if o.macErr == nil {
		p.MACAlgorithm = None
	}
	return p
}
