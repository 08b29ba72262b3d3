package token

import (
	"crypto/dsa" //lint:ignore SA1019 keytool makes DSA keys
	"errors"
	"fmt"
	"slices"

	"gokeytool/pkcs11"
	"gokeytool/store/entry"
)

// KeySpec says which key is made.
type KeySpec struct {
	Algorithm string // RSA, EC, DSA, Ed25519
	Bits      int    // of RSA
	Curve     []byte // OID of EC's curve, in DER
	// Parameters are DSA's: to make some takes a token long.
	Parameters *dsa.Parameters
	// ID is the CKA_ID that the key gets and keeps, where that is the place of the
	// key on a smart card; nil for one of its own, and the alias later.
	ID []byte
}

// edwards25519 names the curve as PKCS #11 3.0 has it, and as most modules do.
var edwards25519 = [][]byte{{0x06, 0x03, 0x2B, 0x65, 0x70}, append([]byte{0x13, 12}, "edwards25519"...)}

// Generate makes a key on the token, which never leaves it. It belongs to no entry
// until one with it is stored; Discard removes it if that does not happen. The error is
// an *Error where the module refused, or wraps entry.ErrUnsupported.
func (k *Keystore) Generate(spec KeySpec) (entry.Key, error) {
	if err := k.writable(); err != nil {
		return entry.Key{}, err
	}
	var held *key
	err := k.token.do(true, func(s session) (err error) {
		held, err = k.generate(s, spec)
		return err
	})
	if err != nil {
		return entry.Key{}, javaErrorOf(err)
	}
	k.made = append(k.made, held)
	made, err := k.signer(held, string(k.ticket(held)))
	if err != nil {
		return entry.Key{}, errors.Join(err, k.Discard())
	}
	return made, nil
}

// generate makes a key pair, and reads its public key.
func (k *Keystore) generate(s session, spec KeySpec) (*key, error) {
	held := &key{fixed: spec.ID != nil}
	id := spec.ID
	if id == nil {
		id = []byte("new-" + randomText() + randomText())
	} else if taken, err := s.Find(pkcs11.NewNumber(pkcs11.Class, pkcs11.PrivateKeyObject), pkcs11.Attribute{Type: pkcs11.ID, Value: id}); err != nil || len(taken) > 0 {
		return nil, errors.Join(err, fmt.Errorf("the token has a private key with the ID %s already: it is not replaced", idText(id)))
	}
	var tries [][]pkcs11.Attribute
	var keyType, mechanism uint64
	switch spec.Algorithm {
	case "RSA":
		keyType, mechanism = pkcs11.KeyRSA, pkcs11.RSAPKCSKeyPairGen
		tries = [][]pkcs11.Attribute{{pkcs11.NewNumber(pkcs11.ModulusBits, uint64(spec.Bits)), {Type: pkcs11.PublicExponent, Value: []byte{1, 0, 1}}}}
	case "EC":
		keyType, mechanism = pkcs11.KeyEC, pkcs11.ECKeyPairGen
		tries = [][]pkcs11.Attribute{{{Type: pkcs11.ECParams, Value: spec.Curve}}}
	case "DSA":
		keyType, mechanism = pkcs11.KeyDSA, pkcs11.DSAKeyPairGen
		if spec.Parameters == nil {
			return nil, errors.New("a DSA key needs parameters")
		}
		p := parts{pkcs11.Prime: spec.Parameters.P.Bytes(), pkcs11.Subprime: spec.Parameters.Q.Bytes(), pkcs11.Base: spec.Parameters.G.Bytes()}
		tries = [][]pkcs11.Attribute{p.list()}
	case "Ed25519":
		keyType, mechanism = pkcs11.KeyECEdwards, pkcs11.ECEdwardsKeyPairGen
		for _, curve := range edwards25519 {
			tries = append(tries, []pkcs11.Attribute{{Type: pkcs11.ECParams, Value: curve}})
		}
	default:
		return nil, &Error{
			Java: javaError("java.security.NoSuchAlgorithmException", "no such algorithm: "+spec.Algorithm),
			What: fmt.Sprintf("no %s key is made on a token", spec.Algorithm), Err: entry.ErrUnsupported,
		}
	}
	private := combine(protected(), uses(keyType))
	if k.options.Java {
		private = protected()
	}
	private = combine(combine(private, k.configured("generate", pkcs11.PrivateKeyObject, keyType)), []pkcs11.Attribute{
		pkcs11.NewBool(pkcs11.OnToken, true), pkcs11.NewBool(pkcs11.Private, true), {Type: pkcs11.ID, Value: id},
	})
	public := combine([]pkcs11.Attribute{pkcs11.NewBool(pkcs11.Verifies, true)}, k.configured("generate", pkcs11.PublicKeyObject, keyType))
	publicKey, privateKey, err := generatePair(s, pkcs11.Mechanism{Type: mechanism}, public, private, tries)
	if err != nil {
		return nil, err
	}
	held.object = &object{handle: privateKey, class: pkcs11.PrivateKeyObject, id: id, keyType: keyType}
	held.spki, err = k.publicOf(s, keyType, publicKey)
	if err == nil {
		// Java leaves none either.
		if failed := s.Destroy(publicKey); failed != nil && !refused(failed) {
			err = failed
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.Destroy(privateKey))
	}
	return held, nil
}

// generatePair makes a key pair whose public key is gone with the session, or where the
// token refuses that, stays until it is removed.
func generatePair(s session, m pkcs11.Mechanism, public, private []pkcs11.Attribute, tries [][]pkcs11.Attribute) (publicKey, privateKey pkcs11.Object, err error) {
	for _, onToken := range []bool{false, true} {
		for _, parameters := range tries {
			template := combine(public, append(slices.Clone(parameters), pkcs11.NewBool(pkcs11.OnToken, onToken)))
			publicKey, privateKey, err = s.GenerateKeyPair(m, template, private)
			if err == nil || !refused(err) {
				return publicKey, privateKey, err
			}
		}
	}
	return 0, 0, err
}

// refused says whether a module is alive and refused what it was asked for.
func refused(err error) bool {
	code, ok := errors.AsType[pkcs11.Code](err)
	return ok && code != pkcs11.DeviceError && code != pkcs11.DeviceRemoved && code != pkcs11.TokenNotPresent && code != pkcs11.SessionHandleInvalid
}

// Discard removes the keys of Generate that no entry was stored with.
func (k *Keystore) Discard() error {
	if len(k.made) == 0 {
		return nil
	}
	made := k.made
	k.made = nil
	return k.token.do(true, func(s session) error {
		var failed error
		for _, held := range made {
			o, err := k.findMade(s, held)
			if err == nil {
				err = s.Destroy(o)
			}
			if failed = errors.Join(failed, err); err == nil {
				held.object = nil
			}
		}
		return failed
	})
}

// findMade finds a key that was made by its ID, as its handle may be another now.
func (k *Keystore) findMade(s session, held *key) (pkcs11.Object, error) {
	found, err := s.Find(pkcs11.NewNumber(pkcs11.Class, pkcs11.PrivateKeyObject), pkcs11.Attribute{Type: pkcs11.ID, Value: held.object.id})
	if err != nil {
		return 0, err
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("the token has %d private keys with the ID %s: the one that was made for nothing is left there", len(found), idText(held.object.id))
	}
	return found[0], nil
}
