package entry

import (
	"fmt"
	"math"
	"strconv"
	"sync"
)

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
	// Work counts the iterations of all derivations together; nil: nobody does.
	Work *Work
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

// What the keys of a file may cost together, in iterations: each as much as
// Java has ever written for one (for JCEKS; 50,000 for PKCS12), and all no more
// than a thousand keys of today's PKCS12.
const (
	javaKeyIterations = 200_000
	maxKeyIterations  = 1000 * 10_000
)

// KeyRounds is how many iterations it may take to open all of n keys of a file:
// twice MaxIterations, and what n keys of Java's cost.
func (l Limits) KeyRounds(n int) int {
	return sum(2*min(l.MaxIterations, math.MaxInt/4), javaCost(n))
}

// javaCost is what n keys of Java's cost at most.
func javaCost(n int) int { return min(n, maxKeyIterations/javaKeyIterations) * javaKeyIterations }

// enough is the MaxIterations under which n keys may cost so many rounds, one of
// them as many as highest.
func enough(n, rounds, highest int) int { return max(highest, (rounds-javaCost(n)+1)/2) }

// sum adds numbers that are not negative; what int can't hold is math.MaxInt.
func sum(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

// Derive says whether a key derivation of so many iterations may take place, and
// counts them. The error is a *FormatError of ErrLimit; what is "MAC", "key" or
// the like.
func (l Limits) Derive(format, what string, iterations int) error {
	if iterations > l.MaxIterations {
		return &FormatError{Kind: ErrLimit, Format: format, Offset: -1, Enough: iterations,
			What: fmt.Sprintf("iteration count of the %s is %s, more than the limit of %d", what, rounds(iterations), l.MaxIterations)}
	}
	if !l.Work.Take(iterations) {
		return &FormatError{Kind: ErrLimit, Format: format, Offset: -1,
			What: fmt.Sprintf("the %s would take more iterations than are left for the whole", what)}
	}
	return nil
}

func rounds(n int) string {
	if n == math.MaxInt {
		return "2^63 or more"
	}
	return strconv.Itoa(n)
}

// Cost is what it takes to open keys.
type Cost struct {
	Keys    int
	Rounds  int // iterations of all of them; math.MaxInt for what int can't hold
	Highest int // of one
}

// Add counts a key.
func (c *Cost) Add(iterations int) {
	c.Keys++
	c.Rounds = sum(c.Rounds, iterations)
	c.Highest = max(c.Highest, iterations)
}

// Check returns the error with which keys of that cost are not all opened.
func (l Limits) Check(format string, c Cost) error {
	limit := min(l.KeyRounds(c.Keys), l.Work.rest())
	if c.Rounds <= limit {
		return nil
	}
	e := &FormatError{Kind: ErrLimit, Format: format, Offset: -1,
		What: fmt.Sprintf("the %d keys in it ask for %s iterations of key derivation together, more than the limit of %d", c.Keys, rounds(c.Rounds), limit)}
	if c.Rounds < math.MaxInt && c.Rounds > l.KeyRounds(c.Keys) {
		e.Enough = enough(c.Keys, c.Rounds, c.Highest)
	}
	return e
}

// Work is how many iterations of key derivation may still take place. Several
// goroutines may count at once. A nil *Work has no end.
type Work struct {
	mu     sync.Mutex
	left   int
	spent  int
	free   int   // of the iterations to come, how many shared does not see
	shared *Work // counts the same; nil: none does
}

// NewWork allows so many iterations. What is beyond the first free of them
// counts for shared as well, which may be nil.
func NewWork(iterations, free int, shared *Work) *Work {
	return &Work{left: iterations, free: free, shared: shared}
}

// Allow adds to what may take place.
func (w *Work) Allow(iterations int) {
	if w != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.left = sum(w.left, iterations)
	}
}

// Spent is how many iterations have taken place.
func (w *Work) Spent() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.spent
}

// rest is how many iterations may take place.
func (w *Work) rest() int {
	if w == nil {
		return math.MaxInt
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return min(w.left, sum(w.free, w.shared.rest()))
}

// Take counts iterations, or other work of that length, unless they are more than
// are left.
func (w *Work) Take(iterations int) bool {
	if w == nil {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	free := min(w.free, iterations)
	if iterations > w.left || !w.shared.Take(iterations-free) {
		return false
	}
	w.free -= free
	w.left -= iterations
	w.spent += iterations
	return true
}
