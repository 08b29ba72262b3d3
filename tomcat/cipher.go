package tomcat

import (
	"crypto/tls"
	"fmt"
	"iter"
	"slices"
	"strings"

	"gokeytool/internal/tlsname"
)

// maxCipherList bounds a cipher list, in bytes: twice what it takes to
// spell out every suite.
const maxCipherList = 16 << 10

// Suite is a cipher suite under the names that people know it by.
type Suite struct {
	// ID is the suite's number in the TLS protocol.
	ID uint16
	// OpenSSL is its name in OpenSSL's lists, and JSSE Java's, which is empty
	// where Java has no such suite.
	OpenSSL, JSSE string

	alt       string // another name in OpenSSL's lists
	kx        keyExchange
	au        authentication
	enc       encryption
	mac       mac
	from      protocolVersion // the first version that has it
	level     level
	bits      uint16 // of strength
	inDefault bool   // part of OpenSSL's DEFAULT
}

// What suites are made of, as bits, so that an alias of OpenSSL's lists is a
// mask of each. The names are those by which Tomcat's and OpenSSL's sources call
// them.
type (
	keyExchange     uint16
	authentication  uint16
	encryption      uint32
	mac             uint8
	protocolVersion uint8
	level           uint8
)

const (
	kxRSA keyExchange = 1 << iota
	kxEDH
	kxEECDH
	kxDHr
	kxDHd
	kxECDHr
	kxECDHe
	kxPSK
	kxRSAPSK
	kxDHEPSK
	kxECDHEPSK
	kxSRP
	kxANY // TLS 1.3
)

const (
	auRSA authentication = 1 << iota
	auDSS
	auECDSA
	auDH
	auECDH
	auPSK
	auSRP
	auaNULL
	auANY
)

const (
	enceNULL encryption = 1 << iota
	encRC2
	encRC4
	encDES
	encTRIPLE_DES
	encIDEA
	encSEED
	encAES128
	encAES256
	encAES128GCM
	encAES256GCM
	encAES128CCM
	encAES256CCM
	encAES128CCM8
	encAES256CCM8
	encCAMELLIA128
	encCAMELLIA256
	encARIA128GCM
	encARIA256GCM
	encCHACHA20POLY1305

	encGCM      = encAES128GCM | encAES256GCM
	encCCM8     = encAES128CCM8 | encAES256CCM8
	encCCM      = encAES128CCM | encAES256CCM | encCCM8
	encCamellia = encCAMELLIA128 | encCAMELLIA256
	encARIA     = encARIA128GCM | encARIA256GCM
	encAny128   = encAES128 | encAES128GCM | encAES128CCM | encAES128CCM8
	encAny256   = encAES256 | encAES256GCM | encAES256CCM | encAES256CCM8
)

const (
	macMD5 mac = 1 << iota
	macSHA1
	macSHA256
	macSHA384
	macAEAD
)

const (
	fromSSLv3 protocolVersion = 1 << iota
	fromTLSv1
	fromTLSv1_2
	fromTLSv1_3
)

const (
	levelHIGH level = 1 << iota
	levelMEDIUM
	levelLOW
	levelEXP56
	levelEXP40
	levelSTRONG_NONE
)

// IANA is the suite's registered name.
func (s *Suite) IANA() string { return tlsname.Suite(s.ID) }

// String is the suite's registered name.
func (s *Suite) String() string { return s.IANA() }

// TLS13 reports whether the suite is one of TLS 1.3.
func (s *Suite) TLS13() bool { return s.from == fromTLSv1_3 }

// Supported reports whether crypto/tls has the suite.
func (s *Suite) Supported() bool {
	is := func(c *tls.CipherSuite) bool { return c.ID == s.ID }
	return slices.ContainsFunc(tls.CipherSuites(), is) || slices.ContainsFunc(tls.InsecureCipherSuites(), is)
}

// FindSuite returns the suite of a name: IANA's, OpenSSL's or Java's, with TLS_
// and SSL_ as good as each other, for Java's vendors do not agree on them. Case
// matters, as it does to Tomcat.
func FindSuite(name string) (*Suite, bool) {
	if i := findSuite(name); i >= 0 {
		return &suites[i], true
	}
	return nil, false
}

// findSuite returns the index of a suite, and -1 where there is none.
func findSuite(name string) int {
	if name == "" {
		return -1
	}
	iana := name
	if rest, ok := strings.CutPrefix(name, "SSL_"); ok {
		iana = "TLS_" + rest
	}
	id, registered := tlsname.FindSuite(iana)
	for i := range suites {
		s := &suites[i]
		if registered && s.ID == id || s.OpenSSL == name || s.alt == name {
			return i
		}
	}
	return -1
}

// alias is a word of OpenSSL's cipher lists. A mask of zero takes everything.
type alias struct {
	name  string
	kx    keyExchange
	au    authentication
	enc   encryption
	mac   mac
	from  protocolVersion
	level level
}

// aliases are the words that both OpenSSL 3 and Tomcat 10.1 understand, and
// those that one of them does, as openssl-ciphers(1) and Tomcat's
// OpenSSLCipherConfigurationParser define them.
var aliases = [...]alias{
	{name: "ALL", enc: ^enceNULL},
	{name: "COMPLEMENTOFALL", enc: enceNULL},
	{name: "HIGH", level: levelHIGH},
	{name: "MEDIUM", level: levelMEDIUM},
	{name: "LOW", level: levelLOW},
	{name: "EXP", level: levelEXP40 | levelEXP56},
	{name: "EXPORT", level: levelEXP40 | levelEXP56},
	{name: "EXPORT40", level: levelEXP40},
	{name: "EXPORT56", level: levelEXP56},
	{name: "eNULL", enc: enceNULL},
	{name: "NULL", enc: enceNULL},
	{name: "aNULL", au: auaNULL},
	{name: "kRSA", kx: kxRSA},
	{name: "RSA", kx: kxRSA},
	{name: "aRSA", au: auRSA},
	{name: "kDHE", kx: kxEDH},
	{name: "kEDH", kx: kxEDH},
	{name: "DHE", kx: kxEDH, au: ^auaNULL},
	{name: "EDH", kx: kxEDH, au: ^auaNULL},
	{name: "ADH", kx: kxEDH, au: auaNULL},
	{name: "DH", kx: kxEDH | kxDHr | kxDHd},
	{name: "kDHr", kx: kxDHr},
	{name: "kDHd", kx: kxDHd},
	{name: "kDH", kx: kxDHr | kxDHd},
	{name: "aDH", au: auDH},
	{name: "kECDHE", kx: kxEECDH},
	{name: "kEECDH", kx: kxEECDH},
	{name: "ECDHE", kx: kxEECDH, au: ^auaNULL},
	{name: "EECDH", kx: kxEECDH, au: ^auaNULL},
	{name: "AECDH", kx: kxEECDH, au: auaNULL},
	{name: "ECDH", kx: kxEECDH | kxECDHr | kxECDHe},
	{name: "kECDHr", kx: kxECDHr},
	{name: "kECDHe", kx: kxECDHe},
	{name: "kECDH", kx: kxECDHr | kxECDHe},
	{name: "aECDH", au: auECDH},
	{name: "aECDSA", au: auECDSA},
	{name: "ECDSA", au: auECDSA},
	{name: "aDSS", au: auDSS},
	{name: "DSS", au: auDSS},
	{name: "PSK", kx: kxPSK | kxRSAPSK | kxDHEPSK | kxECDHEPSK},
	{name: "kPSK", kx: kxPSK},
	{name: "kRSAPSK", kx: kxRSAPSK},
	{name: "kDHEPSK", kx: kxDHEPSK},
	{name: "kECDHEPSK", kx: kxECDHEPSK},
	{name: "aPSK", au: auPSK},
	{name: "SRP", kx: kxSRP},
	{name: "kSRP", kx: kxSRP},
	{name: "aSRP", au: auSRP},
	{name: "AES", enc: encAny128 | encAny256},
	{name: "AES128", enc: encAny128},
	{name: "AES256", enc: encAny256},
	{name: "AESGCM", enc: encGCM},
	{name: "AESCCM", enc: encCCM},
	{name: "AESCCM8", enc: encCCM8},
	{name: "ARIA", enc: encARIA},
	{name: "ARIAGCM", enc: encARIA},
	{name: "ARIA128", enc: encARIA128GCM},
	{name: "ARIA256", enc: encARIA256GCM},
	{name: "CAMELLIA", enc: encCamellia},
	{name: "CAMELLIA128", enc: encCAMELLIA128},
	{name: "CAMELLIA256", enc: encCAMELLIA256},
	{name: "CHACHA20", enc: encCHACHA20POLY1305},
	{name: "CBC", enc: encAES128 | encAES256 | encCamellia | encDES | encTRIPLE_DES | encIDEA | encSEED | encRC2},
	{name: "3DES", enc: encTRIPLE_DES},
	{name: "DES", enc: encDES},
	{name: "RC4", enc: encRC4},
	{name: "RC2", enc: encRC2},
	{name: "IDEA", enc: encIDEA},
	{name: "SEED", enc: encSEED},
	{name: "MD5", mac: macMD5},
	{name: "SHA1", mac: macSHA1},
	{name: "SHA", mac: macSHA1},
	{name: "SHA256", mac: macSHA256},
	{name: "SHA384", mac: macSHA384},
	{name: "SSLv3", from: fromSSLv3},
	{name: "TLSv1", from: fromTLSv1},
	{name: "TLSv1.0", from: fromTLSv1},
	{name: "TLSv1.2", from: fromTLSv1_2},
}

// words that stand for suites by a rule of their own.
const (
	wordDefault             = "DEFAULT"
	wordComplementOfDefault = "COMPLEMENTOFDEFAULT"
	wordStrength            = "@STRENGTH"
)

// otherWords are known to OpenSSL or Tomcat and stand for suites that nobody
// has any more, so that they select nothing.
var otherWords = [...]string{
	"GOST89", "GOST89MAC", "GOST94", "GOST12", "kGOST", "kGOST18", "aGOST", "aGOST01", "aGOST94", "aGOST12",
	"KRB5", "FZA", "kFZA", "aFZA", "eFZA",
}

// cipherSet is a set of suites by their index.
type cipherSet [len(suites)]bool

// selectWord adds to set what a word stands for, and reports whether it is one.
// A suite's own name gives only that suite, and explicit says so.
func selectWord(word string, set *cipherSet) (explicit, ok bool) {
	if i := findSuite(word); i >= 0 {
		set[i] = true
		return true, true
	}
	for _, a := range aliases {
		if a.name != word {
			continue
		}
		for i := range suites {
			s := &suites[i]
			set[i] = (a.kx == 0 || a.kx&s.kx != 0) && (a.au == 0 || a.au&s.au != 0) && (a.enc == 0 || a.enc&s.enc != 0) &&
				(a.mac == 0 || a.mac&s.mac != 0) && (a.from == 0 || a.from&s.from != 0) && (a.level == 0 || a.level&s.level != 0)
		}
		return false, true
	}
	switch word {
	case wordDefault:
		for i := range suites {
			set[i] = suites[i].inDefault
		}
		return false, true
	case wordComplementOfDefault:
		for i := range suites {
			set[i] = !suites[i].inDefault && suites[i].enc != enceNULL
		}
		return false, true
	}
	return false, slices.Contains(otherWords[:], word)
}

// cipherWords are the words of cipher lists and the names of suites, for
// finding the one that was meant.
func cipherWords() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, a := range aliases {
			if !yield(a.name) {
				return
			}
		}
		for _, w := range []string{wordDefault, wordComplementOfDefault, wordStrength} {
			if !yield(w) {
				return
			}
		}
		for i := range suites {
			s := &suites[i]
			if !yield(s.OpenSSL) || !yield(s.IANA()) || s.JSSE != s.IANA() && s.JSSE != "" && !yield(s.JSSE) {
				return
			}
		}
	}
}

// CipherList is what a cipher list stands for.
type CipherList struct {
	// Suites are those of TLS 1.2 and below, in order of preference.
	Suites []*Suite
	// TLS13 are those of TLS 1.3 that the list names. OpenSSL takes them
	// from elsewhere, and so does Tomcat since 2026.
	TLS13 []*Suite
	// Unknown are the elements that are no suite, word or combination.
	Unknown []string
	// AfterStrength are the elements after @STRENGTH, where Tomcat, unlike
	// OpenSSL, stopped to read until 2026.
	AfterStrength []string

	named map[*Suite]bool // those that the list spells out
}

// ParseCiphers reads a cipher list as OpenSSL does: names of suites, words such
// as HIGH, kRSA or AESGCM, combinations such as ECDHE+AESGCM, the prefixes
// "-" (remove), "!" (remove for good) and "+" (move to the end), @STRENGTH, and
// DEFAULT. Between elements it takes colons, commas and spaces, so that Java's
// lists of names do as well, and names may be IANA's and Java's besides
// OpenSSL's. The order is that of OpenSSL 3.0.
//
// The error tells of a list that is too long; unknown elements are ignored, as
// OpenSSL and Tomcat do, and named in the result.
func ParseCiphers(list string) (CipherList, error) {
	if len(list) > maxCipherList {
		return CipherList{}, fmt.Errorf("tomcat: cipher list of %d bytes is longer than the limit of %d", len(list), maxCipherList)
	}
	p := cipherParser{CipherList: CipherList{named: make(map[*Suite]bool)}}
	for i := range suites {
		if !suites[i].TLS13() {
			p.order = append(p.order, i)
		}
	}
	sorted := false
	for element := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ':' || r == ',' || r <= ' ' }) {
		if sorted {
			p.AfterStrength = append(p.AfterStrength, element)
		}
		if element == wordStrength {
			p.sortByStrength()
			sorted = true
			continue
		}
		p.apply(element)
	}
	for _, i := range p.order {
		if p.active[i] {
			p.Suites = append(p.Suites, &suites[i])
		}
	}
	return p.CipherList, nil
}

// cipherParser goes through a cipher list. All suites are in order, killed ones
// excepted; the active ones among them are the list so far. That is how OpenSSL
// keeps them, and why a suite that was removed comes back in front.
type cipherParser struct {
	CipherList
	order  []int
	active cipherSet
}

// apply does what an element of the list says.
func (p *cipherParser) apply(element string) {
	op := byte(0)
	words := element
	if strings.IndexByte("-!+", element[0]) >= 0 {
		op, words = element[0], element[1:]
	}
	var set cipherSet
	first := true
	for word := range strings.SplitSeq(words, "+") {
		var one cipherSet
		explicit, ok := selectWord(word, &one)
		switch {
		case !ok:
			p.Unknown = append(p.Unknown, element)
			return
		case explicit:
			// A suite's name is taken by itself, whatever stands beside it.
			set = one
			if i := findSuite(word); op == 0 {
				if s := &suites[i]; s.TLS13() {
					if !slices.Contains(p.TLS13, s) {
						p.TLS13 = append(p.TLS13, s)
					}
				} else {
					p.named[s] = true
				}
			}
		case first:
			set = one
		default:
			for i := range set {
				set[i] = set[i] && one[i]
			}
		}
		if explicit {
			break
		}
		first = false
	}
	switch op {
	case 0:
		p.move(func(i int) bool { return set[i] && !p.active[i] }, false)
		for _, i := range p.order {
			p.active[i] = p.active[i] || set[i]
		}
	case '+':
		p.move(func(i int) bool { return set[i] && p.active[i] }, false)
	case '-':
		p.move(func(i int) bool { return set[i] && p.active[i] }, true)
		for i := range set {
			p.active[i] = p.active[i] && !set[i]
		}
	case '!':
		p.order = slices.DeleteFunc(p.order, func(i int) bool { return set[i] })
		for i := range set {
			p.active[i] = p.active[i] && !set[i]
		}
	}
}

// move brings the suites that match to the front or the end, in their order.
func (p *cipherParser) move(match func(int) bool, front bool) {
	var moved, rest []int
	for _, i := range p.order {
		if match(i) {
			moved = append(moved, i)
		} else {
			rest = append(rest, i)
		}
	}
	if front {
		p.order = append(moved, rest...)
	} else {
		p.order = append(rest, moved...)
	}
}

// sortByStrength puts the list so far in order of strength, and otherwise as it
// is.
func (p *cipherParser) sortByStrength() {
	slices.SortStableFunc(p.order, func(a, b int) int {
		switch {
		case p.active[a] != p.active[b]:
			if p.active[b] {
				return -1
			}
			return 1
		case !p.active[a]:
			return 0
		}
		return int(suites[b].bits) - int(suites[a].bits)
	})
}

// Supported returns the ids of the suites that crypto/tls has, in the list's
// order, without those of TLS 1.3, which it always offers. Those that Java
// refuses unless its security properties are changed are among them only where
// the list spells them out.
func (l CipherList) Supported() []uint16 {
	var ids []uint16
	have := supportedSuites()
	for _, s := range l.Suites {
		if have[s.ID] && (l.named[s] || s.enabledInJava()) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// Disabled returns the suites that the list spells out and crypto/tls has, but
// Java refuses unless its security properties are changed.
func (l CipherList) Disabled() []*Suite {
	var list []*Suite
	have := supportedSuites()
	for _, s := range l.Suites {
		if have[s.ID] && l.named[s] && !s.enabledInJava() {
			list = append(list, s)
		}
	}
	return list
}

// Missing returns the suites that crypto/tls lacks: those that the list spells
// out, and those that its words stand for and Java offers.
func (l CipherList) Missing() (named, others []*Suite) {
	have := supportedSuites()
	for _, s := range slices.Concat(l.Suites, l.TLS13) {
		switch {
		case have[s.ID]:
		case l.named[s] || s.TLS13():
			named = append(named, s)
		case s.enabledInJava():
			others = append(others, s)
		}
	}
	return named, others
}

// enabledInJava reports whether Java 17 offers a suite unless told otherwise:
// its jdk.tls.disabledAlgorithms has RC4, DES, 3DES_EDE_CBC, anon, NULL and
// ECDH.
func (s *Suite) enabledInJava() bool {
	return s.JSSE != "" && s.level == levelHIGH && s.au != auaNULL && s.kx&(kxECDHr|kxECDHe) == 0
}

// supportedSuites are the ids of the suites that crypto/tls has.
func supportedSuites() map[uint16]bool {
	have := make(map[uint16]bool)
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		have[s.ID] = true
	}
	return have
}
