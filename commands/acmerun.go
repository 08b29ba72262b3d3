package commands

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"gokeytool/acme"
	"gokeytool/acme/challenge"
	"gokeytool/acme/state"
	"gokeytool/internal/filelock"
	"gokeytool/internal/text"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// acmeHow is what a line says about one run, and is not kept.
type acmeHow struct {
	dir           optional[string] // -acmeDir
	agree         bool
	contact       []string // mail addresses, or URLs, or the word none
	eabKid        string
	eabKey        []byte
	force, dryRun bool
	backup        bool // keep what was there as FILE.old
	// solver proves the names in place of what the recipe says; nil for that.
	solver acme.Solver
	method acme.Method  // that solver's
	known  *acmeClients // that were connected before; nil for none
}

func readACMEHow(l line) acmeHow {
	return acmeHow{
		dir:     l.text("acmeDir"),
		agree:   l.Bool("agree"),
		contact: l.StringSlice("contact"),
		eabKid:  l.String("eabKid"),
		eabKey:  l.secret("eabKey"),
		force:   l.Bool("force"),
		dryRun:  l.Bool("dryRun"),
	}
}

// acmeOutcome is what became of a target.
type acmeOutcome struct {
	target    acmeTarget // it is opened again without a question
	alias     string     // empty for files
	names     []string
	changed   bool
	dry       bool   // all was tried, and nothing changed
	why       string // it was renewed, or would be
	leaf, old []byte // the certificate that is there now, and the one that was; nil for none
	renewal   acme.Renewal
	ca        string // its directory
	ran       bool   // -exec was
	note      string // what is to be said although all went well; empty for nothing
}

// defaultCA is the directory where none is named.
const defaultCA = "letsencrypt"

// acmeRun is one run for one target.
type acmeRun struct {
	*session
	how    acmeHow
	state  *state.Dir
	target acmeTarget
	place  acmePlace
	given  acmeRecipe
	made   bool // a key was made on a token

	lock   *state.Lock
	origin *state.Origin // of the certificate that is there; nil if it did not come by ACME
	recipe acmeRecipe
	ca     acme.CA
	method acme.Method
	names  []acme.Name
	spec   keys.Spec
}

// certifyByACME sees to it that a target has a certificate as the recipe says, which
// is completed by what is kept about the one that is there: where it is not yet to be
// renewed, nothing is done. The error has its hints with it, whichever session
// prints it, and the outcome then says how far it came.
func (s *session) certifyByACME(ctx context.Context, t acmeTarget, given acmeRecipe, how acmeHow) (acmeOutcome, error) {
	r, out, err := s.openACMERun(ctx, t, given, how)
	if err != nil {
		return out, err
	}
	defer r.place.end()
	if err = r.alone(ctx); err == nil {
		err = r.run(ctx, &out)
	}
	_ = r.lock.Unlock()
	return out, r.place.resolve(err)
}

// readyACME finds what would keep certifyByACME from doing its work, as far as that
// is known without asking the CA. The target that it returns is opened without a
// question.
func (s *session) readyACME(ctx context.Context, t acmeTarget, given acmeRecipe, how acmeHow) (acmeTarget, error) {
	r, _, err := s.openACMERun(ctx, t, given, how)
	if err != nil {
		return t, err
	}
	r.place.end()
	return r.target, nil
}

// openACMERun opens the target, and finds out what is to be done.
func (s *session) openACMERun(ctx context.Context, t acmeTarget, given acmeRecipe, how acmeHow) (*acmeRun, acmeOutcome, error) {
	r := &acmeRun{session: s, how: how, target: t, given: given}
	out := acmeOutcome{target: t, names: given["host"]}
	var err error
	if r.state, err = s.acmeState(how.dir); err != nil {
		return nil, out, err
	}
	if len(given["host"]) == 0 && !t.token() { // before a password is asked for
		if _, err := os.Stat(t.path()); errors.Is(err, fs.ErrNotExist) {
			return nil, out, nothingKnown(r.state, t.path(), "there is no such file yet")
		}
	}
	if r.place, err = s.openACME(ctx, t); err != nil {
		return nil, out, err
	}
	r.target = r.place.again()
	out.target, out.alias = r.target, r.place.alias()
	if err := r.plan(); err != nil {
		r.place.end()
		return nil, out, r.place.resolve(err)
	}
	return r, out, nil
}

// what names the target in the state: what orders are for.
func (r *acmeRun) what() string {
	return strings.TrimSpace(absolute(r.target.path()) + " " + r.place.alias())
}

// shown names the target for people.
func (r *acmeRun) shown() string { return acmeShown(r.target, r.place.alias()) }

func acmeShown(t acmeTarget, alias string) string {
	if alias == "" {
		return t.path()
	}
	return "<" + alias + ">"
}

// acmeIn names a target with its file.
func acmeIn(t acmeTarget, alias string) string {
	if alias == "" {
		return t.path()
	}
	return "<" + alias + "> in " + t.path()
}

// alone waits until no other process is about the same target, and reads what that
// has left. The keystore is not locked meanwhile.
func (r *acmeRun) alone(ctx context.Context) (err error) {
	r.place.rest()
	if r.lock, err = r.lockFor(ctx, r.what()); err != nil {
		return err
	}
	if err := r.place.settle(ctx); err != nil {
		return err
	}
	return r.plan()
}

// lockFor locks what orders are for.
func (r *acmeRun) lockFor(ctx context.Context, what string) (*state.Lock, error) {
	timeout, bounded, err := r.lockTimeout()
	if err != nil {
		return nil, err
	}
	if bounded && timeout == 0 {
		timeout = -1
	}
	lock, err := r.state.Lock(ctx, what, filelock.Wait{Timeout: timeout, Said: func(h filelock.Holder) {
		r.hint(fmt.Sprintf("waiting for %v to be done with %s", h, r.target.path()))
	}})
	if busy, ok := errors.AsType[*filelock.BusyError](err); ok {
		busy.Path = r.target.path()
	}
	if err != nil {
		return nil, stateNotWritten(r.state, err)
	}
	return lock, nil
}

// stateNotWritten says that what must not be lost can't be kept.
func stateNotWritten(dir *state.Dir, err error) error {
	if path := pathCause(err); path != err {
		return withHint(fmt.Errorf("nothing can be kept in %s: %w", dir.Path(), path), "accounts, and orders that are on their way, are kept there: name another directory with -acmeDir or GOKEYTOOL_ACME_DIR")
	}
	return err
}

// plan finds out what is to be done from what the line says and what is kept.
func (r *acmeRun) plan() error {
	r.origin = nil
	if chain := r.place.chain(); len(chain) > 0 {
		var err error
		if r.origin, err = r.state.Origin(chain[0]); err != nil {
			return err
		}
	}
	var old acmeRecipe
	if r.origin != nil {
		old = r.origin.Recipe
	}
	r.recipe = r.given.over(old)
	directory := cmp.Or(r.recipe.one("directory"), defaultCA)
	if r.origin != nil && r.recipe.one("directory") == "" {
		directory = r.origin.Directory
	}
	var err error
	if r.ca, err = acme.FindCA(directory); err != nil {
		return err
	}
	if r.how.solver != nil {
		r.method = r.how.method
	} else if r.method, err = r.recipe.method(); err != nil {
		return err
	}
	if len(r.recipe["host"]) == 0 && r.origin == nil {
		there := "there is no such entry yet"
		if chain := r.place.chain(); len(chain) > 0 {
			there = fmt.Sprintf("its certificate, of %s, did not come by ACME", x509util.Describe(chain[0]).Called)
		}
		return nothingKnown(r.state, acmeIn(r.target, r.place.alias()), there)
	}
	if r.names, err = r.recipe.names(r.method); err != nil {
		return err
	}
	if r.spec, _, err = r.recipe.keySpec(); err != nil {
		return err
	}
	if r.target.kind != "" && !strings.EqualFold(r.target.kind, r.spec.Algorithm) {
		return withHint(fmt.Errorf("%s: the connector's Certificate has the type %s, and %s is asked for", r.target.path(), r.target.kind, r.spec.Algorithm),
			"leave -keyalg out, or change the attribute type")
	}
	_, err = r.recipe.within()
	return err
}

// nothingKnown says that no names are given, and none are kept.
func nothingKnown(dir *state.Dir, what, there string) error {
	return withHint(fmt.Errorf("nothing is known about %s: %s", what, there),
		"say what names it is to have, with -host NAME; what is known is kept in "+dir.Path())
}

// run does what is to be done.
func (r *acmeRun) run(ctx context.Context, out *acmeOutcome) error {
	out.names = acmeTexts(r.names)
	out.ca = r.ca.Directory
	chain := r.place.chain()
	if len(chain) > 0 {
		out.leaf = chain[0]
		if err := r.stored(chain[0]); err != nil {
			return stateNotWritten(r.state, err)
		}
	}
	if r.how.dryRun {
		r.place.rest()
		return r.try(ctx, out)
	}
	if r.origin != nil && r.origin.ToRun {
		r.place.rest()
		if err := r.exec(ctx, out); err != nil {
			return err
		}
	}
	why, err := r.due(ctx, out)
	if err != nil {
		return err
	}
	if why == "" {
		if err := r.contacts(ctx); err != nil {
			return err
		}
		return r.remember(chain)
	}
	out.why = why
	return r.renew(ctx, out)
}

// contacts gives the account other contacts, where the line names some.
func (r *acmeRun) contacts(ctx context.Context) error {
	if len(r.how.contact) == 0 {
		return nil
	}
	client, err := r.client(ctx, r.ca.Directory)
	if err == nil {
		_, err = r.registered(ctx, client, r.how.agree)
	}
	return err
}

// due says why a new certificate is needed; empty where it is not. When it will be
// stands in the outcome then.
func (r *acmeRun) due(ctx context.Context, out *acmeOutcome) (why string, err error) {
	if why := r.differs(out.leaf); why != "" {
		return why, nil
	}
	leaf, err := x509util.ParseCertificate(out.leaf)
	if err != nil {
		return "the certificate that is there can't be read", nil
	}
	now := r.Now()
	within, err := r.recipe.within()
	switch {
	case err != nil:
		return "", err
	case !now.Before(leaf.NotAfter):
		return "the certificate has ended", nil
	case r.how.force:
		return "-force was given", nil
	case within > 0 && leaf.NotAfter.Sub(now) <= within:
		return fmt.Sprintf("less than %s are left", r.recipe.one("within")), nil
	}
	r.place.rest() // the CA is asked
	out.renewal, err = r.renewal(ctx, out)
	if err != nil {
		return "", err
	}
	if at := leaf.NotAfter.Add(-within); within > 0 && at.Before(out.renewal.At) {
		out.renewal = acme.Renewal{At: at, Why: "-within " + r.recipe.one("within")}
	}
	if !now.Before(out.renewal.At) {
		if page := out.renewal.Explanation; page != "" {
			r.talk().Printf("The CA explains why it is renewed now: %s\n", page)
		}
		return out.renewal.Why, nil
	}
	return "", nil
}

// renewal is when the certificate is to be renewed. The CA is asked if it has said
// that it may be; where it can't be today, what is known is all there is.
func (r *acmeRun) renewal(ctx context.Context, out *acmeOutcome) (acme.Renewal, error) {
	planned, err := acme.Planned(out.leaf, r.origin)
	if err != nil || r.Now().Before(r.origin.AskAgain) {
		return planned, err
	}
	client, err := r.client(ctx, r.ca.Directory)
	if err != nil {
		if ctx.Err() != nil || !r.Now().Before(planned.At) {
			return planned, err
		}
		out.note = fmt.Sprintf("the CA could not be asked when to renew: %v", err)
		return planned, nil
	}
	return r.asked(ctx, client, out.leaf)
}

// asked asks the CA when to renew, and keeps what it says.
func (r *acmeRun) asked(ctx context.Context, client *acme.Client, leaf []byte) (acme.Renewal, error) {
	before := *r.origin
	renewal, err := client.Renewal(ctx, leaf, r.origin)
	if err == nil && (!r.origin.RenewAt.Equal(before.RenewAt) || !r.origin.AskAgain.Equal(before.AskAgain)) {
		err = r.setOrigin(leaf)
	}
	return renewal, err
}

// differs says in what the certificate that is there is not what is asked for.
func (r *acmeRun) differs(leaf []byte) string {
	switch {
	case leaf == nil:
		return "there is none yet"
	case r.origin == nil:
		return "the one that is there did not come by ACME"
	case r.origin.Directory != r.ca.Directory:
		return "another CA is asked for"
	case !r.origin.Revoked.IsZero() && !slices.Contains(unwanted, r.origin.RevokedFor):
		return "the one that is there was revoked"
	}
	for _, option := range []string{"profile", "preferredChain"} {
		if r.recipe.one(option) != acmeRecipe(r.origin.Recipe).one(option) {
			return "another -" + option + " is asked for"
		}
	}
	c, err := x509util.ParseCertificate(leaf)
	if err != nil {
		return "the one that is there can't be read"
	}
	if r.otherNames(acmeHosts(leaf)) {
		return "other names are asked for"
	}
	if _, given, _ := r.recipe.keySpec(); given && !sameKind(r.spec, c.SPKI) {
		return "another kind of key is asked for"
	}
	return ""
}

// otherNames says whether other names are asked for than those that the certificate
// was ordered with. A CA may have given it more of them.
func (r *acmeRun) otherNames(has []string) bool {
	ordered, err := acme.ParseNames(r.origin.Recipe["host"])
	if err != nil || len(ordered) != len(r.names) {
		return true
	}
	return slices.ContainsFunc(r.names, func(n acme.Name) bool {
		return !slices.Contains(ordered, n) || !slices.Contains(has, n.Text)
	})
}

// acmeHosts are the DNS names and IP addresses that a certificate, as DER, is
// good for; none of one that can't be read.
func acmeHosts(der []byte) (names []string) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	for _, name := range c.DNSNames {
		names = append(names, strings.ToLower(name))
	}
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// remember keeps what the line has said again, where nothing else is to be done.
func (r *acmeRun) remember(chain [][]byte) error {
	if r.origin == nil || sameRecipe(r.recipe, r.origin.Recipe) {
		return nil
	}
	r.origin.Recipe = r.recipe
	return r.setOrigin(chain[0])
}

func sameRecipe(a, b acmeRecipe) bool {
	for _, name := range acmeRecipeOptions {
		if !slices.Equal(a[name], b[name]) {
			return false
		}
	}
	return true
}

// keepingClients has the runs share what they know of CAs.
func (h acmeHow) keepingClients() acmeHow {
	h.known = &acmeClients{by: make(map[string]*acme.Client)}
	return h
}

// acmeClients are those of a command, by directory and whom they trust.
type acmeClients struct{ by map[string]*acme.Client }

// client speaks to a CA.
func (r *acmeRun) client(ctx context.Context, directory string) (*acme.Client, error) {
	return r.acmeClient(ctx, directory, r.recipe.one("caFile"), r.state, r.how.known)
}

// acmeClient speaks to the CA of a directory, whose server is one that the
// certificates of caFile vouch for, or the system's if it is empty.
func (s *session) acmeClient(ctx context.Context, directory, caFile string, dir *state.Dir, known *acmeClients) (*acme.Client, error) {
	name := directory + " " + caFile
	if known != nil && known.by[name] != nil {
		return known.by[name], nil
	}
	cfg := acme.Config{Directory: directory, State: dir, UserAgent: "gokeytool", Now: s.Now}
	if caFile != "" {
		data, err := s.readInput(caFile)
		if err != nil {
			return nil, err
		}
		cfg.Roots = x509.NewCertPool()
		if !cfg.Roots.AppendCertsFromPEM(data) {
			return nil, withHint(fmt.Errorf("%s holds no certificate in PEM", caFile), s.whatFile(caFile, data, forCertificates, nil)...)
		}
	}
	client, err := acme.Connect(ctx, cfg)
	if err == nil && known != nil {
		known.by[name] = client
	}
	return client, err
}

// registered finds the account, or makes one.
func (r *acmeRun) registered(ctx context.Context, client *acme.Client, agreed bool) (acme.Account, error) {
	account, err := client.Register(ctx, r.how.registration(agreed))
	if err != nil {
		return account, err
	}
	if account.New {
		r.talk().Printf("An account was made at %s\n", r.ca.Title)
		if terms := client.Directory().Terms; terms != "" {
			r.talk().Printf("Its terms of service, which -agree agrees to: %s\n", terms)
		}
	}
	if slices.Contains(r.how.contact, noContact) && len(account.Contact) > 0 {
		return client.SetContact(ctx, nil)
	}
	return account, nil
}

// registration is what an account is made with.
func (h acmeHow) registration(agreed bool) acme.Registration {
	reg := acme.Registration{Agreed: agreed, Contact: acmeContacts(h.contact)}
	if h.eabKid != "" {
		reg.EAB = &acme.EAB{KeyID: h.eabKid, Key: h.eabKey}
	}
	return reg
}

// solver proves the names.
func (r *acmeRun) solver() acme.Solver {
	switch {
	case r.how.solver != nil:
		return r.how.solver
	case r.recipe.one("hook") != "":
		return challenge.Hook(r.recipe.one("hook"), r.recipe.one("cleanupHook"), r.environment(), func(line string) { r.Stderr.Printf("%s\n", line) })
	case r.recipe.one("webroot") != "":
		return challenge.Webroot(r.recipe.one("webroot"))
	}
	address := r.recipe.one("address")
	if address == "" {
		address = map[acme.Method]string{acme.HTTP01: ":80", acme.TLSALPN01: ":443"}[r.method]
	}
	return listenForACME(r.method, address)
}

// request is what the CA is asked for.
func (r *acmeRun) request(lock *state.Lock) acme.Request {
	return acme.Request{
		Lock: lock, Names: r.names, Method: r.method, Solver: r.solver(),
		Profile: r.recipe.one("profile"), Chain: r.recipe.one("preferredChain"),
		KeyIs:  strings.TrimSpace(fmt.Sprintln(r.spec.Algorithm, r.spec.Group, r.spec.Size)),
		NewKey: func() (crypto.Signer, error) { return keys.Generate(r.spec, r.release) },
		Said:   func(text string) { r.talk().Printf("%s\n", text) },
	}
}

// reuse has the key that is there certified, with -reusekey.
func (r *acmeRun) reuse(req *acme.Request) error {
	if r.recipe.one("reusekey") == "" || len(r.place.chain()) == 0 {
		return nil
	}
	key, spki, err := r.ownKey()
	if err != nil {
		return err
	}
	since, compromised, err := r.state.Compromised(spki)
	switch {
	case err != nil:
		return stateNotRead(r.state, err)
	case compromised && r.given.one("reusekey") != "":
		return withHint(fmt.Errorf("the key of %s was revoked on %s (%s): it is not used again", r.shown(), x509util.Day(since), keyCompromise),
			"without -reusekey a new one is made")
	case compromised:
		r.talk().Printf("A new key is made, since that of %s was revoked on %s (%s)\n", r.shown(), x509util.Day(since), keyCompromise)
		return nil
	}
	if _, given, _ := r.recipe.keySpec(); given && !sameKind(r.spec, spki) {
		return nil
	}
	req.KeyIs = "the one of SHA-256 " + x509util.Fingerprint(spki, "SHA-256")
	req.NewKey = func() (crypto.Signer, error) { return key, nil }
	return nil
}

// ownKey is the key that is there, and its SubjectPublicKeyInfo.
func (r *acmeRun) ownKey() (crypto.Signer, []byte, error) {
	key, err := r.place.key()
	if err != nil {
		return nil, nil, err
	}
	spki, err := keys.MarshalPublic(key.Public())
	return key, spki, err
}

// onToken has a key certified that stays on its token: the one that is there, or a new
// one where there is none. None is ever destroyed for a certificate.
func (r *acmeRun) onToken(ctx context.Context, req *acme.Request) error {
	entry := r.place.(*acmeEntry) // as every token's place is
	req.KeyIs, req.FindKey = "on the token", entry.found
	if len(r.place.chain()) == 0 {
		req.NewKey = func() (crypto.Signer, error) {
			defer r.place.rest()
			key, err := entry.make(ctx, r.spec, acmeTexts(r.names))
			r.made = err == nil
			return key, err
		}
		return nil
	}
	key, spki, err := r.ownKey()
	if err != nil {
		return err
	}
	other := func(why string) error {
		return withHint(fmt.Errorf("%s: %s, and to make another key the one on the token would be destroyed, for good", acmeIn(r.target, r.place.alias()), why),
			"name a new entry with -alias, or remove this one: "+r.named(r.target.path()).Line([]string{"delete", "-alias", r.place.alias()}))
	}
	since, compromised, err := r.state.Compromised(spki)
	if err != nil {
		return stateNotRead(r.state, err)
	}
	if compromised {
		return other(fmt.Sprintf("its key was revoked on %s (%s)", x509util.Day(since), keyCompromise))
	}
	if _, given, _ := r.recipe.keySpec(); given && !sameKind(r.spec, spki) {
		return other("another kind of key is asked for")
	}
	req.NewKey = func() (crypto.Signer, error) { return key, nil }
	return nil
}

// takeBack takes the key away that this run has made on a token, if no order is for it.
func (r *acmeRun) takeBack(ctx context.Context) error {
	if !r.made {
		return nil
	}
	if order, err := r.lock.Order(); err != nil || order != nil {
		if order != nil {
			r.talk().Printf("The key of %s stays on the token: the same line goes on with its order\n", r.shown())
		}
		return err
	}
	defer r.place.rest()
	return r.place.(*acmeEntry).unmake(context.WithoutCancel(ctx))
}

// acmeTexts are names as texts.
func acmeTexts(names []acme.Name) (texts []string) {
	for _, name := range names {
		texts = append(texts, name.Text)
	}
	return texts
}

// renew gets a certificate and stores it. The keystore is not locked meanwhile.
func (r *acmeRun) renew(ctx context.Context, out *acmeOutcome) error {
	req := r.request(r.lock)
	reuse := r.reuse
	if r.target.token() {
		reuse = func(req *acme.Request) error { return r.onToken(ctx, req) }
	}
	if err := reuse(&req); err != nil {
		return err
	}
	r.place.rest()
	client, err := r.client(ctx, r.ca.Directory)
	if err != nil {
		return err
	}
	account, err := r.registered(ctx, client, r.how.agree)
	if err != nil {
		return err
	}
	if r.origin != nil && r.origin.Directory == r.ca.Directory {
		req.Replaces = out.leaf
	}
	issued, err := client.Obtain(ctx, req)
	if err != nil {
		return cmp.Or(r.takeBack(ctx), err)
	}
	// It is kept where the certificate came from before it is stored, so that who
	// finds it there knows.
	origin := &state.Origin{
		Directory: r.ca.Directory, Account: account.URL, Obtained: r.Now().UTC(), Keystore: absolute(r.target.path()), Alias: r.place.alias(),
		Recipe: r.recipe, ToRun: r.recipe.one("exec") != "",
	}
	if t := r.target; t.pem() && t.keyFile != t.certFile {
		origin.KeyFile = absolute(t.keyFile)
	}
	if t := r.target; t.chainFile != "" {
		origin.ChainFile = absolute(t.chainFile)
	}
	leaf := issued.Chain[0]
	if err := r.state.SetOrigin(leaf, origin); err != nil {
		return stateNotWritten(r.state, err)
	}
	if err := r.store(ctx, issued, out); err != nil {
		_ = r.state.Forget(leaf)
		return err
	}
	out.changed, out.old, out.leaf = true, out.leaf, leaf
	if r.origin != nil {
		if err := r.state.Forget(out.old); err != nil {
			return stateNotWritten(r.state, err)
		}
	}
	if err := issued.Done(); err != nil {
		return stateNotWritten(r.state, err)
	}
	r.origin = origin
	r.saySaved(out)
	if out.renewal, err = r.asked(ctx, client, out.leaf); err != nil {
		return err
	}
	return r.exec(ctx, out)
}

// store puts key and chain where they belong. A key that did not come by ACME is kept
// as it was: nobody else has it.
func (r *acmeRun) store(ctx context.Context, issued *acme.Issued, out *acmeOutcome) error {
	if err := r.place.settle(ctx); err != nil {
		return err
	}
	defer r.place.rest()
	return r.place.put(ctx, issued.Key, issued.Chain, out.leaf != nil && (r.origin == nil || r.how.backup))
}

// stored forgets an order whose certificate is the one that is there: the run that
// stored it was killed before it could.
func (r *acmeRun) stored(leaf []byte) error {
	order, err := r.lock.Order()
	if err != nil || order == nil {
		return err
	}
	if block, _ := pem.Decode([]byte(order.Chain)); block != nil && bytes.Equal(block.Bytes, leaf) {
		return r.lock.ForgetOrder()
	}
	return nil
}

// saySaved says what has changed, as serve says it when it reloads a keystore.
func (r *acmeRun) saySaved(out *acmeOutcome) {
	now := x509util.Describe(out.leaf).Told()
	if out.old == nil {
		r.talk().Printf("%s: %s\n", acmeIn(r.target, out.alias), now)
		return
	}
	r.talk().Printf("%s certificate replaced: %s -> %s\n", r.shown(), x509util.Describe(out.old).Told(), now)
}

// sayACME says what became of a target.
func (s *session) sayACME(out acmeOutcome) {
	shown := acmeShown(out.target, out.alias)
	if out.note != "" {
		s.hint(out.note)
	}
	switch {
	case out.dry:
		since := ""
		if out.why != "" {
			since = ", since " + out.why
		}
		s.talk().Printf("%s: all went well, and nothing was changed; a certificate for %s would be got%s\n", shown, acmeNames(out.names), since)
		return
	case !out.changed:
		s.talk().Printf("%s: nothing to do: %s\n", shown, x509util.Describe(out.leaf).Told())
	}
	if !out.renewal.At.IsZero() {
		s.talk().Printf("It is renewed from %s on by: %s\n", x509util.Day(out.renewal.At), s.acmeLine(out.target, out.alias))
	}
}

// try does all that renew does, with the CA's directory for tests, or as far as the
// proofs of the names where it has none, and stores nothing.
func (r *acmeRun) try(ctx context.Context, out *acmeOutcome) error {
	out.dry = true
	out.why = r.differs(out.leaf)
	agreed := r.how.agree
	if account, err := r.state.Account(r.ca.Directory); err == nil && account != nil && account.URL != "" {
		agreed = true // as to the terms of the directory that is tried
	}
	directory := cmp.Or(r.ca.Staging, r.ca.Directory)
	client, err := r.client(ctx, directory)
	if err != nil {
		return err
	}
	if _, err := r.registered(ctx, client, agreed); err != nil {
		return err
	}
	lock, err := r.lockFor(ctx, "dry run "+r.what())
	if err != nil {
		return err
	}
	defer lock.Unlock()
	req := r.request(lock)
	if r.ca.Staging == "" {
		return client.Authorize(ctx, req)
	}
	out.ca = directory
	issued, err := client.Obtain(ctx, req)
	if err != nil {
		return err
	}
	return issued.Done()
}

// acmeNames lists names for people.
func acmeNames(names []string) string { return text.First(names, 5) }

// environment is that of a command that is run: ours, without the variables in which
// passwords were given.
func (s *session) environment() []string {
	secret := make(map[string]bool)
	for _, origin := range s.req.Origins {
		if origin.Modifier == "env" {
			secret[origin.Value] = true
		}
	}
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return secret[name]
	})
}

// acmeHints say what to do about an error of a CA.
func acmeHints(err *acme.Error) []string {
	hints := err.Advice()
	switch {
	case errors.Is(err, acme.ErrTerms):
		hints = append(hints, "read them, and give the line again with -agree; the account that is made then is kept")
	case errors.Is(err, acme.ErrNoAccount):
		hints = append(hints, "the first certificate that is got with -agree makes one")
	case errors.Is(err, acme.ErrEAB):
		hints = append(hints, "your account there shows a key's name and a key for it: give them with -eabKid and -eabKey:file FILE")
	}
	return hints
}
