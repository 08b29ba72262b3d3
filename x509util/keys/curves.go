package keys

import (
	"crypto/elliptic"
	"strings"
)

// A Curve is an elliptic curve that Java has a name for.
type Curve struct {
	OID     string
	Name    string // the first of Java's names
	aliases string // the others, separated by commas
	size    int    // -keysize in bits that stands for it, 0 if none does
	bits    int    // length of the group's order, which is the size of its keys
}

// curves are those of Java's CurveDB. Keys are made on the three of NIST's
// above 224 bits only, which is what Java's provider can do as well.
var curves = [...]Curve{
	{"1.2.840.10045.3.0.5", "X9.62 c2tnb191v1", "", 191, 191},
	{"1.2.840.10045.3.0.6", "X9.62 c2tnb191v2", "", 0, 190},
	{"1.2.840.10045.3.0.7", "X9.62 c2tnb191v3", "", 0, 189},
	{"1.2.840.10045.3.0.11", "X9.62 c2tnb239v1", "", 0, 238},
	{"1.2.840.10045.3.0.12", "X9.62 c2tnb239v2", "", 0, 237},
	{"1.2.840.10045.3.0.13", "X9.62 c2tnb239v3", "", 0, 236},
	{"1.2.840.10045.3.0.18", "X9.62 c2tnb359v1", "", 359, 353},
	{"1.2.840.10045.3.0.20", "X9.62 c2tnb431r1", "", 431, 418},
	{"1.2.840.10045.3.1.1", "secp192r1", "NIST P-192,X9.62 prime192v1", 192, 192},
	{"1.2.840.10045.3.1.2", "X9.62 prime192v2", "", 0, 192},
	{"1.2.840.10045.3.1.3", "X9.62 prime192v3", "", 0, 192},
	{"1.2.840.10045.3.1.4", "X9.62 prime239v1", "", 239, 239},
	{"1.2.840.10045.3.1.5", "X9.62 prime239v2", "", 0, 239},
	{"1.2.840.10045.3.1.6", "X9.62 prime239v3", "", 0, 239},
	{"1.2.840.10045.3.1.7", "secp256r1", "NIST P-256,X9.62 prime256v1", 256, 256},
	{"1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1", "", 0, 160},
	{"1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1", "", 0, 192},
	{"1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1", "", 0, 224},
	{"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", "", 0, 256},
	{"1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1", "", 320, 320},
	{"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", "", 0, 384},
	{"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", "", 512, 512},
	{"1.3.132.0.1", "sect163k1", "NIST K-163", 0, 163},
	{"1.3.132.0.2", "sect163r1", "", 0, 162},
	{"1.3.132.0.3", "sect239k1", "", 0, 238},
	{"1.3.132.0.4", "sect113r1", "", 113, 113},
	{"1.3.132.0.5", "sect113r2", "", 0, 113},
	{"1.3.132.0.6", "secp112r1", "", 112, 112},
	{"1.3.132.0.7", "secp112r2", "", 0, 110},
	{"1.3.132.0.8", "secp160r1", "", 0, 161},
	{"1.3.132.0.9", "secp160k1", "", 160, 161},
	{"1.3.132.0.10", "secp256k1", "", 0, 256},
	{"1.3.132.0.15", "sect163r2", "NIST B-163", 163, 163},
	{"1.3.132.0.16", "sect283k1", "NIST K-283", 283, 281},
	{"1.3.132.0.17", "sect283r1", "NIST B-283", 0, 282},
	{"1.3.132.0.22", "sect131r1", "", 131, 131},
	{"1.3.132.0.23", "sect131r2", "", 0, 131},
	{"1.3.132.0.24", "sect193r1", "", 193, 193},
	{"1.3.132.0.25", "sect193r2", "", 0, 193},
	{"1.3.132.0.26", "sect233k1", "NIST K-233", 233, 232},
	{"1.3.132.0.27", "sect233r1", "NIST B-233", 0, 233},
	{"1.3.132.0.28", "secp128r1", "", 128, 128},
	{"1.3.132.0.29", "secp128r2", "", 0, 126},
	{"1.3.132.0.30", "secp160r2", "", 0, 161},
	{"1.3.132.0.31", "secp192k1", "", 0, 192},
	{"1.3.132.0.32", "secp224k1", "", 0, 225},
	{"1.3.132.0.33", "secp224r1", "NIST P-224", 224, 224},
	{"1.3.132.0.34", "secp384r1", "NIST P-384", 384, 384},
	{"1.3.132.0.35", "secp521r1", "NIST P-521", 521, 521},
	{"1.3.132.0.36", "sect409k1", "NIST K-409", 409, 407},
	{"1.3.132.0.37", "sect409r1", "NIST B-409", 0, 409},
	{"1.3.132.0.38", "sect571k1", "NIST K-571", 571, 570},
	{"1.3.132.0.39", "sect571r1", "NIST B-571", 0, 570},
}

// Curves returns the elliptic curves that Java has names for. It is not to be
// changed.
func Curves() []Curve { return curves[:] }

// String describes the curve as Java does: "secp224r1 [NIST P-224] (1.3.132.0.33)".
func (c *Curve) String() string {
	if c.aliases == "" {
		return c.Name + " (" + c.OID + ")"
	}
	return c.Name + " [" + c.aliases + "] (" + c.OID + ")"
}

// curveByName finds a curve by OID or by any of its names, in any case.
func curveByName(name string) *Curve {
	for i := range curves {
		c := &curves[i]
		if c.OID == name || strings.EqualFold(c.Name, name) {
			return c
		}
		for alias := range strings.SplitSeq(c.aliases, ",") {
			if alias != "" && strings.EqualFold(alias, name) {
				return c
			}
		}
	}
	return nil
}

// curveBySize finds the curve that stands for a key size in bits.
func curveBySize(size int) *Curve {
	for i := range curves {
		if curves[i].size == size && size != 0 {
			return &curves[i]
		}
	}
	return nil
}

// curveByOID finds a curve by its OID.
func curveByOID(oid string) *Curve {
	for i := range curves {
		if curves[i].OID == oid {
			return &curves[i]
		}
	}
	return nil
}

// FieldBits returns the size of the field that the curve is over, in bits: the
// number of three digits in its name.
func (c *Curve) FieldBits() int {
	digits, n := 0, 0
	for i := 0; i < len(c.Name) && digits < 3; i++ {
		if d := c.Name[i]; '0' <= d && d <= '9' {
			digits, n = digits+1, 10*n+int(d-'0')
		} else {
			digits, n = 0, 0
		}
	}
	return n
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
