package x509util

import (
	"fmt"
	"slices"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
)

// Parameters of algorithms as Java's AlgorithmParameters read them. Those of
// PBES2, with which no certificate is signed, are not looked into.

// readJavaAlgorithm reads an AlgorithmIdentifier, and its parameters where Java
// has a class for them.
func readJavaAlgorithm(v derValue, rel jdk.Release) (algorithm, error) {
	a, err := readAlgorithm(v)
	if err != nil || !a.hasParams() {
		return a, err
	}
	return a, a.checkParams(rel)
}

// checkParams returns Java's error for parameters, which are there.
func (a algorithm) checkParams(rel jdk.Release) error {
	p := a.params.standalone()
	switch a.name(rel) {
	case "EC":
		return checkCurve(p)
	case "DSA":
		return checkDSAParams(p)
	case "DiffieHellman":
		_, err := readDHParams(p)
		return err
	case "RSASSA-PSS":
		return checkPSSParams(p, rel)
	case "OAEP":
		return checkOAEPParams(p, rel)
	case "PBEWithMD5AndDES", "PBEWithSHA1AndDESede", "PBEWithSHA1AndRC2_40", "PBEWithSHA1AndRC2_128", "PBEWithSHA1AndRC4_40", "PBEWithSHA1AndRC4_128":
		return checkPBEParams(p)
	case "AES":
		return checkIV(p, 16, "16[4, 8]")
	case "DESede", "Blowfish":
		return checkIV(p, 8, "8[]")
	case "CHACHA20-POLY1305":
		nonce, err := p.octets()
		if err == nil && len(nonce) != 12 {
			err = failIO("ChaCha20-Poly1305 nonce must be 12 bytes in length")
		}
		return err
	}
	return nil
}

func checkCurve(p derValue) error {
	if p.tag != casn1.OBJECT_IDENTIFIER {
		return failIO("Only named ECParameters supported")
	}
	oid, err := p.oid()
	if err != nil {
		return err
	}
	if curveByOID(oid) == nil {
		return failIO("Unknown named curve: " + oid)
	}
	return nil
}

func checkDSAParams(p derValue) error {
	if p.tag != casn1.SEQUENCE {
		return failIO("DSA params parsing error")
	}
	r := p.reader()
	if err := readNumbers(&r, 3); err != nil {
		return err
	}
	if !r.empty() {
		return failIO(fmt.Sprintf("encoded params have %d extra bytes", len(r.rest)))
	}
	return nil
}

// readNumbers reads n INTEGERs.
func readNumbers(r *derReader, n int) error {
	for range n {
		v, err := r.next()
		if err != nil {
			return err
		}
		if err := v.checkNumber(casn1.INTEGER); err != nil {
			return err
		}
	}
	return nil
}

// readDHParams reads the parameters of PKCS #3: prime, base and perhaps the
// private value's length. Those of X9.42 have another number there.
func readDHParams(p derValue) (_ derReader, err error) {
	if p.tag != casn1.SEQUENCE {
		return derReader{}, failIO("DH params parsing error")
	}
	r := p.reader()
	if err := readNumbers(&r, 2); err != nil {
		return r, err
	}
	if !r.empty() {
		length, err := r.next()
		if err != nil {
			return r, err
		}
		if _, err := length.integer(casn1.INTEGER); err != nil {
			return r, err
		}
	}
	if !r.empty() {
		return r, failIO("DH parameter parsing error: Extra data")
	}
	return r, nil
}

// checkPSSParams reads RSASSA-PSS-params as Java does.
func checkPSSParams(p derValue, rel jdk.Release) error {
	if p.tag != casn1.SEQUENCE {
		return failIO("Not the correct tag")
	}
	fields, err := p.reader().all()
	if err != nil {
		return err
	}
	for _, field := range fields {
		if field.tag&0xc0 != tagContext || field.tag&0x1f > 3 {
			return failIO("Invalid encoded PSSParameters")
		}
		r := field.reader()
		v, err := r.next()
		if err != nil {
			return err
		}
		switch field.tag & 0x1f {
		case 0:
			_, err = readJavaAlgorithm(v, rel)
		case 1:
			var digest algorithm
			if digest, err = readMGF(v, rel); err == nil && !isPSSHash(digest.oid, 0) {
				err = failIO("Unrecognized message digest algorithm " + digest.name(rel))
			}
		case 2:
			var n int
			if n, err = v.integer(casn1.INTEGER); err == nil && n < 0 {
				err = failIO("Negative value for saltLength")
			}
		case 3:
			var n int
			if n, err = v.integer(casn1.INTEGER); err == nil && n != 1 {
				err = failIO(fmt.Sprintf("Unsupported trailerField value %d", n))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readMGF reads the mask generation function MGF1 and returns its digest.
func readMGF(v derValue, rel jdk.Release) (digest algorithm, err error) {
	mgf, err := readJavaAlgorithm(v, rel)
	switch {
	case err != nil:
		return digest, err
	case mgf.oid != oidMGF1:
		return digest, failIO("Only MGF1 mgf is supported")
	case !mgf.hasParams():
		return digest, failIO("Missing MGF1 parameters")
	}
	return readJavaAlgorithm(mgf.params.standalone(), rel)
}

// isPSSHash says whether the OID is that of a hash of RSASSA-PSS, but for the
// last ones.
func isPSSHash(oid string, without int) bool {
	return slices.ContainsFunc(pssHashes[:len(pssHashes)-without], func(h pssHash) bool { return h.oid == oid })
}

// checkOAEPParams reads RSAES-OAEP-params (RFC 4055, section 4.1), which
// certificates of TPMs have. Release 17 takes the fields in any order.
func checkOAEPParams(p derValue, rel jdk.Release) error {
	if rel < jdk.Release25 && p.tag != casn1.SEQUENCE {
		return failIO("Not the correct tag")
	}
	r := p.reader()
	if rel < jdk.Release25 {
		fields, err := r.all()
		if err != nil {
			return err
		}
		for _, field := range fields {
			number := field.tag & 0x1f
			if !field.isContext(number) || number > 2 {
				return failIO("Invalid encoded OAEPParameters")
			}
			inner := field.reader()
			v, err := inner.next()
			if err != nil {
				return err
			}
			if err := checkOAEPField(number, v, rel); err != nil {
				return err
			}
		}
		return nil
	}
	for number := range casn1.Tag(3) {
		if len(r.rest) == 0 || !(derValue{tag: r.peek()}).isContext(number) {
			continue
		}
		field, err := r.next()
		if err != nil {
			return err
		}
		inner := field.reader()
		v, err := inner.next()
		if err == nil && !inner.empty() {
			err = failIO("Extra unused bytes")
		}
		if err != nil {
			return err
		}
		if err := checkOAEPField(number, v, rel); err != nil {
			return err
		}
	}
	if !r.empty() {
		return failIO("Extra unused bytes")
	}
	return nil
}

func checkOAEPField(number casn1.Tag, v derValue, rel jdk.Release) error {
	switch number {
	case 0:
		_, err := readJavaAlgorithm(v, rel)
		return err
	case 1:
		digest, err := readMGF(v, rel)
		if err == nil && !isPSSHash(digest.oid, 4) { // not SHA-3
			err = failIO("Unrecognized message digest algorithm")
		}
		return err
	}
	source, err := readJavaAlgorithm(v, rel)
	switch {
	case err != nil:
		return err
	case source.oid != "1.2.840.113549.1.1.9":
		return failIO("Wrong OID for pSpecified")
	case !source.hasParams():
		return failIO("Missing pSpecified label")
	case rel < jdk.Release25 && source.params.tag != casn1.OCTET_STRING:
		return failIO("DER input not an octet string")
	}
	_, err = source.params.octets()
	return err
}

func checkPBEParams(p derValue) error {
	if p.tag != casn1.SEQUENCE {
		return failIO("PBE parameter parsing error: not a sequence")
	}
	r := p.reader()
	salt, err := r.next()
	switch {
	case err != nil:
		return err
	case salt.tag != casn1.OCTET_STRING:
		return failIO("DER input not an octet string")
	}
	count, err := r.next()
	if err != nil {
		return err
	}
	if _, err := count.integer(casn1.INTEGER); err != nil {
		return err
	}
	if !r.empty() {
		return failIO("PBE parameter parsing error: extra data")
	}
	return nil
}

// checkIV reads the initialization vector of a block cipher.
func checkIV(p derValue, size int, text string) error {
	switch {
	case p.tag != casn1.OCTET_STRING:
		return failIO("DER input not an octet string")
	case len(p.body) != size:
		return failIO("IV not " + text + " bytes long")
	}
	return nil
}
