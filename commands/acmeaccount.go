package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gokeytool/acme"
	"gokeytool/acme/state"
	"gokeytool/internal/console"
	"gokeytool/internal/jsontime"
	"gokeytool/internal/text"
	"gokeytool/x509util"
)

// noContact is the word that takes an account's contacts away.
const noContact = "none"

// acmeContacts are contacts as a CA has them: URLs. Of the word none there are none.
func acmeContacts(typed []string) []string {
	urls := []string{}
	for _, contact := range typed {
		switch {
		case contact == noContact:
		case strings.Contains(contact, ":"):
			urls = append(urls, contact)
		default:
			urls = append(urls, "mailto:"+contact)
		}
	}
	return urls
}

// checkContacts refuses the word none beside others.
func checkContacts(typed []string) error {
	if len(typed) > 1 && slices.Contains(typed, noContact) {
		return fmt.Errorf("-contact %s takes the contacts away: there can't be others beside it", noContact)
	}
	return nil
}

// acmeAccount is an account that is kept.
type acmeAccount struct {
	*session
	dir       *state.Dir
	directory string
	kept      *state.Account
	came      []state.Origin // the certificates that came by it
	caFile    string
}

// title is what the account's CA is called.
func (a *acmeAccount) title() string { return caTitle(a.directory) }

// acmeAccounts are the accounts that are kept: of the CA that the line names, or that
// the certificate of its target came from, or all.
func (s *session) acmeAccounts(ctx context.Context, how acmeHow, recipe acmeRecipe, targets []acmeTarget) ([]*acmeAccount, error) {
	dir, err := s.acmeState(how.dir)
	if err != nil {
		return nil, err
	}
	directory, err := s.acmeDirectory(ctx, dir, recipe, targets)
	if err != nil {
		return nil, err
	}
	all, damaged := dir.Accounts()
	origins, err := dir.Origins()
	if err = cmp.Or(damaged, err); err != nil {
		return nil, stateNotRead(dir, err)
	}
	var accounts []*acmeAccount
	for i := range all {
		a := &acmeAccount{session: s, dir: dir, directory: all[i].Directory, kept: &all[i], caFile: recipe.one("caFile")}
		if directory != "" && a.directory != directory {
			continue
		}
		for _, o := range origins {
			if o.Directory == a.directory && (o.Account == a.kept.URL || a.kept.URL == "") {
				a.came = append(a.came, o)
			}
			if a.caFile == "" && o.Directory == a.directory {
				a.caFile = acmeRecipe(o.Recipe).one("caFile")
			}
		}
		accounts = append(accounts, a)
	}
	if len(accounts) == 0 {
		at := ""
		if directory != "" {
			at = " at " + caTitle(directory)
		}
		return nil, withHint(fmt.Errorf("there is no account%s in %s", at, dir.Path()),
			"one is made with the first certificate; those of another user, or that were kept elsewhere, are found with -acmeDir DIR")
	}
	return accounts, nil
}

// acmeDirectory is the CA that the line names, or that the certificate of its target
// came from; empty where it names neither.
func (s *session) acmeDirectory(ctx context.Context, dir *state.Dir, recipe acmeRecipe, targets []acmeTarget) (string, error) {
	if name := recipe.one("directory"); name != "" {
		ca, err := acme.FindCA(name)
		return ca.Directory, err
	}
	for _, t := range targets {
		place, err := s.openACME(ctx, t)
		if err != nil {
			return "", err
		}
		chain := place.chain()
		place.end()
		if len(chain) == 0 {
			continue
		}
		origin, err := dir.Origin(chain[0])
		if err != nil {
			return "", stateNotRead(dir, err)
		}
		if origin != nil {
			return origin.Directory, nil
		}
	}
	if len(targets) > 0 {
		return "", withHint(fmt.Errorf("the certificate in %s did not come by ACME, as far as %s knows", targets[0].path(), dir.Path()), "name the CA with -directory")
	}
	return "", nil
}

// stateNotRead says that what is kept can't be read.
func stateNotRead(dir *state.Dir, err error) error {
	if cause := pathCause(err); cause != err {
		return fmt.Errorf("%s can't be read: %w", dir.Path(), cause)
	}
	return err
}

// oneAccount is the account that is to be changed.
func oneAccount(accounts []*acmeAccount) (*acmeAccount, error) {
	if len(accounts) == 1 {
		return accounts[0], nil
	}
	var at []string
	for _, a := range accounts {
		at = append(at, a.directory)
	}
	return nil, withHint(fmt.Errorf("there are %d accounts: at %s", len(accounts), strings.Join(at, ", ")), "name the CA with -directory")
}

// client speaks to the account's CA.
func (a *acmeAccount) client(ctx context.Context) (*acme.Client, error) {
	return a.acmeClient(ctx, a.directory, a.caFile, a.dir, nil)
}

// jsonAccounts is what acme -account prints.
type jsonAccounts struct {
	Version  int           `json:"version"`
	Accounts []jsonAccount `json:"accounts"`
}

// jsonAccount is an account at a CA.
type jsonAccount struct {
	CA           string             `json:"ca"` // as it calls itself, or its host
	Directory    string             `json:"directory"`
	URL          string             `json:"url"`
	Status       string             `json:"status"` // "valid", "deactivated", "revoked"; empty where the CA could not be asked
	Contacts     []string           `json:"contacts"`
	Terms        string             `json:"terms"`  // URL of those that were agreed to
	EABKid       string             `json:"eabKid"` // of the account that it is bound to
	Made         *jsontime.Time     `json:"made"`
	File         string             `json:"file"` // that keeps it, with its key
	Certificates []jsonAccountsWork `json:"certificates"`
	Error        string             `json:"error,omitempty"` // why the CA could not be asked
}

// jsonAccountsWork is a certificate that came by an account.
type jsonAccountsWork struct {
	Keystore string         `json:"keystore"` // or the file of the certificate, in PEM
	Alias    string         `json:"alias"`
	Names    []string       `json:"names"`
	Obtained *jsontime.Time `json:"obtained"`
}

// showACMEAccounts shows accounts, as they are kept and as their CAs know them.
// Contacts, if there are some, are given to the only one before.
func (s *session) showACMEAccounts(ctx context.Context, accounts []*acmeAccount, contacts []string) error {
	if len(contacts) > 0 {
		a, err := oneAccount(accounts)
		if err == nil {
			err = a.setContacts(ctx, contacts)
		}
		if err != nil {
			return err
		}
	}
	out := jsonAccounts{Version: jsonSchema, Accounts: []jsonAccount{}}
	var failed error
	for i, a := range accounts {
		shown, err := a.look(ctx)
		if err != nil {
			failed = cmp.Or(failed, err)
			shown.Error = err.Error()
		}
		out.Accounts = append(out.Accounts, shown)
		if !s.opt.json {
			if i > 0 {
				s.Stdout.Print("\n")
			}
			a.print(shown)
		}
	}
	if s.opt.json {
		if err := s.printJSON(out); err != nil {
			return err
		}
		if failed != nil {
			return exitCode(exitError)
		}
	}
	return failed
}

// look is the account as it is kept and as its CA knows it. With an error, what the
// CA says is missing.
func (a *acmeAccount) look(ctx context.Context) (jsonAccount, error) {
	shown := jsonAccount{
		CA: a.title(), Directory: a.directory, URL: a.kept.URL, Contacts: append([]string{}, a.kept.Contact...), Terms: a.kept.Terms,
		EABKid: a.kept.EABKeyID, Made: jsonTime(a.kept.Made), File: a.dir.AccountFile(a.directory), Certificates: []jsonAccountsWork{},
	}
	for _, o := range a.came {
		shown.Certificates = append(shown.Certificates, jsonAccountsWork{o.Keystore, o.Alias, append([]string{}, o.Recipe["host"]...), jsonTime(o.Obtained)})
	}
	client, err := a.client(ctx)
	if err != nil {
		return shown, err
	}
	known, err := client.Account(ctx)
	if err != nil {
		return shown, err
	}
	shown.URL, shown.Status, shown.Contacts = known.URL, known.Status, append([]string{}, known.Contact...)
	return shown, nil
}

// print prints an account for people.
func (a *acmeAccount) print(shown jsonAccount) {
	line := func(name, value string) {
		if value != "" {
			a.Stdout.Printf("%s: %s\n", console.Text(name), value)
		}
	}
	line("Account", shown.URL)
	line("CA", a.called(shown.CA))
	line("Status", cmp.Or(shown.Status, "not known"))
	line("Contacts", cmp.Or(strings.Join(shown.Contacts, ", "), "none"))
	line("Terms agreed to", shown.Terms)
	line("Bound to", shown.EABKid)
	line("Made", x509util.Day(a.kept.Made))
	line("Kept in", shown.File)
	a.Stdout.Printf("Certificates: %d\n", len(shown.Certificates))
	for _, o := range a.came {
		a.Stdout.Printf("  %s\n", acmeOf(o))
	}
}

// called is a CA with its directory, where that says more.
func (a *acmeAccount) called(title string) string {
	if strings.Contains(a.directory, title) {
		return a.directory
	}
	return title + ", " + a.directory
}

// acmeOf says what a certificate is for.
func acmeOf(o state.Origin) string {
	where := o.Keystore
	if o.Alias != "" {
		where += " <" + o.Alias + ">"
	}
	return where + ": " + text.First(o.Recipe["host"], 5)
}

// setContacts changes the account's contacts.
func (a *acmeAccount) setContacts(ctx context.Context, contacts []string) error {
	client, err := a.client(ctx)
	if err != nil {
		return err
	}
	before := a.kept.Contact
	changed, err := client.SetContact(ctx, acmeContacts(contacts))
	if err != nil {
		return err
	}
	a.kept.Contact = changed.Contact
	a.talk().Printf("The contacts of the account at %s: %s (before: %s)\n", a.title(),
		cmp.Or(strings.Join(changed.Contact, ", "), "none"), cmp.Or(strings.Join(before, ", "), "none"))
	return nil
}

// rollOver gives the account a new key.
func (a *acmeAccount) rollOver(ctx context.Context) error {
	client, err := a.client(ctx)
	if err == nil {
		err = client.RollOver(ctx)
	}
	if err != nil {
		return err
	}
	a.talk().Printf("The account at %s has a new key, kept in %s\n", a.title(), a.dir.AccountFile(a.directory))
	a.talk().Print("Keys of certificates are others, and stay as they are.\n")
	return nil
}

// deactivate ends the account for good.
func (a *acmeAccount) deactivate(ctx context.Context) error {
	client, err := a.client(ctx)
	if err != nil {
		return err
	}
	known, err := client.Account(ctx)
	if err != nil {
		return err
	}
	if len(a.came) > 0 {
		a.Stderr.Printf("What came by it stays valid until it ends, and is not renewed any more:\n")
		for _, o := range a.came {
			a.Stderr.Printf("  %s\n", acmeOf(o))
		}
	}
	if !a.opt.noprompt {
		yes, err := a.promptYesNo(console.Textf("Deactivate the account %s for good? [no]:  ", known.URL))
		if err != nil {
			return err
		}
		if !yes {
			return withHint(errors.New("the account is left as it was"), "-noprompt does it without a question")
		}
	}
	if err := client.Deactivate(ctx); err != nil {
		return err
	}
	a.talk().Printf("The account %s is deactivated\n", known.URL)
	for _, o := range a.came {
		a.talk().Printf("With a new account: %s\n", a.acmeLine(acmeTargetFrom(o), o.Alias, "-agree"))
	}
	return nil
}

// acmeTargetFrom is where a certificate went.
func acmeTargetFrom(o state.Origin) acmeTarget {
	t := acmeTarget{from: acmeRecipe(o.Recipe).connectorWords()}
	if entryOfFiles(&o) {
		t.certFile, t.keyFile, t.chainFile = o.Keystore, cmp.Or(o.KeyFile, o.Keystore), o.ChainFile
	} else {
		t.keystore, t.alias = o.Keystore, optional[string]{o.Alias, true}
	}
	return t
}
