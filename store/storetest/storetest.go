// Package storetest is the conformance suite of the keystore formats: what
// holds for one of them holds for all.
package storetest
