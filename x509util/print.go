package x509util

import (
	"io"
	"time"

	"gokeytool/jdk"
)

// Printer writes certificates, requests and revocation lists as keytool of a
// release prints them. Its zero value follows the default release in UTC.
// Control characters from names and the like, which keytool writes raw, are
// escaped by Printable.
type Printer struct {
	Release jdk.Release
	// Location is the time zone of dates; nil is UTC.
	Location *time.Location
	// Trusted says whether a certificate is a trusted one of the keystore
	// in use (or of cacerts): keytool then doesn't judge its signature
	// algorithm. nil: none is.
	Trusted func(*Certificate) bool
}

// Certificate writes c as keytool -printcert and -list -v do, from "Owner:"
// to the last extension. The error is the writer's.
func (p *Printer) Certificate(w io.Writer, c *Certificate) error { return nil }

// Request writes r as keytool -printcertreq does.
func (p *Printer) Request(w io.Writer, r *Request) error { return nil }

// CRL writes c as keytool -printcrl does, without the lines about who
// verified it.
func (p *Printer) CRL(w io.Writer, c *CRL) error { return nil }
