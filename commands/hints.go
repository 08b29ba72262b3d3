package commands

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gokeytool/store"
	"gokeytool/store/entry"
)

// hints are what can be said about an error beyond keytool's words: which
// file, what is wrong with it and what to do, a line each.
func (s *session) hints(err error) []string {
	var hinted *hintedError
	if errors.As(err, &hinted) {
		return hinted.hints
	}
	var opened *store.OpenError
	if errors.As(err, &opened) {
		return s.openHints(opened)
	}
	if errors.Is(err, entry.ErrLimit) {
		return moreWork(err)
	}
	if errors.Is(err, entry.ErrPassword) {
		return []string{"the key has another password than the keystore: give it with -keypass"}
	}
	return nil
}

// openHints explain why a file did not open as a keystore.
func (s *session) openHints(err *store.OpenError) []string {
	var other *store.NotKeystoreError
	switch {
	case errors.As(err, &other):
		what := "not a keystore"
		if slices.Contains(foreign, other.What) {
			what = "which is not supported"
		}
		hints := []string{fmt.Sprintf("%s is %s, %s", err.Path, other.What, what)}
		return append(hints, remedy(other.What, err.Path)...)
	case errors.Is(err, entry.ErrPassword):
		return []string{
			fmt.Sprintf("%s is a whole %s file, but this is not its password (or its content was changed)", err.Path, err.Type),
			"passwords are case-sensitive; many stores have changeit, the default of Java and Tomcat",
		}
	case errors.Is(err, entry.ErrLimit):
		return moreWork(err)
	}
	return []string{err.Error()}
}

// moreWork says how to open what takes longer than files from anywhere should.
func moreWork(err error) []string {
	var hints []string
	if _, ok := store.JavaError(err, 0); ok { // the error was in Java's words
		hints = append(hints, err.Error())
	}
	if strings.Contains(err.Error(), "iteration") {
		hints = append(hints, "if you trust the file, and have the time, allow more with -maxIterations N")
	}
	return hints
}

// remedy says what to do with a file that is no keystore.
func remedy(what store.Content, path string) []string {
	switch what {
	case store.PEMCertificate, store.DERCertificate, store.PEMPKCS7, store.DERPKCS7:
		return []string{
			"to see it:          gokeytool printcert -file " + path,
			"to trust it:        gokeytool import -alias NAME -file " + path + " -keystore KEYSTORE",
			"to trust all in it: gokeytool import -bundle " + path + " -keystore KEYSTORE",
		}
	case store.PEMRequest, store.DERRequest:
		return []string{"to see it:        gokeytool printcertreq -file " + path}
	case store.PEMKey, store.PEMEncryptedKey, store.DERKey, store.DEREncryptedKey:
		return []string{"to make a keystore of it and its certificate: gokeytool import -keyfile " + path + " -file CERTIFICATE -alias ALIAS -keystore KEYSTORE"}
	case store.Base64Keystore:
		return []string{"decode it first:  base64 -d " + path + " > keystore.p12"}
	case store.HTML:
		return []string{"a download has brought a page about the file, or an error, in place of the file"}
	}
	if slices.Contains(foreign, what) {
		return []string{"to convert it, with BouncyCastle's provider at hand: keytool -importkeystore -providerpath bcprov.jar" +
			" -provider org.bouncycastle.jce.provider.BouncyCastleProvider -srckeystore " + path +
			" -srcstoretype " + strings.TrimPrefix(string(what), "a BouncyCastle keystore of type ") + " -destkeystore keystore.p12 -deststoretype pkcs12"}
	}
	return nil
}

// foreign are keystores of formats that are known by name alone.
var foreign = []store.Content{store.BKS, store.BKSv1, store.UBER, store.BCFKS}
