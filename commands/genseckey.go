package commands

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"gokeytool/jdk"
	"gokeytool/store/entry"
)

// maxSecretKeyBits bounds the key of an algorithm that bounds it not itself.
const maxSecretKeyBits = 1 << 16

// A secretAlgorithm is a KeyGenerator of the JDK.
type secretAlgorithm struct {
	name    string // as Java shows it
	synonym string
	preset  int64 // bits where -keysize is left out; 0: it must be given
	refused func(bits int64) string
}

// secretAlgorithms are Java's key generators, but for the HMACs, which are all
// made alike.
var secretAlgorithms = []secretAlgorithm{
	{"AES", "Rijndael", 0, oneOfSizes("Wrong keysize: must be equal to 128, 192 or 256", 128, 192, 256)},
	{"DES", "", 56, oneOfSizes("Wrong keysize: must be equal to 56", 56)},
	{"DESede", "TripleDES", 168, oneOfSizes("Wrong keysize: must be equal to 112 or 168", 112, 168)},
	{"Blowfish", "", 0, sizeRange("Keysize must be multiple of 8, and can only range from 32 to 448 (inclusive)", 32, 448, 8)},
	{"RC2", "", 0, sizeRange("Key length for RC2 must be between 40 and 1024 bits", 40, 1024, 1)},
	{"ARCFOUR", "RC4", 0, sizeRange("Key length for ARCFOUR must be between 40 and 1024 bits", 40, 1024, 1)},
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

// hmacs are the HMACs whose keys Java generates and PKCS12 has names for.
var hmacs = []string{
	"HmacSHA1", "HmacSHA224", "HmacSHA256", "HmacSHA384", "HmacSHA512", "HmacSHA512/224", "HmacSHA512/256",
	"HmacSHA3-224", "HmacSHA3-256", "HmacSHA3-384", "HmacSHA3-512",
}

func findSecretAlgorithm(name string) (secretAlgorithm, bool) {
	for _, a := range secretAlgorithms {
		if strings.EqualFold(name, a.name) || strings.EqualFold(name, a.synonym) && name != "" {
			return a, true
		}
	}
	for _, hmac := range hmacs {
		if strings.EqualFold(name, hmac) {
			return secretAlgorithm{name: hmac, refused: sizeRange("Key length must be positive", 1, maxSecretKeyBits, 1)}, true
		}
	}
	return secretAlgorithm{}, false
}

// genseckey makes a secret key.
func genseckey(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{creates: true, changes: true}); err != nil {
		return err
	}
	if !s.opt.given("keyalg") {
		return failf("The -keyalg option must be specified.")
	}
	return s.addSecretKey()
}

// importpass stores a password, as a secret key.
func importpass(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{creates: true, changes: true}); err != nil {
		return err
	}
	if !s.opt.given("keyalg") {
		s.opt.keyalg = "PBE"
	}
	return s.addSecretKey()
}

// addSecretKey stores what genseckey and importpass make: for the algorithms
// whose names begin with PBE a password that the user types, else a key.
func (s *session) addSecretKey() error {
	alias := s.aliasOrDefault()
	if _, exists := s.ks.Store.Get(alias); exists {
		return failf("Secret Key not generated, alias <%s> already exists", alias)
	}
	var key entry.Key
	var err error
	if strings.HasPrefix(strings.ToUpper(s.opt.keyalg), "PBE") {
		key, err = s.passwordKey()
	} else {
		key, err = s.randomKey()
	}
	if err != nil {
		return err
	}
	password, err := s.askKeyPassword(alias)
	if err != nil {
		return err
	}
	if err := s.ks.SetKey(alias, s.keep(key), password, nil, s.Now()); err != nil {
		return err
	}
	return s.saveKeystore()
}

// pbeKey is what Java calls a password that is kept as a key.
const pbeKey = "PBEWithMD5AndDES"

// passwordKey asks for a password to be stored. Another -keyalg than PBE makes
// keytool protect it by that algorithm; ours are all protected by the
// keystore's.
func (s *session) passwordKey() (entry.Key, error) {
	password, err := s.promptCredential()
	if err != nil {
		return entry.Key{}, err
	}
	if s.opt.verbose {
		name := "PBE"
		if s.release <= jdk.Release17 && !strings.EqualFold(s.opt.keyalg, name) {
			name = pbeKey
		}
		fmt.Fprintf(s.talk(), "Generated %s secret key\n", name)
	}
	return entry.Key{Algorithm: pbeKey, Raw: password}, nil
}

// promptCredential asks for the password that importpass stores: twice at a
// terminal, else it is the next line of standard input.
func (s *session) promptCredential() ([]byte, error) {
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
		fmt.Fprintln(s.Stderr, "They don't match. Try again")
	}
	return nil, failf("Too many failures - key not added to keystore")
}

// randomKey makes a key of -keyalg and -keysize.
func (s *session) randomKey() (entry.Key, error) {
	algorithm, ok := findSecretAlgorithm(s.opt.keyalg)
	if !ok {
		return entry.Key{}, java("java.security.NoSuchAlgorithmException", s.opt.keyalg+" KeyGenerator not available")
	}
	bits := algorithm.preset
	if s.opt.given("keysize") {
		bits = s.opt.keysize
	} else if bits == 0 {
		return entry.Key{}, failf("Please provide -keysize for secret key generation")
	}
	if text := algorithm.refused(bits); text != "" {
		return entry.Key{}, java("java.security.InvalidParameterException", text)
	}
	fmt.Fprintf(s.talk(), "Generated %s-bit %s secret key\n", group(bits), algorithm.name)
	s.warnOfSecret("The generated secret key", algorithm.name)
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
func (s *session) warnOfSecret(label, algorithm string) {
	if s.release >= jdk.Release21 && weakSecret(algorithm) {
		s.warn(fmt.Sprintf("%s uses the %s algorithm which is considered a security risk.", label, algorithm))
	}
}

func weakSecret(algorithm string) bool {
	switch strings.ToUpper(algorithm) {
	case "DES", "DESEDE", "RC2", "ARCFOUR":
		return true
	}
	return false
}
