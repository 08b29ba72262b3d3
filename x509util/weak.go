package x509util

import "gokeytool/jdk"

// Judge applies a JDK release's jdk.certpath.disabledAlgorithms and
// jdk.security.legacyAlgorithms as keytool does for its "Warning:" block.
type Judge struct {
	Release jdk.Release
}

// Certificate returns the warnings about a certificate, none or one for its
// signature algorithm (left out when trusted, as for a trusted certificate
// entry) and one for its key. label is keytool's, such as "<tomcat>", "The
// certificate" or "The generated certificate".
func (j Judge) Certificate(label string, c *Certificate, trusted bool) []string { return nil }

// Key returns the warning about a public key, if any.
func (j Judge) Key(label string, spki []byte) []string { return nil }

// Request returns the warnings about a request.
func (j Judge) Request(label string, r *Request) []string { return nil }

// CRL returns the warnings about a revocation list; signer is the SPKI of
// the verifying certificate, nil if unknown.
func (j Judge) CRL(label string, c *CRL, signer []byte) []string { return nil }
