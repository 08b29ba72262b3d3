package commands

import (
	"slices"

	"gokeytool/store"
	"gokeytool/store/entry"
)

// sayJava prints the line with which Java takes the keystore as its truststore.
// Java's own needs none, and one with keys is no truststore.
func (s *session) sayJava() {
	if own, ok := s.cacertsPath(s.req); s.opt.cacerts || ok && sameFile(own, s.ks.path) {
		return
	}
	if slices.ContainsFunc(s.ks.Entries(), func(e *entry.Entry) bool { return e.Kind != entry.TrustedCertificate }) {
		return
	}
	k := s.here()
	k.Path = absolute(k.Path)
	var properties []string
	if s.ks.Type() == store.JCEKS {
		properties = append(properties, "javax.net.ssl.trustStoreType=JCEKS")
	}
	s.talk().Printf("gokeytool: Java takes it with: %s\n", k.Java(!s.ks.passwordless(), string(s.ks.password), properties...))
}
