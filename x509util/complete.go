package x509util

// CompleteChain leads from a certificate upwards as far as the pool goes: each
// certificate is the issuer of the one before it, by name and signature, or
// where the signature can't be verified here, by name and key identifiers. It
// ends at a self-signed one, or at one whose issuer is not in the pool. A path
// that leads to a root goes before one that does not, and one that can be
// verified before one that can't.
func CompleteChain(leaf *Certificate, pool []*Certificate) []*Certificate {
	find := newSearch()
	for _, least := range [...]Relation{Issued, Unverifiable} {
		b := chainBuilder{search: find, trusted: pool, least: least}
		if chain := b.chain(leaf); chain != nil {
			return chain
		}
	}
	chain := []*Certificate{leaf}
	for len(chain) < maxChain {
		issuer := findIssuer(chain, pool, find)
		if issuer == nil {
			break
		}
		chain = append(chain, issuer)
	}
	return chain
}

// findIssuer finds who signed the last certificate of a chain and is not in it
// yet.
func findIssuer(chain, pool []*Certificate, find *search) *Certificate {
	last := chain[len(chain)-1]
	for _, want := range [...]Relation{Issued, Unverifiable} {
		for _, c := range pool {
			if find.relation(last, c) == want && !contains(chain, c) {
				return c
			}
		}
	}
	return nil
}

func contains(chain []*Certificate, c *Certificate) bool {
	for _, other := range chain {
		if string(other.Raw) == string(c.Raw) {
			return true
		}
	}
	return false
}
