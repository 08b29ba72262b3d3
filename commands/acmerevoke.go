package commands

import (
	"cmp"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"gokeytool/acme"
	"gokeytool/acme/state"
	"gokeytool/internal/console"
	"gokeytool/x509util"
)

// acmeReasons are why a subscriber has a certificate revoked, with their codes (RFC
// 5280, section 5.3.1; CA/Browser Forum, Baseline Requirements, section 4.9.1.1).
var acmeReasons = map[string]int{
	"unspecified": 0, "keyCompromise": 1, "affiliationChanged": 3, "superseded": 4, "cessationOfOperation": 5,
}

// keyCompromise is the reason after which a key is not used again, and
// unwanted those after which no other certificate is got in its place by itself.
const keyCompromise = "keyCompromise"

var unwanted = []string{"affiliationChanged", "cessationOfOperation"}

// acmeRevocation is a certificate that is to be revoked.
type acmeRevocation struct {
	*session
	how    acmeHow
	dir    *state.Dir
	place  acmePlace
	reason string

	leaf      *x509util.Certificate
	origin    *state.Origin // nil if it did not come by ACME, as far as is known
	directory string
	caFile    string
}

// revokeACME has the CA revoke the certificate of a target. What holds it stays as it
// is.
func (s *session) revokeACME(ctx context.Context, t acmeTarget, recipe acmeRecipe, how acmeHow, reason string) error {
	r := &acmeRevocation{session: s, how: how, reason: cmp.Or(reason, "unspecified"), caFile: recipe.one("caFile")}
	var err error
	if r.dir, err = s.acmeState(how.dir); err != nil {
		return err
	}
	if r.place, err = s.openACME(ctx, t); err != nil {
		return err
	}
	defer r.place.end()
	return r.place.resolve(r.run(ctx, recipe))
}

func (r *acmeRevocation) run(ctx context.Context, recipe acmeRecipe) error {
	target := r.place.again()
	chain := r.place.chain()
	shown := acmeIn(target, r.place.alias())
	if len(chain) == 0 {
		return fmt.Errorf("there is no certificate to be revoked: %s", shown)
	}
	var err error
	if r.leaf, err = x509util.ParseCertificate(chain[0]); err != nil {
		return err
	}
	if r.origin, err = r.dir.Origin(chain[0]); err != nil {
		return stateNotRead(r.dir, err)
	}
	if err := r.whose(recipe); err != nil {
		return err
	}
	if r.origin != nil && !r.origin.Revoked.IsZero() {
		return fmt.Errorf("%s was revoked already, on %s (%s)", x509util.Describe(chain[0]).Told(), x509util.Day(r.origin.Revoked), r.origin.RevokedFor)
	}
	r.place.rest()
	client, err := r.acmeClient(ctx, r.directory, r.caFile, r.dir, nil)
	if err != nil {
		return err
	}
	if !r.opt.noprompt {
		yes, err := r.promptYesNo(console.Textf("%s: %s\nRevoke it for good, for %s? [no]:  ", shown, x509util.Describe(chain[0]).Told(), r.reason))
		if err != nil {
			return err
		}
		if !yes {
			return withHint(errors.New("the certificate was not revoked"), "-noprompt does it without a question")
		}
	}
	by, err := r.revoke(ctx, client)
	already := false
	if e, ok := errors.AsType[*acme.Error](err); ok && e.Kind() == "alreadyRevoked" {
		already, err = true, nil
	}
	if err != nil {
		return err
	}
	if err := r.keep(); err != nil {
		return stateNotWritten(r.dir, err)
	}
	if already {
		r.talk().Printf("%s was revoked already, says %s\n", shown, caTitle(r.directory))
	} else {
		r.talk().Printf("Revoked %s, signed by %s: %s\n", shown, by, r.reason)
	}
	r.talk().Printf("It stays where it is, and clients that ask refuse it.\n")
	if r.origin != nil {
		r.talk().Printf("To replace it now, with a new key: %s\n", r.acmeLine(target, r.place.alias(), "-force"))
	}
	return nil
}

// whose finds the CA that the certificate came from.
func (r *acmeRevocation) whose(recipe acmeRecipe) error {
	if name := recipe.one("directory"); name != "" {
		ca, err := acme.FindCA(name)
		r.directory = ca.Directory
		return err
	}
	if r.origin == nil {
		return withHint(fmt.Errorf("%s does not know how the certificate came: it is from %s", r.dir.Path(), r.leaf.Issuer),
			"name the CA with -directory; what another user, or this one elsewhere, has got is known in the directory of -acmeDir DIR")
	}
	r.directory = r.origin.Directory
	r.caFile = cmp.Or(r.caFile, acmeRecipe(r.origin.Recipe).one("caFile"))
	return nil
}

// revoke revokes the certificate. Who has its key may say that others have it, too: a
// CA then takes it no more. Else the account that it came by does, or the key where
// the CA does not take the account for the one.
func (r *acmeRevocation) revoke(ctx context.Context, client *acme.Client) (by string, err error) {
	const byKey, byAccount = "the certificate's key", "the account"
	if err := r.place.settle(ctx); err != nil {
		return "", err
	}
	key, keyErr := r.key()
	r.place.rest()
	code := acmeReasons[r.reason]
	if key != nil && r.reason == keyCompromise {
		return byKey, client.Revoke(ctx, r.leaf.Raw, key, code)
	}
	err = client.Revoke(ctx, r.leaf.Raw, nil, code)
	if err == nil {
		return byAccount, nil
	}
	e, ofCA := errors.AsType[*acme.Error](err)
	if another := ofCA && (e.Kind() == "unauthorized" || e.Kind() == "accountDoesNotExist") || errors.Is(err, acme.ErrNoAccount); !another {
		return "", err
	}
	if key == nil {
		return "", withHint(err, fmt.Sprintf("the certificate's own key could sign instead, but %v", keyErr))
	}
	return byKey, client.Revoke(ctx, r.leaf.Raw, key, code)
}

// key is the certificate's private key; nil with the reason why it can't be had.
func (r *acmeRevocation) key() (crypto.Signer, error) {
	if chain := r.place.chain(); len(chain) == 0 || !slices.Equal(chain[0], r.leaf.Raw) {
		return nil, errors.New("another certificate has taken its place meanwhile")
	}
	key, err := r.place.key()
	if err != nil {
		return nil, err
	}
	if public, err := r.leaf.PublicKey(); err != nil || !public.(interface{ Equal(crypto.PublicKey) bool }).Equal(key.Public()) {
		return nil, errors.New("the key that is with it is another")
	}
	return key, nil
}

// keep keeps what has happened.
func (r *acmeRevocation) keep() error {
	now := r.Now().UTC()
	if r.reason == keyCompromise {
		if err := r.dir.SetCompromised(r.leaf.SPKI, now); err != nil {
			return err
		}
	}
	if r.origin == nil {
		return nil
	}
	r.origin.Revoked, r.origin.RevokedFor = now, r.reason
	return r.dir.SetOrigin(r.leaf.Raw, r.origin)
}
