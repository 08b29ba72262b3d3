package identity

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strings"

	"gokeytool/internal/jsontime"
	"gokeytool/x509util"
)

// CertificateFacts describes a certificate, also one that crypto/x509 can't read:
// what it does not tell is empty then.
type CertificateFacts struct {
	Subject   string        `json:"subject"`
	Called    string        `json:"-"` // what people call it: see x509util.Certificate
	Issuer    string        `json:"issuer"`
	Serial    string        `json:"serial"`
	NotBefore jsontime.Time `json:"notBefore"`
	NotAfter  jsontime.Time `json:"notAfter"`
	Names     []string      `json:"names"`
	Key       string        `json:"key"`
	Signature string        `json:"signature"`
	SHA256    string        `json:"sha256"`
	PEM       string        `json:"pem,omitempty"`
}

// Describe tells what there is to know of a certificate, also of one that
// crypto/x509 can't read.
func Describe(der []byte) CertificateFacts {
	sum := sha256.Sum256(der)
	facts := CertificateFacts{Names: []string{}, SHA256: strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")}
	if c, err := x509.ParseCertificate(der); err == nil {
		facts.Names = subjectNames(c)
	}
	c, err := x509util.ParseCertificate(der)
	if err != nil {
		facts.Subject, facts.Issuer = "(unreadable certificate)", "(unreadable certificate)"
		facts.Called = facts.Subject
		return facts
	}
	facts.Subject, facts.Called, facts.Issuer = c.Subject.String(), c.Called(), c.Issuer.String()
	facts.NotBefore, facts.NotAfter = jsontime.New(c.NotBefore), jsontime.New(c.NotAfter)
	facts.Key, facts.Signature = c.KeyName(), c.SigName
	if c.Serial != nil {
		facts.Serial = c.Serial.Text(16)
	}
	return facts
}

// subjectNames lists the alternative names in keytool's notation of -ext san.
func subjectNames(c *x509.Certificate) []string {
	list := []string{}
	for _, name := range c.DNSNames {
		list = append(list, "dns:"+name)
	}
	for _, ip := range c.IPAddresses {
		list = append(list, "ip:"+ip.String())
	}
	for _, email := range c.EmailAddresses {
		list = append(list, "email:"+email)
	}
	for _, uri := range c.URIs {
		list = append(list, "uri:"+uri.String())
	}
	return list
}

// DescribeAll describes a chain in DER.
func DescribeAll(chain [][]byte) []CertificateFacts {
	facts := make([]CertificateFacts, len(chain))
	for i, der := range chain {
		facts[i] = Describe(der)
	}
	return facts
}
