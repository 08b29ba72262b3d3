package acme

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// CA is a well-known CA.
type CA struct {
	Name      string // as typed
	Title     string // as it calls itself
	Directory string // URL
	Staging   string // URL of the directory to try things with; empty for none
	EAB       bool   // accounts need an external account binding
}

const (
	letsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory"
	googleStaging      = "https://dv.acme-v02.test-api.pki.goog/directory"
)

// cas are the well-known CAs, by what each says in its own documentation.
var cas = []CA{
	{Name: "letsencrypt", Title: "Let's Encrypt", Directory: "https://acme-v02.api.letsencrypt.org/directory", Staging: letsEncryptStaging},
	{Name: "letsencrypt-staging", Title: "Let's Encrypt (staging)", Directory: letsEncryptStaging, Staging: letsEncryptStaging},
	{Name: "zerossl", Title: "ZeroSSL", Directory: "https://acme.zerossl.com/v2/DV90", EAB: true},
	{Name: "google", Title: "Google Trust Services", Directory: "https://dv.acme-v02.api.pki.goog/directory", Staging: googleStaging, EAB: true},
	{Name: "google-staging", Title: "Google Trust Services (staging)", Directory: googleStaging, Staging: googleStaging, EAB: true},
	{Name: "sslcom", Title: "SSL.com", Directory: "https://acme.ssl.com/sslcom-dv-ecc", EAB: true},
	{Name: "sslcom-rsa", Title: "SSL.com (RSA)", Directory: "https://acme.ssl.com/sslcom-dv-rsa", EAB: true},
	{Name: "actalis", Title: "Actalis", Directory: "https://acme-api.actalis.com/acme/directory", EAB: true},
}

// CAs are the well-known ones.
func CAs() []CA { return slices.Clone(cas) }

// FindCA is the CA of a name, or one of no name for the URL of a directory. A URL of
// a well-known CA finds that CA.
func FindCA(nameOrURL string) (CA, error) {
	for _, ca := range cas {
		if strings.EqualFold(nameOrURL, ca.Name) || nameOrURL == ca.Directory {
			return ca, nil
		}
	}
	u, err := url.Parse(nameOrURL)
	switch {
	case err == nil && strings.EqualFold(u.Scheme, "http") && u.Host != "":
		return CA{}, fmt.Errorf("the directory of a CA must be an https URL, not %q: whoever is between could answer for it", nameOrURL)
	case err != nil || !strings.EqualFold(u.Scheme, "https") || u.Hostname() == "" || u.User != nil || u.Fragment != "":
		var names []string
		for _, ca := range cas {
			names = append(names, ca.Name)
		}
		return CA{}, fmt.Errorf("%q is neither the https URL of a CA's directory nor one of the names %s", nameOrURL, strings.Join(names, ", "))
	}
	return CA{Title: u.Host, Directory: nameOrURL}, nil
}
