package x509util

import (
	"bytes"
	"crypto"
	"errors"
	"hash"
	"math/big"
	"time"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"
	"gokeytool/x509util/keys"
)

// SignedData is a PKCS #7 or CMS signature (RFC 2315, 9; RFC 5652, 5) with the
// certificates that go with it.
type SignedData struct {
	ContentType  string // dotted OID
	Content      []byte // nil if the content is elsewhere
	Certificates []*Certificate
	Signers      []SignerInfo
}

// SignerInfo is the signature of one signer.
type SignerInfo struct {
	digest, encryption keys.Algorithm
	encryptionDER      []byte
	issuer             Name
	serial             *big.Int
	keyID              []byte // in place of issuer and serial
	attributes         []byte // the signed ones as SET, nil if there are none
	messageDigest      []byte // from the attributes
	signature          []byte
	timestamp          []byte // a time stamp token (RFC 3161), nil if there is none
}

const (
	oidMessageDigest  = "1.2.840.113549.1.9.4"
	oidTimestampToken = "1.2.840.113549.1.9.16.2.14"
	oidTSTInfo        = "1.2.840.113549.1.9.16.1.4"
)

var errSignedData = errors.New("not a PKCS #7 signature")

// ParseSignedData reads a signature, by DER's rules or BER's.
func ParseSignedData(data []byte) (*SignedData, error) {
	outer, err := ber.Parse(data)
	if err != nil {
		return nil, err
	}
	parts, err := ber.First(outer, 2)
	if err != nil {
		return nil, err
	}
	if oid, err := parts[0].OID(); err != nil || oid != oidSignedData || !parts[1].Context(0, true) {
		return nil, errSignedData
	}
	body, err := ber.Parse(parts[1].Body)
	if err != nil {
		return nil, err
	}
	fields, err := readFields(body, 4)
	if err != nil {
		return nil, err
	}
	d := new(SignedData)
	if err := d.readContent(fields[2]); err != nil {
		return nil, err
	}
	for _, field := range fields[3:] {
		values, err := field.Reader().All()
		if err != nil {
			return nil, err
		}
		switch {
		case field.Context(0, true):
			for _, v := range values {
				c, err := ParseCertificate(v.Encoded())
				if err != nil {
					return nil, err
				}
				d.Certificates = append(d.Certificates, c)
			}
		case field.Tag == casn1.SET:
			for _, v := range values {
				s, err := readSignerInfo(v)
				if err != nil {
					return nil, err
				}
				d.Signers = append(d.Signers, s)
			}
		}
	}
	return d, nil
}

// readFields reads all values of a sequence, which are n at least.
func readFields(v ber.Value, n int) ([]ber.Value, error) {
	fields, err := v.Reader().All()
	if err == nil && len(fields) < n {
		err = errSignedData
	}
	return fields, err
}

func (d *SignedData) readContent(v ber.Value) error {
	parts, err := readFields(v, 1)
	if err != nil {
		return err
	}
	if d.ContentType, err = parts[0].OID(); err != nil || len(parts) == 1 {
		return err
	}
	content, err := ber.Parse(parts[1].Body)
	if err != nil {
		return err
	}
	d.Content, err = content.Octets()
	return err
}

func readSignerInfo(v ber.Value) (s SignerInfo, err error) {
	fields, err := readFields(v, 5)
	if err != nil {
		return s, err
	}
	if id := fields[1]; id.Context(0, false) {
		s.keyID = id.Body
	} else {
		parts, err := ber.First(id, 2)
		if err != nil {
			return s, err
		}
		if s.issuer, err = ParseName(parts[0].Encoded()); err != nil {
			return s, err
		}
		if s.serial, err = parts[1].BigInteger(); err != nil {
			return s, err
		}
	}
	if s.digest, err = keys.ReadAlgorithm(fields[2]); err != nil {
		return s, err
	}
	rest := fields[3:]
	if rest[0].Context(0, true) {
		set := rest[0].Encoded()
		s.attributes = append([]byte{byte(casn1.SET)}, set[1:]...)
		if s.messageDigest, err = attributeValue(rest[0], oidMessageDigest); err != nil {
			return s, err
		}
		rest = rest[1:]
	}
	if len(rest) < 2 {
		return s, errSignedData
	}
	if s.encryption, err = keys.ReadAlgorithm(rest[0]); err != nil {
		return s, err
	}
	s.encryptionDER = rest[0].Encoded()
	if s.signature, err = rest[1].Octets(); err != nil {
		return s, err
	}
	if len(rest) > 2 && rest[2].Context(1, true) {
		s.timestamp, err = attributeValue(rest[2], oidTimestampToken)
	}
	return s, err
}

// attributeValue returns the first value of an attribute: the content of an
// OCTET STRING, else the whole value; nil if there is no such attribute.
func attributeValue(attributes ber.Value, oid string) ([]byte, error) {
	values, err := attributes.Reader().All()
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		parts, err := ber.First(v, 2)
		if err != nil {
			return nil, err
		}
		if id, err := parts[0].OID(); err != nil || id != oid {
			continue
		}
		r := parts[1].Reader()
		value, err := r.Next()
		if err != nil {
			return nil, err
		}
		if value.Tag == casn1.OCTET_STRING {
			return value.Body, nil
		}
		return value.Encoded(), nil
	}
	return nil, nil
}

// Verify verifies a signature over content and returns the signer's
// certificate with those that lead up from it, as far as the signature has
// them: only by their names, as Java does.
func (d *SignedData) Verify(s *SignerInfo, content []byte) ([]*Certificate, error) {
	var signer *Certificate
	for _, c := range d.Certificates {
		if s.keyID != nil && bytes.Equal(c.SubjectKeyID(), s.keyID) ||
			s.keyID == nil && c.Serial.Cmp(s.serial) == 0 && c.Issuer.Equal(s.issuer) {
			signer = c
			break
		}
	}
	if signer == nil {
		return nil, errors.New("the signer's certificate is missing")
	}
	if s.attributes != nil {
		sum, err := digestOf(s.digest, content)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(sum, s.messageDigest) {
			return nil, keys.ErrSignature
		}
		content = s.attributes
	}
	key, err := signer.PublicKey()
	if err != nil {
		return nil, err
	}
	if err := keys.CheckSignature(key, s.algorithmID(), content, s.signature); err != nil {
		return nil, err
	}
	chain := []*Certificate{signer}
	for len(chain) <= len(d.Certificates) {
		last := chain[len(chain)-1]
		if last.SelfSigned() {
			break
		}
		n := len(chain)
		for _, c := range d.Certificates {
			if c != last && c.Subject.Equal(last.Issuer) {
				chain = append(chain, c)
				break
			}
		}
		if len(chain) == n {
			break
		}
	}
	return chain, nil
}

// Timestamp verifies the time stamp on a signature and returns when and by
// whom it was made; nil if there is none.
func (s *SignerInfo) Timestamp() (time.Time, []*Certificate, error) {
	if s.timestamp == nil {
		return time.Time{}, nil, nil
	}
	token, err := ParseSignedData(s.timestamp)
	if err != nil {
		return time.Time{}, nil, err
	}
	if token.ContentType != oidTSTInfo || len(token.Signers) != 1 {
		return time.Time{}, nil, errSignedData
	}
	chain, err := token.Verify(&token.Signers[0], token.Content)
	if err != nil {
		return time.Time{}, nil, err
	}
	info, err := ber.Parse(token.Content)
	if err != nil {
		return time.Time{}, nil, err
	}
	fields, err := ber.First(info, 5) // version, policy, imprint, serial number, time
	if err != nil {
		return time.Time{}, nil, err
	}
	imprint, err := ber.First(fields[2], 2)
	if err != nil {
		return time.Time{}, nil, err
	}
	digest, err := keys.ReadAlgorithm(imprint[0])
	if err != nil {
		return time.Time{}, nil, err
	}
	sum, err := digestOf(digest, s.signature)
	if err != nil {
		return time.Time{}, nil, err
	}
	if want, err := imprint[1].Octets(); err != nil || !bytes.Equal(sum, want) {
		return time.Time{}, nil, keys.ErrSignature
	}
	at, err := fields[4].AnyTime()
	return at, chain, err
}

// digests are the hashes by OID.
var digests = []struct {
	oid  string
	hash func() hash.Hash
	rsa  string // the signature algorithms made of the two
	dsa  string
	ec   string
}{
	{"1.2.840.113549.2.2", keys.NewMD2, keys.OIDMD2withRSA, "", ""},
	{"1.2.840.113549.2.5", crypto.MD5.New, "1.2.840.113549.1.1.4", "", ""},
	{"1.3.14.3.2.26", crypto.SHA1.New, "1.2.840.113549.1.1.5", "1.2.840.10040.4.3", "1.2.840.10045.4.1"},
	{"2.16.840.1.101.3.4.2.4", crypto.SHA224.New, "1.2.840.113549.1.1.14", "2.16.840.1.101.3.4.3.1", "1.2.840.10045.4.3.1"},
	{"2.16.840.1.101.3.4.2.1", crypto.SHA256.New, "1.2.840.113549.1.1.11", "2.16.840.1.101.3.4.3.2", "1.2.840.10045.4.3.2"},
	{"2.16.840.1.101.3.4.2.2", crypto.SHA384.New, "1.2.840.113549.1.1.12", "2.16.840.1.101.3.4.3.3", "1.2.840.10045.4.3.3"},
	{"2.16.840.1.101.3.4.2.3", crypto.SHA512.New, "1.2.840.113549.1.1.13", "2.16.840.1.101.3.4.3.4", "1.2.840.10045.4.3.4"},
	{"2.16.840.1.101.3.4.2.5", crypto.SHA512_224.New, "1.2.840.113549.1.1.15", "", ""},
	{"2.16.840.1.101.3.4.2.6", crypto.SHA512_256.New, "1.2.840.113549.1.1.16", "", ""},
	{"2.16.840.1.101.3.4.2.7", crypto.SHA3_224.New, "2.16.840.1.101.3.4.3.13", "2.16.840.1.101.3.4.3.5", "2.16.840.1.101.3.4.3.9"},
	{"2.16.840.1.101.3.4.2.8", crypto.SHA3_256.New, "2.16.840.1.101.3.4.3.14", "2.16.840.1.101.3.4.3.6", "2.16.840.1.101.3.4.3.10"},
	{"2.16.840.1.101.3.4.2.9", crypto.SHA3_384.New, "2.16.840.1.101.3.4.3.15", "2.16.840.1.101.3.4.3.7", "2.16.840.1.101.3.4.3.11"},
	{"2.16.840.1.101.3.4.2.10", crypto.SHA3_512.New, "2.16.840.1.101.3.4.3.16", "2.16.840.1.101.3.4.3.8", "2.16.840.1.101.3.4.3.12"},
}

func digestOf(a keys.Algorithm, data []byte) ([]byte, error) {
	for _, d := range digests {
		if d.oid == a.OID {
			h := d.hash()
			h.Write(data)
			return h.Sum(nil), nil
		}
	}
	return nil, &keys.UnsupportedError{What: "signatures with the hash " + a.Name(jdk.Default)}
}

// algorithmID is the AlgorithmIdentifier of the signature: PKCS #7 names the
// kind of key and the hash, CMS the two in one.
func (s *SignerInfo) algorithmID() []byte {
	oid := ""
	for _, d := range digests {
		if d.oid != s.digest.OID {
			continue
		}
		switch s.encryption.OID {
		case keys.OIDRSA:
			oid = d.rsa
		case keys.OIDDSA:
			oid = d.dsa
		case keys.OIDEC:
			oid = d.ec
		}
	}
	if oid == "" {
		return s.encryptionDER
	}
	return ber.Encode(casn1.SEQUENCE, string(ber.EncodeOID(oid)))
}
