//go:build race

package pkcs12

// raceFactor is how much slower the race detector may make things.
const raceFactor = 30
