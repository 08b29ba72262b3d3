package acme

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/mholt/acmez/v3/acme"

	"gokeytool/acme/state"
)

// Config says which CA is spoken to, and what is kept.
type Config struct {
	Directory string         // URL of the CA's directory
	Roots     *x509.CertPool // whom to trust as the CA's server; nil for the system's
	State     *state.Dir
	UserAgent string
	Now       func() time.Time // nil for the machine's clock
	// Proxy is that on the way to the CA; nil for what the environment says, as
	// http.ProxyFromEnvironment reads it.
	Proxy func(*http.Request) (*url.URL, error)

	// pause is the first pause when something is tried again, or waited for;
	// zero for the usual one. Tests have no time.
	pause time.Duration
}

// Client speaks to a CA. It is safe for concurrent use.
type Client struct {
	cfg       Config
	host      string // of the directory, by which the CA is named
	transport *transport
	acme      *acme.Client
	dir       directory
}

// directory is the CA's directory object (RFC 8555, section 7.1.1).
type directory struct {
	NewNonce    string `json:"newNonce"`
	NewAccount  string `json:"newAccount"`
	NewOrder    string `json:"newOrder"`
	RevokeCert  string `json:"revokeCert"`
	KeyChange   string `json:"keyChange"`
	RenewalInfo string `json:"renewalInfo,omitempty"`
	Meta        struct {
		Terms    string            `json:"termsOfService,omitempty"`
		Website  string            `json:"website,omitempty"`
		CAA      []string          `json:"caaIdentities,omitempty"`
		NeedsEAB bool              `json:"externalAccountRequired,omitempty"`
		Profiles map[string]string `json:"profiles,omitempty"`
	} `json:"meta"`
}

// Connect reads the CA's directory. The error is an *Error.
func Connect(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Proxy == nil {
		cfg.Proxy = http.ProxyFromEnvironment
	}
	if cfg.pause == 0 {
		cfg.pause = time.Second
	}
	ca, err := FindCA(cfg.Directory)
	if err != nil {
		return nil, err
	}
	cfg.Directory = ca.Directory
	u, err := url.Parse(cfg.Directory)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, host: u.Host, transport: newTransport(cfg.Roots, cfg.Proxy, cfg.Now)}
	ctx = c.begin(ctx, 0)
	if err := c.get(ctx, "reading its directory", cfg.Directory, &c.dir, nil); err != nil {
		return nil, err
	}
	if err := c.dir.check(); err != nil {
		return nil, c.failed("reading its directory", err)
	}
	// The library asks for renewal information with each chain, and follows that
	// link without being asked: Renewal does.
	shown := c.dir
	shown.RenewalInfo = ""
	if c.transport.directory, err = json.Marshal(shown); err != nil {
		return nil, err
	}
	// It keeps directories for 12 hours by their URLs, for all clients. This one
	// is another where the content is.
	sum := sha256.Sum256(c.transport.directory)
	c.acme = &acme.Client{
		Directory:  cfg.Directory + "#" + hex.EncodeToString(sum[:]),
		HTTPClient: c.transport.httpClient(),
		UserAgent:  cfg.UserAgent,
		// Waiting is ours.
		PollTimeout: -1,
	}
	return c, nil
}

// check says what a directory lacks.
func (d *directory) check() error {
	for name, address := range map[string]string{"newNonce": d.NewNonce, "newAccount": d.NewAccount, "newOrder": d.NewOrder,
		"revokeCert": d.RevokeCert, "keyChange": d.KeyChange, "renewalInfo": d.RenewalInfo} {
		switch u, err := url.Parse(address); {
		case address == "" && (name == "renewalInfo" || name == "revokeCert" || name == "keyChange"):
		case address == "":
			return fmt.Errorf("what is there is not an ACME directory: it has no %s", name)
		case err != nil || u.Scheme != "https" || u.Host == "":
			return fmt.Errorf("%s is %q, and not an https URL", name, address)
		}
	}
	return nil
}

// Directory is what a CA says about itself.
type Directory struct {
	Terms    string            // URL of its terms of service; empty for none
	Website  string            // empty for none
	NeedsEAB bool              // accounts need an external account binding
	Profiles map[string]string // names and what they are; nil for none
	ARI      bool              // it says when to renew (RFC 9773)
	CAA      []string          // what CAA records name it by; nil for not said
}

// Directory is what the CA says about itself.
func (c *Client) Directory() Directory {
	m := c.dir.Meta
	return Directory{m.Terms, m.Website, m.NeedsEAB, m.Profiles, c.dir.RenewalInfo != "", slices.Clone(m.CAA)}
}

// begin bounds what is done for so many names.
func (c *Client) begin(ctx context.Context, names int) context.Context {
	return context.WithValue(ctx, budgetKey{}, &budget{requests(names)})
}

// do makes a call of the protocol, and again where the CA only has to be given time
// or another nonce. The step says in words what it is for. The error is an *Error.
func (c *Client) do(ctx context.Context, step string, f func(context.Context) error) (*call, error) {
	const tries, noncesTried = 3, 10
	pause, nonces := c.cfg.pause, 0
	for try := 1; ; {
		answered := new(call)
		err := f(context.WithValue(ctx, callKey{}, answered))
		if err == nil && answered.err == nil {
			return answered, nil
		}
		e := c.answered(step, answered, err)
		wait, again := pause, answered.status >= 500 || dropped(answered.err)
		if answered.retryAfter > 0 && (again || answered.status == http.StatusTooManyRequests) {
			wait, again = answered.retryAfter, answered.retryAfter <= c.patience()
		}
		if e.Kind() == "badNonce" && nonces < noncesTried {
			nonces++
			wait, again = 0, true
		} else {
			try++
			pause *= 2
		}
		if !again || try > tries {
			return answered, e
		}
		if !sleep(ctx, wait) {
			return answered, c.failed(step, ctx.Err())
		}
	}
}

// patience is the longest that a busy CA is waited for at once.
func (c *Client) patience() time.Duration { return min(30*c.cfg.pause, 30*time.Second) }

// sleep waits; false if the context ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

// get reads JSON at a URL, without a signature. What answered it is written into to,
// if that is not nil.
func (c *Client) get(ctx context.Context, step, address string, v any, to *call) error {
	client := c.transport.httpClient()
	answered, err := c.do(ctx, step, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		req.Header.Set("User-Agent", c.cfg.UserAgent)
		req.Header.Set("Accept", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return errStatus
		}
		return json.NewDecoder(resp.Body).Decode(v)
	})
	if to != nil {
		*to = *answered
	}
	return err
}

// errStatus stands for an answer that says itself what is wrong.
var errStatus = errors.New("not OK")

// known is the account that is kept: by now, since another process may have changed
// its key.
func (c *Client) known(ctx context.Context) (*state.Account, error) {
	a, err := c.find(ctx)
	if err == nil && a == nil {
		err = c.failed("looking for the account", fmt.Errorf("%w in %s", ErrNoAccount, c.cfg.State.Path()))
	}
	return a, err
}

// forLibrary is an account as the library has it.
func forLibrary(a *state.Account) acme.Account {
	return acme.Account{Location: a.URL, PrivateKey: a.Key.Signer, Status: acme.StatusValid}
}

// sameKey says whether two public keys are the same.
func sameKey(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

// mediaType is that of an answer, without its parameters.
func (a *call) mediaType() string {
	t, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}
