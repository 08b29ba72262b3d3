//go:build !race

package pkcs12

const raceFactor = 1
