package commands

import (
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

// jsonCertificate is a certificate.
type jsonCertificate struct {
	x509util.Description
	Version int `json:"version"`
	x509util.ExtensionsDescription
	SelfSigned bool   `json:"selfSigned"` // issuer and subject are the same
	SHA1       string `json:"sha1"`
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
		Description:           x509util.Describe(der),
		ExtensionsDescription: x509util.DescribeExtensions(nil),
		SHA1:                  x509util.Fingerprint(der, "SHA-1"),
	}
	out.PEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	if c, err := x509util.ParseCertificate(der); err == nil {
		out.Version, out.SelfSigned = c.Version, c.SelfSigned()
		out.ExtensionsDescription = x509util.DescribeExtensions(c.Extensions)
	}
	return out
}

// jsonTime is a point in time that may be absent.
func jsonTime(t time.Time) *jsontime.Time {
	at := jsontime.New(t)
	return &at
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
