package commands

import (
	"time"

	"gokeytool/acme"
	"gokeytool/acme/state"
	"gokeytool/check"
	"gokeytool/identity"
	"gokeytool/internal/jsontime"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keytool"
)

// acmeOrigins tell how certificates came by ACME, as it is kept.
type acmeOrigins struct {
	*session
	dir *state.Dir // nil: nothing is known
}

// acmeOrigins are those of the directory. Where that can't be used nothing is known,
// which is an error only if it was named.
func (s *session) acmeOrigins(acmeDir optional[string]) (*acmeOrigins, error) {
	o := &acmeOrigins{session: s}
	dir, err := s.acmeState(acmeDir)
	switch {
	case err == nil:
		o.dir = dir
	case acmeDir.given:
		return nil, err
	}
	return o, nil
}

// acmeOrigin is how a certificate came by ACME.
type acmeOrigin struct {
	*state.Origin
	ca  string // as it calls itself, or its host
	due acme.Renewal
}

// of is how a certificate, as DER, came; nil where it did not come by ACME or that is
// not known.
func (o *acmeOrigins) of(leaf []byte) *acmeOrigin {
	if o.dir == nil {
		return nil
	}
	origin, err := o.dir.Origin(leaf)
	if err != nil || origin == nil {
		return nil
	}
	due, err := acmeDue(leaf, origin)
	if err != nil {
		return nil
	}
	return &acmeOrigin{Origin: origin, ca: caTitle(origin.Directory), due: due}
}

// acmeDue is when a certificate is to be renewed, as far as that is known without
// asking its CA.
func acmeDue(leaf []byte, origin *state.Origin) (acme.Renewal, error) {
	due, err := acme.Planned(leaf, origin)
	if err != nil {
		return due, err
	}
	c, err := x509util.ParseCertificate(leaf)
	if err != nil {
		return due, err
	}
	within := acmeRecipe(origin.Recipe).one("within")
	if left, err := acmeRecipe(origin.Recipe).within(); err == nil && left > 0 {
		if at := c.NotAfter.Add(-left); at.Before(due.At) {
			due = acme.Renewal{At: at, Why: "-within " + within}
		}
	}
	return due, nil
}

// caTitle is what a CA is called.
func caTitle(directory string) string {
	if ca, err := acme.FindCA(directory); err == nil {
		return ca.Title
	}
	return directory
}

// line is the line that renews the certificate of an entry of the keystore, which is
// open.
func (o *acmeOrigins) line(alias string, origin *acmeOrigin) string {
	if entryOfFiles(origin.Origin) {
		return o.acmeLine(acmeTargetFrom(*origin.Origin), "")
	}
	return o.here().KeyLine([]string{"renew", "-alias", alias}, o.acmeDirWords()...)
}

// entryOfFiles says whether a certificate came into files in PEM.
func entryOfFiles(o *state.Origin) bool { return o.Alias == "" }

// managed is what check needs to know of a certificate.
func (o *acmeOrigins) managed(leaf []byte) *check.Managed {
	origin := o.of(leaf)
	if origin == nil {
		return nil
	}
	return &check.Managed{
		ACME:  identity.ACME{CA: origin.ca, Due: origin.due.At, Options: o.acmeDirWords()},
		ToRun: origin.ToRun, Revoked: origin.Revoked, Reason: origin.RevokedFor,
	}
}

// cameByACME is how a certificate, as DER, is renewed; nil where it did not come by
// ACME, or that is not known.
func (s *session) cameByACME(leaf []byte) *identity.ACME {
	var dir optional[string]
	dir.value, dir.given = s.req.Value("acmeDir")
	origins, err := s.acmeOrigins(dir)
	if err != nil {
		return nil
	}
	managed := origins.managed(leaf)
	if managed == nil {
		return nil
	}
	return &managed.ACME
}

// jsonACME is how a certificate came by ACME.
type jsonACME struct {
	CA        string         `json:"ca"` // as it calls itself, or its host
	Directory string         `json:"directory"`
	Obtained  *jsontime.Time `json:"obtained"`
	RenewAt   *jsontime.Time `json:"renewAt"`
	RenewWhy  string         `json:"renewWhy"`
	Revoked   *jsontime.Time `json:"revoked,omitempty"` // from here
	Line      string         `json:"line"`              // that renews it
}

// json is how the certificate of an entry of the keystore came; nil for not known.
func (o *acmeOrigins) json(alias string, e *entry.Entry) *jsonACME {
	origin := o.ofEntry(e)
	if origin == nil {
		return nil
	}
	j := &jsonACME{
		CA: origin.ca, Directory: origin.Directory, Obtained: jsonTime(origin.Obtained),
		RenewAt: jsonTime(origin.due.At), RenewWhy: origin.due.Why, Line: o.line(alias, origin),
	}
	if !origin.Revoked.IsZero() {
		j.Revoked = jsonTime(origin.Revoked)
	}
	return j
}

// ofEntry is how the certificate of a key came, or one that stands in a file of its
// own, beside that of its key.
func (o *acmeOrigins) ofEntry(e *entry.Entry) *acmeOrigin {
	if len(e.Chain) == 0 || e.Kind != entry.PrivateKey && o.ks.Type() != store.PEM {
		return nil
	}
	origin := o.of(x509util.Encoded(e.Chain[0].DER))
	if origin != nil && e.Kind != entry.PrivateKey && origin.KeyFile == "" {
		return nil
	}
	return origin
}

// tell are the lines of list about the certificate of an entry.
func (o *acmeOrigins) tell(alias string, e *entry.Entry) (lines [][2]string) {
	origin := o.ofEntry(e)
	if origin == nil {
		return nil
	}
	day := func(t time.Time) string { return keytool.MediumDate(t, o.zone()) }
	lines = [][2]string{{"Obtained by ACME", origin.ca + ", " + day(origin.Obtained)}}
	if !origin.Revoked.IsZero() {
		lines = append(lines, [2]string{"Revoked", day(origin.Revoked) + ", " + origin.RevokedFor})
	}
	return append(lines, [2]string{"Renewed", "from " + day(origin.due.At) + " on (" + origin.due.Why + ")"}, [2]string{"Renewed by", o.line(alias, origin)})
}
