package pkcs11_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	"crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"gokeytool/pkcs11"
	"gokeytool/pkcs11/pkcs11test"
)

var (
	rsaKey     = sync.OnceValue(func() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey      = sync.OnceValue(func() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)) })
	otherECKey = sync.OnceValue(func() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	edKey      = sync.OnceValue(func() crypto.Signer {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return must(key, err)
	})
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// patience is how long a call to a fake token may take, where it hangs on purpose.
const patience = 200 * time.Millisecond

// openFake opens a fake token as its user.
func openFake(t testing.TB, s *pkcs11test.Server) *pkcs11.Token {
	t.Helper()
	token, err := pkcs11.Open(t.Context(), pkcs11.Location{Address: s.Address}, pkcs11.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { token.Close() })
	if err := token.Login([]byte("1234")); err != nil {
		t.Fatal(err)
	}
	return token
}

var digest = sha256.Sum256([]byte("text"))

// signs makes a signature with a key, which is verified.
func signs(k *pkcs11.PrivateKey) error {
	text, opts := digest[:], crypto.SignerOpts(crypto.SHA256)
	if _, ok := k.Public().(ed25519.PublicKey); ok {
		text, opts = []byte("text"), crypto.Hash(0)
	}
	return signsAs(k, text, opts)
}

// refusedOnce says that a key is not used after its token has refused the PIN, which is
// tried once.
func refusedOnce(t *testing.T, fake *pkcs11test.Server, k *pkcs11.PrivateKey) {
	t.Helper()
	for range 3 {
		if err := signs(k); !errors.Is(err, pkcs11.PINIncorrect) {
			t.Errorf("%v", err)
		}
	}
	fake.Lock()
	defer fake.Unlock()
	if fake.Refused != 1 {
		t.Errorf("the PIN was tried %d times", fake.Refused)
	}
}

func signsAs(k *pkcs11.PrivateKey, text []byte, opts crypto.SignerOpts) error {
	signature, err := k.Sign(rand.Reader, text, opts)
	if err != nil {
		return err
	}
	switch public := k.Public().(type) {
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(public, pss.Hash, text, signature, pss)
		}
		return rsa.VerifyPKCS1v15(public, opts.HashFunc(), text, signature)
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(public, text, signature) {
			return errors.New("not verified")
		}
	case ed25519.PublicKey:
		if !ed25519.Verify(public, text, signature) {
			return errors.New("not verified")
		}
	}
	return nil
}

// signer is the key of a fake token that has only one.
func signer(token *pkcs11.Token, key crypto.Signer) *pkcs11.PrivateKey {
	return token.Key(pkcs11.KeyRef{ID: []byte("id")}, key.Public())
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	for _, version := range []byte{0, 1, 2} {
		for _, without := range []map[uint64]bool{nil, {pkcs11.RSAPKCS: true, pkcs11.RSAPKCSPSS: true}} {
			for _, key := range []crypto.Signer{rsaKey(), ecKey(), edKey()} {
				fake := pkcs11test.New(t, pkcs11test.Key{ID: "id", Signer: key})
				fake.Version, fake.Without = version, without
				k := signer(openFake(t, fake), key)
				if err := signs(k); err != nil {
					t.Errorf("%T: %v", key, err)
				}
				if _, ok := key.(*rsa.PrivateKey); !ok {
					continue
				}
				for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA384, crypto.SHA512, crypto.MD5SHA1} {
					if err := signsAs(k, make([]byte, hash.Size()), hash); err != nil {
						t.Errorf("%s: %v", hash, err)
					}
				}
				for _, salt := range []int{rsa.PSSSaltLengthAuto, rsa.PSSSaltLengthEqualsHash, 20} {
					for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA512} {
						opts := &rsa.PSSOptions{SaltLength: salt, Hash: hash}
						if err := signsAs(k, make([]byte, hash.Size()), opts); err != nil {
							t.Errorf("PSS with %s, salt %d: %v", hash, salt, err)
						}
					}
				}
			}
		}
	}
}

func TestSignatureRefused(t *testing.T) {
	t.Parallel()
	fake := pkcs11test.New(t, pkcs11test.Key{ID: "id", Signer: rsaKey()})
	token := openFake(t, fake)
	for _, c := range []struct {
		key    crypto.Signer
		digest []byte
		opts   crypto.SignerOpts
		says   string
	}{
		{rsaKey(), digest[:5], crypto.SHA256, "5 bytes are no digest of SHA-256"},
		{rsaKey(), make([]byte, 32), crypto.BLAKE2s_256, "RSA signatures of BLAKE2s-256 are not known"},
		{rsaKey(), make([]byte, 32), &rsa.PSSOptions{SaltLength: 300, Hash: crypto.SHA256}, "C_Sign: CKR_DATA_LEN_RANGE"},
		{edKey(), digest[:], crypto.SHA256, "only whole messages"},
		{ecKey(), digest[:], crypto.SHA256, "no private key of ID 6964 of the type of the public key"},
	} {
		if _, err := signer(token, c.key).Sign(rand.Reader, c.digest, c.opts); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, not: %s", err, c.says)
		}
	}
	fake.Lock()
	fake.Without = map[uint64]bool{pkcs11.RSAPKCS: true, pkcs11.RSAPKCSPSS: true, pkcs11.RSAX509: true}
	fake.Unlock()
	if err := signs(signer(token, rsaKey())); !errors.Is(err, pkcs11.MechanismInvalid) {
		t.Errorf("%v", err)
	}
}

// TestKeysOfOneID: of several keys with one ID, that of the public key signs.
func TestKeysOfOneID(t *testing.T) {
	t.Parallel()
	other := must(rsa.GenerateKey(rand.Reader, 1024))
	fake := pkcs11test.New(t, pkcs11test.Key{ID: "id", Signer: otherECKey()}, pkcs11test.Key{ID: "id", Signer: other},
		pkcs11test.Key{ID: "id", Signer: ecKey()}, pkcs11test.Key{ID: "id", Signer: rsaKey()})
	token := openFake(t, fake)
	for _, key := range []crypto.Signer{rsaKey(), ecKey(), otherECKey()} {
		if err := signs(signer(token, key)); err != nil {
			t.Errorf("%T: %v", key, err)
		}
	}
	fake.Lock()
	fake.Keys[2].Signer = otherECKey()
	fake.Unlock()
	if err := signs(signer(token, ecKey())); err == nil || !strings.Contains(err.Error(), "is not that of the public key") {
		t.Errorf("%v", err)
	}
}

func TestAlwaysAuthenticate(t *testing.T) {
	t.Parallel()
	fake := pkcs11test.New(t, pkcs11test.Key{ID: "id", Signer: ecKey(), Always: true})
	k := signer(openFake(t, fake), ecKey())
	for range 3 {
		if err := signs(k); err != nil {
			t.Fatal(err)
		}
	}
	fake.Lock()
	if fake.Logins != 4 || fake.Refused != 0 {
		t.Errorf("%d logins, %d refused", fake.Logins, fake.Refused)
	}
	fake.PIN = "changed"
	fake.Unlock()
	refusedOnce(t, fake, k)
}

// TestRemoval: whatever the module says when its token was pulled out, and if its process
// ends, the next signature opens the token again.
func TestRemoval(t *testing.T) {
	t.Parallel()
	for _, code := range []pkcs11.Code{0, pkcs11.DeviceRemoved, pkcs11.DeviceError, pkcs11.TokenNotPresent,
		pkcs11.SessionHandleInvalid, pkcs11.SessionClosed, pkcs11.KeyHandleInvalid, pkcs11.ObjectHandleInvalid,
		pkcs11.UserNotLoggedIn, pkcs11.CryptokiNotInitialized} {
		t.Run(code.Error(), func(t *testing.T) {
			fake := pkcs11test.New(t, pkcs11test.Key{ID: "id", Signer: ecKey()})
			k := signer(openFake(t, fake), ecKey())
			if err := signs(k); err != nil {
				t.Fatal(err)
			}
			if code == 0 {
				fake.Disconnect()
			} else {
				once := true
				fake.Lock()
				fake.Code = func(call string) uint64 {
					if call == "C_SignInit" && once {
						once = false
						return uint64(code)
					}
					return 0
				}
				fake.Unlock()
			}
			if err := signs(k); err != nil && code != pkcs11.DeviceError {
				t.Errorf("%v", err) // DeviceError may be anything: only the next call is a new try
			}
			if err := signs(k); err != nil {
				t.Errorf("again: %v", err)
			}
		})
	}
}

func TestPulledOut(t *testing.T) {
	t.Parallel()
	fake := pkcs11test.New(t, pkcs11test.Key{ID: "id", Signer: ecKey()})
	token := openFake(t, fake)
	k := signer(token, ecKey())
	absent := func(absent bool) {
		fake.Lock()
		fake.Absent = absent
		fake.Unlock()
	}
	for range 2 {
		absent(true)
		for range 3 {
			var e *pkcs11.TokenError
			if err := signs(k); !errors.As(err, &e) && !errors.Is(err, pkcs11.DeviceRemoved) {
				t.Errorf("%v", err)
			}
			if err := token.Do(false, func(*pkcs11.Session) error { return nil }); !errors.As(err, &e) {
				t.Errorf("%v", err)
			}
		}
		absent(false)
		if err := signs(k); err != nil {
			t.Error(err)
		}
	}
	// Another token in its place is not it.
	fake.Disconnect()
	fake.Lock()
	fake.Serial = "2"
	fake.Unlock()
	var e *pkcs11.TokenError
	if err := signs(k); !errors.As(err, &e) || len(e.Present) != 1 {
		t.Errorf("%v", err)
	}
	fake.Lock()
	fake.Serial, fake.PIN = "1", "changed"
	fake.Unlock()
	refusedOnce(t, fake, k)
}

// TestHang: a module that hangs in any call is an error in time, which names the call.
func TestHang(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"C_Initialize", "C_GetInfo", "C_GetSlotList", "C_GetSlotInfo", "C_GetTokenInfo",
		"C_OpenSession", "C_Login", "C_FindObjectsInit", "C_FindObjects", "C_FindObjectsFinal", "C_GetAttributeValue",
		"C_SignInit", "C_Sign", "C_GetSessionInfo", "C_Finalize"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			fake := pkcs11test.New(t, pkcs11test.Key{ID: "id", Signer: ecKey()})
			fake.Answer = func(name string, frame []byte) []byte {
				if name == call {
					return pkcs11test.Hang
				}
				return frame
			}
			err := func() error {
				token, err := pkcs11.Open(t.Context(), pkcs11.Location{Address: fake.Address, Timeout: patience}, pkcs11.Selection{})
				if err != nil {
					return err
				}
				defer token.Close()
				if err := token.Login([]byte("1234")); err != nil {
					return err
				}
				if err := signs(signer(token, ecKey())); err != nil {
					return err
				}
				return token.Do(false, func(*pkcs11.Session) error { return nil })
			}()
			if call == "C_Finalize" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var e *pkcs11.CallError
			if !errors.Is(err, pkcs11.ErrTimeout) || !errors.As(err, &e) || e.Call != call || e.Module != fake.Address {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	fake := pkcs11test.New(t, pkcs11test.Key{ID: "id", Signer: ecKey()})
	ctx, cancel := context.WithCancel(t.Context())
	token, err := pkcs11.Open(ctx, pkcs11.Location{Address: fake.Address}, pkcs11.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	defer token.Close()
	if err := token.Login([]byte("1234")); err != nil {
		t.Fatal(err)
	}
	fake.Lock()
	fake.Answer = func(name string, frame []byte) []byte {
		if name == "C_Sign" {
			cancel()
			return pkcs11test.Hang
		}
		return frame
	}
	fake.Unlock()
	for range 2 {
		if err := signs(signer(token, ecKey())); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	if _, err := pkcs11.Open(ctx, pkcs11.Location{Address: fake.Address}, pkcs11.Selection{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestSessions: many goroutines share few sessions, as few as the token has, and read and
// write alternately.
func TestSessions(t *testing.T) {
	t.Parallel()
	for _, most := range []uint64{0, 1, 2, ^uint64(0)} {
		fake := pkcs11test.New(t, pkcs11test.Key{ID: "id", Signer: ecKey()})
		fake.Most = most
		token := openFake(t, fake)
		k := signer(token, ecKey())
		var running sync.WaitGroup
		for i := range 20 {
			running.Go(func() {
				err := token.Do(i%2 == 0, func(s *pkcs11.Session) error {
					_, err := s.Find()
					return err
				})
				if err := errors.Join(err, signs(k)); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		fake.Lock()
		if fake.Sessions > 5 || most == 0 && fake.Logins != 1 || fake.Refused != 0 || fake.Signatures != 20 {
			t.Errorf("%d sessions, %d logins, %d refused, %d signatures", fake.Sessions, fake.Logins, fake.Refused, fake.Signatures)
		}
		fake.Unlock()
		token.Close()
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	fake := pkcs11test.New(t, pkcs11test.Key{ID: "id", Signer: ecKey()})
	token := openFake(t, fake)
	if err := errors.Join(token.Close(), token.Close()); err != nil {
		t.Error(err)
	}
	if err := signs(signer(token, ecKey())); !errors.Is(err, pkcs11.ErrClosed) {
		t.Error(err)
	}
	if err := token.Login([]byte("1234")); !errors.Is(err, pkcs11.ErrClosed) {
		t.Error(err)
	}
	if _, err := token.CurrentInfo(); !errors.Is(err, pkcs11.ErrClosed) {
		t.Error(err)
	}
}
