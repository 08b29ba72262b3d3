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

// JavaMaxIterations is where Java stops (JDK 17 PKCS12KeyStore). So many take
// one to seven seconds, by the algorithm.
const JavaMaxIterations = 5_000_000

// DefaultLimits are for files from anywhere. 1,000,000 iterations, a hundred
// times what Java writes, take about a second at most. 200,000 entries, twenty
// times what large stores have, take about 100 MB.
var DefaultLimits = Limits{
	MaxIterations: 1_000_000,
	MaxEntries:    200_000,
	MaxDepth:      64,
}
