package keytool

import (
	"encoding/hex"
	"math"
	"math/big"

	"gokeytool/x509util/internal/ber"
)

// Texts are those of the classes' toString (sun.security.x509).

func (c basicConstraints) print(t *text) {
	t.add("BasicConstraints:[\n  CA:")
	t.bool(c.ca)
	t.add("\n  PathLen:")
	switch {
	case c.length < 0:
		t.add(" undefined")
	case c.length == math.MaxInt32:
		t.add(" no limit")
	default:
		t.int(c.length)
	}
	t.add("\n]\n")
}

func (u keyUsage) print(t *text) {
	t.add("KeyUsage [\n")
	t.flags(bits(u),
		"  DigitalSignature\n", "  Non_repudiation\n", "  Key_Encipherment\n", "  Data_Encipherment\n",
		"  Key_Agreement\n", "  Key_CertSign\n", "  Crl_Sign\n", "  Encipher_Only\n", "  Decipher_Only\n")
	t.add("]\n")
}

func (c netscapeCertType) print(t *text) {
	t.add("NetscapeCertType [\n")
	// The fifth bit is reserved; the last line lacks its end in Java as well.
	t.flags(bits(c),
		"   SSL client\n", "   SSL server\n", "   S/MIME\n", "   Object Signing\n", "",
		"   SSL CA\n", "   S/MIME CA\n", "   Object Signing CA")
	t.add("]\n")
}

// flags appends the line of each bit set.
func (t *text) flags(b bits, lines ...string) {
	for i, line := range lines {
		if b.has(i) {
			t.add(line)
		}
	}
}

func (u extendedKeyUsage) print(t *text) {
	t.add("ExtendedKeyUsages [\n  ")
	for i, oid := range u {
		if i > 0 {
			t.add("\n  ")
		}
		if name := ber.OIDName(oid, t.rel); name != "" {
			oid = name
		}
		t.add(oid)
	}
	t.add("\n]\n")
}

func (a alternativeName) print(t *text) {
	t.add(a.name)
	t.generalNames(a.names, " [\n  ", "\n  ", "\n]\n")
}

func (a infoAccess) print(t *text) {
	t.add(a.name)
	t.add(" [\n  [")
	for i, d := range a.descriptions {
		if i > 0 {
			t.add(", ")
		}
		t.add("\n   accessMethod: ")
		t.add(accessMethod(d.method))
		t.add("\n   accessLocation: ")
		d.location.print(t)
		t.add("\n")
	}
	t.add("]\n]\n")
}

func accessMethod(oid string) string {
	switch oid {
	case "1.3.6.1.5.5.7.48.1":
		return "ocsp"
	case "1.3.6.1.5.5.7.48.2":
		return "caIssuers"
	case "1.3.6.1.5.5.7.48.3":
		return "timeStamping"
	case "1.3.6.1.5.5.7.48.5":
		return "caRepository"
	}
	return oid
}

func (id subjectKeyID) print(t *text) {
	t.add("SubjectKeyIdentifier [\n")
	t.keyID(id)
	t.add("]\n")
}

func (t *text) keyID(id []byte) {
	t.add("KeyIdentifier [\n")
	t.hexDump(id)
	t.add("]\n")
}

func (a authorityKeyID) print(t *text) {
	t.add("AuthorityKeyIdentifier [\n")
	if a.id != nil {
		t.keyID(*a.id)
	}
	if a.names != nil {
		a.names.print(t)
		t.add("\n")
	}
	if a.serial != nil {
		t.serialNumber(a.serial)
		t.add("\n")
	}
	t.add("]\n")
}

// serialNumber appends the bytes of a number in two's complement.
func (t *text) serialNumber(n *big.Int) {
	t.add("SerialNumber: ")
	b := twosComplement(n)
	for i := range b {
		if i > 0 {
			t.add(":")
		}
		t.buf = hex.AppendEncode(t.buf, b[i:i+1])
	}
}

// twosComplement is the shortest encoding of n, as in an INTEGER.
func twosComplement(n *big.Int) []byte {
	if n.Sign() >= 0 {
		b := n.Bytes()
		if len(b) == 0 || b[0] >= 0x80 {
			b = append([]byte{0}, b...)
		}
		return b
	}
	// The bytes of -n-1 inverted.
	b := new(big.Int).Not(n).Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}

func (u privateKeyUsage) print(t *text) {
	t.add("PrivateKeyUsage: [\n")
	from, to := u[0], u[1]
	if from != nil {
		t.add("From: ")
		t.date(*from)
	}
	if to != nil {
		if from != nil {
			t.add(", ")
		}
		t.add("To: ")
		t.date(*to)
	}
	t.add("]\n")
}
