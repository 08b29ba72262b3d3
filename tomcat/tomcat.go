// Package tomcat reads the TLS connectors of Tomcat's conf/server.xml and says
// what Tomcat would make of them.
//
// Both dialects are understood: the flat attributes of a Connector (Tomcat 7 to
// 9: keystoreFile, clientAuth, SSLCertificateFile, ...) and the elements
// SSLHostConfig and Certificate (8.5 and later), as Tomcat's documentation of
// the HTTP connector names them and as Tomcat 10.1 treats them. What is not
// understood, contradicts itself, or can't be done by Go's crypto/tls is
// reported as a finding with its line and a remedy; nothing is dropped in
// silence.
//
// The package reads bytes: it opens no file and no network connection, reads
// no environment, follows no external entity, and takes properties and
// password files from functions its caller gives.
package tomcat

import (
	"crypto/tls"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"gokeytool/finding"
)

// Limits on what is read; real files are a hundred times smaller.
const (
	// MaxSize bounds a server.xml, in bytes.
	MaxSize = 1 << 20
	// maxExpanded bounds what the properties in all its values are expanded
	// to, in bytes.
	maxExpanded = 8 * MaxSize
	// maxDepth bounds the nesting of its elements.
	maxDepth = 64
	// maxAttributes bounds the attributes of an element.
	maxAttributes = 512
	// maxFindings bounds what is reported.
	maxFindings = 200
	// maxGuesses bounds the names that are looked for near others, and the
	// regular expressions that are looked at.
	maxGuesses = 1000
	// maxSessionTimeout bounds TLS sessions, as RFC 8446 does their tickets.
	maxSessionTimeout = 7 * 24 * time.Hour
)

// DefaultHostName is the name of the SSLHostConfig that serves clients who ask
// for no name or an unknown one, unless defaultSSLHostConfigName says otherwise.
const DefaultHostName = "_default_"

// CaseExactJKS is the KeystoreType of a JKS file in which Java tells aliases by case.
const CaseExactJKS = "CASEEXACTJKS"

// Options say for which Tomcat, and where, a server.xml is read. The zero value
// guesses the version and resolves no property.
type Options struct {
	// Version is Tomcat's major version, 7 to 12, of which 8 stands for
	// 8.5. Zero guesses it from the file.
	Version int
	// Base is the directory catalina.base, above conf/, against which
	// relative files are resolved (see Base). Empty leaves them relative.
	Base string
	// Lookup gives the value of a property in ${...}: user.home,
	// catalina.home, catalina.base, and those of the command line. What
	// conf/catalina.properties below Base sets comes before it. Where
	// neither knows them, catalina.base and catalina.home are Base.
	Lookup func(name string) (value string, ok bool)
	// ReadFile reads a password file, catalina.properties or, for
	// applications, a context.xml or web.xml, as os.ReadFile does; MaxSize
	// bounds those. Nil leaves them unread.
	ReadFile func(name string) ([]byte, error)
	// Stat and ReadDir look for web applications, as those of package os do.
	// Where they are nil, an application is found by its files only, and no
	// WAR is. Package disk has them, with bounds.
	Stat    func(name string) (fs.FileInfo, error)
	ReadDir func(name string) ([]fs.DirEntry, error)
	// ReadWAR reads a file in a WAR, by its name there, such as
	// "WEB-INF/web.xml"; its error is fs.ErrNotExist where there is none.
	// Nil leaves WARs unread.
	ReadWAR func(war, name string) ([]byte, error)
}

// Base returns the directory that Tomcat calls catalina.base for a server.xml:
// the one above conf/.
func Base(serverXML string) string {
	return filepath.Join(filepath.Dir(serverXML), "..")
}

// Connector is an HTTP connector: a TCP port with or without TLS.
type Connector struct {
	// Line is where the element begins, counted from 1.
	Line int
	// Version is the major version of Tomcat it was read for: the one
	// asked for, or the guess.
	Version int
	// Port is the TCP port, with the Server's portOffset; zero takes a
	// free one.
	Port int
	// Address is the address to listen on; empty means all.
	Address string
	// TLS says whether Tomcat speaks TLS here, or was meant to: an error
	// among the findings tells the latter.
	TLS bool
	// HTTP2 says whether Http2Protocol is offered.
	HTTP2 bool
	// RedirectPort is where a plain connector leads requests that need
	// TLS; zero where none is given (Tomcat then takes 443).
	RedirectPort int
	// ProxyName and ProxyPort are the server's name and port as applications
	// see them, in place of what clients ask for; empty and zero for none.
	ProxyName string
	ProxyPort int
	// DefaultHost is the name, in lower case, of the host for clients
	// that ask for no name or an unknown one.
	DefaultHost string
	// StrictSNI refuses requests whose Host header belongs to another
	// host than the handshake's server name.
	StrictSNI bool
	// Hosts are the TLS settings by server name, in the order of the file;
	// empty without TLS.
	Hosts []SSLHost
}

// SSLHost are the TLS settings for a server name: an SSLHostConfig, or what the
// flat attributes of a Connector amount to.
type SSLHost struct {
	// Line is where the element begins.
	Line int
	// Names are server names in lower case: exact, "*.domain" for any one
	// label, or the connector's DefaultHost.
	Names []string
	// Protocols are the TLS versions to offer, lowest first, as
	// tls.VersionTLS12; never empty. Those that only Java's default could
	// enable, and today's Java refuses, are left out.
	Protocols []uint16
	// Ciphers is the list for TLS 1.2 and below as it was written, and
	// empty for Tomcat's default.
	Ciphers string
	// CipherSuites are the ids of what crypto/tls can do of it, in the
	// list's order; nil means crypto/tls's own choice.
	CipherSuites []uint16
	// HonorCipherOrder prefers the server's order to the client's.
	HonorCipherOrder bool
	// Groups are the named groups for the key exchange; nil means the
	// default.
	Groups []tls.CurveID
	// Verification says whether clients are asked for a certificate.
	Verification Verification
	// VerificationDepth is how many intermediate certificates a client's
	// chain may have.
	VerificationDepth int
	// Truststore holds the certificates that clients' are verified
	// against; without a file, Tomcat takes CACertificateFile, and without
	// that one Java's own cacerts.
	Truststore Truststore
	// CACertificateFile and CACertificatePath are PEM files of CAs.
	CACertificateFile, CACertificatePath string
	// CRLFile and CRLPath are certificate revocation lists.
	CRLFile, CRLPath string
	// RevocationEnabled and OCSPEnabled have Java or OpenSSL ask whether a
	// client's certificate is revoked.
	RevocationEnabled, OCSPEnabled bool
	// SessionCacheSize bounds the TLS sessions that can be resumed; zero
	// is without bound, negative the default.
	SessionCacheSize int
	// SessionTimeout ends a TLS session; negative means the default.
	SessionTimeout time.Duration
	// NoTickets does without session tickets.
	NoTickets bool
	// Certificates are what the host serves; at least one. With several,
	// the type of the key decides.
	Certificates []Certificate
}

// Truststore names a keystore of trusted certificates.
type Truststore struct {
	// File is empty where none is given.
	File string
	// Type is the keystore's type, and empty to tell it by the content.
	Type string
	// Provider is a Java security provider.
	Provider string
	// Password is nil where none is given; Tomcat then skips the
	// integrity check.
	Password []byte
}

// Certificate is a key with its certificates: in a keystore, or in PEM files
// where PEM says so.
type Certificate struct {
	// Line is where the element begins.
	Line int
	// Flat says that it comes from the attributes of a Connector, whose
	// names differ.
	Flat bool
	// Type is the type of the key, RSA, EC, DSA or MLDSA, and empty where
	// none is given.
	Type string

	// KeystoreFile is Tomcat's default, ~/.keystore, where none is given,
	// and empty for PEM files and for a token.
	KeystoreFile string
	// KeystoreType is empty to tell it by the content, as Java does for
	// JKS and PKCS12. It is in capitals.
	KeystoreType string
	// KeystoreTypeGiven is the type as it is written; empty where none is, for
	// which Tomcat takes JKS.
	KeystoreTypeGiven string
	// KeystoreProvider is a Java security provider.
	KeystoreProvider string
	// KeystorePassword is Tomcat's default, "changeit", where none is
	// given; nil where Tomcat has no default (12 and later), or where it
	// is in a KeystorePasswordFile that was not read. See Token.
	KeystorePassword []byte
	// KeystorePasswordGiven says that one is written, be it empty.
	KeystorePasswordGiven bool
	// KeystorePasswordFile holds the password in its first line, and
	// comes before KeystorePassword.
	KeystorePasswordFile string
	// KeyAlias names the entry; empty means the first key.
	KeyAlias string
	// KeyPassword opens the key itself; nil means that it is the
	// keystore's, or that a PEM key is not encrypted.
	KeyPassword []byte
	// KeyPasswordFile holds it in its first line, and comes before it.
	KeyPasswordFile string

	// CertificateFile, KeyFile and ChainFile are PEM files. KeyFile is
	// CertificateFile where none is given, ChainFile may be empty.
	CertificateFile, KeyFile, ChainFile string
}

// PEM reports whether the certificate is in PEM files rather than a keystore.
func (c *Certificate) PEM() bool { return c.CertificateFile != "" }

// Wipe overwrites the passwords.
func (c *Certificate) Wipe() {
	clear(c.KeystorePassword)
	clear(c.KeyPassword)
}

// Verification says whether clients are asked for a certificate.
type Verification uint8

const (
	// VerificationNone: clients are not asked.
	VerificationNone Verification = iota
	// VerificationOptional: what a client sends must be valid.
	VerificationOptional
	// VerificationOptionalNoCA: what a client sends need not be valid
	// (OpenSSL only; Java treats it as VerificationOptional).
	VerificationOptionalNoCA
	// VerificationRequired: clients must send a valid certificate.
	VerificationRequired
)

// String returns Tomcat's word: none, optional, optionalNoCA or required.
func (v Verification) String() string {
	return [...]string{"none", "optional", "optionalNoCA", "required"}[v&3]
}

// ClientAuth is crypto/tls's word for it.
func (v Verification) ClientAuth() tls.ClientAuthType {
	return [...]tls.ClientAuthType{
		tls.NoClientCert, tls.VerifyClientCertIfGiven, tls.RequestClientCert, tls.RequireAndVerifyClientCert,
	}[v&3]
}

// Default returns the host for clients that ask for no name or an unknown one,
// and false where the connector has none, with which Tomcat does not start it.
func (c *Connector) Default() (*SSLHost, bool) { return c.host(c.DefaultHost) }

// Host returns the host for a server name as Tomcat chooses it: the exact name,
// then "*" in place of the first label, then the default.
func (c *Connector) Host(serverName string) (*SSLHost, bool) {
	name := strings.ToLower(serverName)
	if h, ok := c.host(name); ok {
		return h, true
	}
	if dot := strings.IndexByte(name, '.'); dot >= 0 {
		if h, ok := c.host("*" + name[dot:]); ok {
			return h, true
		}
	}
	return c.Default()
}

// host returns the host of exactly this name.
func (c *Connector) host(name string) (*SSLHost, bool) {
	for i := range c.Hosts {
		for _, n := range c.Hosts[i].Names {
			if n == name {
				return &c.Hosts[i], true
			}
		}
	}
	return nil, false
}

// Redirecting returns the plain connector that leads to another one, and false
// where there is none.
func Redirecting(connectors []Connector, to *Connector) (*Connector, bool) {
	for i := range connectors {
		if c := &connectors[i]; !c.TLS && c.RedirectPort != 0 && c.RedirectPort == to.Port {
			return c, true
		}
	}
	return nil, false
}

// About returns the findings that concern a connector: its own and those about
// the file.
func About(findings []finding.Finding, c *Connector) []finding.Finding {
	var own []finding.Finding
	for _, f := range findings {
		if f.At.Connector == 0 || f.At.Connector == c.Line {
			own = append(own, f)
		}
	}
	return own
}
