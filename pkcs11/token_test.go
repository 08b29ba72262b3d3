package pkcs11_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"math/big"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/internal/testtool"
	"gokeytool/pkcs11"
)

// open opens a token of SoftHSM.
func open(t testing.TB, h testtool.SoftHSM) *pkcs11.Token {
	t.Helper()
	token, err := pkcs11.Open(t.Context(), pkcs11.Location{Module: h.Module, Environment: environment(h)},
		pkcs11.Selection{Label: h.Label})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := token.Close(); err != nil {
			t.Error(err)
		}
	})
	return token
}

func environment(h testtool.SoftHSM) []string { return append(os.Environ(), h.Environment) }

// login opens a token as its user.
func login(t testing.TB, h testtool.SoftHSM) *pkcs11.Token {
	t.Helper()
	token := open(t, h)
	if err := token.Login([]byte(h.PIN)); err != nil {
		t.Fatal(err)
	}
	return token
}

func do(t testing.TB, token *pkcs11.Token, f func(*pkcs11.Session) error) {
	t.Helper()
	if err := token.Do(true, f); err != nil {
		t.Fatal(err)
	}
}

// makeKey makes a key pair on the token and returns the private key's reference and the public key.
func makeKey(t testing.TB, token *pkcs11.Token, kind, label string) (pkcs11.KeyRef, crypto.PublicKey) {
	t.Helper()
	ref := pkcs11.KeyRef{ID: []byte(label), Label: label}
	both := []pkcs11.Attribute{{Type: pkcs11.Label, Value: []byte(label)}, {Type: pkcs11.ID, Value: []byte(label)},
		pkcs11.NewBool(pkcs11.OnToken, true)}
	private := append([]pkcs11.Attribute{pkcs11.NewBool(pkcs11.Private, true), pkcs11.NewBool(pkcs11.Sensitive, true),
		pkcs11.NewBool(pkcs11.Signs, true)}, both...)
	public := append([]pkcs11.Attribute{pkcs11.NewBool(pkcs11.Verifies, true)}, both...)
	var mechanism pkcs11.Mechanism
	switch kind {
	case "RSA":
		mechanism.Type = pkcs11.RSAPKCSKeyPairGen
		public = append(public, pkcs11.NewNumber(pkcs11.ModulusBits, 2048),
			pkcs11.Attribute{Type: pkcs11.PublicExponent, Value: []byte{1, 0, 1}})
	case "EC":
		mechanism.Type = pkcs11.ECKeyPairGen
		public = append(public, pkcs11.Attribute{Type: pkcs11.ECParams, Value: []byte{6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7}})
	case "Ed25519":
		mechanism.Type = pkcs11.ECEdwardsKeyPairGen
		public = append(public, pkcs11.Attribute{Type: pkcs11.ECParams, Value: append([]byte{0x13, 12}, "edwards25519"...)})
	}
	var key crypto.PublicKey
	do(t, token, func(s *pkcs11.Session) error {
		pub, _, err := s.GenerateKeyPair(mechanism, public, private)
		if err != nil {
			return err
		}
		v, err := s.Get(pub, pkcs11.Modulus, pkcs11.PublicExponent, pkcs11.ECPoint)
		if err != nil {
			return err
		}
		switch kind {
		case "RSA":
			key = &rsa.PublicKey{N: new(big.Int).SetBytes(v[pkcs11.Modulus]), E: int(new(big.Int).SetBytes(v[pkcs11.PublicExponent]).Int64())}
		case "EC":
			key, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), v[pkcs11.ECPoint][2:])
		case "Ed25519":
			key = ed25519.PublicKey(v[pkcs11.ECPoint][2:])
		}
		return err
	})
	return ref, key
}

func TestToken(t *testing.T) {
	t.Parallel()
	h := testtool.NewSoftHSM(t)
	token := login(t, h)
	digest := sha256.Sum256([]byte("text"))
	for _, kind := range []string{"RSA", "EC", "Ed25519"} {
		ref, public := makeKey(t, token, kind, kind)
		key := token.Key(ref, public)
		options := []crypto.SignerOpts{crypto.SHA256, &rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256}}
		if kind == "EC" {
			options = options[:1]
		}
		text := digest[:]
		if kind == "Ed25519" {
			options = []crypto.SignerOpts{crypto.Hash(0)}
			text = []byte("text")
		}
		for _, opts := range options {
			if _, err := key.Sign(rand.Reader, text, opts); err != nil {
				t.Errorf("%s %v: %v", kind, opts, err)
			}
		}
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	token := login(t, testtool.NewSoftHSM(t))
	value := bytes.Repeat([]byte("value"), 2000)
	do(t, token, func(s *pkcs11.Session) error {
		o, err := s.Create(pkcs11.NewNumber(pkcs11.Class, pkcs11.DataObject), pkcs11.NewBool(pkcs11.OnToken, true),
			pkcs11.Attribute{Type: pkcs11.Label, Value: []byte("data")}, pkcs11.Attribute{Type: pkcs11.Value, Value: value})
		if err != nil {
			return err
		}
		if err := s.Set(o, pkcs11.Attribute{Type: pkcs11.Label, Value: []byte("other")}); err != nil {
			return err
		}
		if _, err := s.Copy(o, pkcs11.Attribute{Type: pkcs11.Label, Value: []byte("copy")}); err != nil {
			return err
		}
		// What is long, missing, and neither.
		got, err := s.Get(o, pkcs11.Label, pkcs11.Value, pkcs11.Modulus, pkcs11.Class, pkcs11.OnToken, pkcs11.KeyType)
		if err != nil {
			return err
		}
		want := map[pkcs11.AttributeType][]byte{pkcs11.Label: []byte("other"), pkcs11.Value: value, pkcs11.Modulus: nil,
			pkcs11.Class: make([]byte, 8), pkcs11.OnToken: {1}, pkcs11.KeyType: nil}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		for _, left := range []int{2, 1} {
			found, err := s.Find(pkcs11.NewNumber(pkcs11.Class, pkcs11.DataObject))
			if err != nil || len(found) != left {
				t.Errorf("%d objects, %v", len(found), err)
			}
			if err := s.Destroy(found[0]); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestWrongPIN(t *testing.T) {
	t.Parallel()
	h := testtool.NewSoftHSM(t)
	token := open(t, h)
	for range 2 { // the second time it is not tried
		if err := token.Login([]byte("9999")); !errors.Is(err, pkcs11.PINIncorrect) {
			t.Errorf("%v", err)
		}
	}
	info, err := token.CurrentInfo()
	if err != nil || info.Flags&pkcs11.UserPINCountLow == 0 || info.Flags&(pkcs11.UserPINFinalTry|pkcs11.UserPINLocked) != 0 {
		t.Errorf("%#x, %v", info.Flags, err)
	}
}
