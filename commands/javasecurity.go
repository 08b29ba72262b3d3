package commands

import (
	"errors"
	"path/filepath"
	"strings"

	"gokeytool/internal/properties"
	"gokeytool/jdk"
	"gokeytool/x509util/keytool"
)

// securityProperties are Java's security properties, as far as they are known:
// those of the JDK in JAVA_HOME and of -J-Djava.security.properties.
type securityProperties struct {
	values map[string]string
	// alone: a file that replaces all others, so that what it does not have is
	// not set.
	alone  bool
	policy *keytool.Policy // nil: the release's own
	err    error           // of the policy
}

// maxSecurityFile bounds a file of security properties, in bytes; Java's own
// has 70,000.
const maxSecurityFile = 1 << 20

// The properties of a policy, and what Java's own files have there: 11, 17 and
// 21 and later.
var stockPolicy = map[string][]string{
	"jdk.certpath.disabledAlgorithms": {
		"MD2, MD5, SHA1 jdkCA & usage TLSServer, RSA keySize < 1024, DSA keySize < 1024, EC keySize < 224, SHA1 usage SignedJAR & denyAfter 2019-01-01",
		"MD2, MD5, SHA1 jdkCA & usage TLSServer, RSA keySize < 1024, DSA keySize < 1024, EC keySize < 224, SHA1 usage SignedJAR & denyAfter 2019-01-01, include jdk.disabled.namedCurves",
	},
	"jdk.security.legacyAlgorithms": {
		"SHA1, RSA keySize < 2048, DSA keySize < 2048",
		"SHA1, RSA keySize < 2048, DSA keySize < 2048, DES, DESede, MD5, RC2, ARCFOUR",
	},
}

// security reads the security properties, once and when first asked for.
func (s *session) security() *securityProperties {
	if s.securityFile != nil {
		return s.securityFile
	}
	p := &securityProperties{values: make(map[string]string)}
	s.securityFile = p
	extra, given := s.req.Property("java.security.properties")
	home, named := s.req.Property("java.home")
	if !named {
		home, _ = s.LookupEnv("JAVA_HOME")
	}
	if home != "" {
		p.read(filepath.Join(home, "conf", "security", "java.security"))
	}
	override, set := p.values["security.overridePropertiesFile"]
	if given && (!set || strings.EqualFold(override, "true")) {
		p.readExtra(extra)
	}
	p.setPolicy(s)
	return p
}

// read adds the properties of a file; of one that can't be read there are none.
func (p *securityProperties) read(file string) bool {
	data, err := readSmallFile(file)
	if err != nil || len(data) > maxSecurityFile {
		return false
	}
	values, ok := properties.Parse(data)
	if !ok {
		return false
	}
	for name, value := range values {
		p.values[name] = value
	}
	return true
}

// readExtra adds the properties of the file that -J-Djava.security.properties
// names; with "=" before it they stand in place of all others. Java passes over
// a file that it can't read.
func (p *securityProperties) readExtra(file string) {
	file, alone := strings.CutPrefix(file, "=")
	before := p.values
	p.values = make(map[string]string)
	ok := p.read(strings.TrimPrefix(file, "file:"))
	if ok && alone {
		p.alone = true
		return
	}
	for name, value := range p.values {
		before[name] = value
	}
	p.values = before
}

// setPolicy makes a policy of the properties where they are not Java's own.
func (p *securityProperties) setPolicy(s *session) {
	changed := p.alone
	for name, stock := range stockPolicy {
		if value, ok := p.values[name]; ok && !sameAsOne(value, stock) {
			changed = true
		}
	}
	if !changed {
		return
	}
	lookup := func(name string) string {
		value, ok := p.values[name]
		if stock := stockPolicy[name]; stock != nil && (!ok && !p.alone || ok && sameAsOne(value, stock)) {
			return s.stockPolicy(name)
		}
		return value
	}
	p.policy, p.err = keytool.ParsePolicy(lookup, s.Now())
}

// stockPolicy is what the release's own file has for a property.
func (s *session) stockPolicy(name string) string {
	values := stockPolicy[name]
	if name == "jdk.security.legacyAlgorithms" && s.release > 17 {
		return values[1]
	}
	return values[0]
}

// sameAsOne says whether a value is one of those, however it is spaced.
func sameAsOne(value string, stock []string) bool {
	words := strings.Join(strings.Fields(value), " ")
	for _, v := range stock {
		if words == v {
			return true
		}
	}
	return false
}

// checkSecurity is Java's failure to start with security properties that it
// does not understand.
func (s *session) checkSecurity() error {
	err := s.security().err
	var fault *jdk.Error
	if !errors.As(err, &fault) {
		return err
	}
	return withHint(java(fault.Class, fault.Text), "it stands in the security properties: of -J-Djava.security.properties, or of conf/security/java.security in JAVA_HOME")
}

// storeProperty is a property that Java's keystores look up: a system property
// of the line, else a security property.
func (s *session) storeProperty(name string) (string, bool) {
	if value, ok := s.req.Property(name); ok {
		return value, true
	}
	value, ok := s.security().values[name]
	return value, ok
}
