package keytool

func (p policies) print(t *text) {
	t.add("CertificatePolicies [\n")
	for _, policy := range p {
		t.add("  [")
		t.policyID(policy.id)
		t.add("[")
		for i, q := range policy.qualifiers {
			if i > 0 {
				t.add(", ")
			}
			t.add("PolicyQualifierInfo: [\n  qualifierID: ")
			t.add(q.id)
			t.add("\n  qualifier: ")
			t.hexDump(q.value)
			t.add("\n]")
		}
		t.add("]  ]\n")
	}
	t.add("]\n")
}

func (t *text) policyID(oid string) {
	t.add("CertificatePolicyId: [")
	t.add(oid)
	t.add("]\n")
}

func (m policyMappings) print(t *text) {
	t.add("PolicyMappings [\n[")
	for i, mapping := range m {
		if i > 0 {
			t.add(", ")
		}
		t.add("CertificatePolicyMap: [\nIssuerDomain:")
		t.policyID(mapping.issuer)
		t.add("SubjectDomain:")
		t.policyID(mapping.subject)
		t.add("]\n")
	}
	t.add("]]\n")
}

func (c policyConstraints) print(t *text) {
	t.add("PolicyConstraints: [  Require: ")
	t.limit(c[0], "unspecified")
	t.add(";\tInhibit: ")
	t.limit(c[1], "unspecified")
	t.add(" ]\n")
}

// limit appends a number, or the word for none, which is -1.
func (t *text) limit(n int, none string) {
	if n == -1 {
		t.add(none)
	} else {
		t.int(n)
	}
}

func (n inhibitAnyPolicy) print(t *text) {
	t.add("InhibitAnyPolicy: ")
	t.int(int(n))
	t.add("\n")
}

func (c nameConstraints) print(t *text) {
	t.add("NameConstraints: [")
	for i, trees := range c {
		if trees == nil {
			continue
		}
		t.add([...]string{"\n    Permitted:", "\n    Excluded:"}[i])
		trees.print(t)
	}
	t.add("   ]\n")
}

func (s subtrees) print(t *text) {
	t.add("   GeneralSubtrees:\n[")
	for i, tree := range s {
		if i > 0 {
			t.add(", ")
		}
		t.add("\n   GeneralSubtree: [\n    GeneralName: ")
		tree.base.print(t)
		t.add("\n    Minimum: ")
		t.int(tree.minimum)
		t.add("\n    Maximum: ")
		t.limit(tree.maximum, "undefined")
		t.add("    ]\n")
	}
	t.add("]\n")
}
