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

type convertOptions struct {
	target  targetOptions
	newFile string // "-" is the standard output
	encrypt bool   // the keys in PEM
}

func readConvert(l line) convertOptions {
	return convertOptions{target: readTarget(l), newFile: l.operand(1), encrypt: l.has("encrypt")}
}

// convert writes a keystore in another format, or for other readers, to
// another file.
func convert(ctx context.Context, s *session, o convertOptions) error {
	to, err := s.resolveTarget(o.target, o.newFile)
	if err != nil {
		return err
	}
	switch {
	case o.encrypt && to.typ != store.PEM:
		return errors.New("-encrypt is for -to pem: keys in keystores are encrypted anyway")
	case to.typ == store.PEM && s.opt.newpass != nil && !o.encrypt:
		return errors.New("-new does nothing without -encrypt where the new file is PEM: its keys are in clear")
	}
	if err := s.openKeystore(ctx, access{asks: asksOnce, newFile: true}); err != nil {
		return err
	}
	if s.ks.public {
		return withHint(fmt.Errorf("%s: without its PIN nobody sees which keys it has", s.ks.path), "give the PIN with -storepass:file FILE or -storepass:env NAME, or type it when asked")
	}
	var data []byte
	var what string
	if to.typ == store.PEM {
		data, err = s.storeAsPEM(o.encrypt)
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
	if o.newFile == "-" {
		return s.Stdout.Binary(data)
	}
	if err := s.writeSecret(o.newFile, data); err != nil {
		return err
	}
	s.talk().Printf("Converted %s from %s to %s: %s\n", s.ks.path, s.ks.Type(), to.typ, what)
	return nil
}

// storeAsPEM writes the keystore in PEM, as openssl pkcs12 does: the alias
// above each block, so that it is there for whoever reads the text as a
// keystore. Keys and their chains come first, and each certificate once.
func (s *session) storeAsPEM(encrypt bool) ([]byte, error) {
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
			label, der, err := s.keyBlock(e, encrypt)
			if err != nil {
				return nil, err
			}
			block(alias, label, der)
			if key, _, err := s.openKey(e); len(chain) == 0 && err == nil {
				chain = s.ks.hiddenChain(key)
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

// keyBlock is the key of an entry for PEM, in clear or encrypted.
func (s *session) keyBlock(e *entry.Entry, encrypt bool) (label string, der []byte, err error) {
	key, _, err := s.openKey(e)
	if err == nil {
		key, err = s.outside(s.ks, e, key)
	}
	if err != nil || !encrypt {
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
