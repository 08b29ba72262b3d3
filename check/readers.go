package check

import (
	"strings"

	"gokeytool/store"
	"gokeytool/store/pkcs12"
)

// demands are what a PKCS12 file asks of those who read it, by the algorithms
// in it: levels that grow with what has to be known.
type demands struct {
	java    javaLevel
	openssl opensslLevel
	windows windowsLevel
	legacy  []string // algorithms for which OpenSSL 3 needs -legacy
	pbmac1  bool
}

type javaLevel uint8

// The releases of Java by what their PKCS12 keystore reads: JDK-8076190 (JDK
// 12, also in 8u301 and 11.0.12) brought PBES2 and MACs of SHA-2, JDK-8288050
// the truncated SHA-512 in PBES2, JDK-8348732 passwords beyond ASCII,
// JDK-8343232 PBMAC1.
const (
	javaAll javaLevel = iota
	java8
	javaPBES2
	java20
	java25
	java26
	javaNone
)

var javaSince = [...]string{"", "8", "8u301, 11.0.12, 12", "20", "25", "26", ""}

type opensslLevel uint8

const (
	opensslAll opensslLevel = iota
	openssl111
	openssl34
	opensslUnknown
)

var opensslSince = [...]string{"", "1.1.1", "3.4", ""}

type windowsLevel uint8

const (
	windowsAll windowsLevel = iota
	windows1709
	windowsUnknown
)

// encryption says what it takes to decrypt, by the algorithm's name in
// pkcs12.Params.
func (d *demands) encryption(name string) {
	scheme := strings.TrimPrefix(name, "PBEWith")
	if prf, isPBES2 := strings.CutPrefix(scheme, "Hmac"); isPBES2 {
		hash, cipher, _ := strings.Cut(prf, "And")
		d.windows = max(d.windows, windows1709)
		switch cipher {
		case "AES_128", "AES_256":
			d.java = max(d.java, javaPBES2)
		case "AES_192", "DESede":
			d.java = javaNone
		default:
			d.java, d.windows = javaNone, windowsUnknown
			d.legacy = append(d.legacy, name)
		}
		switch {
		case strings.HasPrefix(hash, "SHA512/"):
			d.java = max(d.java, java20)
			d.openssl, d.windows = max(d.openssl, openssl111), windowsUnknown
		case strings.HasPrefix(hash, "SHA3-"):
			d.java, d.openssl, d.windows = javaNone, opensslUnknown, windowsUnknown
		}
		return
	}
	switch scheme {
	case "SHA1AndDESede":
	case "SHA1And2KeyDESede":
		d.java = javaNone
	case "SHA1AndRC2_40":
		d.legacy = append(d.legacy, name)
	case "SHA1AndRC2_128", "SHA1AndRC4_40", "SHA1AndRC4_128":
		d.java = max(d.java, java8)
		d.legacy = append(d.legacy, name)
	case "MD5AndDES":
		d.windows = windowsUnknown
		d.legacy = append(d.legacy, name)
	default: // the rest of PKCS #5's PBES1
		d.java, d.windows = javaNone, windowsUnknown
		d.legacy = append(d.legacy, name)
	}
}

// mac says what it takes to check the integrity.
func (d *demands) mac(name string) {
	if strings.HasPrefix(name, "PBEWith") {
		d.pbmac1 = true
		d.java = max(d.java, java26)
		d.openssl, d.windows = max(d.openssl, openssl34), windowsUnknown
		return
	}
	switch hash := strings.TrimPrefix(name, "HmacPBE"); {
	case hash == "SHA1", name == pkcs12.None:
	case strings.HasPrefix(hash, "SHA3-"), hash == "BLAKE2B512":
		d.java, d.windows = javaNone, windowsUnknown
		d.openssl = max(d.openssl, openssl111)
	case strings.HasPrefix(hash, "SHA512/"):
		d.java = max(d.java, javaPBES2)
		d.openssl, d.windows = max(d.openssl, openssl111), windowsUnknown
	default:
		d.java = max(d.java, javaPBES2)
		d.windows = max(d.windows, windows1709)
	}
}

// demandsOf sums up what a PKCS12 file asks for.
func demandsOf(s *store.Store) demands {
	var d demands
	for _, name := range s.EncryptionAlgorithms() {
		d.encryption(name)
	}
	p, _ := s.Params()
	d.mac(p.MACAlgorithm)
	return d
}

// readers says who can read the file. A program of which nothing is known for
// the algorithms in it is left out.
func (d demands) readers() []Reader {
	list := []Reader{{Name: "Java", Reads: d.java != javaNone, Since: javaSince[d.java]}}
	if d.openssl != opensslUnknown {
		openssl := Reader{Name: "OpenSSL", Reads: true, Since: opensslSince[d.openssl]}
		if len(d.legacy) > 0 {
			openssl.Note = "with -legacy since 3.0"
		}
		list = append(list, openssl)
	}
	switch d.windows {
	case windowsAll:
		list = append(list, Reader{Name: "Windows", Reads: true})
	case windows1709:
		list = append(list, Reader{Name: "Windows", Reads: true, Since: "10 1709, Server 2019"})
	}
	return list
}

// javaOnly are the readers of Java's own formats.
func javaOnly(t store.Type) []Reader {
	java := Reader{Name: "Java", Reads: true}
	if t == store.JCEKS {
		java.Note = "where the type JCEKS is named"
	}
	return []Reader{java, {Name: "OpenSSL"}, {Name: "Windows"}}
}
