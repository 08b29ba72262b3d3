package keys

import (
	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// OIDs of algorithms whose parameters or keys are looked into.
const (
	OIDRSA               = "1.2.840.113549.1.1.1"
	OIDRSASSAPSS         = "1.2.840.113549.1.1.10"
	oidDH                = "1.2.840.113549.1.3.1"
	OIDDSA               = "1.2.840.10040.4.1"
	OIDEC                = "1.2.840.10045.2.1"
	oidSpecifiedECDSA    = "1.2.840.10045.4.3" // ecdsa-with-Specified, X9.62
	oidX25519            = "1.3.101.110"
	oidX448              = "1.3.101.111"
	oidEd25519           = "1.3.101.112"
	oidEd448             = "1.3.101.113"
	oidMGF1              = "1.2.840.113549.1.1.8"
	oidSHA1              = "1.3.14.3.2.26"
	primeFieldOID        = "1.2.840.10045.1.1"
	characteristicTwoOID = "1.2.840.10045.1.2"
)

// Algorithm is an AlgorithmIdentifier.
type Algorithm struct {
	OID    string
	Params ber.Value // zero if absent or NULL
}

// HasParams says whether there are parameters other than NULL.
func (a Algorithm) HasParams() bool { return a.Params.Full != nil }

// ReadAlgorithm reads an AlgorithmIdentifier (RFC 5280, 4.1.1.2).
func ReadAlgorithm(v ber.Value) (a Algorithm, err error) {
	if v.Tag != casn1.SEQUENCE {
		return a, jdk.IOError("algid parse error, not a sequence")
	}
	r := v.Reader()
	id, err := r.Next()
	if err != nil {
		return a, err
	}
	if a.OID, err = id.OID(); err != nil || r.Empty() {
		return a, err
	}
	params, err := r.Next()
	if err != nil {
		return a, err
	}
	if params.Tag != casn1.NULL {
		a.Params = params
	} else if len(params.Body) > 0 {
		return a, jdk.IOError("invalid NULL")
	}
	if !r.Empty() {
		return a, jdk.IOError("Invalid AlgorithmIdentifier: extra data")
	}
	return a, nil
}

// Name returns Java's name of the algorithm, or its OID.
func (a Algorithm) Name(rel jdk.Release) string {
	if a.OID == oidSpecifiedECDSA && a.HasParams() {
		if digest, err := ReadAlgorithm(a.Params); err == nil && digest.OID != oidSpecifiedECDSA {
			return withoutHyphens(digest.Name(rel)) + "withECDSA"
		}
	}
	if name := ber.OIDName(a.OID, rel); name != "" {
		return name
	}
	return a.OID
}

func withoutHyphens(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] != '-' {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// algorithmID encodes an AlgorithmIdentifier with encoded parameters or none.
func algorithmID(oid string, params []byte) []byte {
	return ber.Encode(casn1.SEQUENCE, string(ber.EncodeOID(oid))+string(params))
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
