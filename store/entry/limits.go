package entry

// Limits bounds what a codec does for a file before it trusts it.
type Limits struct {
	// MaxIterations is the highest iteration count of a key derivation that
	// is carried out. Beyond it the codec returns ErrLimit and says so.
	MaxIterations int
	// MaxEntries is the highest number of entries (and of certificates in
	// one chain) that is read.
	MaxEntries int
	// MaxDepth is the deepest nesting of structures (ASN.1, BER) that is read.
	MaxDepth int
}

// DefaultLimits are for files from anywhere. 5,000,000 iterations is where
// keytool stops too (JDK 17 PKCS12KeyStore); they take one to six seconds, by
// the algorithm. 200,000 entries, twenty times what large stores have, take
// about 100 MB.
var DefaultLimits = Limits{
	MaxIterations: 5_000_000,
	MaxEntries:    200_000,
	MaxDepth:      64,
}
