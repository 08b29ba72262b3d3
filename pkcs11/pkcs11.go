// Package pkcs11 uses the keys and certificates of PKCS #11 tokens (OASIS PKCS #11
// 2.40 and 3.0): of HSMs, smart cards and YubiKeys. The vendor's module is a shared
// library, which a static program can't load: p11-kit loads it in a process of its
// own, and answers calls on a pipe or a Unix socket (p11-kit remote, p11-kit server).
// This package speaks its protocol, as p11-kit 0.23 to 0.26 have it.
//
// A token has one process and one pipe, which carries one call at a time; goroutines
// share it and at most four sessions. A call costs some 50 microseconds beyond what the
// module takes. Without a module's name all tokens are there of all modules that p11-kit
// is configured with ("p11-kit remote pkcs11:"; it numbers slots itself, so that a slot
// says little there).
//
// A token that was pulled out and put back, or whose process died, is opened again by the
// next call: it has to be the same token (label, serial number, model and maker), it is
// logged in to with the PIN that it took before, and keys are found again by KeyRef and
// prove with their first signature that they are the ones of their public keys. A PIN
// that was refused is never tried again.
//
// Nothing that the other side sends is trusted: sizes, counts and times are bounded,
// and a module that hangs or dies is an error within seconds, its process ended.
package pkcs11

import (
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
	UserPINToBeChanged TokenFlags = 0x80000 // it is the one that the token came with
)
