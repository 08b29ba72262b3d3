// Package identity judges a private key with its certificate chain, as a TLS
// server shows them: whether they belong together, whether clients accept them,
// and what to do where they do not. Programs that check files, serve a key or look
// at a server from outside have the same verdict from here.
//
// An Identity says where the key and its chain come from. Examine looks at it and
// gives one finding for each thing that was looked at; one that is no good has a
// remedy, a command line or a comment that names the files of the Identity, so that
// it can be pasted. Remedies for keystores are commands of gokeytool, those for PEM
// files are openssl's.
//
// What Examine demands is what browsers, Java and Go demand of a server's
// certificate (RFC 5280 and RFC 9525, with Apple's limit on its life). Which
// programs refuse a chain because of its CAs is certpath's to say. Certificates
// that crypto/x509 can't read are looked at as far as x509util reads them.
//
// Nothing here reads a file, asks a question or connects to a server. Revocation is
// not looked at.
package identity

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"time"
)

// Identity is a private key with its certificate chain: what a key entry of a
// keystore holds.
type Identity struct {
	// Alias is the entry's name.
	Alias string
	// Chain is in DER, the leaf first.
	Chain [][]byte
	// Hidden is, where there is no chain, what a certificate in the keystore is
	// called that belongs to the key, but that Java does not find.
	Hidden string
	// Key belongs to the leaf; Examine tells when it does not.
	Key crypto.Signer
	// NoPSS says that the key makes no RSA-PSS signatures, as some tokens don't: TLS 1.3
	// needs them.
	NoPSS bool
	// Keystore is the file the entry comes from, and StoreType its type:
	// shown, and named in remedies. Where they are empty, those of Config
	// or SmokeConfig stand in.
	Keystore  string
	StoreType string // "PEM" for files in PEM, Keystore being the certificate's
	// KeyFile is the file of the key, where it has one of its own.
	KeyFile string
	// ChainFile is the file of the certificates behind the leaf's, where there
	// is one: what Tomcat calls certificateChainFile.
	// Own is how many certificates of the chain are not from there.
	ChainFile string
	Own       int
	// Names are those under which it is served, if any: it has to be good for
	// each. Of *.example.com, for any host of that domain.
	Names []string
	// Open and Keypass are the words that open the keystore and the key
	// again, for remedies: see shell.Keystore.
	Open, Keypass []string
	// Served says that a TLS server is known to show it: a connector's,
	// whatever the certificate says itself.
	Served bool
	// ACME says how the leaf is renewed, where it came by ACME; nil where not.
	ACME *ACME
}

// TLS is the identity as crypto/tls shows it, to clients or to a server.
func (id Identity) TLS() tls.Certificate {
	c := tls.Certificate{Certificate: id.Chain, PrivateKey: id.Key}
	if id.NoPSS {
		c.SupportedSignatureAlgorithms = []tls.SignatureScheme{tls.PKCS1WithSHA256, tls.PKCS1WithSHA384, tls.PKCS1WithSHA512, tls.PKCS1WithSHA1}
	}
	return c
}

// ACME is how a certificate is renewed by the CA that it came from.
type ACME struct {
	CA  string    // as it calls itself, or its host
	Due time.Time // from when on it is renewed
	// Options are the words behind those of the entry in a line that renews it, such
	// as -acmeDir and DIR.
	Options []string
}

// Overdue says whether the renewal should have happened by now: a run a day is enough.
func (a *ACME) Overdue(now time.Time) bool { return now.After(a.Due.Add(24 * time.Hour)) }

// DNSNames are the alternative names of the leaf by which clients ask for it,
// none where crypto/x509 can't read it.
func (id *Identity) DNSNames() []string {
	if len(id.Chain) == 0 {
		return nil
	}
	leaf, err := x509.ParseCertificate(id.Chain[0])
	if err != nil {
		return nil
	}
	return leaf.DNSNames
}
