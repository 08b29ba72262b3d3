// Package x509util makes and reads distinguished names, extensions, certificates and
// revocation lists (RFC 5280), certificate requests (RFC 2986), chains, and the
// replies of CAs (PEM, RFC 7468, and PKCS #7, RFC 2315), as keytool makes and reads
// them.
//
// It is more forgiving than crypto/x509 in reading, because a keystore must be
// listed and exported whatever stands in it, and builds the structures itself
// with cryptobyte, so that algorithms unknown to crypto/x509 take the same
// path as the known ones. Where a rule is Java's rather than a standard's, the
// comment says so; defaults and wording that changed between releases follow
// package jdk.
//
// Keys and signatures are those of package keys, below; what keytool prints of a
// certificate, warns of or refuses is in package keytool, above. Paths are not
// validated here (dates, constraints, revocation): package certpath says what others
// find wrong with them.
//
// Nothing here prints, prompts or reads the environment.
package x509util
