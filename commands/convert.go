package commands

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"gokeytool/internal/console"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/x509util"
)

// convertStore writes a keystore in another format, or for other readers, to
// another file.
func convertStore(ctx context.Context, s *session) error {
	to, err := s.readTarget(s.req.Operands[1])
	if err != nil {
		return err
	}
	encrypt := s.req.Has("encrypt")
	switch {
	case encrypt && to.typ != store.PEM:
		return errors.New("-encrypt is for -to pem: keys in keystores are encrypted anyway")
	case to.typ == store.PEM && s.opt.newpass != nil && !encrypt:
		return errors.New("-new does nothing without -encrypt where the new file is PEM: its keys are in clear")
	}
	if err := s.openKeystore(ctx, access{asks: asksOnce}); err != nil {
		return err
	}
	var data []byte
	var what string
	if to.typ == store.PEM {
		data, err = s.storeAsPEM()
		what = entriesOf(s.ks.Store)
	} else {
		var made *store.Store
		var password []byte
		if made, password, err = s.recode(to); err != nil {
			return err
		}
		data, err = made.Bytes(password)
		what = entriesOf(made)
	}
	if err != nil {
		return err
	}
	s.secrets = append(s.secrets, data)
	name := s.req.Operands[1]
	if name == "-" {
		return s.Stdout.Binary(data)
	}
	if err := s.writeSecret(name, data); err != nil {
		return err
	}
	s.talk().Printf("Converted %s from %s to %s: %s\n", s.ks.path, s.ks.Type(), to.typ, what)
	return nil
}

// storeAsPEM writes the keystore in PEM, as openssl pkcs12 does: the alias
// above each block, so that it is there for whoever reads the text as a
// keystore. Keys and their chains come first, and each certificate once.
func (s *session) storeAsPEM() ([]byte, error) {
	entries := s.ks.JavaOrder()
	slices.SortStableFunc(entries, func(a, b *entry.Entry) int { return int(a.Kind) - int(b.Kind) })
	var out bytes.Buffer
	block := func(alias, label string, der []byte) {
		if alias != "" {
			fmt.Fprintf(&out, "Bag Attributes\n    friendlyName: %s\n", console.Line(alias))
		}
		pem.Encode(&out, &pem.Block{Type: label, Bytes: der}) // a bytes.Buffer takes all
	}
	written := make(map[string]bool)
	for _, e := range entries {
		alias := s.ks.JavaAlias(e)
		if e.Kind == entry.SecretKey {
			return nil, withHint(failf("Alias <%s> holds a secret key: PEM has no room for one", alias), "secret keys go to pkcs12 and jceks")
		}
		chain := e.Chain
		if e.Kind == entry.PrivateKey {
			label, der, err := s.keyBlock(e)
			if err != nil {
				return nil, err
			}
			block(alias, label, der)
			if key, _, err := s.openKey(e); len(chain) == 0 && err == nil {
				chain = s.hiddenChain(key)
			}
		}
		for i, c := range chain {
			if i > 0 {
				alias = "" // it is the leaf's
			}
			if !written[string(c.DER)] {
				block(alias, "CERTIFICATE", x509util.Encoded(c.DER))
			}
			written[string(c.DER)] = true
		}
	}
	return out.Bytes(), nil
}

// keyBlock is the key of an entry for PEM, with -encrypt encrypted.
func (s *session) keyBlock(e *entry.Entry) (label string, der []byte, err error) {
	key, _, err := s.openKey(e)
	if err != nil || !s.req.Has("encrypt") {
		return "PRIVATE KEY", key.PKCS8, err
	}
	password := s.opt.newpass
	if password == nil {
		password = s.ks.password
	}
	if password == nil {
		return "", nil, withHint(failf("The keys in PEM want a password"), "give one with -new")
	}
	der, err = pkcs12.Seal(key, password, nil)
	return "ENCRYPTED PRIVATE KEY", der, err
}
