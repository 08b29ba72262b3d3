package keytool

import "math/big"

func (d distributionPoints) print(t *text) {
	t.add(d.name)
	t.add(" [\n  [")
	for i, point := range d.points {
		if i > 0 {
			t.add(", ")
		}
		point.print(t)
	}
	t.add("]]\n")
}

func (p distributionPoint) print(t *text) {
	t.add("DistributionPoint:\n     ")
	if p.name != nil {
		p.name.print(t)
	}
	t.add("\n")
	if p.reasons != nil {
		t.add("   ReasonFlags:\n")
		for i := range p.reasons.n {
			if p.reasons.has(i) {
				t.pointReason(i)
			}
		}
	}
	if p.issuer != nil {
		t.add("   CRLIssuer:")
		p.issuer.print(t)
		t.add("\n")
	}
}

func (t *text) pointReason(i int) {
	reasons := [...]string{
		"", "key compromise", "CA compromise", "affiliation changed", "superseded",
		"cessation of operation", "certificate hold", "privilege withdrawn", "AA compromise",
	}
	t.add("    ")
	if i > 0 && i < len(reasons) {
		t.add(reasons[i])
	} else {
		t.add("Unknown reason ")
		t.int(i)
	}
	t.add("\n")
}

func (p issuingPoint) print(t *text) {
	t.add("IssuingDistributionPoint [\n  ")
	if p.name != nil {
		t.add("DistributionPointName:\n     ")
		p.name.print(t)
		t.add("\n")
	}
	if p.reasons != nil {
		t.add("Reason Flags [\n")
		t.flags(*p.reasons,
			"  Unused\n", "  Key Compromise\n", "  CA Compromise\n", "  Affiliation_Changed\n", "  Superseded\n",
			"  Cessation Of Operation\n", "  Certificate Hold\n", "  Privilege Withdrawn\n", "  AA Compromise\n")
		t.add("]\n")
	}
	t.add("  Only contains user certs: ")
	t.bool(p.only[1])
	t.add("\n  Only contains CA certs: ")
	t.bool(p.only[2])
	t.add("\n  Only contains attribute certs: ")
	t.bool(p.only[5])
	t.add("\n  Indirect CRL: ")
	t.bool(p.only[4])
	t.add("\n]\n")
}

func (n crlNumber) print(t *text) {
	if n.name == "CRLNumber" {
		t.add("CRL Number: ")
	} else {
		t.add("Base CRL Number: ")
	}
	t.words(n.number)
	t.add("\n")
}

// words appends a number in hexadecimal, four bytes a word and eight words a
// line (sun.security.util.Debug.toHexString).
func (t *text) words(n *big.Int) {
	digits := new(big.Int).Abs(n).Text(16)
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	if n.Sign() < 0 {
		t.add("   -")
	} else {
		t.add("    ")
	}
	for i := 0; i < len(digits); i += 2 {
		if i > 0 && i%64 == 0 {
			t.add("\n    ")
		} else if i > 0 && i%8 == 0 {
			t.add(" ")
		}
		t.add(digits[i : i+2])
	}
}

func (c reasonCode) print(t *text) {
	reasons := [...]string{
		"UNSPECIFIED", "KEY_COMPROMISE", "CA_COMPROMISE", "AFFILIATION_CHANGED", "SUPERSEDED",
		"CESSATION_OF_OPERATION", "CERTIFICATE_HOLD", "UNUSED", "REMOVE_FROM_CRL", "PRIVILEGE_WITHDRAWN", "AA_COMPROMISE",
	}
	if c < 0 || int(c) >= len(reasons) {
		c = 0
	}
	t.add("    Reason Code: ") // without an end of line
	t.add(reasons[c])
}

func (n certificateIssuer) print(t *text) {
	t.add("Certificate Issuer [\n")
	generalNames(n).print(t)
	t.add("]\n")
}
