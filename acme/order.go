package acme

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/mholt/acmez/v3/acme"

	"gokeytool/acme/state"
)

// How long a CA is waited for. What is not done then goes on in the next run.
const (
	maxProving = 5 * time.Minute  // for a name
	maxIssuing = 10 * time.Minute // for the certificate, once all are proved
)

// job is one certificate on its way.
type job struct {
	*Client
	Request
	account acme.Account
	kept    *state.Order // nil for a dry run
}

func (j *job) say(format string, args ...any) {
	if j.Said != nil {
		j.Said(fmt.Sprintf(format, args...))
	}
}

// Obtain gets a certificate. An order that an earlier run has left is gone on with.
// The account is that of Register, or one that is kept. The error is an *Error where
// it is the CA's, one of the state's files, or the solver's.
func (c *Client) Obtain(ctx context.Context, r Request) (*Issued, error) {
	if r.Lock == nil {
		return nil, errors.New("acme: Obtain needs the lock of what the certificate is for")
	}
	j, ctx, err := c.job(ctx, r)
	if err != nil {
		return nil, err
	}
	for first := true; ; first = false {
		issued, err := j.once(ctx)
		if errors.Is(err, errGone) && first { // the order of an earlier run
			continue
		}
		return issued, err
	}
}

// job checks what is asked for.
func (c *Client) job(ctx context.Context, r Request) (*job, context.Context, error) {
	ctx = c.begin(ctx, len(r.Names))
	if len(r.Names) == 0 {
		return nil, nil, errors.New("there is no name to be certified")
	}
	for _, n := range r.Names {
		if strings.HasPrefix(n.Text, "*.") && r.Method != DNS01 {
			return nil, nil, fmt.Errorf("%s is a wildcard, which CAs certify only if it is proved by %s, not by %s", n.Text, DNS01, r.Method)
		}
		if n.IP && r.Method == DNS01 {
			return nil, nil, fmt.Errorf("%s is an IP address, which cannot be proved by %s: take %s or %s", n.Text, DNS01, HTTP01, TLSALPN01)
		}
	}
	if r.Profile != "" {
		if _, ok := c.dir.Meta.Profiles[r.Profile]; !ok {
			return nil, nil, c.failed("making the order", unknownProfile(r.Profile, c.dir.Meta.Profiles))
		}
	}
	account, err := c.known(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &job{Client: c, Request: r, account: forLibrary(account)}, ctx, nil
}

func unknownProfile(profile string, known map[string]string) error {
	if len(known) == 0 {
		return fmt.Errorf("it has no profiles, and so none named %q", profile)
	}
	var names []string
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Errorf("it has no profile named %q; there are %s", profile, strings.Join(names, ", "))
}

// errGone says that an order that was kept is of no use, and has been put away.
var errGone = errors.New("the order of an earlier run is of no use any more")

// once goes on with the order that is kept, or makes one.
func (j *job) once(ctx context.Context) (*Issued, error) {
	kept, err := j.Lock.Order()
	if err != nil {
		return nil, err
	}
	if kept != nil && !j.fits(kept) {
		if err := j.other(ctx, kept); err != nil {
			return nil, err
		}
		kept = nil
	}
	if kept != nil && kept.Held != nil {
		if kept.Key.Signer, err = j.FindKey(kept.Held); err != nil {
			return nil, err
		}
		if kept.Key.IsZero() {
			return nil, j.gone(kept, "its key is in the token no more")
		}
	}
	if kept != nil && kept.Chain != "" {
		chain, err := parseChain([]byte(kept.Chain))
		if err == nil {
			err = chain.fits(kept.Key.Public(), j.Names, j.cfg.Now())
		}
		if err != nil {
			return nil, j.gone(kept, err.Error())
		}
		j.say("the certificate that %s has issued for an earlier run is taken", j.host)
		return j.issued(kept, chain), nil
	}
	if kept != nil {
		j.say("the order of an earlier run is gone on with")
		j.kept = kept
		return j.finish(ctx, true)
	}
	key, err := j.NewKey()
	if err != nil {
		return nil, err
	}
	if _, err := request(key, j.Names); err != nil { // before the CA is troubled
		return nil, err
	}
	var held []byte
	if j.FindKey != nil {
		if held, err = x509.MarshalPKIXPublicKey(key.Public()); err != nil {
			return nil, err
		}
	}
	order, err := j.newOrder(ctx)
	if err != nil {
		return nil, err
	}
	j.kept = &state.Order{Directory: j.cfg.Directory, Account: j.account.Location, URL: order.Location, Names: texts(j.Names),
		Profile: j.Profile, KeyIs: j.KeyIs, Made: j.cfg.Now().UTC(), Key: state.Key{Signer: key}, Held: held}
	if err := j.Lock.SetOrder(j.kept); err != nil {
		return nil, err
	}
	return j.finish(ctx, false)
}

// fits says whether an order that is kept is one for what is asked for now.
func (j *job) fits(o *state.Order) bool {
	return o.Directory == j.cfg.Directory && o.Account == j.account.Location && o.Profile == j.Profile && o.KeyIs == j.KeyIs && (o.Held != nil) == (j.FindKey != nil) &&
		slices.Equal(sorted(o.Names), sorted(texts(j.Names)))
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// putAway puts an order away that is not gone on with. Its key is kept if the CA may
// have certified it.
func (j *job) putAway(o *state.Order, why string) error {
	if !o.Finalized {
		return j.Lock.ForgetOrder()
	}
	path, err := j.Lock.SetAside(o, j.cfg.Now())
	where := "is kept in " + path
	if o.Held != nil {
		where = "stays in its token"
	}
	if err == nil {
		j.say("the order of an earlier run, for %s, is put away: %s. The CA may have certified its key, which %s", strings.Join(o.Names, ", "), why, where)
	}
	return err
}

// other puts an order away that is for something else than what is asked for now.
func (j *job) other(ctx context.Context, o *state.Order) error {
	if o.Finalized && o.Chain == "" && o.Directory == j.cfg.Directory && o.Account == j.account.Location {
		// With its certificate the file says until when it is of use.
		if order, _, err := j.look(ctx, o.URL); err == nil {
			switch order.Status {
			case acme.StatusValid:
				if pem, _, err := j.download(ctx, order.Certificate); err == nil {
					o.Chain = string(pem)
				}
			case acme.StatusInvalid:
				o.Finalized = false
			}
		}
	}
	return j.putAway(o, "something else is asked for now")
}

// gone puts away an order of an earlier run that the CA will not go on with.
func (j *job) gone(o *state.Order, why string) error {
	if err := j.putAway(o, why); err != nil {
		return err
	}
	return errGone
}

// dead forgets an order that is invalid: the CA has not certified its key, and will not.
func (j *job) dead() error {
	if err := j.Lock.ForgetOrder(); err != nil {
		return err
	}
	return errGone
}

// request is the certificate request (RFC 8555, section 7.4): the names and nothing else.
func request(key crypto.Signer, names []Name) ([]byte, error) {
	var template x509.CertificateRequest
	for _, n := range names {
		if n.IP {
			template.IPAddresses = append(template.IPAddresses, net.ParseIP(n.Text))
		} else {
			template.DNSNames = append(template.DNSNames, n.Text)
		}
	}
	return x509.CreateCertificateRequest(rand.Reader, &template, key)
}

// newOrder orders the certificate. Where the CA does not take it for one that replaces
// another, it is a new one.
func (j *job) newOrder(ctx context.Context) (acme.Order, error) {
	ask := acme.Order{Profile: j.Profile}
	for _, n := range j.Names {
		ask.Identifiers = append(ask.Identifiers, acme.Identifier{Type: n.identifierType(), Value: n.Text})
	}
	if j.Replaces != nil && j.dir.RenewalInfo != "" {
		cert, err := x509.ParseCertificate(j.Replaces)
		// One that has none of the names has no successor (RFC 9773, section 5).
		if err == nil && slices.ContainsFunc(j.Names, func(n Name) bool { return certified(cert, n) }) {
			ask.Replaces, _ = certificateID(cert)
		}
	}
	order, err := j.askFor(ctx, ask)
	if e, ok := errors.AsType[*Error](err); ok && ask.Replaces != "" && e.aboutReplaces() {
		ask.Replaces = ""
		order, err = j.askFor(ctx, ask)
	}
	return order, err
}

// aboutReplaces says whether an order may have been refused only because of what it
// replaces: CAs say that in several ways (RFC 9773, section 5).
func (e *Error) aboutReplaces() bool {
	switch e.Kind() {
	case "alreadyReplaced":
		return true
	case "rateLimited", "rejectedIdentifier", "unsupportedIdentifier", "caa", "userActionRequired", "accountDoesNotExist", "badNonce", "invalidProfile", "serverInternal":
		return false
	}
	return e.Status >= 400 && e.Status < 500 && e.Status != http.StatusTooManyRequests
}

func (j *job) askFor(ctx context.Context, ask acme.Order) (acme.Order, error) {
	const step = "making the order"
	var order acme.Order
	_, err := j.do(ctx, step, func(ctx context.Context) (err error) {
		order, err = j.acme.NewOrder(ctx, j.account, ask)
		return err
	})
	if err == nil && order.Location == "" {
		err = j.failed(step, errNoURL)
	}
	return order, err
}

// look asks how an order is.
func (j *job) look(ctx context.Context, address string) (acme.Order, *call, error) {
	var order acme.Order
	answered, err := j.do(ctx, "looking at the order", func(ctx context.Context) (err error) {
		order, err = j.acme.GetOrder(ctx, j.account, acme.Order{Location: address})
		return err
	})
	return order, answered, err
}

// finish brings the order that is kept to its end. An earlier run's that the CA will
// not go on with is errGone.
func (j *job) finish(ctx context.Context, earlier bool) (*Issued, error) {
	var waited waiting
	proved, finalized := false, 0
	for {
		order, answered, err := j.look(ctx, j.kept.URL)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); ok && earlier && e.lost() {
				return nil, j.gone(j.kept, "the CA does not know it any more")
			}
			return nil, err
		}
		switch order.Status {
		case acme.StatusPending:
			if proved {
				// Some CAs need a moment to see it.
				if err := waited.pause(ctx, j.Client, answered, maxProving, "waiting until the order is ready"); err != nil {
					return nil, err
				}
				continue
			}
			if err := j.prove(ctx, order, false); err != nil {
				switch {
				case errors.Is(err, errAuthorization) && earlier:
					return nil, j.gone(j.kept, err.Error())
				case isRefused(err): // and the order is invalid with it
					return nil, errors.Join(err, j.Lock.ForgetOrder())
				}
				return nil, err
			}
			proved, waited = true, waiting{}
		case acme.StatusReady:
			if finalized == 3 {
				return nil, j.failed("finalizing the order", errors.New("the order is ready still, though it was finalized"))
			}
			finalized++
			if err := j.finalize(ctx, order); err != nil {
				return nil, err
			}
		case acme.StatusProcessing:
			if err := waited.pause(ctx, j.Client, answered, maxIssuing, "waiting for the certificate"); err != nil {
				return nil, err
			}
		case acme.StatusValid:
			return j.fetch(ctx, order)
		case acme.StatusInvalid:
			if err := j.dead(); err != errGone || earlier && !proved && finalized == 0 {
				return nil, err
			}
			return nil, j.refused(order)
		default:
			return nil, j.failed("looking at the order", fmt.Errorf("the order is %q, which ACME does not know", order.Status))
		}
	}
}

// lost says whether a CA does not know what was asked for.
func (e *Error) lost() bool {
	switch e.Kind() {
	case "rateLimited", "badNonce", "serverInternal", "userActionRequired", "accountDoesNotExist":
		return false
	}
	return e.Status == http.StatusNotFound || e.Status == http.StatusGone || e.Status == http.StatusForbidden || e.Kind() == "malformed" || e.Kind() == "unauthorized"
}

// refused is the error of an order that is invalid.
func (j *job) refused(order acme.Order) error {
	e := j.failed("issuing the certificate", errors.New("the order is invalid, and the CA does not say why"))
	if order.Error != nil {
		e.Problem, e.Err = fromLibrary(order.Error), nil
	}
	return e
}

// fromLibrary is a problem that the library has read, within our bounds.
func fromLibrary(p *acme.Problem) *Problem {
	fields := map[string]any{"type": p.Type, "title": p.Title, "detail": p.Detail, "instance": p.Instance}
	var subs []any
	for _, s := range p.Subproblems {
		subs = append(subs, map[string]any{"type": s.Type, "title": s.Title, "detail": s.Detail, "instance": s.Instance,
			"identifier": map[string]any{"value": s.Identifier.Value}})
	}
	fields["subproblems"] = subs
	out := problemOf(fields, 1)
	return &out
}

// finalize has the CA certify the key.
func (j *job) finalize(ctx context.Context, order acme.Order) error {
	const step = "finalizing the order"
	csr, err := request(j.kept.Key.Signer, j.Names)
	if err != nil {
		return err
	}
	if order.Finalize == "" {
		return j.failed(step, errors.New("the order does not say where that is done"))
	}
	if !j.kept.Finalized { // from now on the key may be certified
		j.kept.Finalized = true
		if err := j.Lock.SetOrder(j.kept); err != nil {
			return err
		}
	}
	j.say("all names are proved; the certificate is being issued")
	answered, err := j.do(ctx, step, func(ctx context.Context) error {
		answered := ctx.Value(callKey{}).(*call)
		_, err := j.acme.FinalizeOrder(ctx, j.account, order, csr)
		if answered.asked && answered.err == nil && answered.status < http.StatusMultipleChoices {
			return nil // the library does not wait: the order says how it is
		}
		return err
	})
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Kind() == "orderNotReady" || !answered.asked && ctx.Err() == nil {
			return nil // the same; it may have arrived
		}
		return e
	}
	return err
}

// waiting is how long something has been waited for.
type waiting struct {
	began time.Time
	last  time.Duration
}

// pause waits as long as the CA says, within bounds, or longer each time.
func (w *waiting) pause(ctx context.Context, c *Client, answered *call, most time.Duration, step string) error {
	now := time.Now()
	if w.began.IsZero() {
		w.began = now
	}
	if now.Sub(w.began) > most {
		return c.failed(step, fmt.Errorf("it has taken longer than %v; the next run goes on with it", most))
	}
	w.last = min(max(2*w.last, c.cfg.pause/2), 10*c.cfg.pause)
	pause := w.last
	if answered.retryAfter > 0 {
		pause = min(answered.retryAfter, 60*c.cfg.pause)
	}
	if !sleep(ctx, pause) {
		return c.failed(step, ctx.Err())
	}
	return nil
}

// errAuthorization says that an authorization of an order can't become valid.
var errAuthorization = errors.New("the authorization is of no use")

// proof is a name to be proved, and where the CA is told to look.
type proof struct {
	authorization acme.Authorization
	challenge     acme.Challenge
	Proof
	remove func(context.Context) error
}

// prove proves all names of an order that are not proved yet. In a dry run it takes
// back what it has proved.
func (j *job) prove(ctx context.Context, order acme.Order, dry bool) (err error) {
	proofs, err := j.proofs(ctx, order)
	if err != nil {
		return err
	}
	defer func() {
		// Also where the context has ended.
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		for _, p := range slices.Backward(proofs) {
			if p.remove != nil {
				if err := p.remove(after); err != nil {
					j.say("what proved %s could not be taken away: %v", p.Name, err)
				}
			}
			if dry || isRefused(err) && p.authorization.Status == acme.StatusPending {
				_, _ = j.do(after, "taking the authorization back", func(ctx context.Context) error {
					_, err := j.acme.DeactivateAuthorization(ctx, j.account, p.authorization.Location)
					return err
				})
			}
		}
	}()
	for _, p := range proofs {
		j.say("%s is to be proved by %s", p.Name, p.Method)
		if p.remove, err = j.Solver.Present(ctx, p.Proof); err != nil {
			return fmt.Errorf("%s cannot be proved by %s: %w", p.Name, p.Method, err)
		}
	}
	var refused []*Error
	for _, p := range proofs {
		if p.challenge.Status != acme.StatusPending {
			continue
		}
		_, err := j.do(ctx, j.proving(p), func(ctx context.Context) error {
			_, err := j.acme.InitiateChallenge(ctx, j.account, p.challenge)
			return err
		})
		if err != nil {
			return j.by(err)
		}
	}
	for _, p := range proofs {
		e, err := j.await(ctx, p)
		if err != nil {
			return err
		}
		if e != nil {
			refused = append(refused, e)
		}
	}
	return joined(refused)
}

// isRefused says whether the CA did not find a proof.
func isRefused(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.refused
}

func (j *job) proving(p *proof) string { return fmt.Sprintf("proving %s by %s", p.Name, p.Method) }

// by adds the method to an error.
func (j *job) by(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.method = j.Method
	}
	return err
}

// joined is one error of several names'.
func joined(refused []*Error) error {
	switch len(refused) {
	case 0:
		return nil
	case 1:
		return refused[0]
	}
	all := *refused[0]
	all.Step = fmt.Sprintf("proving the names by %s", all.method)
	all.Problem = &Problem{Type: namespace + "compound"}
	for _, e := range refused {
		all.Problem.Sub = append(all.Problem.Sub, *e.Problem)
	}
	return &all
}

// proofs are what is to be proved for an order.
func (j *job) proofs(ctx context.Context, order acme.Order) ([]*proof, error) {
	const step = "looking at what is to be proved"
	if len(order.Authorizations) == 0 {
		return nil, j.failed(step, errors.New("the order is pending, and names nothing to be proved"))
	}
	if len(order.Authorizations) > 2*len(j.Names) {
		return nil, j.failed(step, fmt.Errorf("the order has %d authorizations for %d names", len(order.Authorizations), len(j.Names)))
	}
	var proofs []*proof
	var all []string
	for _, address := range order.Authorizations {
		var a acme.Authorization
		_, err := j.do(ctx, step, func(ctx context.Context) (err error) {
			a, err = j.acme.GetAuthorization(ctx, j.account, address)
			return err
		})
		if err != nil {
			return nil, err
		}
		name := strings.ToLower(a.Identifier.Value)
		if ip, err := netip.ParseAddr(name); err == nil {
			name = ip.Unmap().String()
		}
		i := slices.IndexFunc(j.Names, func(n Name) bool {
			return n.bare() == name && n.identifierType() == a.Identifier.Type && (!a.Wildcard || n.bare() != n.Text)
		})
		if i < 0 {
			return nil, j.failed(step, fmt.Errorf("it asks for a proof of %q, which was not asked to be certified", a.IdentifierValue()))
		}
		all = append(all, name)
		switch a.Status {
		case acme.StatusValid:
			continue
		case acme.StatusPending:
		default:
			return nil, j.failed(step, fmt.Errorf("%w: that of %s is %s", errAuthorization, name, a.Status))
		}
		p := &proof{authorization: a}
		if p.challenge, err = j.challenge(a); err != nil {
			return nil, j.failed(fmt.Sprintf("proving %s", name), err)
		}
		record := sha256.Sum256([]byte(p.challenge.KeyAuthorization))
		p.Proof = Proof{Method: j.Method, Name: name, IP: j.Names[i].IP, Token: p.challenge.Token,
			KeyAuthorization: p.challenge.KeyAuthorization, Record: base64.RawURLEncoding.EncodeToString(record[:])}
		proofs = append(proofs, p)
	}
	for i, p := range proofs {
		p.Names, p.Remaining = all, len(proofs)-1-i
	}
	return proofs, nil
}

// challenge is that of the method.
func (j *job) challenge(a acme.Authorization) (acme.Challenge, error) {
	var offered []string
	for _, c := range a.Challenges {
		if c.Type != string(j.Method) {
			offered = append(offered, c.Type)
			continue
		}
		// It becomes part of a file's name, and of a command's environment.
		if c.Token == "" || len(c.Token) > 255 || strings.Trim(c.Token, tokenAlphabet) != "" {
			return c, fmt.Errorf("its token %q is none", c.Token)
		}
		switch c.Status {
		case acme.StatusPending, acme.StatusProcessing:
			return c, nil
		}
		return c, fmt.Errorf("%w: its challenge is %q", errAuthorization, c.Status)
	}
	if len(offered) == 0 {
		return acme.Challenge{}, errors.New("it offers no way to do that")
	}
	const most = 10
	slices.Sort(offered)
	offered = slices.Compact(offered)
	return acme.Challenge{}, fmt.Errorf("it does not offer %s, but %s", j.Method, strings.Join(offered[:min(len(offered), most)], ", "))
}

// tokenAlphabet is what tokens consist of (RFC 8555, section 8.1).
const tokenAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// await waits until the CA has looked at a proof. What it did not find is refused.
func (j *job) await(ctx context.Context, p *proof) (refused *Error, err error) {
	step := j.proving(p)
	var waited waiting
	for {
		answered, err := j.do(ctx, step, func(ctx context.Context) error {
			a, err := j.acme.GetAuthorization(ctx, j.account, p.authorization.Location)
			if err == nil {
				p.authorization = a
			}
			return err
		})
		if err != nil {
			return nil, j.by(err)
		}
		switch p.authorization.Status {
		case acme.StatusValid:
			j.say("%s is proved", p.Name)
			return nil, nil
		case acme.StatusPending:
		case acme.StatusInvalid:
			e := &Error{CA: j.host, Step: step, method: j.Method, refused: true, Problem: &Problem{Name: p.Name, Detail: "it does not say why"}}
			for _, c := range p.authorization.Challenges {
				if c.Error != nil {
					e.Problem = fromLibrary(c.Error)
					e.Problem.Name = p.Name
				}
			}
			return e, nil
		default:
			return nil, j.failed(step, fmt.Errorf("the authorization is %s", p.authorization.Status))
		}
		if err := waited.pause(ctx, j.Client, answered, maxProving, step); err != nil {
			return nil, j.by(err)
		}
	}
}

// Authorize proves the names and asks for no certificate. What it has proved it takes
// back, so that it leaves nothing behind. The request needs no lock.
func (c *Client) Authorize(ctx context.Context, r Request) error {
	j, ctx, err := c.job(ctx, r)
	if err != nil {
		return err
	}
	j.Replaces = nil // it does not
	order, err := j.newOrder(ctx)
	if err != nil {
		return err
	}
	switch order.Status {
	case acme.StatusPending:
		return j.prove(ctx, order, true)
	case acme.StatusReady: // all were proved before
		return nil
	}
	return j.refused(order)
}

// issued is what the caller gets, and has to store.
func (j *job) issued(kept *state.Order, chain *chain) *Issued {
	return &Issued{Key: kept.Key.Signer, Chain: chain.der(), Done: j.Lock.ForgetOrder}
}
