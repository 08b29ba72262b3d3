package acme

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"time"

	"gokeytool/acme/state"
)

// Config says which CA is spoken to, and what is kept.
type Config struct {
	Directory string         // URL of the CA's directory
	Roots     *x509.CertPool // whom to trust as the CA's server; nil for the system's
	State     *state.Dir
	UserAgent string
	Now       func() time.Time
}

// Client speaks to a CA. It is safe for concurrent use.
type Client struct{ cfg Config }

var errUnfinished = errors.New("acme: unfinished")

// Connect reads the CA's directory.
func Connect(ctx context.Context, cfg Config) (*Client, error) { return nil, errUnfinished }

// Directory is what a CA says about itself.
type Directory struct {
	Terms    string            // URL of its terms of service; empty for none
	Website  string            // empty for none
	NeedsEAB bool              // accounts need an external account binding
	Profiles map[string]string // names and what they are; nil for none
	ARI      bool              // it says when to renew (RFC 9773)
}

// Directory is what the CA says about itself.
func (c *Client) Directory() Directory { return Directory{} }

// EAB binds an account to one that the CA knows otherwise (RFC 8555, section 7.3.4).
type EAB struct {
	KeyID string
	Key   []byte // base64url, as CAs give it
}

// Registration is what an account is made with.
type Registration struct {
	Agreed  bool     // to the CA's terms of service
	Contact []string // URLs such as mailto:admin@example.com
	EAB     *EAB
}

// Account is an account at the CA.
type Account struct {
	URL     string
	Status  string // "valid", "deactivated", "revoked"
	Contact []string
	New     bool // it was made just now
}

// Register finds the account that is kept, or makes one.
func (c *Client) Register(ctx context.Context, r Registration) (Account, error) {
	return Account{}, errUnfinished
}

// Obtain gets a certificate. An order that an earlier run has left is gone on with.
// Two calls for the same thing wait for each other.
func (c *Client) Obtain(ctx context.Context, r Request) (*Issued, error) { return nil, errUnfinished }

// Authorize proves the names and asks for no certificate.
func (c *Client) Authorize(ctx context.Context, r Request) error { return errUnfinished }

// Renewal asks the CA when a certificate, as DER, is to be renewed; its answer is
// kept in the Origin (which the caller saves) and asked for again when it says. Where
// the CA says nothing it is when a third of the certificate's life is left.
func (c *Client) Renewal(ctx context.Context, leaf []byte, o *state.Origin) (Renewal, error) {
	return Renewal{}, errUnfinished
}

// Revoke revokes a certificate, as DER: signed by its key if that is given, or else
// by the account. The reason is a code of RFC 5280, section 5.3.1.
func (c *Client) Revoke(ctx context.Context, leaf []byte, key crypto.Signer, reason int) error {
	return errUnfinished
}

// RollOver gives the account a new key (RFC 8555, section 7.3.5).
func (c *Client) RollOver(ctx context.Context) error { return errUnfinished }

// SetContact changes the account's contacts; none takes them away.
func (c *Client) SetContact(ctx context.Context, contact []string) (Account, error) {
	return Account{}, errUnfinished
}

// Deactivate ends the account for good.
func (c *Client) Deactivate(ctx context.Context) error { return errUnfinished }
