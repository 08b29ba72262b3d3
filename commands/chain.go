package commands

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keytool"
)

type chainOptions struct {
	complete bool
	ca       []string // files of certificates that may be missing
}

func readChain(l line) chainOptions {
	return chainOptions{l.has("complete"), l.StringSlice("ca")}
}

// chain shows the certificate chains of private keys, and with -complete puts
// them in order and adds what is missing of them, from files, the keystore and Java's CAs.
func chain(ctx context.Context, s *session, o chainOptions) error {
	a := access{asks: asksOnce}
	if o.complete {
		a = access{changes: true}
	}
	if err := s.openKeystore(ctx, a); err != nil {
		return err
	}
	aliases := s.ks.keyAliases()
	if s.alias().given {
		e, err := s.ks.get(s.alias().value)
		if err != nil {
			return err
		}
		if e.Kind != entry.PrivateKey {
			return noKey(s.alias().value)
		}
		aliases = []string{s.alias().value}
	}
	if len(aliases) == 0 {
		return fmt.Errorf("%s has no private key, and so no chain", s.ks.path)
	}
	pool, err := s.chainPool(nil, o.ca)
	if err != nil {
		return err
	}
	changed := false
	for _, alias := range aliases {
		longer, err := s.showChain(alias, o.complete, pool)
		if err != nil {
			return err
		}
		changed = changed || longer
	}
	if !changed {
		return nil
	}
	return s.ks.save()
}

// showChain prints the chain of a key, completed and put in order first where
// that is asked for: but what is there is not given up for a chain that ends below
// the root. It says whether the entry has changed.
func (s *session) showChain(alias string, complete bool, pool []*x509util.Certificate) (bool, error) {
	e, err := s.ks.get(alias)
	if err != nil {
		return false, err
	}
	leaf, err := s.ks.certificate(alias)
	if err != nil {
		return false, err
	}
	parsed := []*x509util.Certificate{leaf}
	for _, c := range e.Chain[1:] {
		issuer, err := parseEntryCertificate(alias, c)
		if err != nil {
			return false, err
		}
		parsed = append(parsed, issuer)
	}
	had, changed := parsed, false
	if complete {
		better := x509util.CompleteChain(leaf, s.currentFirst(append(parsed[1:len(parsed):len(parsed)], pool...)))
		disordered := !slices.EqualFunc(x509util.CompleteChain(leaf, parsed[1:]), parsed, sameCertificate)
		replaced := slices.ContainsFunc(parsed[1:], s.ended) && !slices.ContainsFunc(better[1:], s.ended) && better[len(better)-1].SelfSigned()
		if len(better) > len(parsed) || replaced || disordered && (len(better) == len(parsed) || better[len(better)-1].SelfSigned()) {
			if err := s.ks.SetChain(alias, entryChain(better), time.Time{}); err != nil {
				return false, err
			}
			parsed, changed = better, true
		}
	}
	s.Stdout.Printf("<%s>\n", alias)
	before, after := places(had), places(parsed)
	for i, c := range parsed {
		note := ""
		switch at, there := before[string(c.Raw)]; {
		case !there:
			note = " (added)"
		case at != i:
			note = " (moved)"
		}
		s.Stdout.Printf("  %d  %s, until %s%s\n", i+1, c.Called(), keytool.MediumDate(c.NotAfter, s.zone()), note)
	}
	for _, c := range had {
		if _, there := after[string(c.Raw)]; !there {
			why := "does not belong to the chain"
			if s.ended(c) {
				why = "has ended"
			}
			s.Stdout.Printf("     left out: %s, which %s\n", c.Called(), why)
		}
	}
	for _, text := range x509util.UnverifiableTexts(parsed) {
		s.Stdout.Printf("     %s\n", text)
	}
	if last := parsed[len(parsed)-1]; !last.SelfSigned() {
		s.Stdout.Printf("     the certificate of %s is not at hand: name its file with -ca\n", last.Issuer.String())
	}
	return changed, nil
}

// places are where certificates first stand in a chain, by their DER.
func places(chain []*x509util.Certificate) map[string]int {
	at := make(map[string]int, len(chain))
	for i, c := range chain {
		if _, there := at[string(c.Raw)]; !there {
			at[string(c.Raw)] = i
		}
	}
	return at
}

func sameCertificate(a, b *x509util.Certificate) bool { return bytes.Equal(a.Raw, b.Raw) }
