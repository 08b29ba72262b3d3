package commands

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"gokeytool/internal/shell"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// importKey takes in a private key that was made elsewhere, with its
// certificate chain: what keytool can't. The key stands in -keyfile, in PEM,
// DER or a keystore, the certificates in -file or beside the key.
func importKey(ctx context.Context, s *session, keyfile string, o importcertOptions) error {
	if isTokenURI(keyfile) {
		return withHint(fmt.Errorf("-keyfile %s is a token: %w", shownName(keyfile), entry.ErrHeld),
			"-keyfile takes the file of a key; a key on a token is used where it is, and what it gives out goes by importkeystore -srckeystore")
	}
	// Nobody is asked for a password when a file is not there.
	for _, name := range append([]string{keyfile, s.opt.file.value}, o.ca...) {
		if _, err := os.Stat(name); err != nil && name != "" {
			return fileError(name, pathCause(err))
		}
	}
	if err := s.openKeystore(ctx, access{creates: true, changes: true, file: s.opt.file}); err != nil {
		return err
	}
	alias := s.aliasOrDefault()
	if _, exists := s.ks.Store.Get(alias); exists && !s.opt.noprompt {
		return withHint(failf("Key not imported, alias <%s> already exists", alias),
			"give another -alias, or replace the entry with -noprompt")
	}
	s.opensWith(keyfile, "keyfilepass")
	from := keyFile{name: keyfile, password: o.keyfilepass, asks: o.keyfilepass == nil, option: "keyfilepass"}
	if from.asks && keyfile == s.ks.path { // a key of the keystore gets another certificate
		from.password, from.asks, from.option = s.ks.password, false, "storepass"
	}
	key, beside, err := s.readKeyFile(from)
	if err != nil {
		return err
	}
	certificates := beside
	if s.opt.file.given {
		if certificates, err = s.readCertificateFile(s.opt.file.value); err != nil {
			return err
		}
	}
	chain, err := s.chainOfKey(key, keyfile, certificates, o.ca)
	if err != nil {
		return err
	}
	password, err := s.askKeyPassword(alias)
	if err != nil {
		return err
	}
	if err := s.ks.SetKey(alias, key.private, password, entryChain(chain), s.Now()); err != nil {
		return err
	}
	if err := s.ks.save(); err != nil {
		return err
	}
	s.warn(s.judge().Chain("<"+alias+">", chain, s.trusted, false)...)
	s.sayUnverified(chain)
	s.sayFaults(alias, chain)
	s.sayOtherEntry(alias, chain[0])
	if s.opt.json {
		sum := s.newImport()
		s.added(sum, alias)
		s.warnOfFormat()
		return s.sayImport(sum)
	}
	s.talk().Printf("Key and certificate chain (length %d) were added to keystore under alias <%s>\n", len(chain), s.ks.StoredAlias(alias))
	if last := chain[len(chain)-1]; !last.SelfSigned() {
		s.Stderr.Printf("gokeytool: the chain ends at %s, whose issuer %s is not at hand: name its certificate with -ca FILE if clients don't know it\n",
			last.Called(), last.Issuer.String())
	}
	s.announceStored()
	s.warnOfFormat()
	return nil
}

// chainOfKey leads from the certificate of a key that was found in a file upwards: by
// those given with it, those of the files of CAs, and those of the keystore.
func (s *session) chainOfKey(key *foundKey, keyfile string, given []*x509util.Certificate, ca []string) ([]*x509util.Certificate, error) {
	var leaf *x509util.Certificate
	for _, c := range s.currentFirst(given) {
		if bytes.Equal(c.SPKI, key.spki) && (leaf == nil || leaf.SelfSigned() && s.ended(c) == s.ended(leaf)) {
			leaf = c
		}
	}
	if leaf == nil {
		from := s.opt.file.value
		if from == "" {
			from = keyfile
		}
		return nil, withHint(failf("No certificate in %s belongs to the key in %s", from, keyfile),
			"compare the public keys: "+shell.Line("openssl", "pkey", "-pubout", "-in", shell.File(keyfile))+"; "+shell.Line("openssl", "x509", "-noout", "-pubkey", "-in", shell.File(from)))
	}
	pool, err := s.chainPool(given, ca)
	if err != nil {
		return nil, err
	}
	return x509util.CompleteChain(leaf, s.currentFirst(pool)), nil
}
