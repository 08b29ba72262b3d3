// Package x509util makes and reads what keytool makes and reads: distinguished
// names, extensions, certificates (RFC 5280), certificate requests (RFC 2986),
// keys in PKCS#8 (RFC 5958) and the replies of certificate authorities.
//
// It is more forgiving than crypto/x509 in reading, because a keystore must be
// listed and exported whatever stands in it, and builds the structures itself
// with cryptobyte, so that algorithms unknown to crypto/x509 take the same
// path as the known ones. Where a rule is Java's rather than a standard's, the
// comment says so; defaults and wording that changed between releases follow
// package jdk.
//
// Keys and signatures: RSA (512 to 16384 bits), RSASSA-PSS, EC on the three
// curves that Java's provider has (secp256r1, secp384r1, secp521r1), Ed25519,
// Ed448, DSA and ML-DSA; X25519, X448, DH and ML-KEM keys, which sign nothing.
// Keys of other algorithms and curves are carried and shown, not used. MD2 is
// left out. crypto/rsa refuses keys below 1024 bits unless the program has the
// setting "//go:debug rsa1024min=0".
//
// Nothing here prints, prompts or reads the environment.
package x509util
