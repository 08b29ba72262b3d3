package pkcs12

import (
	"fmt"
	"strings"

	"gokeytool/jdk"
	"gokeytool/store/entry"
)

// Part is what of a file has parameters of its own.
type Part int

// The parts of a file.
const (
	Keys Part = iota
	Certificates
	MAC
	parts
)

// algorithm is the property that names the part's algorithm.
func (p Part) algorithm() string {
	return "keystore.pkcs12." + [...]string{"keyProtectionAlgorithm", "certProtectionAlgorithm", "macAlgorithm"}[p]
}

// count is the property of the part's iteration count.
func (p Part) count() string {
	return "keystore.pkcs12." + [...]string{"keyPbeIterationCount", "certPbeIterationCount", "macIterationCount"}[p]
}

// Fault is what is wrong with a parameter.
type Fault int

// The faults.
const (
	NotNumber Fault = iota
	OutOfRange
	UnknownAlgorithm
)

// ProtectionError says that a part of a file can't be protected because one of
// the Params is wrong. It is an entry.ErrUnsupported.
type ProtectionError struct {
	Part     Part
	Property string // the property that such a value comes from
	Value    string
	Fault    Fault
}

// Error is Java's text where the count is wrong.
func (e *ProtectionError) Error() string {
	switch e.Fault {
	case NotNumber:
		return fmt.Sprintf("%s is not a number: %s", e.Property, e.Value)
	case OutOfRange:
		return fmt.Sprintf("Invalid %s: %s", e.Property, e.Value)
	}
	return fmt.Sprintf("%s: no such algorithm: %s", e.Property, e.Value)
}

func (e *ProtectionError) Unwrap() error { return entry.ErrUnsupported }

// Possible says which values the property may have.
func (e *ProtectionError) Possible() string {
	switch {
	case e.Fault != UnknownAlgorithm:
		return fmt.Sprintf("a number from 1 to %d (by default %d)", maxPropertyIterations, iterations)
	case e.Part == MAC:
		return "HmacPBESHA256 (the default), HmacPBESHA1, HmacPBESHA384, HmacPBESHA512, or NONE"
	case e.Part == Certificates:
		return "PBEWithHmacSHA256AndAES_256 (the default), PBEWithHmacSHA256AndAES_128, PBEWithSHA1AndDESede, or NONE"
	}
	return "PBEWithHmacSHA256AndAES_256 (the default), PBEWithHmacSHA256AndAES_128, PBEWithSHA1AndDESede"
}

// Java is the exception, class and text, that Java throws of it.
func (e *ProtectionError) Java(release jdk.Release) string {
	switch {
	case e.Part == Keys:
		reason := e.Error()
		if e.Fault == UnknownAlgorithm {
			reason = javaNoScheme(e.Value, release, "Cannot find any provider supporting "+e.Value, "unrecognized algorithm name: "+e.Value)
		}
		return "java.security.KeyStoreException: Key protection algorithm not found: " +
			"java.security.UnrecoverableKeyException: Encrypt Private Key failed: " + reason
	case e.Fault != UnknownAlgorithm:
		return "java.lang.IllegalArgumentException: " + e.Error()
	case e.Part == Certificates:
		const failed = "Failed to encrypt safe contents entry: java.security."
		return "java.io.IOException: " + javaNoScheme(e.Value, release, failed+"NoSuchAlgorithmException: Cannot find any provider supporting "+e.Value,
			failed+"InvalidAlgorithmParameterException: Salt must be 8 bytes long")
	}
	return javaNoMAC(e.Value, release)
}

// javaNoScheme is why Java can't encrypt by an algorithm: it has parameters of
// the name, perhaps for something else, but no cipher, or one that is not for
// PKCS12; most often it has neither.
func javaNoScheme(name string, release jdk.Release, noCipher, notPKCS12 string) string {
	const failed = "getPBEAlgorithmParameters failed: "
	switch strings.ToUpper(name) {
	case "PBES2", "1.2.840.113549.1.5.13":
		return noCipher
	case "PBE", "PBEWITHMD5ANDTRIPLEDES":
		return notPKCS12
	case "AES", "BLOWFISH", "CHACHA20-POLY1305", "DES", "DESEDE", "DH", "DIFFIEHELLMAN", "DSA", "GCM", "OAEP", "RC2", "RSASSA-PSS", "TRIPLEDES":
		return failed + "Inappropriate parameter specification"
	case "EC":
		if release <= jdk.Release17 {
			return failed + "Only ECParameterSpec and ECGenParameterSpec supported"
		}
		return failed + "Only ECParameterSpec, ECGenParameterSpec and ECKeySizeParameterSpec supported"
	}
	return failed + name + " AlgorithmParameters not available"
}

// javaNoMAC is why Java can't make a MAC. Behind the seventh character of its
// name it looks for the hash before anything else.
func javaNoMAC(name string, release jdk.Release) string {
	const prefix = len("HmacPBE")
	const failed = "java.io.IOException: calculateMac failed: java.security."
	n := len(name)
	switch upper := strings.ToUpper(name); {
	case n < prefix && release <= jdk.Release17:
		return fmt.Sprintf("java.lang.StringIndexOutOfBoundsException: begin %d, end %d, length %[2]d", prefix, n)
	case n < prefix:
		return fmt.Sprintf("java.lang.StringIndexOutOfBoundsException: Range [%d, %d) out of bounds for length %[2]d", prefix, n)
	case strings.HasPrefix(upper, "HMACSHA") || upper == "HMACMD5":
		return failed + "InvalidAlgorithmParameterException: HMAC does not use parameters"
	}
	return failed + "NoSuchAlgorithmException: Algorithm " + name + " not available"
}
