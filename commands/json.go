package commands

import (
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"time"

	"gokeytool/internal/jsontime"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// jsonSchema is the version of what -json prints, which docs/json.md describes.
// It grows when a field changes its meaning or goes; new fields may come at any
// time.
const jsonSchema = 1

// jsonCertificate is a certificate. The names of fields are those that check
// and the endpoint use.
type jsonCertificate struct {
	Error     string         `json:"error,omitempty"` // why it can't be read; then only the fingerprints and PEM are set
	Subject   string         `json:"subject"`
	Issuer    string         `json:"issuer"`
	Serial    string         `json:"serial"` // in hexadecimal
	NotBefore *jsontime.Time `json:"notBefore"`
	NotAfter  *jsontime.Time `json:"notAfter"`
	Key       string         `json:"key"`
	Signature string         `json:"signature"`
	Version   int            `json:"version"`
	jsonExtensions
	SelfSigned bool   `json:"selfSigned"` // issuer and subject are the same
	SHA1       string `json:"sha1"`
	SHA256     string `json:"sha256"`
	PEM        string `json:"pem"`
}

// jsonExtensions are the extensions of a certificate or request: all of them,
// and those that programs ask for in words.
type jsonExtensions struct {
	Names            []string        `json:"names"` // subjectAltName, as for -ext san: dns:localhost
	CA               bool            `json:"ca"`
	PathLength       *int            `json:"pathLength,omitempty"`
	KeyUsage         []string        `json:"keyUsage"`
	ExtendedKeyUsage []string        `json:"extendedKeyUsage"`
	Extensions       []jsonExtension `json:"extensions"`
}

type jsonExtension struct {
	OID      string `json:"oid"`
	Critical bool   `json:"critical"`
	Value    []byte `json:"value"` // DER, in Base64
}

// jsonImport is what importcert and importkeystore print.
type jsonImport struct {
	Version  int          `json:"version"`
	Keystore string       `json:"keystore"`
	Added    []jsonAdded  `json:"added"`
	Present  int          `json:"present"` // certificates of a bundle that were there already, or twice in it
	Expired  int          `json:"expired"` // of the entries that were added
	Skipped  []string     `json:"skipped"` // files of a bundle without certificates
	Failed   []jsonFailed `json:"failed"`
	Warnings []string     `json:"warnings"`
}

// jsonAdded is an entry that was imported. Of a key the certificate is its own.
type jsonAdded struct {
	Alias    string         `json:"alias"`
	Kind     string         `json:"kind"`
	Subject  string         `json:"subject"`
	NotAfter *jsontime.Time `json:"notAfter"`
	SHA256   string         `json:"sha256"`
	Chain    int            `json:"chain"` // certificates

	called string // what people call the certificate
}

// jsonFailed is an entry that was not imported.
type jsonFailed struct {
	Alias  string `json:"alias"`
	Reason string `json:"reason"`
}

// printJSON writes a command's JSON.
func (s *session) printJSON(value any) error {
	encoder := json.NewEncoder(s.Stdout.Lines())
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// takeWarnings are the lines of the block of warnings so far, which JSON has in
// a field instead.
func (s *session) takeWarnings() []string {
	lines := append([]string{}, s.warnings...)
	s.warnings = nil
	if s.opt.nowarn {
		return []string{}
	}
	return lines
}

func describeCertificates(chain []*x509util.Certificate) []jsonCertificate {
	described := []jsonCertificate{}
	for _, c := range chain {
		described = append(described, describeCertificate(c.Raw))
	}
	return described
}

func describeCertificate(der []byte) jsonCertificate {
	out := jsonCertificate{
		SHA1: x509util.Fingerprint(der, "SHA-1"), SHA256: x509util.Fingerprint(der, "SHA-256"),
		PEM:            string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		jsonExtensions: describeExtensions(nil),
	}
	c, err := x509util.ParseCertificate(der)
	if err != nil {
		out.Error = err.Error()
		return out
	}
	out.Subject, out.Issuer = c.Subject.String(), c.Issuer.String()
	if c.Serial != nil {
		out.Serial = c.Serial.Text(16)
	}
	out.NotBefore, out.NotAfter = jsonTime(c.NotBefore), jsonTime(c.NotAfter)
	out.Key, out.Signature = c.KeyName(), c.SigName
	out.Version, out.SelfSigned = c.Version, c.SelfSigned()
	out.jsonExtensions = describeExtensions(c.Extensions)
	return out
}

// jsonTime is a point in time that may be absent.
func jsonTime(t time.Time) *jsontime.Time {
	at := jsontime.New(t)
	return &at
}

// describeExtensions tells what extensions say. One that can't be read stands
// in the list of all, and nowhere else.
func describeExtensions(extensions []x509util.Extension) jsonExtensions {
	out := jsonExtensions{Names: []string{}, KeyUsage: []string{}, ExtendedKeyUsage: []string{}, Extensions: []jsonExtension{}}
	out.Extensions = allExtensions(extensions)
	for _, e := range extensions {
		switch e.OID.String() {
		case "2.5.29.15":
			out.KeyUsage = append(out.KeyUsage, keyUsages(e.Value)...)
		case "2.5.29.17":
			out.Names = append(out.Names, x509util.AlternativeNames(e.Value)...)
		case "2.5.29.19":
			out.CA, out.PathLength, _ = x509util.BasicConstraints(e.Value)
		case "2.5.29.37":
			out.ExtendedKeyUsage = append(out.ExtendedKeyUsage, extendedKeyUsages(e.Value)...)
		}
	}
	return out
}

func allExtensions(extensions []x509util.Extension) []jsonExtension {
	all := []jsonExtension{}
	for _, e := range extensions {
		all = append(all, jsonExtension{e.OID.String(), e.Critical, e.Value})
	}
	return all
}

// keyUsageNames are the bits of KeyUsage (RFC 5280, section 4.2.1.3) as -ext
// takes them.
var keyUsageNames = [...]string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
	"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}

func keyUsages(der []byte) (names []string) {
	var bits asn1.BitString
	if rest, err := asn1.Unmarshal(der, &bits); err != nil || len(rest) > 0 {
		return nil
	}
	for i, name := range keyUsageNames {
		if bits.At(i) == 1 {
			names = append(names, name)
		}
	}
	return names
}

// extendedKeyUsages are the purposes (RFC 5280, section 4.2.1.12) as -ext takes
// them; others by their OID.
func extendedKeyUsages(der []byte) (names []string) {
	var purposes []asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(der, &purposes); err != nil || len(rest) > 0 {
		return nil
	}
	for _, oid := range purposes {
		name := oid.String()
		switch name {
		case "2.5.29.37.0":
			name = "anyExtendedKeyUsage"
		case "1.3.6.1.5.5.7.3.1":
			name = "serverAuth"
		case "1.3.6.1.5.5.7.3.2":
			name = "clientAuth"
		case "1.3.6.1.5.5.7.3.3":
			name = "codeSigning"
		case "1.3.6.1.5.5.7.3.4":
			name = "emailProtection"
		case "1.3.6.1.5.5.7.3.8":
			name = "timeStamping"
		case "1.3.6.1.5.5.7.3.9":
			name = "OCSPSigning"
		}
		names = append(names, name)
	}
	return names
}

func jsonKind(k entry.Kind) string {
	switch k {
	case entry.PrivateKey:
		return "privateKey"
	case entry.TrustedCertificate:
		return "trustedCertificate"
	}
	return "secretKey"
}

// newImport is what an import has done so far: nothing.
func (s *session) newImport() *jsonImport {
	return &jsonImport{
		Version: jsonSchema, Keystore: s.ks.path,
		Added: []jsonAdded{}, Skipped: []string{}, Failed: []jsonFailed{},
	}
}

// added notes that the entry of an alias was imported.
func (s *session) added(sum *jsonImport, alias string) {
	e, ok := s.ks.Store.Get(alias)
	if !ok {
		return
	}
	a := jsonAdded{Alias: s.ks.JavaAlias(e), Kind: jsonKind(e.Kind), Chain: len(e.Chain)}
	if len(e.Chain) > 0 {
		a.SHA256 = x509util.Fingerprint(x509util.Encoded(e.Chain[0].DER), "SHA-256")
		if c, err := x509util.ParseCertificate(e.Chain[0].DER); err == nil {
			a.Subject, a.called, a.NotAfter = c.Subject.String(), c.Called(), jsonTime(c.NotAfter)
			if c.NotAfter.Before(s.Now()) {
				sum.Expired++
			}
		}
	}
	sum.Added = append(sum.Added, a)
}

// sayImport prints what an import has done, with -json.
func (s *session) sayImport(sum *jsonImport) error {
	if !s.opt.json {
		return nil
	}
	sum.Warnings = s.takeWarnings()
	return s.printJSON(sum)
}
