package commands

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gokeytool/internal/text"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// maxSecretKeyBits bounds the key of an algorithm that bounds it not itself.
const maxSecretKeyBits = 1 << 16

// A secretAlgorithm is a KeyGenerator of the JDK.
type secretAlgorithm struct {
	name     string // as Java shows it
	synonyms string // separated by blanks; its OID among them
	refused  func(bits int64) string
}

// secretAlgorithms are Java's key generators, but for the HMACs, which are all
// made alike.
var secretAlgorithms = []secretAlgorithm{
	{"AES", "2.16.840.1.101.3.4.1", oneOfSizes("Wrong keysize: must be equal to 128, 192 or 256", 128, 192, 256)},
	{"DES", "", oneOfSizes("Wrong keysize: must be equal to 56", 56)},
	{"DESede", "TripleDES", oneOfSizes("Wrong keysize: must be equal to 112 or 168", 112, 168)},
	{"Blowfish", "", sizeRange("Keysize must be multiple of 8, and can only range from 32 to 448 (inclusive)", 32, 448, 8)},
	{"RC2", "", sizeRange("Key length for RC2 must be between 40 and 1024 bits", 40, 1024, 1)},
	{"ARCFOUR", "RC4 1.2.840.113549.3.4", sizeRange("Key length for ARCFOUR must be between 40 and 1024 bits", 40, 1024, 1)},
	{"ChaCha20", "", oneOfSizes("Key length for ChaCha20 must be 256 bits", 256)},
	{"HmacMD5", "", sizeRange("Key length must be positive", 1, maxSecretKeyBits, 1)},
	{"HmacSHA1", "1.2.840.113549.2.7", sizeRange("Key length must be positive", 1, maxSecretKeyBits, 1)},
}

func oneOfSizes(text string, sizes ...int64) func(int64) string {
	return func(bits int64) string {
		for _, size := range sizes {
			if bits == size {
				return ""
			}
		}
		return text
	}
}

func sizeRange(text string, low, high, step int64) func(int64) string {
	return func(bits int64) string {
		if bits < low || bits > high || bits%step != 0 {
			return text
		}
		return ""
	}
}

// hmacs are the other HMACs whose keys Java generates, and their OIDs.
var hmacs = []struct{ name, oid string }{
	{"HmacSHA224", "1.2.840.113549.2.8"},
	{"HmacSHA256", "1.2.840.113549.2.9"},
	{"HmacSHA384", "1.2.840.113549.2.10"},
	{"HmacSHA512", "1.2.840.113549.2.11"},
	{"HmacSHA512/224", "1.2.840.113549.2.12"},
	{"HmacSHA512/256", "1.2.840.113549.2.13"},
	{"HmacSHA3-224", "2.16.840.1.101.3.4.2.13"},
	{"HmacSHA3-256", "2.16.840.1.101.3.4.2.14"},
	{"HmacSHA3-384", "2.16.840.1.101.3.4.2.15"},
	{"HmacSHA3-512", "2.16.840.1.101.3.4.2.16"},
}

// findSecretAlgorithm finds a generator by a value of -keyalg: a name in any
// case or an OID, also with "OID." before it.
func findSecretAlgorithm(name string) (secretAlgorithm, bool) {
	name = strings.TrimPrefix(name, "OID.")
	is := func(other string) bool { return strings.EqualFold(name, other) }
	for _, a := range secretAlgorithms {
		if is(a.name) || slices.ContainsFunc(strings.Fields(a.synonyms), is) {
			return a, true
		}
	}
	for _, hmac := range hmacs {
		if is(hmac.name) || is(hmac.oid) {
			return secretAlgorithm{name: hmac.name, refused: sizeRange("Key length must be at least 40 bits", 40, maxSecretKeyBits, 1)}, true
		}
	}
	return secretAlgorithm{}, false
}

// presetSize is the key size of the algorithms for which keytool knows one
// where -keysize is left out, by these names alone; 0 for all others.
func presetSize(name string) int64 {
	switch strings.ToUpper(name) {
	case "DES":
		return 56
	case "DESEDE":
		return 168
	}
	return 0
}

// secretKeyOptions are what options say of a secret key that is made.
type secretKeyOptions struct {
	algorithm optional[string] // -keyalg
	size      optional[int64]  // -keysize, in bits
}

func readSecretKey(l line) secretKeyOptions {
	return secretKeyOptions{l.text("keyalg"), l.number("keysize")}
}

// addSecretKey stores a secret key of an algorithm of keytool's -keyalg: a password
// that the user types where its name begins with PBE, else a key that is made.
func (s *session) addSecretKey(keyalg string, size optional[int64]) error {
	alias := s.aliasOrDefault()
	if _, exists := s.ks.Store.Get(alias); exists {
		return aliasTaken("Secret Key not generated, alias", alias)
	}
	var key entry.Key
	var err error
	if isPBE(keyalg) {
		key, err = s.passwordKey(keyalg)
	} else {
		key, err = s.randomKey(keyalg, size)
	}
	if err != nil {
		return err
	}
	password, err := s.askKeyPassword(alias)
	if err != nil {
		return err
	}
	if err := s.protectBy(keyalg); err != nil {
		return err
	}
	if err := s.ks.SetKey(alias, s.keep(key), password, nil, s.Now()); err != nil {
		return ofKeyalg(keyalg, err)
	}
	return s.saveKeystore()
}

// protectBy has the next key protected by the algorithm of a -keyalg that
// begins with PBE, but for PBE itself.
func (s *session) protectBy(keyalg string) error {
	if !isPBE(keyalg) || strings.EqualFold(keyalg, keystoresPBE) {
		return nil
	}
	if s.ks.Type() != store.PKCS12 {
		return java("java.security.KeyStoreException", "unsupported password protection algorithm")
	}
	params := s.pkcs12Params()
	params.KeyAlgorithm = keyalg
	return s.ks.ProtectPKCS12(params)
}

// ofKeyalg says of an algorithm that protects no keys that it is the one of -keyalg.
func ofKeyalg(keyalg string, err error) error {
	if of, ok := errors.AsType[*pkcs12.ProtectionError](err); ok && of.Fault == pkcs12.UnknownAlgorithm && of.Value == keyalg {
		return withHint(err, protectionHint("-keyalg", of))
	}
	return err
}

// keystoresPBE is the -keyalg of passwords that are protected as the keystore's other
// keys.
const keystoresPBE = "PBE"

func isPBE(keyalg string) bool { return strings.HasPrefix(strings.ToUpper(keyalg), keystoresPBE) }

// pbeKey is what Java calls a password that is kept as a key.
const pbeKey = "PBEWithMD5AndDES"

// passwordKey asks for a password to be stored.
func (s *session) passwordKey(keyalg string) (entry.Key, error) {
	password, err := s.promptCredential()
	if err != nil {
		return entry.Key{}, err
	}
	s.warnOfSecret("The generated secret key", keyalg, -1)
	if s.opt.verbose {
		name := keystoresPBE
		if s.release <= jdk.Release17 && !strings.EqualFold(keyalg, name) {
			name = pbeKey
		}
		s.talk().Printf("Generated %s secret key\n", name)
	}
	return entry.Key{Algorithm: pbeKey, Raw: password}, nil
}

// promptCredential asks for the password that importpass stores: twice at a
// terminal, else it is the next line of standard input.
func (s *session) promptCredential() ([]byte, error) {
	password, err := s.askCredential()
	if err == nil && password == nil && s.ownStyle() {
		err = errors.New("no password was given that could be stored: type it, or let it come as a line on the standard input")
	}
	return password, err
}

// askCredential asks for it, as keytool does.
func (s *session) askCredential() ([]byte, error) {
	if s.ReadSecret == nil {
		return s.promptSecret("")
	}
	for range 3 {
		entered, err := s.promptSecret("Enter the password to be stored:  ")
		if err != nil {
			return nil, err
		}
		again, err := s.promptSecret("Re-enter password: ")
		if err != nil {
			return nil, err
		}
		if samePassword(entered, again) {
			return entered, nil
		}
		s.Stderr.Print("They don't match. Try again\n")
	}
	return nil, failf("Too many failures - key not added to keystore")
}

// randomKey makes a key of an algorithm and, in bits, a size.
func (s *session) randomKey(keyalg string, size optional[int64]) (entry.Key, error) {
	algorithm, ok := findSecretAlgorithm(keyalg)
	if !ok {
		return entry.Key{}, java("java.security.NoSuchAlgorithmException", keyalg+" KeyGenerator not available")
	}
	bits := presetSize(keyalg)
	if size.given && size.value != -1 { // Java's way of saying that none was given
		bits = size.value
	} else if bits == 0 {
		return entry.Key{}, failf("Please provide -keysize for secret key generation")
	}
	if text := algorithm.refused(bits); text != "" {
		return entry.Key{}, java("java.security.InvalidParameterException", text)
	}
	s.talk().Printf("Generated %s-bit %s secret key\n", text.Group(bits), algorithm.name)
	s.warnOfSecret("The generated secret key", algorithm.name, 8*int((bits+7)/8))
	raw := make([]byte, (bits+7)/8)
	switch algorithm.name {
	case "DES":
		raw = make([]byte, 8)
	case "DESede":
		raw = make([]byte, 24)
	}
	rand.Read(raw)
	if strings.HasPrefix(algorithm.name, "DES") {
		if bits == 112 {
			copy(raw[16:], raw[:8]) // two-key triple DES
		}
		setOddParity(raw)
	}
	return entry.Key{Algorithm: algorithm.name, Raw: raw}, nil
}

// setOddParity makes the lowest bit of every byte such that the byte has an
// odd number of ones, as DES keys have (FIPS 46-3).
func setOddParity(key []byte) {
	for i, b := range key {
		b |= 1
		for rest := b >> 1; rest != 0; rest >>= 1 {
			b ^= rest & 1
		}
		key[i] = key[i]&^1 | b&1
	}
}

// warnOfSecret adds keytool's warning about weak algorithms of secret keys,
// which it gives since JDK 21.
// bits is the key's size, -1 where only its algorithm is looked at.
func (s *session) warnOfSecret(label, algorithm string, bits int) {
	if s.release < jdk.Release21 {
		return
	}
	byName, bySize := weakSecret(algorithm), false
	if policy := s.security().policy; policy != nil {
		byName, bySize = policy.SecretKey(algorithm, bits)
	}
	switch {
	case bySize:
		s.warn(fmt.Sprintf("%s uses a %d-bit %s key which is considered a security risk.", label, bits, algorithm))
	case byName:
		s.warn(fmt.Sprintf("%s uses the %s algorithm which is considered a security risk.", label, algorithm))
	}
}

// warnOfSecretKey is warnOfSecret for a key in a keystore. Of one that holds a
// password nothing is said: its algorithm is Java's name for passwords.
func (s *session) warnOfSecretKey(label string, key entry.Key) {
	if !isPBE(key.Algorithm) {
		s.warnOfSecret(label, key.Algorithm, 8*len(key.Raw))
	}
}

// weakSecret judges an algorithm by its name and by the names it is made of, as
// "PBEWithSHA1AndDESede".
func weakSecret(algorithm string) bool {
	first, second, _ := strings.Cut(strings.TrimPrefix(strings.ToUpper(algorithm), "PBEWITH"), "AND")
	for _, part := range []string{first, second} {
		switch part {
		case "DES", "DESEDE", "RC2", "ARCFOUR", "MD5", "SHA1":
			return true
		}
	}
	return false
}
