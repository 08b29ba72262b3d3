package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 tokens hold DSA keys
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"sync"
)

// KeyRef says by what a private key is found again, after the token was pulled out and
// put back: nothing in it is a handle. Of several keys that it fits, the one of the
// public key is used.
type KeyRef struct {
	ID    []byte // CKA_ID; empty matches every key
	Label string // CKA_LABEL; empty matches every key
}

// PrivateKey is a private key that stays in its token: a crypto.Signer of RSA (PKCS #1
// 1.5 and PSS), ECDSA, DSA and Ed25519 keys. The first signature of each time that it
// was found is verified with the public key.
type PrivateKey struct {
	token  *Token
	ref    KeyRef
	public crypto.PublicKey

	mu    sync.Mutex
	found *handle
}

// handle is a key that was found.
type handle struct {
	c      *conn // handles are this connection's
	object Object
	always bool // CKA_ALWAYS_AUTHENTICATE
	proved bool // it has made a signature of the public key
}

// Key returns a private key of the token, which is looked for when it is used.
func (t *Token) Key(ref KeyRef, public crypto.PublicKey) *PrivateKey {
	return &PrivateKey{token: t, ref: KeyRef{ID: bytes.Clone(ref.ID), Label: ref.Label}, public: public}
}

// Public returns the public key.
func (k *PrivateKey) Public() crypto.PublicKey { return k.public }

// Sign signs a digest on the token. It may be called by several goroutines at once. The
// hash 0 is for a message that is signed as it is (Ed25519), and for PKCS #1 of whole
// DigestInfos. If the token was pulled out and put back it is tried a second time.
func (k *PrivateKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	how, err := k.method(digest, opts)
	if err != nil {
		return nil, err
	}
	signature, again, err := k.try(how, digest, opts, false)
	if err != nil && again {
		signature, _, err = k.try(how, digest, opts, true)
	}
	return signature, err
}

// try signs; again says that the key is worth to be looked for a second time.
func (k *PrivateKey) try(how method, digest []byte, opts crypto.SignerOpts, second bool) (signature []byte, again bool, err error) {
	s, err := k.token.take(false)
	if err != nil {
		return nil, false, err
	}
	defer func() { k.token.give(s, err) }()
	k.mu.Lock()
	found := k.found
	k.mu.Unlock()
	candidates := []*handle{found}
	if found == nil || found.c != s.c {
		if candidates, err = k.find(s); err != nil {
			return nil, s.c.away(err), err
		}
	}
	if len(candidates) == 0 {
		err = fmt.Errorf("%s: the token %q has no private key %s of the type of the public key%s", s.c.module,
			k.token.info.Label, k.ref, k.token.unlogged())
		if !second {
			// Some modules notice that a token is there again only when they begin.
			k.token.drop(s.c)
		}
		return nil, true, err
	}
	for _, h := range candidates {
		signature, err = how.sign(s, h, k.token)
		if err != nil {
			if errors.Is(err, KeyHandleInvalid) || errors.Is(err, ObjectHandleInvalid) {
				k.forget(h)
				return nil, h == found, err
			}
			if len(candidates) > 1 && !s.c.lost(err) && !s.stuck {
				continue // another key's mechanism
			}
			return nil, s.c.away(err) || k.token.loggedOut(err), err
		}
		if h.proved || verify(k.public, digest, signature, opts) {
			k.keep(h)
			return signature, false, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("%s: the private key %s is not that of the public key", s.c.module, k.ref)
	}
	return nil, false, err
}

func (k *PrivateKey) keep(h *handle) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !h.proved {
		k.found = &handle{c: h.c, object: h.object, always: h.always, proved: true}
	}
}

func (k *PrivateKey) forget(h *handle) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if h == k.found {
		k.found = nil
	}
}

// maxCandidates is how many keys of one ID and label are tried.
const maxCandidates = 8

// find looks for private keys that the reference fits and that may be the one of the
// public key.
func (k *PrivateKey) find(s *Session) ([]*handle, error) {
	template := []Attribute{NewNumber(Class, PrivateKeyObject)}
	if len(k.ref.ID) > 0 {
		template = append(template, Attribute{ID, k.ref.ID})
	}
	if k.ref.Label != "" {
		template = append(template, Attribute{Label, []byte(k.ref.Label)})
	}
	objects, err := s.Find(template...)
	if err != nil {
		return nil, err
	}
	var candidates []*handle
	for _, o := range objects {
		values, err := s.Get(o, KeyType, Modulus, AlwaysAuthenticate)
		if err != nil {
			return nil, err
		}
		if k.fits(values) {
			candidates = append(candidates, &handle{c: s.c, object: o, always: Bool(values[AlwaysAuthenticate])})
		}
	}
	return candidates[:min(len(candidates), maxCandidates)], nil
}

// fits says whether a key may be the one of the public key.
func (k *PrivateKey) fits(values map[AttributeType][]byte) bool {
	if t, ok := Number(values[KeyType]); ok {
		var want []uint64
		switch k.public.(type) {
		case *rsa.PublicKey:
			want = []uint64{KeyRSA}
		case *ecdsa.PublicKey:
			want = []uint64{KeyEC}
		case *dsa.PublicKey:
			want = []uint64{KeyDSA}
		case ed25519.PublicKey:
			want = []uint64{KeyECEdwards, KeyEC} // before PKCS #11 3.0 there was no type of its own
		}
		if !slices.Contains(want, t) {
			return false
		}
	}
	if public, ok := k.public.(*rsa.PublicKey); ok && len(values[Modulus]) > 0 {
		return new(big.Int).SetBytes(values[Modulus]).Cmp(public.N) == 0
	}
	return true
}

// String is the reference in an error.
func (r KeyRef) String() string {
	switch {
	case r.Label != "":
		return fmt.Sprintf("%q", r.Label)
	case len(r.ID) > 0:
		return fmt.Sprintf("of ID %x", r.ID)
	}
	return "of any name"
}

// unlogged is what an error says of a token whose private keys nobody may see yet.
func (t *Token) unlogged() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.logged && t.info.Flags&LoginRequired != 0 {
		return " that can be seen without its PIN"
	}
	return ""
}

// loggedOut says whether an error means that a token has forgotten who was logged in.
func (t *Token) loggedOut(err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.logged && errors.Is(err, UserNotLoggedIn)
}

// authenticate logs in for one signature (CKA_ALWAYS_AUTHENTICATE), with the PIN that
// the token took.
func (t *Token) authenticate(s *Session) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pinErr != nil {
		return t.pinErr
	}
	if !t.logged {
		return &CallError{callLogin.String(), s.c.module, UserNotLoggedIn}
	}
	err := s.login(contextSpecific, t.pin)
	if err != nil && !s.c.away(err) {
		t.refused(err)
	}
	return err
}

// method is how a signature is made: a mechanism and the data for it, what is done where
// the module does not have the mechanism, and how the signature is written.
type method struct {
	mechanism Mechanism
	data      []byte
	instead   func() (Mechanism, []byte, error) // nil for nothing
	write     func([]byte) ([]byte, error)      // nil for as it is
}

func (m method) sign(s *Session, h *handle, t *Token) ([]byte, error) {
	var login func() error
	if h.always {
		login = func() error { return t.authenticate(s) }
	}
	signature, err := s.sign(m.mechanism, h.object, m.data, login)
	if errors.Is(err, MechanismInvalid) && m.instead != nil {
		mechanism, data, padErr := m.instead()
		if padErr != nil {
			return nil, errors.Join(err, padErr)
		}
		if signature, padErr = s.sign(mechanism, h.object, data, login); padErr == nil {
			err = nil
		}
	}
	if err != nil || m.write == nil {
		return signature, err
	}
	return m.write(signature)
}

// method says how a signature of the key's kind is made.
func (k *PrivateKey) method(digest []byte, opts crypto.SignerOpts) (method, error) {
	hash := opts.HashFunc()
	if hash != 0 && len(digest) != hash.Size() {
		return method{}, fmt.Errorf("%d bytes are no digest of %s", len(digest), hash)
	}
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			return pssMethod(public, digest, hash, pss)
		}
		return pkcs1Method(public, digest, hash)
	case *ecdsa.PublicKey:
		return dsaMethod(ECDSA, public.Params().N, digest), nil
	case *dsa.PublicKey:
		return dsaMethod(DSA, public.Q, digest), nil
	case ed25519.PublicKey:
		if hash != 0 {
			return method{}, errors.New("a token signs with Ed25519 only whole messages")
		}
		return method{mechanism: Mechanism{Type: EDDSA}, data: digest}, nil
	}
	return method{}, fmt.Errorf("keys of the type %T don't sign", k.public)
}

// digestInfo are the hashes of PKCS #1 (RFC 8017, appendix B.1).
var digestInfo = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.MD5:        {1, 2, 840, 113549, 2, 5},
	crypto.SHA1:       {1, 3, 14, 3, 2, 26},
	crypto.SHA224:     {2, 16, 840, 1, 101, 3, 4, 2, 4},
	crypto.SHA256:     {2, 16, 840, 1, 101, 3, 4, 2, 1},
	crypto.SHA384:     {2, 16, 840, 1, 101, 3, 4, 2, 2},
	crypto.SHA512:     {2, 16, 840, 1, 101, 3, 4, 2, 3},
	crypto.SHA512_224: {2, 16, 840, 1, 101, 3, 4, 2, 5},
	crypto.SHA512_256: {2, 16, 840, 1, 101, 3, 4, 2, 6},
	crypto.SHA3_224:   {2, 16, 840, 1, 101, 3, 4, 2, 7},
	crypto.SHA3_256:   {2, 16, 840, 1, 101, 3, 4, 2, 8},
	crypto.SHA3_384:   {2, 16, 840, 1, 101, 3, 4, 2, 9},
	crypto.SHA3_512:   {2, 16, 840, 1, 101, 3, 4, 2, 10},
}

// pkcs1Method is RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2). The digest of TLS 1.0 and
// 1.1, MD5 and SHA-1, has no DigestInfo.
func pkcs1Method(public *rsa.PublicKey, digest []byte, hash crypto.Hash) (method, error) {
	data := digest
	if hash != 0 && hash != crypto.MD5SHA1 {
		oid, ok := digestInfo[hash]
		if !ok {
			return method{}, fmt.Errorf("RSA signatures of %s are not known", hash)
		}
		var err error
		data, err = asn1.Marshal(struct {
			Algorithm struct {
				Algorithm  asn1.ObjectIdentifier
				Parameters asn1.RawValue
			}
			Digest []byte
		}{struct {
			Algorithm  asn1.ObjectIdentifier
			Parameters asn1.RawValue
		}{oid, asn1.NullRawValue}, digest})
		if err != nil {
			return method{}, err
		}
	}
	return method{
		mechanism: Mechanism{Type: RSAPKCS}, data: data,
		instead: func() (Mechanism, []byte, error) {
			size := public.Size()
			if len(data)+11 > size {
				return Mechanism{}, nil, rsa.ErrMessageTooLong
			}
			padded := bytes.Repeat([]byte{0xFF}, size)
			padded[0], padded[1], padded[size-len(data)-1] = 0, 1, 0
			copy(padded[size-len(data):], data)
			return Mechanism{Type: RSAX509}, padded, nil
		},
	}, nil
}

// dsaMethod is a signature of two numbers, which a token writes one behind the other
// and the rest of the world in ASN.1. Tokens take no digest that is longer than the
// numbers.
func dsaMethod(mechanism uint64, order *big.Int, digest []byte) method {
	size := (order.BitLen() + 7) / 8
	return method{
		mechanism: Mechanism{Type: mechanism},
		data:      digest[:min(len(digest), size)],
		write: func(signature []byte) ([]byte, error) {
			if len(signature) == 0 || len(signature)%2 != 0 || len(signature) > 2*size {
				return nil, fmt.Errorf("a signature of %d bytes is not of this key", len(signature))
			}
			half := len(signature) / 2
			r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
			return asn1.Marshal(struct{ R, S *big.Int }{r, s})
		},
	}
}

// pssHashes are the mechanisms of hashes (CKM) and of MGF1 with them (CKG), for PSS.
var pssHashes = map[crypto.Hash][2]uint64{
	crypto.SHA1:   {0x220, 1},
	crypto.SHA224: {0x255, 5},
	crypto.SHA256: {0x250, 2},
	crypto.SHA384: {0x260, 3},
	crypto.SHA512: {0x270, 4},
}

// pssMethod is RSASSA-PSS (RFC 8017, section 8.1). The salt is as crypto/rsa has it.
func pssMethod(public *rsa.PublicKey, digest []byte, hash crypto.Hash, opts *rsa.PSSOptions) (method, error) {
	numbers, ok := pssHashes[hash]
	if !ok {
		return method{}, fmt.Errorf("RSA-PSS signatures of %s are not known", hash)
	}
	salt := opts.SaltLength
	switch salt {
	case rsa.PSSSaltLengthEqualsHash:
		salt = hash.Size()
	case rsa.PSSSaltLengthAuto:
		salt = (public.N.BitLen()-1+7)/8 - 2 - hash.Size()
	}
	if salt < 0 {
		return method{}, rsa.ErrMessageTooLong
	}
	var parameter []byte
	for _, n := range []uint64{numbers[0], numbers[1], uint64(salt)} {
		parameter = binary.LittleEndian.AppendUint64(parameter, n)
	}
	return method{
		mechanism: Mechanism{RSAPKCSPSS, parameter}, data: digest,
		instead: func() (Mechanism, []byte, error) {
			padded, err := padPSS(public.N.BitLen(), digest, hash, salt)
			return Mechanism{Type: RSAX509}, padded, err
		},
	}, nil
}

// verify says whether a signature is one of the public key.
func verify(public crypto.PublicKey, digest, signature []byte, opts crypto.SignerOpts) bool {
	switch public := public.(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < 1024 {
			return true // crypto/rsa verifies none of these; the modulus was compared
		}
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(public, opts.HashFunc(), digest, signature,
				&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: pss.Hash}) == nil
		}
		return rsa.VerifyPKCS1v15(public, opts.HashFunc(), digest, signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, digest, signature)
	case *dsa.PublicKey:
		var rs struct{ R, S *big.Int }
		if rest, err := asn1.Unmarshal(signature, &rs); err != nil || len(rest) > 0 {
			return false
		}
		return dsa.Verify(public, digest[:min(len(digest), (public.Q.BitLen()+7)/8)], rs.R, rs.S)
	case ed25519.PublicKey:
		return ed25519.Verify(public, digest, signature)
	}
	return false
}
