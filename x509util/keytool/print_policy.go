package keytool

import (
	"math"

	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/internal/ber"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

func (t *text) policies(e x509util.RawExtension) error {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for CertificatePoliciesExtension.")
	if err != nil {
		return err
	}
	t.add("CertificatePolicies [\n")
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return err
		}
		if err := t.policy(v); err != nil {
			return err
		}
	}
	t.add("]\n")
	return nil
}

func (t *text) policy(v ber.Value) error {
	const fault = "Invalid encoding of PolicyInformation"
	if v.Tag != casn1.SEQUENCE {
		return jdk.IOError(fault)
	}
	r := v.Reader()
	t.add("  [")
	if err := t.policyID(&r); err != nil {
		return err
	}
	t.add("[")
	if !r.Empty() {
		qualifiers, err := r.Next()
		if err != nil {
			return err
		}
		if qualifiers.Tag != casn1.SEQUENCE {
			return jdk.IOError(fault)
		}
		q := qualifiers.Reader()
		if q.Empty() {
			return jdk.IOError("No data available in policyQualifiers")
		}
		for i := 0; !q.Empty(); i++ {
			if i > 0 {
				t.add(", ")
			}
			if err := t.policyQualifier(&q); err != nil {
				return err
			}
		}
	}
	t.add("]  ]\n")
	return nil
}

func (t *text) policyID(r *ber.Reader) error {
	v, err := r.Next()
	if err != nil {
		return err
	}
	oid, err := v.OID()
	if err != nil {
		return err
	}
	t.add("CertificatePolicyId: [")
	t.add(oid)
	t.add("]\n")
	return nil
}

func (t *text) policyQualifier(r *ber.Reader) error {
	v, err := r.Next()
	if err != nil {
		return err
	}
	if v.Tag != casn1.SEQUENCE {
		return jdk.IOError("Invalid encoding for PolicyQualifierInfo")
	}
	parts := v.Reader()
	id, err := parts.Next()
	if err != nil {
		return err
	}
	oid, err := id.OID()
	if err != nil {
		return err
	}
	t.add("PolicyQualifierInfo: [\n  qualifierID: ")
	t.add(oid)
	t.add("\n  qualifier: ")
	t.hexDump(parts.Rest)
	t.add("\n]")
	return nil
}

func (t *text) policyMappings(e x509util.RawExtension) error {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for PolicyMappingsExtension.")
	if err != nil {
		return err
	}
	t.add("PolicyMappings [\n[")
	for i := 0; !r.Empty(); i++ {
		v, err := r.Next()
		if err != nil {
			return err
		}
		if v.Tag != casn1.SEQUENCE {
			return jdk.IOError("Invalid encoding for CertificatePolicyMap")
		}
		if i > 0 {
			t.add(", ")
		}
		pair := v.Reader()
		t.add("CertificatePolicyMap: [\nIssuerDomain:")
		if err := t.policyID(&pair); err != nil {
			return err
		}
		t.add("SubjectDomain:")
		if err := t.policyID(&pair); err != nil {
			return err
		}
		t.add("]\n")
	}
	t.add("]]\n")
	return nil
}

func (t *text) policyConstraints(e x509util.RawExtension) error {
	r, err := ber.ParseSequence(e.Value, "Sequence tag missing for PolicyConstraint.")
	if err != nil {
		return err
	}
	limits := [2]int{-1, -1}
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return err
		}
		i := int(v.Tag & 0x1f)
		if i > 1 || !v.Context(casn1.Tag(i), false) {
			return jdk.IOError("Invalid encoding of PolicyConstraint")
		}
		if limits[i] != -1 {
			fault := "Duplicate " + [...]string{"requireExplicitPolicy", "inhibitPolicyMapping"}[i]
			if t.rel >= jdk.Release25 {
				fault += " "
			}
			return jdk.IOError(fault + "found in the PolicyConstraintsExtension")
		}
		if limits[i], err = v.Integer(v.Tag); err != nil {
			return err
		}
	}
	t.add("PolicyConstraints: [  Require: ")
	t.orUnspecified(limits[0])
	t.add(";\tInhibit: ")
	t.orUnspecified(limits[1])
	t.add(" ]\n")
	return nil
}

func (t *text) orUnspecified(n int) {
	if n == -1 {
		t.add("unspecified")
	} else {
		t.int(n)
	}
}

func (t *text) inhibitAnyPolicy(e x509util.RawExtension) error {
	if !e.Critical {
		return jdk.IOError("Criticality cannot be false for InhibitAnyPolicy")
	}
	v, err := ber.Parse(e.Value)
	if err != nil {
		return err
	}
	if v.Tag != casn1.INTEGER {
		return jdk.IOError("Invalid encoding of InhibitAnyPolicy: data not integer")
	}
	n, err := v.Integer(casn1.INTEGER)
	switch {
	case err != nil:
		return err
	case n < -1:
		return jdk.IOError("Invalid value for skipCerts")
	case n == -1:
		n = math.MaxInt32
	}
	t.add("InhibitAnyPolicy: ")
	t.int(n)
	t.add("\n")
	return nil
}

func (t *text) nameConstraints(e x509util.RawExtension) error {
	r, err := ber.ParseSequence(e.Value, "Invalid encoding for NameConstraintsExtension.")
	if err != nil {
		return err
	}
	var trees [2]*ber.Value
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return err
		}
		i := int(v.Tag & 0x1f)
		if i > 1 || !v.Context(casn1.Tag(i), true) {
			return jdk.IOError("Invalid encoding of NameConstraintsExtension.")
		}
		if trees[i] != nil {
			return jdk.IOError("Duplicate " + [...]string{"permitted", "excluded"}[i] + " GeneralSubtrees in NameConstraintsExtension.")
		}
		trees[i] = &v
	}
	t.add("NameConstraints: [")
	for i, v := range trees {
		if v == nil {
			continue
		}
		t.add([...]string{"\n    Permitted:", "\n    Excluded:"}[i])
		if err := t.subtrees(*v); err != nil {
			return err
		}
	}
	t.add("   ]\n")
	return nil
}

func (t *text) subtrees(v ber.Value) error {
	t.add("   GeneralSubtrees:\n[")
	r := v.Reader()
	for i := 0; !r.Empty(); i++ {
		v, err := r.Next()
		if err != nil {
			return err
		}
		if i > 0 {
			t.add(", ")
		}
		if err := t.subtree(v); err != nil {
			return err
		}
	}
	t.add("]\n")
	return nil
}

func (t *text) subtree(v ber.Value) error {
	if v.Tag != casn1.SEQUENCE {
		return jdk.IOError("Invalid encoding for GeneralSubtree.")
	}
	r := v.Reader()
	name, err := r.Next()
	if err != nil {
		return err
	}
	t.add("\n   GeneralSubtree: [\n    GeneralName: ")
	if err := t.generalName(name, true); err != nil {
		return err
	}
	distance := [2]int{0, -1}
	for !r.Empty() {
		v, err := r.Next()
		if err != nil {
			return err
		}
		i := int(v.Tag & 0x1f)
		if i > 1 || !v.Context(casn1.Tag(i), false) {
			return jdk.IOError("Invalid encoding of GeneralSubtree.")
		}
		if distance[i], err = v.Integer(v.Tag); err != nil {
			return err
		}
	}
	t.add("\n    Minimum: ")
	t.int(distance[0])
	t.add("\n    Maximum: ")
	if distance[1] == -1 {
		t.add("undefined")
	} else {
		t.int(distance[1])
	}
	t.add("    ]\n")
	return nil
}
