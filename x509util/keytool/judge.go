package keytool

import (
	"slices"
	"strconv"
	"strings"

	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// Judge says which algorithms and keys keytool of a release warns of, by the
// java.security file that the release comes with:
//
//	jdk.certpath.disabledAlgorithms=MD2, MD5, SHA1 jdkCA & usage TLSServer,
//	    RSA keySize < 1024, DSA keySize < 1024, EC keySize < 224,
//	    SHA1 usage SignedJAR & denyAfter 2019-01-01
//	jdk.security.legacyAlgorithms=SHA1, RSA keySize < 2048, DSA keySize < 2048
//
// which are the same in 17, 21 and 25 for all that signs. The zero Judge is
// that of the default release.
type Judge struct {
	Release jdk.Release // zero is jdk.Default
	Policy  *Policy     // in place of the release's own; may be nil
}

// Standing is what is known of a certificate from elsewhere. The zero value
// is right for a certificate on its own.
type Standing struct {
	// Trusted: it is a trusted certificate of the keystore or of cacerts.
	// Its signature algorithm doesn't matter then.
	Trusted bool
	// Issuing: it stands in a chain, and not as its end entity (it isn't the
	// first, or isn't an EndEntity); what it may be used for doesn't matter.
	Issuing bool
	// Anchored: the issuer of its chain's last certificate is one that the
	// JDK itself trusts: its alias in cacerts has "[jdk" in it. keytool looks
	// only with -trustcacerts.
	Anchored bool
}

// Certificate returns the warnings about a certificate: none or one about its
// signature algorithm, then none or one about its key. label is keytool's,
// such as "<tomcat>", "The certificate" or "The generated certificate".
func (j Judge) Certificate(label string, c *x509util.Certificate, s Standing) []string {
	var warnings []string
	usage := usageOf(c)
	if s.Issuing {
		usage = usageAny
	}
	if !s.Trusted {
		warnings = j.appendSignature(warnings, label, c.SigAlg.Name(j.release()), circumstances{usage: usage, anchored: s.Anchored})
	}
	return j.appendKey(warnings, label, c.SPKI, circumstances{usage: usage, anchored: s.Anchored})
}

// Suspects says whether Certificate may have anything to say of a certificate
// in DER. For that no more is looked at than the signature's algorithm and the
// key: of 10,000 certificates few need be read whole. What is not a
// certificate is not suspected.
func (j Judge) Suspects(der []byte) bool {
	algorithm, spki, err := x509util.Outline(der)
	if err != nil {
		return false
	}
	if j.Policy != nil {
		return true // what it says may hang on what the certificate is for
	}
	if v, _ := j.signature(algorithm.Name(j.release()), circumstances{}); v != sound {
		return true
	}
	key, err := keys.Describe(spki, j.release())
	return err == nil && j.key(key, circumstances{}) != sound
}

// Chain returns the warnings about the certificates of a chain, leaf first.
// Of several, each is told apart by its number. trusted may be nil.
func (j Judge) Chain(label string, chain []*x509util.Certificate, trusted func(*x509util.Certificate) bool, anchored bool) []string {
	var warnings []string
	for i, c := range chain {
		warnings = append(warnings, j.Certificate(OneOf(label, i, len(chain)), c, Standing{
			Trusted:  trusted != nil && trusted(c),
			Issuing:  i > 0 || !c.EndEntity(),
			Anchored: anchored,
		})...)
	}
	return warnings
}

// OneOf returns the label of one of n certificates, i counting from 0: "The
// certificate #1 of 2".
func OneOf(label string, i, n int) string {
	if n == 1 {
		return label
	}
	return label + " #" + strconv.Itoa(i+1) + " of " + strconv.Itoa(n)
}

// Key returns the warning about a public key, if any.
func (j Judge) Key(label string, spki []byte) []string {
	return j.appendKey(nil, label, spki, circumstances{})
}

// Request returns the warnings about a certificate request.
func (j Judge) Request(label string, r *x509util.Request) []string {
	return j.appendKey(j.appendSignature(nil, label, r.SigAlg.Name(j.release()), circumstances{}), label, r.SPKI, circumstances{})
}

// CRL returns the warnings about a revocation list and the key that signed it,
// as SubjectPublicKeyInfo, nil if it is not known.
func (j Judge) CRL(label string, c *x509util.CRL, signer []byte) []string {
	warnings := j.appendSignature(nil, label, c.SigAlg.Name(j.release()), circumstances{unused: signer == nil})
	if signer == nil {
		return warnings
	}
	return j.appendKey(warnings, label, signer, circumstances{})
}

// signatureNote is what stands behind the name of a signature algorithm.
func (j Judge) signatureNote(name string, u usage) string {
	v, _ := j.signature(name, circumstances{usage: u})
	return v.note()
}

func (j Judge) release() jdk.Release {
	if j.Release == 0 {
		return jdk.Default
	}
	return j.Release
}

// verdict is how far an algorithm or a key has fallen.
type verdict uint8

const (
	sound verdict = iota
	weak
	disabled
	notForJARs // disabled for signing JARs
)

func (v verdict) note() string {
	switch v {
	case weak:
		return " (weak)"
	case disabled, notForJARs:
		return " (disabled)"
	}
	return ""
}

// usage is what a certificate is for, as far as it matters here.
type usage uint8

const (
	usageAny usage = iota
	usageTLSServer
	usageTLSClient
	usageSignedJAR // code signing and time stamping
)

// usageOf follows keytool's order of looking at the extended key usages.
func usageOf(c *x509util.Certificate) usage {
	purposes := c.Purposes()
	has := func(oid string) bool { return slices.Contains(purposes, oid) }
	switch {
	case has("1.3.6.1.5.5.7.3.3"): // codeSigning
		return usageSignedJAR
	case has("1.3.6.1.5.5.7.3.2"): // clientAuth
		return usageTLSClient
	case has("1.3.6.1.5.5.7.3.1"): // serverAuth
		return usageTLSServer
	case has("1.3.6.1.5.5.7.3.8"): // timeStamping
		return usageSignedJAR
	}
	return usageAny
}

// signature judges a signature algorithm by its Java name. after is the day
// since which JARs can't be signed with it.
func (j Judge) signature(name string, in circumstances) (v verdict, after string) {
	if j.Policy != nil {
		return j.Policy.signature(name, in)
	}
	digest, _, _ := strings.Cut(strings.ToUpper(name), "WITH")
	switch digest {
	case "MD2", "MD5":
		return disabled, ""
	case "SHA1", "SHA-1":
		switch {
		case in.usage == usageSignedJAR:
			return notForJARs, jarLimit
		case in.usage == usageTLSServer && in.anchored:
			return disabled, ""
		}
		return weak, ""
	}
	return sound, ""
}

// jarLimit is the day since which SHA-1 is disabled for JARs.
const jarLimit = "2019-01-01"

// key judges a public key. RSASSA-PSS keys escape the rule for RSA.
func (j Judge) key(k keys.Info, in circumstances) verdict {
	if j.Policy != nil {
		return j.Policy.key(k, in, j.release())
	}
	lowest, low := 0, 0
	switch k.Algorithm {
	case "RSA", "DSA":
		lowest, low = 1024, 2048
	case "EC":
		lowest = 224
	}
	switch {
	case k.Bits < 0:
		return sound
	case k.Bits < lowest:
		return disabled
	case k.Bits < low:
		return weak
	}
	return sound
}

func (j Judge) appendSignature(warnings []string, label, name string, in circumstances) []string {
	v, after := j.signature(name, in)
	text := label + " uses the " + name + " signature algorithm which is considered a security risk"
	switch v {
	case weak:
		text += "."
		if j.release() < jdk.Release21 {
			text += " This algorithm will be disabled in a future update."
		}
	case disabled:
		text += " and is disabled."
	case notForJARs:
		text += " and cannot be used to sign JARs after " + after + "."
	default:
		return warnings
	}
	return append(warnings, text)
}

func (j Judge) appendKey(warnings []string, label string, spki []byte, in circumstances) []string {
	k, err := keys.Describe(spki, j.release())
	if err != nil {
		return warnings
	}
	text := label + " uses a " + k.Text(j.release()) + " which is considered a security risk"
	switch j.key(k, in) {
	case weak:
		text += ". This key size will be disabled in a future update."
		if j.release() >= jdk.Release25 {
			text = strings.Replace(text, "This key size", "It", 1)
		}
	case disabled:
		text += " and is disabled."
	default:
		return warnings
	}
	return append(warnings, text)
}

// DescribeKey describes a SubjectPublicKeyInfo with the note that keytool adds
// to it: "1024-bit RSA key (weak)".
func (j Judge) DescribeKey(spki []byte) string {
	k, err := keys.Describe(spki, j.release())
	if err != nil {
		return ""
	}
	return k.Text(j.release()) + j.key(k, circumstances{}).note()
}
