package keytool

import (
	"math"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/ber"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

type policies []policy

type policy struct {
	id         string // OID
	qualifiers []policyQualifier
}

type policyQualifier struct {
	id    string // OID
	value []byte // in DER
}

func readPolicies(e javaExtension) (policies, error) {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for CertificatePoliciesExtension.")
	if err != nil {
		return nil, err
	}
	return readEach(r, readPolicy)
}

func readPolicy(v ber.Value) (p policy, err error) {
	const fault = "Invalid encoding of PolicyInformation"
	if v.Tag != casn1.SEQUENCE {
		return p, jdk.IOError(fault)
	}
	r := v.Reader()
	if p.id, err = readOID(&r); err != nil || r.Empty() {
		return p, err
	}
	qualifiers, err := r.Next()
	if err != nil {
		return p, err
	}
	if qualifiers.Tag != casn1.SEQUENCE {
		return p, jdk.IOError(fault)
	}
	q := qualifiers.Reader()
	if q.Empty() {
		return p, jdk.IOError("No data available in policyQualifiers")
	}
	for !q.Empty() {
		qualifier, err := readPolicyQualifier(&q)
		if err != nil {
			return p, err
		}
		p.qualifiers = append(p.qualifiers, qualifier)
	}
	return p, nil
}

func readPolicyQualifier(r *ber.Reader) (q policyQualifier, err error) {
	v, err := r.Next()
	if err != nil {
		return q, err
	}
	if v.Tag != casn1.SEQUENCE {
		return q, jdk.IOError("Invalid encoding for PolicyQualifierInfo")
	}
	parts := v.Reader()
	q.id, err = readOID(&parts)
	q.value = parts.Rest
	return q, err
}

type policyMappings []policyMapping

type policyMapping struct{ issuer, subject string } // OIDs

func readPolicyMappings(e javaExtension) (policyMappings, error) {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for PolicyMappingsExtension.")
	if err != nil {
		return nil, err
	}
	return readEach(r, readPolicyMapping)
}

func readPolicyMapping(v ber.Value) (m policyMapping, err error) {
	if v.Tag != casn1.SEQUENCE {
		return m, jdk.IOError("Invalid encoding for CertificatePolicyMap")
	}
	pair := v.Reader()
	if m.issuer, err = readOID(&pair); err != nil {
		return m, err
	}
	m.subject, err = readOID(&pair)
	return m, err
}

// policyConstraints is how many certificates may follow before an explicit
// policy is required, and before mapping is inhibited; -1 where that is not said.
type policyConstraints [2]int

func readPolicyConstraints(e javaExtension) (limits policyConstraints, err error) {
	limits = policyConstraints{-1, -1}
	r, err := ber.ParseSequence(e.Value, "Sequence tag missing for PolicyConstraint.")
	if err != nil {
		return limits, err
	}
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return limits, err
		}
		i := int(v.Tag & 0x1f)
		if i > 1 || !v.Context(casn1.Tag(i), false) {
			return limits, jdk.IOError("Invalid encoding of PolicyConstraint")
		}
		if limits[i] != -1 {
			fault := "Duplicate " + [...]string{"requireExplicitPolicy", "inhibitPolicyMapping"}[i]
			if e.rel >= jdk.Release25 {
				fault += " "
			}
			return limits, jdk.IOError(fault + "found in the PolicyConstraintsExtension")
		}
		if limits[i], err = v.Integer(v.Tag); err != nil {
			return limits, err
		}
	}
	return limits, nil
}

// inhibitAnyPolicy is how many certificates may follow.
type inhibitAnyPolicy int

func readInhibitAnyPolicy(e javaExtension) (inhibitAnyPolicy, error) {
	if !e.Critical {
		return 0, jdk.IOError("Criticality cannot be false for InhibitAnyPolicy")
	}
	v, err := ber.Parse(e.Value)
	if err != nil {
		return 0, err
	}
	if v.Tag != casn1.INTEGER {
		return 0, jdk.IOError("Invalid encoding of InhibitAnyPolicy: data not integer")
	}
	n, err := v.Integer(casn1.INTEGER)
	switch {
	case err != nil:
		return 0, err
	case n < -1:
		return 0, jdk.IOError("Invalid value for skipCerts")
	case n == -1:
		n = math.MaxInt32
	}
	return inhibitAnyPolicy(n), nil
}

// nameConstraints is the permitted and the excluded subtrees; nil if absent.
type nameConstraints [2]*subtrees

type subtrees []subtree

type subtree struct {
	base    generalName
	minimum int
	maximum int // -1 is undefined
}

func readNameConstraints(e javaExtension) (c nameConstraints, err error) {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for NameConstraintsExtension.")
	if err != nil {
		return c, err
	}
	var trees [2]*ber.Value
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return c, err
		}
		i := int(v.Tag & 0x1f)
		if i > 1 || !v.Context(casn1.Tag(i), true) {
			return c, jdk.IOError("Invalid encoding of NameConstraintsExtension.")
		}
		if trees[i] != nil {
			return c, jdk.IOError("Duplicate " + [...]string{"permitted", "excluded"}[i] + " GeneralSubtrees in NameConstraintsExtension.")
		}
		trees[i] = &v
	}
	for i, v := range trees {
		if v == nil {
			continue
		}
		s, err := readSubtrees(*v, e.rel)
		if err != nil {
			return c, err
		}
		c[i] = &s
	}
	return c, nil
}

func readSubtrees(v ber.Value, rel jdk.Release) (subtrees, error) {
	return readEach(v.Reader(), func(v ber.Value) (subtree, error) { return readSubtree(v, rel) })
}

func readSubtree(v ber.Value, rel jdk.Release) (s subtree, err error) {
	if v.Tag != casn1.SEQUENCE {
		return s, jdk.IOError("Invalid encoding for GeneralSubtree.")
	}
	r := v.Reader()
	name, err := r.Next()
	if err != nil {
		return s, err
	}
	if s.base, err = readGeneralName(name, true, rel); err != nil {
		return s, err
	}
	s.maximum = -1
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return s, err
		}
		switch {
		case v.Context(0, false):
			s.minimum, err = v.Integer(v.Tag)
		case v.Context(1, false):
			s.maximum, err = v.Integer(v.Tag)
		default:
			err = jdk.IOError("Invalid encoding of GeneralSubtree.")
		}
		if err != nil {
			return s, err
		}
	}
	return s, nil
}
