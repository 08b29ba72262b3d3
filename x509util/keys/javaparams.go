package keys

import (
	"fmt"
	"slices"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
)

// Parameters of algorithms as Java's AlgorithmParameters read them. Those of
// PBES2, with which no certificate is signed, are not looked into.

// ReadJavaAlgorithm reads an AlgorithmIdentifier, and its parameters where Java
// has a class for them.
func ReadJavaAlgorithm(v ber.Value, rel jdk.Release) (Algorithm, error) {
	a, err := ReadAlgorithm(v)
	if err != nil || !a.HasParams() {
		return a, err
	}
	return a, a.checkParams(rel)
}

// checkParams returns Java's error for parameters, which are there.
func (a Algorithm) checkParams(rel jdk.Release) error {
	p := a.Params.Standalone()
	switch a.Name(rel) {
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
		nonce, err := p.Octets()
		if err == nil && len(nonce) != 12 {
			err = jdk.IOError("ChaCha20-Poly1305 nonce must be 12 bytes in length")
		}
		return err
	}
	return nil
}

func checkCurve(p ber.Value) error {
	if p.Tag != casn1.OBJECT_IDENTIFIER {
		return jdk.IOError("Only named ECParameters supported")
	}
	oid, err := p.OID()
	if err != nil {
		return err
	}
	if curveByOID(oid) == nil {
		return jdk.IOError("Unknown named curve: " + oid)
	}
	return nil
}

func checkDSAParams(p ber.Value) error {
	if p.Tag != casn1.SEQUENCE {
		return jdk.IOError("DSA params parsing error")
	}
	r := p.Reader()
	if err := readNumbers(&r, 3); err != nil {
		return err
	}
	if !r.Empty() {
		return jdk.IOError(fmt.Sprintf("encoded params have %d extra bytes", len(r.Rest)))
	}
	return nil
}

// readNumbers reads n INTEGERs.
func readNumbers(r *ber.Reader, n int) error {
	for range n {
		v, err := r.Next()
		if err != nil {
			return err
		}
		if err := v.CheckNumber(casn1.INTEGER); err != nil {
			return err
		}
	}
	return nil
}

// readDHParams reads the parameters of PKCS #3: prime, base and perhaps the
// private value's length. Those of X9.42 have another number there.
func readDHParams(p ber.Value) (_ ber.Reader, err error) {
	if p.Tag != casn1.SEQUENCE {
		return ber.Reader{}, jdk.IOError("DH params parsing error")
	}
	r := p.Reader()
	if err := readNumbers(&r, 2); err != nil {
		return r, err
	}
	if !r.Empty() {
		length, err := r.Next()
		if err != nil {
			return r, err
		}
		if _, err := length.Integer(casn1.INTEGER); err != nil {
			return r, err
		}
	}
	if !r.Empty() {
		return r, jdk.IOError("DH parameter parsing error: Extra data")
	}
	return r, nil
}

// checkPSSParams reads RSASSA-PSS-params as Java does.
func checkPSSParams(p ber.Value, rel jdk.Release) error {
	if p.Tag != casn1.SEQUENCE {
		return jdk.IOError("Not the correct tag")
	}
	fields, err := p.Reader().All()
	if err != nil {
		return err
	}
	for _, field := range fields {
		if field.Tag&0xc0 != ber.TagContext || field.Tag&0x1f > 3 {
			return jdk.IOError("Invalid encoded PSSParameters")
		}
		r := field.Reader()
		v, err := r.Next()
		if err != nil {
			return err
		}
		switch field.Tag & 0x1f {
		case 0:
			_, err = ReadJavaAlgorithm(v, rel)
		case 1:
			var digest Algorithm
			if digest, err = readMGF(v, rel); err == nil && !isPSSHash(digest.OID, 0) {
				err = jdk.IOError("Unrecognized message digest algorithm " + digest.Name(rel))
			}
		case 2:
			var n int
			if n, err = v.Integer(casn1.INTEGER); err == nil && n < 0 {
				err = jdk.IOError("Negative value for saltLength")
			}
		case 3:
			var n int
			if n, err = v.Integer(casn1.INTEGER); err == nil && n != 1 {
				err = jdk.IOError(fmt.Sprintf("Unsupported trailerField value %d", n))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readMGF reads the mask generation function MGF1 and returns its digest.
func readMGF(v ber.Value, rel jdk.Release) (digest Algorithm, err error) {
	mgf, err := ReadJavaAlgorithm(v, rel)
	switch {
	case err != nil:
		return digest, err
	case mgf.OID != oidMGF1:
		return digest, jdk.IOError("Only MGF1 mgf is supported")
	case !mgf.HasParams():
		return digest, jdk.IOError("Missing MGF1 parameters")
	}
	return ReadJavaAlgorithm(mgf.Params.Standalone(), rel)
}

// isPSSHash says whether the OID is that of a hash of RSASSA-PSS, but for the
// last ones.
func isPSSHash(oid string, without int) bool {
	return slices.ContainsFunc(pssHashes[:len(pssHashes)-without], func(h pssHash) bool { return h.oid == oid })
}

// checkOAEPParams reads RSAES-OAEP-params (RFC 4055, section 4.1), which
// certificates of TPMs have. Release 17 takes the fields in any order.
func checkOAEPParams(p ber.Value, rel jdk.Release) error {
	if rel < jdk.Release25 && p.Tag != casn1.SEQUENCE {
		return jdk.IOError("Not the correct tag")
	}
	r := p.Reader()
	if rel < jdk.Release25 {
		fields, err := r.All()
		if err != nil {
			return err
		}
		for _, field := range fields {
			number := field.Tag & 0x1f
			if !field.IsContext(number) || number > 2 {
				return jdk.IOError("Invalid encoded OAEPParameters")
			}
			inner := field.Reader()
			v, err := inner.Next()
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
		if len(r.Rest) == 0 || !(ber.Value{Tag: r.Peek()}).IsContext(number) {
			continue
		}
		field, err := r.Next()
		if err != nil {
			return err
		}
		inner := field.Reader()
		v, err := inner.Next()
		if err == nil && !inner.Empty() {
			err = jdk.IOError("Extra unused bytes")
		}
		if err != nil {
			return err
		}
		if err := checkOAEPField(number, v, rel); err != nil {
			return err
		}
	}
	if !r.Empty() {
		return jdk.IOError("Extra unused bytes")
	}
	return nil
}

func checkOAEPField(number casn1.Tag, v ber.Value, rel jdk.Release) error {
	switch number {
	case 0:
		_, err := ReadJavaAlgorithm(v, rel)
		return err
	case 1:
		digest, err := readMGF(v, rel)
		if err == nil && !isPSSHash(digest.OID, 4) { // not SHA-3
			err = jdk.IOError("Unrecognized message digest algorithm")
		}
		return err
	}
	source, err := ReadJavaAlgorithm(v, rel)
	switch {
	case err != nil:
		return err
	case source.OID != "1.2.840.113549.1.1.9":
		return jdk.IOError("Wrong OID for pSpecified")
	case !source.HasParams():
		return jdk.IOError("Missing pSpecified label")
	case rel < jdk.Release25 && source.Params.Tag != casn1.OCTET_STRING:
		return jdk.IOError("DER input not an octet string")
	}
	_, err = source.Params.Octets()
	return err
}

func checkPBEParams(p ber.Value) error {
	if p.Tag != casn1.SEQUENCE {
		return jdk.IOError("PBE parameter parsing error: not a sequence")
	}
	r := p.Reader()
	salt, err := r.Next()
	switch {
	case err != nil:
		return err
	case salt.Tag != casn1.OCTET_STRING:
		return jdk.IOError("DER input not an octet string")
	}
	count, err := r.Next()
	if err != nil {
		return err
	}
	if _, err := count.Integer(casn1.INTEGER); err != nil {
		return err
	}
	if !r.Empty() {
		return jdk.IOError("PBE parameter parsing error: extra data")
	}
	return nil
}

// checkIV reads the initialization vector of a block cipher.
func checkIV(p ber.Value, size int, text string) error {
	switch {
	case p.Tag != casn1.OCTET_STRING:
		return jdk.IOError("DER input not an octet string")
	case len(p.Body) != size:
		return jdk.IOError("IV not " + text + " bytes long")
	}
	return nil
}
