package x509util

import (
	"strconv"

	"gokeytool/jdk"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// pssSpec are RSASSA-PSS parameters (RFC 8017, A.2.3) by the OIDs of their
// digests.
type pssSpec struct {
	digest, mgfDigest string
	saltLength        int
	trailer           int
}

func readPSSSpec(v derValue) (pssSpec, error) {
	p := pssSpec{digest: oidSHA1, mgfDigest: oidSHA1, saltLength: 20, trailer: 1}
	if v.tag != casn1.SEQUENCE {
		return p, errPSSSpec
	}
	for r := v.reader(); !r.empty(); {
		field, err := r.next()
		if err != nil {
			return p, err
		}
		inner := field.reader()
		value, err := inner.next()
		if err != nil {
			return p, err
		}
		switch field.tag {
		case tagContext | tagConstructed | 0:
			err = setAlgorithm(&p.digest, value)
		case tagContext | tagConstructed | 1:
			var mgf algorithm
			if mgf, err = readAlgorithm(value); err == nil && mgf.oid != oidMGF1 {
				err = errPSSSpec
			}
			if err == nil {
				err = setAlgorithm(&p.mgfDigest, mgf.params)
			}
		case tagContext | tagConstructed | 2:
			p.saltLength, err = value.integer(casn1.INTEGER)
		case tagContext | tagConstructed | 3:
			p.trailer, err = value.integer(casn1.INTEGER)
		default:
			err = errPSSSpec
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

var errPSSSpec = failIO("Invalid encoding for PSSParameters")

func setAlgorithm(oid *string, v derValue) error {
	a, err := readAlgorithm(v)
	*oid = a.oid
	return err
}

// text is Java's PSSParameterSpec.toString.
func (p pssSpec) text(rel jdk.Release) string {
	name := func(oid string) string { return algorithm{oid: oid}.name(rel) }
	return "PSSParameterSpec[hashAlgorithm=" + name(p.digest) +
		", maskGenAlgorithm=MGF1ParameterSpec[hashAlgorithm=" + name(p.mgfDigest) +
		"], saltLength=" + strconv.Itoa(p.saltLength) + ", trailerField=" + strconv.Itoa(p.trailer) + "]"
}
