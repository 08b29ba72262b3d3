package acme

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/mholt/acmez/v3/acme"

	"gokeytool/acme/state"
)

// EAB binds an account to one that the CA knows otherwise (RFC 8555, section 7.3.4).
type EAB struct {
	KeyID string
	Key   []byte // base64url as CAs give it, or base64, with or without "=" at its end
}

// Registration is what an account is made with.
type Registration struct {
	Agreed  bool     // to the CA's terms of service
	Contact []string // URLs such as mailto:admin@example.com
	EAB     *EAB
}

// Account is an account at the CA.
type Account struct {
	URL      string
	Status   string // "valid", "deactivated", "revoked"
	Contact  []string
	Terms    string // URL of the terms that were agreed to; empty for none
	EABKeyID string // of the external account that it was bound to; empty for none
	New      bool   // it was made just now
}

// ErrTerms says that the CA's terms of service are to be agreed to first.
var ErrTerms = errors.New("its terms of service have not been agreed to")

// TermsError is ErrTerms with their URL.
type TermsError struct{ URL string }

func (e *TermsError) Error() string        { return ErrTerms.Error() + ": " + e.URL }
func (e *TermsError) Is(target error) bool { return target == ErrTerms }

// ErrNoAccount says that there is no account, neither kept nor, by the key that is
// kept, at the CA.
var ErrNoAccount = errors.New("there is no account")

// ErrEAB says that the CA makes accounts only for those that it knows otherwise.
var ErrEAB = errors.New("it makes accounts only with an external account binding (EAB), which its own pages give")

// find is the account that is kept; nil for none, also where one was being made that
// the CA does not know. Where its key was about to be changed it finds out which of
// the two the CA knows.
func (c *Client) find(ctx context.Context) (*state.Account, error) {
	a, err := c.cfg.State.Account(c.cfg.Directory)
	if err != nil || a == nil || a.NextKey.IsZero() && a.URL != "" {
		return a, err
	}
	unlock, err := c.cfg.State.LockAccount(ctx, c.cfg.Directory)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return c.findLocked(ctx)
}

// findLocked is find for who has the account's lock.
func (c *Client) findLocked(ctx context.Context) (*state.Account, error) {
	a, err := c.cfg.State.Account(c.cfg.Directory)
	if err != nil || a == nil {
		return a, err
	}
	if !a.NextKey.IsZero() {
		if err := c.settle(ctx, a); err != nil {
			return nil, err
		}
	}
	if a.URL == "" { // it was being made
		found, err := c.byKey(ctx, a.Key)
		if err != nil || found.Location == "" {
			return nil, err
		}
		a.URL = found.Location
		return a, c.cfg.State.SetAccount(a)
	}
	return a, nil
}

// settle finds out which of the account's two keys the CA knows, and keeps that one.
func (c *Client) settle(ctx context.Context, a *state.Account) error {
	found, err := c.byKey(ctx, a.NextKey)
	if err != nil {
		return err
	}
	if found.Location != "" {
		a.Key, a.URL = a.NextKey, found.Location
	}
	a.NextKey = state.Key{}
	return c.cfg.State.SetAccount(a)
}

// byKey finds an account at the CA by its key; with no Location where there is none.
func (c *Client) byKey(ctx context.Context, key state.Key) (acme.Account, error) {
	const step = "looking for the account"
	var found acme.Account
	_, err := c.do(ctx, step, func(ctx context.Context) (err error) {
		found, err = c.acme.GetAccount(ctx, acme.Account{PrivateKey: key.Signer})
		return err
	})
	if e, ok := errors.AsType[*Error](err); ok {
		switch {
		case e.Problem.has("accountDoesNotExist"):
			return acme.Account{}, nil
		case e.Problem.has("unauthorized"):
			e.advice = append(e.advice, c.useless())
		}
	}
	if err == nil && found.Location == "" {
		err = c.failed(step, errNoURL)
	}
	return found, err
}

// useless says what to do with an account that is deactivated.
func (c *Client) useless() string {
	return fmt.Sprintf("An account that is deactivated or revoked stays so. Move %s away and give -agree: a new one is made.", c.cfg.State.AccountFile(c.cfg.Directory))
}

var errNoURL = errors.New("it does not say where that is (Location)")

// Register finds the account that is kept, or makes one. One that the CA no longer
// knows is made again, if the terms are agreed to. Contacts that differ from those
// that it has are changed. The error is ErrTerms with the URL of the terms, ErrEAB,
// an *Error, or one of the state's files.
func (c *Client) Register(ctx context.Context, r Registration) (Account, error) {
	ctx = c.begin(ctx, 0)
	a, err := c.find(ctx)
	if err != nil {
		return Account{}, err
	}
	account, err := c.shown(ctx, a)
	if err == nil && (account.URL == "" || account.URL != a.URL) {
		a, account, err = c.findOrMake(ctx, r, a, account.URL == "")
	}
	if err != nil || account.New || len(r.Contact) == 0 || slices.Equal(r.Contact, a.Contact) {
		return account, err
	}
	return c.contact(ctx, r.Contact)
}

// findOrMake is Register for who has to write what is kept.
func (c *Client) findOrMake(ctx context.Context, r Registration, a *state.Account, make bool) (*state.Account, Account, error) {
	if make {
		if err := c.mayRegister(r, a); err != nil {
			return nil, Account{}, err
		}
	}
	unlock, err := c.cfg.State.LockAccount(ctx, c.cfg.Directory)
	if err != nil {
		return nil, Account{}, err
	}
	defer unlock()
	// Another process may have done it meanwhile.
	if a, err = c.findLocked(ctx); err != nil {
		return nil, Account{}, err
	}
	account, err := c.shown(ctx, a)
	switch {
	case err != nil:
		return nil, Account{}, err
	case account.URL == "":
		return c.register(ctx, r)
	case account.URL != a.URL:
		a.URL = account.URL
		err = c.cfg.State.SetAccount(a)
	}
	return a, account, err
}

// shown is an account that is kept as the CA has it; with no URL if it does not know it.
func (c *Client) shown(ctx context.Context, a *state.Account) (Account, error) {
	if a == nil {
		return Account{}, nil
	}
	found, err := c.byKey(ctx, a.Key)
	if err != nil || found.Location == "" {
		return Account{}, err
	}
	if found.Status != acme.StatusValid && found.Status != "" {
		return Account{}, &Error{CA: c.host, Step: "looking for the account", Err: fmt.Errorf("the account %s is %s", found.Location, found.Status), advice: []string{c.useless()}}
	}
	account := shownAccount(a, found.Status)
	account.URL, account.Contact = found.Location, found.Contact
	return account, nil
}

func shownAccount(a *state.Account, status string) Account {
	if status == "" {
		status = acme.StatusValid
	}
	return Account{URL: a.URL, Status: status, Contact: slices.Clone(a.Contact), Terms: a.Terms, EABKeyID: a.EABKeyID}
}

// mayRegister says what is missing to make an account, also in the place of one that
// is kept and the CA does not know.
func (c *Client) mayRegister(r Registration, kept *state.Account) error {
	step := "making an account"
	if kept != nil {
		step += " again, since it does not know " + kept.URL
	}
	if c.dir.Meta.Terms != "" && !r.Agreed {
		return c.failed(step, &TermsError{c.dir.Meta.Terms})
	}
	if c.dir.Meta.NeedsEAB && r.EAB == nil {
		return c.failed(step, ErrEAB)
	}
	if r.EAB != nil {
		_, err := r.EAB.key()
		return err
	}
	return nil
}

// key is the key as the library has it, base64url without padding.
func (e *EAB) key() (string, error) {
	text := strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(strings.TrimSpace(string(e.Key)), "="))
	key, err := base64.RawURLEncoding.DecodeString(text)
	switch {
	case e.KeyID == "":
		return "", errors.New("the external account binding has no key id")
	case err != nil:
		return "", errors.New("the key of the external account binding is not base64url, as CAs give it")
	case len(key) == 0:
		return "", errors.New("the key of the external account binding is empty")
	}
	return text, nil
}

// register makes an account. The key of one that is kept, which the CA does not
// know, is taken again. Who calls it has the account's lock.
func (c *Client) register(ctx context.Context, r Registration) (*state.Account, Account, error) {
	const step = "making an account"
	a, err := c.cfg.State.Account(c.cfg.Directory)
	if err != nil {
		return nil, Account{}, err
	}
	if a == nil {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, Account{}, err
		}
		a = &state.Account{Key: state.Key{Signer: key}}
	}
	a.Directory, a.URL, a.Terms, a.Contact, a.Made = c.cfg.Directory, "", c.dir.Meta.Terms, r.Contact, c.cfg.Now().UTC()
	ask := acme.Account{PrivateKey: a.Key.Signer, Contact: r.Contact, TermsOfServiceAgreed: r.Agreed}
	if r.EAB != nil {
		key, err := r.EAB.key()
		if err != nil {
			return nil, Account{}, err
		}
		if err := ask.SetExternalAccountBinding(ctx, c.acme, acme.EAB{KeyID: r.EAB.KeyID, MACKey: key}); err != nil {
			return nil, Account{}, c.failed(step, err)
		}
		a.EABKeyID = r.EAB.KeyID
	}
	// Kept before the CA has it: it is found again by its key, whatever happens.
	if err := c.cfg.State.SetAccount(a); err != nil {
		return nil, Account{}, err
	}
	var made acme.Account
	answered, err := c.do(ctx, step, func(ctx context.Context) (err error) {
		made, err = c.acme.NewAccount(ctx, ask)
		return err
	})
	switch {
	case err != nil:
		return nil, Account{}, err
	case made.Location == "":
		return nil, Account{}, c.failed(step, errNoURL)
	}
	a.URL = made.Location
	if err := c.cfg.State.SetAccount(a); err != nil {
		return nil, Account{}, err
	}
	account := shownAccount(a, made.Status)
	account.New = answered.status == http.StatusCreated
	return a, account, nil
}

// Account is the account that is kept, as the CA knows it: none is made. The error is
// an *Error, of ErrNoAccount where there is none, or one of the state's files.
func (c *Client) Account(ctx context.Context) (Account, error) {
	ctx = c.begin(ctx, 0)
	a, err := c.find(ctx)
	if err != nil {
		return Account{}, err
	}
	account, err := c.shown(ctx, a)
	if err == nil && account.URL == "" {
		err = c.failed("looking for the account", fmt.Errorf("%w that it knows in %s", ErrNoAccount, c.cfg.State.Path()))
	}
	return account, err
}

// SetContact changes the account's contacts; none takes them away.
func (c *Client) SetContact(ctx context.Context, contact []string) (Account, error) {
	return c.contact(c.begin(ctx, 0), contact)
}

func (c *Client) contact(ctx context.Context, contact []string) (Account, error) {
	const step = "changing the contacts"
	unlock, err := c.cfg.State.LockAccount(ctx, c.cfg.Directory)
	if err != nil {
		return Account{}, err
	}
	defer unlock()
	a, err := c.findLocked(ctx)
	if err == nil && a == nil {
		err = c.failed(step, ErrNoAccount)
	}
	if err != nil {
		return Account{}, err
	}
	var shown struct {
		Status  string   `json:"status"`
		Contact []string `json:"contact"`
	}
	// The library's own function would leave an empty list out. It signs any
	// payload for any URL as the answer to a challenge.
	payload := map[string][]string{"contact": append([]string{}, contact...)}
	answered, err := c.do(ctx, step, func(ctx context.Context) error {
		_, err := c.acme.InitiateChallenge(ctx, forLibrary(a), acme.Challenge{URL: a.URL, Payload: payload})
		return err
	})
	if err != nil {
		return Account{}, err
	}
	if err := json.Unmarshal(answered.body, &shown); err != nil {
		return Account{}, c.answered(step, answered, err)
	}
	a.Contact = contact
	if err := c.cfg.State.SetAccount(a); err != nil {
		return Account{}, err
	}
	account := shownAccount(a, shown.Status)
	account.Contact = shown.Contact
	return account, nil
}

// RollOver gives the account a new key (RFC 8555, section 7.3.5). Whatever happens
// meanwhile, the next call finds out which key the CA knows.
func (c *Client) RollOver(ctx context.Context) error {
	const step = "changing the account's key"
	ctx = c.begin(ctx, 0)
	if c.dir.KeyChange == "" {
		return c.failed(step, errors.New("it has no way to do that (keyChange)"))
	}
	unlock, err := c.cfg.State.LockAccount(ctx, c.cfg.Directory)
	if err != nil {
		return err
	}
	defer unlock()
	a, err := c.findLocked(ctx)
	if err == nil && a == nil {
		err = c.failed(step, ErrNoAccount)
	}
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	a.NextKey = state.Key{Signer: key}
	if err := c.cfg.State.SetAccount(a); err != nil {
		return err
	}
	_, err = c.do(ctx, step, func(ctx context.Context) error {
		_, err := c.acme.AccountKeyRollover(ctx, forLibrary(a), key)
		return err
	})
	if err != nil {
		// It may have been done, and only the answer be lost.
		next := a.NextKey
		if c.settle(ctx, a) != nil || !sameKey(a.Key.Public(), next.Public()) {
			return err
		}
		return nil
	}
	a.Key, a.NextKey = a.NextKey, state.Key{}
	return c.cfg.State.SetAccount(a)
}

// Deactivate ends the account for good.
func (c *Client) Deactivate(ctx context.Context) error {
	const step = "deactivating the account"
	ctx = c.begin(ctx, 0)
	a, err := c.known(ctx)
	if err != nil {
		return err
	}
	account := forLibrary(a)
	account.Status = acme.StatusDeactivated
	_, err = c.do(ctx, step, func(ctx context.Context) error {
		shown, err := c.acme.UpdateAccount(ctx, account)
		if err == nil && shown.Status != acme.StatusDeactivated {
			err = fmt.Errorf("it says that the account is %q still", shown.Status)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.cfg.State.ForgetAccount(c.cfg.Directory)
}

// Revoke revokes a certificate, as DER: signed by its key if that is given, or else
// by the account. The reason is a code of RFC 5280, section 5.3.1.
func (c *Client) Revoke(ctx context.Context, leaf []byte, key crypto.Signer, reason int) error {
	const step = "revoking the certificate"
	ctx = c.begin(ctx, 0)
	cert, err := x509.ParseCertificate(leaf)
	if err != nil {
		return err
	}
	if c.dir.RevokeCert == "" {
		return c.failed(step, errors.New("it has no way to do that (revokeCert)"))
	}
	var account acme.Account
	if key == nil {
		a, err := c.known(ctx)
		if err != nil {
			return err
		}
		account = forLibrary(a)
	} else if !sameKey(cert.PublicKey, key.Public()) {
		return errors.New("the key is not that of the certificate that is to be revoked")
	}
	lost := false
	_, err = c.do(ctx, step, func(ctx context.Context) error {
		err := c.acme.RevokeCertificate(ctx, account, cert, key, reason)
		answered := ctx.Value(callKey{}).(*call)
		lost = lost || answered.err != nil || answered.status >= http.StatusInternalServerError
		return err
	})
	if e, ok := errors.AsType[*Error](err); ok && lost && e.Problem.has("alreadyRevoked") {
		return nil // by a try whose answer was lost
	}
	return err
}
