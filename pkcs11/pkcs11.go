// Package pkcs11 uses the keys and certificates of PKCS #11 tokens (OASIS PKCS #11
// 2.40 and 3.0): of HSMs, smart cards and YubiKeys. The vendor's module is a shared
// library, which a static program can't load: p11-kit loads it in a process of its
// own, and answers calls on a pipe or a Unix socket (p11-kit remote, p11-kit server).
// This package speaks its protocol.
//
// Nothing that the other side sends is trusted: sizes, counts and times are bounded,
// and a module that hangs or dies is an error within seconds, its process ended.
package pkcs11

import (
	"context"
	"crypto"
	"errors"
	"io"
	"time"
)

// Location says where a module is, and how it is reached.
type Location struct {
	// Module is the path of the vendor's library; empty for all modules that
	// p11-kit is configured with.
	Module string
	// Address is that of a p11-kit server, as in P11_KIT_SERVER_ADDRESS:
	// "unix:path=" and a path, percent-encoded. It goes before Module.
	Address string
	// Program is p11-kit; empty for the one in PATH.
	Program string
	// Timeout is how long a call may take; 0 for DefaultTimeout. Making a key may take
	// ten times as long.
	Timeout time.Duration
	// Environment is that of the module's process, as exec.Cmd.Env: nil for that of this
	// process.
	Environment []string
	// Stderr is where the module's process writes; nil for nowhere. The end of it is in
	// the error of a process that dies.
	Stderr io.Writer
}

// DefaultTimeout is how long a call may take: a signature on a smart card takes
// about a second, a touch that a YubiKey waits for fifteen.
const DefaultTimeout = 20 * time.Second

// Selection says which token is meant. What is empty or nil matches every token.
type Selection struct {
	Slot  *uint64 // the slot's ID (slot-id, Java's slot)
	Index *int    // its place in the list of all slots (Java's slotListIndex)

	SlotDescription, SlotManufacturer       string
	Label, Manufacturer, Model, Serial      string // of the token
	LibraryDescription, LibraryManufacturer string
	LibraryVersion                          string // as "2.6"
}

// TokenInfo is what a token says of itself (CK_TOKEN_INFO), without the blanks at the
// end of its texts.
type TokenInfo struct {
	Slot                               uint64
	Index                              int
	SlotDescription                    string
	Label, Manufacturer, Model, Serial string
	Flags                              TokenFlags
}

// TokenFlags are the CKF flags of a token.
type TokenFlags uint64

// The flags of a token that matter here (PKCS #11 2.40, table 5).
const (
	WriteProtected     TokenFlags = 0x2
	LoginRequired      TokenFlags = 0x4
	UserPINInitialized TokenFlags = 0x8
	ProtectedPath      TokenFlags = 0x100 // the PIN is entered at the device
	TokenInitialized   TokenFlags = 0x400
	UserPINCountLow    TokenFlags = 0x10000
	UserPINFinalTry    TokenFlags = 0x20000
	UserPINLocked      TokenFlags = 0x40000
)

// Token is one token. It may be used by several goroutines at once; a few sessions
// are shared by them, and opened again when the token was pulled out and put back.
type Token struct {
	info TokenInfo
}

// Open finds the one token that is meant. It logs nobody in. The errors are a
// *ProgramError where p11-kit is not there or does not start, a *TokenError where not
// exactly one token matches, or a *CallError.
func Open(ctx context.Context, at Location, which Selection) (*Token, error) {
	return nil, errors.New("not yet")
}

// Info is what the token said of itself when it was opened.
func (t *Token) Info() TokenInfo { return t.info }

// CurrentInfo asks the token what it says of itself now, of tries of its PIN among
// others.
func (t *Token) CurrentInfo() (TokenInfo, error) { return t.info, nil }

// Login logs the user in; a nil PIN is one that is entered at the device
// (CKF_PROTECTED_AUTHENTICATION_PATH). The token keeps the PIN, for when it was pulled
// out, until Close. A PIN that was refused is never tried again, by no call: each try
// counts, and the last one locks the token.
func (t *Token) Login(pin []byte) error { return errors.New("not yet") }

// Do calls f with a session that is logged in if Login was called. The session is
// f's own for the time; writable ones can change the token's objects.
func (t *Token) Do(writable bool, f func(*Session) error) error { return errors.New("not yet") }

// Close ends the sessions and the module's process, and wipes the PIN.
func (t *Token) Close() error { return nil }

// Session is a session with a token, for one goroutine.
type Session struct{}

// Object is the handle of an object. It holds as long as the module runs and the token
// is in its slot.
type Object uint64

// Find returns the objects that have all of the attributes.
func (s *Session) Find(template ...Attribute) ([]Object, error) { return nil, nil }

// Get returns attributes of an object. One that the object does not have, or that is
// sensitive, is nil.
func (s *Session) Get(o Object, types ...AttributeType) (map[AttributeType][]byte, error) {
	return nil, nil
}

// Set changes attributes of an object.
func (s *Session) Set(o Object, template ...Attribute) error { return nil }

// Create makes an object of what is given.
func (s *Session) Create(template ...Attribute) (Object, error) { return 0, nil }

// Copy makes another object of one, with other values of some attributes.
func (s *Session) Copy(o Object, template ...Attribute) (Object, error) { return 0, nil }

// Destroy removes an object.
func (s *Session) Destroy(o Object) error { return nil }

// GenerateKeyPair makes a key pair.
func (s *Session) GenerateKeyPair(m Mechanism, public, private []Attribute) (publicKey, privateKey Object, err error) {
	return 0, 0, nil
}

// GenerateKey makes a secret key.
func (s *Session) GenerateKey(m Mechanism, template []Attribute) (Object, error) { return 0, nil }

// Sign signs data in one part.
func (s *Session) Sign(m Mechanism, key Object, data []byte) ([]byte, error) { return nil, nil }

// KeyRef says by what a private key is found again, after the token was pulled out and
// put back: nothing in it is a handle.
type KeyRef struct {
	ID    []byte // CKA_ID
	Label string // CKA_LABEL
	// Modulus and such, to tell keys of one ID apart, may be added.
}

// PrivateKey is a private key that stays in its token: a crypto.Signer of RSA (PKCS #1
// 1.5 and PSS), ECDSA, DSA and Ed25519 keys.
type PrivateKey struct {
	token  *Token
	ref    KeyRef
	public crypto.PublicKey
}

// Key returns a private key of the token, which is looked for when it is used.
func (t *Token) Key(ref KeyRef, public crypto.PublicKey) *PrivateKey {
	return &PrivateKey{token: t, ref: ref, public: public}
}

// Public returns the public key.
func (k *PrivateKey) Public() crypto.PublicKey { return k.public }

// Sign signs a digest on the token. It may be called by several goroutines at once. The
// hash 0 is for a message that is signed as it is (Ed25519), and for PKCS #1 of whole
// DigestInfos.
func (k *PrivateKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("not yet")
}
