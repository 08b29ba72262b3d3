package keytool

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"gokeytool/jdk"
	"gokeytool/x509util/keys"
)

// Policy is what a java.security file says of algorithms and keys in place of
// what the release comes with.
type Policy struct {
	disabled, legacy *constraints
}

// ParsePolicy reads jdk.certpath.disabledAlgorithms and
// jdk.security.legacyAlgorithms, as lookup gives the values of security
// properties; what is absent forbids nothing. now is the day for denyAfter. The
// error is a *jdk.Error with Java's text.
func ParsePolicy(lookup func(name string) string, now time.Time) (*Policy, error) {
	var p Policy
	var err error
	if p.disabled, err = parseConstraints("jdk.certpath.disabledAlgorithms", lookup, now); err != nil {
		return nil, err
	}
	if p.legacy, err = parseConstraints("jdk.security.legacyAlgorithms", lookup, now); err != nil {
		return nil, err
	}
	return &p, nil
}

// constraints are the entries of one property, by the algorithms that they are
// about, in upper case.
type constraints struct {
	entries map[string]bool // as they stand there
	rules   map[string][]*constraint
	now     time.Time
}

// constraint is a condition under which an algorithm is not permitted; those
// after "&" follow as next.
type constraint struct {
	kind    string // "keySize", "jdkCA", "denyAfter", "usage"; "" for any use
	lowest  int    // of the sizes that are permitted
	highest int
	not     int // a size that is not permitted
	after   string
	usages  []string
	next    *constraint
}

const anySize = int(^uint32(0) >> 1)

func illegalPolicy(text string) error {
	return &jdk.Error{Class: "java.lang.IllegalArgumentException", Text: text}
}

func parseConstraints(property string, lookup func(string) string, now time.Time) (*constraints, error) {
	c := &constraints{entries: make(map[string]bool), rules: make(map[string][]*constraint), now: now}
	for _, entry := range policyEntries(lookup(property)) {
		if strings.EqualFold(entry, "include jdk.disabled.namedCurves") {
			for _, curve := range policyEntries(lookup("jdk.disabled.namedCurves")) {
				c.entries[strings.ToUpper(curve)] = true
			}
			continue
		}
		if err := c.add(entry); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// policyEntries are the parts of a list, which may stand in quotes.
func policyEntries(value string) []string {
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	var entries []string
	for entry := range strings.SplitSeq(value, ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			entries = append(entries, entry)
		}
	}
	return entries
}

// add reads an entry: an algorithm, with conditions or without.
func (c *constraints) add(entry string) error {
	c.entries[strings.ToUpper(entry)] = true
	algorithm, conditions, conditional := strings.Cut(entry, " ")
	names := []string{strings.ToUpper(plainDigest(algorithm))}
	if names[0] == "DH" || names[0] == "DIFFIEHELLMAN" {
		names = []string{"DH", "DIFFIEHELLMAN"}
	}
	var first, last *constraint
	seen := make(map[string]bool)
	if !conditional || isCurve(entry) {
		first = new(constraint)
	} else {
		for text := range strings.SplitSeq(conditions, "&") {
			next, err := parseConstraint(strings.TrimSpace(text))
			if err != nil {
				return err
			}
			if (next.kind == "jdkCA" || next.kind == "denyAfter") && seen[next.kind] {
				return illegalPolicy("Only one " + next.kind + " entry allowed in property. Constraint: " + entry)
			}
			seen[next.kind] = true
			if last == nil {
				first = next
			} else {
				last.next = next
			}
			last = next
		}
	}
	for _, name := range names {
		c.rules[name] = append(c.rules[name], first)
	}
	return nil
}

// parseConstraint reads one condition.
func parseConstraint(text string) (*constraint, error) {
	words := strings.Fields(text)
	switch {
	case strings.HasPrefix(text, "keySize") && words[0] == "keySize" && len(words) >= 3:
		n, err := strconv.ParseInt(words[2], 10, 32)
		if err != nil {
			if !slices.Contains([]string{"==", "!=", "<", "<=", ">", ">="}, words[1]) {
				return nil, illegalPolicy("Error in security property. " + words[1] + " is not a legal Operator")
			}
			return nil, &jdk.Error{Class: "java.lang.NumberFormatException", Text: `For input string: "` + words[2] + `"`}
		}
		size := int(n)
		c := &constraint{kind: "keySize", highest: anySize, not: -1}
		switch words[1] {
		case "==":
			c.not = size
		case "!=":
			c.lowest, c.highest = size, size
		case "<":
			c.lowest = size
		case "<=":
			c.lowest = size + 1
		case ">":
			c.highest = size
		case ">=":
			c.highest = max(size-1, 0)
		default:
			return nil, illegalPolicy("Error in security property. " + words[1] + " is not a legal Operator")
		}
		return c, nil
	case strings.EqualFold(text, "jdkCA"):
		return &constraint{kind: "jdkCA"}, nil
	case strings.HasPrefix(text, "denyAfter") && len(words) == 2 && words[0] == "denyAfter" && isDate(words[1]):
		if _, err := time.Parse(time.DateOnly, words[1]); err != nil {
			return nil, illegalPolicy("Invalid denyAfter date")
		}
		return &constraint{kind: "denyAfter", after: words[1]}, nil
	case strings.HasPrefix(text, "usage"):
		return &constraint{kind: "usage", usages: strings.Split(strings.ToLower(strings.TrimSpace(text[len("usage"):])), " ")}, nil
	}
	return nil, illegalPolicy("Error in security property. Constraint unknown: " + text)
}

func isDate(s string) bool {
	if len(s) != len(time.DateOnly) {
		return false
	}
	_, ok := digitGroups(s, "dddd-dd-dd")
	return ok
}

// circumstances are in what a signature or a key stands.
type circumstances struct {
	usage    usage
	anchored bool
	unused   bool // of a signature whose key is not known: conditions don't count
	bits     int  // of the key; -1 where Java knows none
}

// refuses says whether an algorithm or its key is not permitted; after is the
// day where that is why. keys says that the key is meant, not a signature.
func (c *constraints) refuses(names []string, keys bool, in circumstances) (refused bool, after string) {
	for _, name := range names {
		for _, rule := range c.rules[strings.ToUpper(name)] {
			if rule.kind == "keySize" && !keys || rule.kind != "" && in.unused {
				continue
			}
			if refused, after := rule.refuses(in, c.now); refused {
				return true, after
			}
		}
	}
	return false, ""
}

func (r *constraint) refuses(in circumstances, now time.Time) (refused bool, after string) {
	switch r.kind {
	case "keySize":
		if in.bits != 0 && (in.bits < 0 || in.bits >= r.lowest && in.bits <= r.highest && in.bits != r.not) {
			return false, ""
		}
	case "jdkCA":
		if !in.anchored {
			return false, ""
		}
	case "denyAfter":
		if day, err := time.Parse(time.DateOnly, r.after); err != nil || day.After(now) {
			return false, ""
		}
		after = r.after
	case "usage":
		if !slices.ContainsFunc(r.usages, func(u string) bool {
			return u == "tlsserver" && in.usage == usageTLSServer || u == "signedjar" && in.usage == usageSignedJAR ||
				u == "tlsclient" && in.usage == usageTLSClient
		}) {
			return false, ""
		}
	}
	if r.next != nil {
		return r.next.refuses(in, now)
	}
	return true, after
}

// verdict judges names by both properties.
func (p *Policy) verdict(names []string, keys bool, in circumstances) (v verdict, after string) {
	refused, after := p.disabled.refuses(names, keys, in)
	switch {
	case refused && after != "" && !keys:
		return notForJARs, after
	case refused:
		return disabled, ""
	}
	if refused, _ := p.legacy.refuses(names, keys, in); refused {
		return weak, ""
	}
	return sound, ""
}

// signature judges a signature algorithm by its Java name and the names it is
// made of.
func (p *Policy) signature(name string, in circumstances) (verdict, string) {
	return p.verdict(append(algorithmParts(name), name), false, in)
}

// key judges a public key, and the curve that it is on.
func (p *Policy) key(k keys.Info, in circumstances, rel jdk.Release) verdict {
	in.bits = k.Bits
	names := []string{k.Family(rel)}
	if k.Algorithm != names[0] && rel >= jdk.Release25 {
		names = append(names, k.Algorithm)
	}
	for i, list := range []*constraints{p.disabled, p.legacy} {
		for _, curve := range curveNames(k.Curve) {
			if list.entries[strings.ToUpper(curve)] {
				return []verdict{disabled, weak}[i]
			}
		}
	}
	v, _ := p.verdict(names, true, in)
	return v
}

// SecretKey says whether a secret key's algorithm or, of a key of so many bits,
// its size is one that the policy warns of.
func (p *Policy) SecretKey(algorithm string, bits int) (byName, bySize bool) {
	names := append(algorithmParts(algorithm), algorithm)
	if refused, _ := p.legacy.refuses(names, false, circumstances{bits: bits}); refused {
		return true, false
	}
	refused, _ := p.legacy.refuses(names, bits >= 0, circumstances{bits: bits})
	return false, refused
}

// curveNames are the names by which Java knows a curve.
func curveNames(curve string) []string {
	switch curve {
	case "":
		return nil
	case "secp256r1":
		return []string{curve, "NIST P-256", "X9.62 prime256v1"}
	case "secp384r1":
		return []string{curve, "NIST P-384"}
	case "secp521r1":
		return []string{curve, "NIST P-521"}
	}
	return []string{curve}
}

func isCurve(name string) bool {
	for _, curve := range []string{"secp256r1", "secp384r1", "secp521r1"} {
		if slices.ContainsFunc(curveNames(curve), func(n string) bool { return strings.EqualFold(n, name) }) {
			return true
		}
	}
	return false
}

// algorithmParts takes a name such as SHA1withRSA, PBEWithMD5AndDES or
// DES/CBC/NoPadding apart.
func algorithmParts(name string) []string {
	var parts []string
	for piece := range strings.SplitSeq(name, "/") {
		rest := piece
		for rest != "" {
			at, n := firstJoint(rest)
			if at > 0 {
				parts = append(parts, rest[:at])
			}
			rest = rest[at+n:]
		}
	}
	for i, part := range parts {
		parts[i] = plainDigest(part)
	}
	return parts
}

// firstJoint finds "with", "and" or "in" (but not that of "padding").
func firstJoint(s string) (at, length int) {
	lower := strings.ToLower(s)
	for i := range lower {
		for _, joint := range []string{"with", "and", "in"} {
			if strings.HasPrefix(lower[i:], joint) && (joint != "in" || !strings.HasSuffix(lower[:i], "padd")) {
				return i, len(joint)
			}
		}
	}
	return len(s), 0
}

// plainDigest writes the name of a digest as it stands in those of signatures.
func plainDigest(name string) string {
	switch name {
	case "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "SHA-512/224", "SHA-512/256":
		return "SHA" + name[len("SHA-"):]
	}
	return name
}
