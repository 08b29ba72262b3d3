// Package state keeps what ACME must not lose between two runs, in a directory of
// its owner's (0700, files 0600): accounts with their keys, orders on their way
// with the keys to be certified, and where certificates came from.
//
//	DIR/accounts/NAME.json     the account at a CA
//	DIR/orders/NAME.json       an order whose certificate is not stored yet
//	DIR/orders/NAME-N.aside    one whose certificate nobody asks for any more
//	DIR/certificates/HEX.json  how a certificate came, by its SHA-256
//	DIR/compromised/HEX.json   a key that others have, by its SHA-256
//
// Each file is written whole or not at all. Their keys are in clear, as those that
// certbot and others keep.
package state

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gokeytool/internal/atomicfile"
)

// Origin is how a certificate came, and so how it is renewed.
type Origin struct {
	Directory string    `json:"directory"` // URL of the CA's directory
	Account   string    `json:"account"`   // URL
	Obtained  time.Time `json:"obtained"`
	Keystore  string    `json:"keystore"` // absolute path; that of the certificate for PEM
	Alias     string    `json:"alias,omitempty"`
	// KeyFile and ChainFile are the absolute paths of the other files in PEM. They are
	// empty for a keystore, and for what is all in one file.
	KeyFile   string `json:"keyFile,omitempty"`
	ChainFile string `json:"chainFile,omitempty"`

	// Recipe is what the line said, the values by the option's name: "host", "via",
	// "exec" and so on, as package commands has them. No password is in it.
	Recipe map[string][]string `json:"recipe"`

	// ToRun says that the command of -exec has still to run for this certificate.
	ToRun bool `json:"toRun,omitempty"`

	// RenewAt is when the CA last said to renew it, and AskAgain from when it
	// may be asked again (RFC 9773, section 4.3.2); zero for never asked.
	// Explanation is the page of the CA's about it.
	RenewAt     time.Time `json:"renewAt,omitzero"`
	AskAgain    time.Time `json:"askAgain,omitzero"`
	Explanation string    `json:"explanation,omitempty"`

	// Revoked is when it was revoked from here, and RevokedFor the reason, by its
	// name of RFC 5280, section 5.3.1; zero for not.
	Revoked    time.Time `json:"revoked,omitzero"`
	RevokedFor string    `json:"revokedFor,omitempty"`
}

// Account is an account at a CA.
type Account struct {
	Directory string    `json:"directory"` // URL of the CA's directory
	URL       string    `json:"url"`       // empty while it is being made
	Contact   []string  `json:"contact,omitempty"`
	Terms     string    `json:"terms,omitempty"`    // URL of what was agreed to
	EABKeyID  string    `json:"eabKeyID,omitempty"` // of the external account that it was bound to
	Made      time.Time `json:"made"`
	Key       Key       `json:"key"`
	// NextKey is there while the key is being changed: the CA knows one of the two.
	NextKey Key `json:"nextKey,omitzero"`
}

// Order is an order whose certificate is not stored yet.
type Order struct {
	For       string    `json:"for"`
	Directory string    `json:"directory"` // URL of the CA's directory
	Account   string    `json:"account"`   // URL
	URL       string    `json:"url"`
	Names     []string  `json:"names"` // as in the order
	Profile   string    `json:"profile,omitempty"`
	KeyIs     string    `json:"keyIs,omitempty"` // what key was asked for
	Made      time.Time `json:"made"`
	Key       Key       `json:"key,omitzero"`
	// Held is the SubjectPublicKeyInfo of a key that stays in a token; nil where the file
	// has the key.
	Held []byte `json:"held,omitempty"`
	// Finalized says that the CA was, or was about to be, asked to certify the key.
	Finalized bool `json:"finalized,omitempty"`
	// Chain is the certificate with its chain, as PEM, once it has come.
	Chain string `json:"chain,omitempty"`
}

// Key is a private key, in a file as PKCS#8 in PEM.
type Key struct{ crypto.Signer }

// IsZero says that there is no key.
func (k Key) IsZero() bool { return k.Signer == nil }

// MarshalText is the key as PEM.
func (k Key) MarshalText() ([]byte, error) {
	if k.Signer == nil {
		return nil, nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.Signer)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// UnmarshalText reads the key from PEM.
func (k *Key) UnmarshalText(text []byte) error {
	k.Signer = nil
	if len(text) == 0 {
		return nil
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" || len(rest) > 0 {
		return errors.New("the key is not a PEM block PRIVATE KEY")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return fmt.Errorf("a key of type %T cannot sign", key)
	}
	k.Signer = signer
	return nil
}

// Dir is the directory.
type Dir struct{ path string }

// Open is the directory of that path, which need not be there: it is made when
// something is to be kept.
func Open(path string) *Dir { return &Dir{path} }

// Path is the path of the directory.
func (d *Dir) Path() string { return d.path }

// FileError says that a file is not what this package has written.
type FileError struct {
	Path string
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("%s is damaged: %v", e.Path, e.Err) }
func (e *FileError) Unwrap() error { return e.Err }

// maxFile bounds a file, in bytes: an order with a key of RSA, 100 names and a chain
// has less than a tenth of it.
const maxFile = 1 << 20

// read reads a file into v; false where there is none.
func read(path string, v any) (bool, error) {
	f, err := atomicfile.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = atomicfile.Trusted(path, info)
	}
	if err != nil {
		return false, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return false, err
	}
	if len(data) > maxFile {
		return false, &FileError{path, fmt.Errorf("it is larger than %d bytes", maxFile)}
	}
	if err := json.Unmarshal(data, v); err != nil {
		return false, &FileError{path, err}
	}
	return true, nil
}

// write writes v into a file, whose directory is made.
func write(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.WriteSecret(path, append(data, '\n'))
}

// remove removes a file, if it is there.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (d *Dir) originFile(leaf []byte) string {
	return filepath.Join(d.path, "certificates", digest(leaf)+".json")
}

// Origin is how a certificate, as DER, came; nil with no error where nothing is
// known of it. The error is a *FileError or an *fs.PathError.
func (d *Dir) Origin(leaf []byte) (*Origin, error) {
	return readOrigin(d.originFile(leaf))
}

func readOrigin(path string) (*Origin, error) {
	var o Origin
	found, err := read(path, &o)
	if err != nil || !found {
		return nil, err
	}
	if o.Directory == "" {
		return nil, &FileError{path, errors.New("it names no CA")}
	}
	return &o, nil
}

// SetOrigin keeps how a certificate came.
func (d *Dir) SetOrigin(leaf []byte, o *Origin) error { return write(d.originFile(leaf), o) }

// Forget forgets how a certificate came, as of one that was replaced.
func (d *Dir) Forget(leaf []byte) error { return remove(d.originFile(leaf)) }

// AccountFile is the file of the account at the CA of a directory.
func (d *Dir) AccountFile(directory string) string {
	host := "ca"
	if u, err := url.Parse(directory); err == nil && u.Hostname() != "" {
		host = strings.Map(func(c rune) rune {
			if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' {
				return c
			}
			return '_'
		}, strings.ToLower(u.Hostname()))
	}
	if len(host) > 100 {
		host = host[:100]
	}
	return filepath.Join(d.path, "accounts", host+"-"+digest([]byte(directory))[:12]+".json")
}

// Account is the account at the CA of a directory; nil with no error where there is
// none. The error is a *FileError or an *fs.PathError.
func (d *Dir) Account(directory string) (*Account, error) {
	path := d.AccountFile(directory)
	a, err := readAccount(path)
	if err == nil && a != nil && a.Directory != directory {
		err = &FileError{path, fmt.Errorf("it has the account at %s", a.Directory)}
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

func readAccount(path string) (*Account, error) {
	var a Account
	found, err := read(path, &a)
	if err != nil || !found {
		return nil, err
	}
	if a.Key.IsZero() {
		return nil, &FileError{path, errors.New("the account has no key")}
	}
	return &a, nil
}

// Accounts are all accounts, and what keeps one of them from being read.
func (d *Dir) Accounts() ([]Account, error) {
	paths, err := filepath.Glob(filepath.Join(escape(filepath.Join(d.path, "accounts")), "*.json"))
	if err != nil {
		return nil, err
	}
	var accounts []Account
	var errs []error
	for _, path := range paths {
		a, err := readAccount(path)
		if err != nil {
			errs = append(errs, err)
		} else if a != nil {
			accounts = append(accounts, *a)
		}
	}
	return accounts, errors.Join(errs...)
}

// escape makes a path mean itself in a pattern.
func escape(path string) string {
	if os.PathSeparator == '\\' {
		return path // where a pattern escapes nothing
	}
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// SetAccount keeps an account.
func (d *Dir) SetAccount(a *Account) error {
	if a.Key.IsZero() {
		return errors.New("an account without a key cannot be kept")
	}
	return write(d.AccountFile(a.Directory), a)
}

// ForgetAccount forgets the account at the CA of a directory.
func (d *Dir) ForgetAccount(directory string) error { return remove(d.AccountFile(directory)) }
