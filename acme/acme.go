// Package acme gets certificates from CAs that speak ACME (RFC 8555), and says
// when to renew them (RFC 9773). It knows nothing of keystores: who calls it says
// which names are to be certified, how their possession is proved, and stores what
// comes.
//
// What must not be lost between two runs, accounts and orders on their way, is kept
// by package state.
package acme

import (
	"context"
	"crypto"
	"time"

	"gokeytool/acme/state"
)

// Method is a way to prove that one has a name.
type Method string

// The methods, by the names of RFC 8555, section 8, and RFC 8737.
const (
	HTTP01    Method = "http-01"     // a file on port 80
	TLSALPN01 Method = "tls-alpn-01" // a certificate on port 443
	DNS01     Method = "dns-01"      // a TXT record
)

// Proof is what the CA is to find where it looks for it.
type Proof struct {
	Method Method
	// Name is the name that is proved, as the CA has it: A-labels, without the
	// "*." of a wildcard, or an IP address.
	Name  string
	IP    bool // Name is an IP address
	Token string
	// KeyAuthorization is the body of the file of http-01 (RFC 8555, section
	// 8.1). Record is what TXT of dns-01 holds: its digest in base64url.
	KeyAuthorization, Record string
	// Names are all that are proved in this order, and Remaining how many proofs
	// come after this one, as certbot's hooks are told.
	Names     []string
	Remaining int
}

// Solver puts proofs where the CA looks for them.
type Solver interface {
	// Present puts a proof there. What it returns takes it away again, and is
	// called once in every case, also where the context has ended since; it is
	// nil only with an error, after which nothing is there.
	Present(ctx context.Context, p Proof) (remove func(context.Context) error, err error)
}

// Request says what certificate is asked for.
type Request struct {
	// Lock is the lock of what the certificate is for, such as keystore and alias,
	// by state.Dir.Lock: one process at a time orders for it. Who had to wait for it
	// looks again whether the certificate is still needed. It is given up after Done.
	Lock   *state.Lock
	Names  []Name
	Method Method
	Solver Solver
	// Profile is one of those that the CA's directory has (draft-ietf-acme-profiles);
	// empty for the CA's choice.
	Profile string
	// Chain is the common name of the issuer at the top of the chain to be
	// taken, if the CA has several; empty for its first.
	Chain string
	// Replaces is the certificate, as DER, that the new one is for; nil for none.
	Replaces []byte
	// NewKey makes the key. It is called once for an order, which keeps the
	// key until the certificate is stored.
	NewKey func() (crypto.Signer, error)
	// FindKey finds a key that NewKey has made and that stays in a token, by its
	// SubjectPublicKeyInfo; nil with no error where it is there no more. An order keeps
	// that in place of the key. A nil FindKey says that keys are kept with orders.
	FindKey func(spki []byte) (crypto.Signer, error)
	// KeyIs says in any words what kind of key NewKey makes, such as "EC secp256r1":
	// an order that an earlier run has left is gone on with only if it has the same.
	KeyIs string
	// Said is told what goes on, in a line each; nil for nobody.
	Said func(text string)
}

// Issued is a certificate that has come.
type Issued struct {
	Key   crypto.Signer
	Chain [][]byte // as DER, the certificate itself first, without the root
	// Done is called when key and chain are stored: the order is forgotten then.
	Done func() error
}

// Renewal is when a certificate is to be renewed.
type Renewal struct {
	At  time.Time // from then on
	Why string    // in words: what the CA says, a third of its life, ...
	// Explanation is a page of the CA's about an early renewal; empty for none.
	Explanation string
}
