package pkcs12

import (
	"errors"
	"fmt"
	"slices"

	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
	"gokeytool/store/internal/pbe"
)

// Encode writes a PKCS12 file in DER, protected with the password; keys are
// sealed already. A new file is laid out as Java does: keys in a first part,
// certificates in a second, encrypted one. In a file that was read, what is
// unchanged keeps its bytes, and MAC and encryption keep their algorithms and
// counts with fresh salts; new keys join those that are there, and so do new
// certificates. Entries keep their order among their kind.
//
// A nil password is an error unless nothing has to be encrypted or
// authenticated.
func Encode(f *entry.File, password []byte) ([]byte, error) {
	e := encoder{origin: originOf(f), password: password}
	return e.encode(f)
}

// EncodeDecode encodes f and decodes what has come of it, as Encode and Decode
// do, but derives each key once for both.
func EncodeDecode(f *entry.File, password []byte, lim entry.Limits) (data []byte, back *entry.File, err error) {
	var keys pbe.Keys
	defer keys.Wipe()
	e := encoder{origin: originOf(f), password: password, keys: &keys}
	if data, err = e.encode(f); err != nil {
		return nil, nil, err
	}
	d := newDecoder(password, lim)
	d.keys = &keys
	back, err = d.decode(data)
	return data, back, err
}

func (e *encoder) encode(f *entry.File) ([]byte, error) {
	if e.viewed {
		return nil, errors.New("PKCS12: the file was opened to be looked at, so it cannot be written")
	}
	if slices.ContainsFunc(e.safes, func(s *safe) bool { return s.unread }) {
		return nil, errors.New("PKCS12: the file was opened without its password, so it cannot be written")
	}
	mac, err := e.newMAC()
	if err != nil {
		return nil, err
	}
	if mac != nil && e.password == nil {
		return nil, errNoPassword
	}
	// The MAC's key is derived while the content is encrypted.
	type derived struct {
		key []byte
		err error
	}
	macKey := make(chan derived, 1)
	if mac == nil {
		macKey <- derived{}
	} else {
		mac.Remember(e.keys)
		go func() {
			key, err := mac.Key(e.password)
			macKey <- derived{key, err}
		}()
	}
	parts, err := e.parts(f.Entries)
	key := <-macKey
	defer entry.Wipe(key.key)
	if err = errors.Join(err, key.err); err != nil {
		return nil, err
	}
	return assemble(parts, mac, key.key), nil
}

var errNoPassword = errors.New("PKCS12: no password to protect the store with")

// assemble writes the PFX around the parts of its AuthenticatedSafe.
func assemble(parts [][]byte, mac *pbe.MAC, macKey []byte) []byte {
	n := 0
	for _, part := range parts {
		n += len(part)
	}
	header := ber.AppendHeader(nil, 0x30, n)
	var macData []byte
	if mac != nil {
		macData = mac.Seal(macKey, append([][]byte{header}, parts...)...)
	}
	version := ber.Integer(3)
	oid := ber.TLV(0x06, []byte(oidData))
	octets := len(header) + n
	content := ber.Size(octets)
	info := len(oid) + ber.Size(content)
	pfx := len(version) + ber.Size(info) + len(macData)

	dst := make([]byte, 0, ber.Size(pfx))
	dst = append(ber.AppendHeader(dst, 0x30, pfx), version...)
	dst = append(ber.AppendHeader(dst, 0x30, info), oid...)
	dst = ber.AppendHeader(dst, 0xa0, content)
	dst = ber.AppendHeader(dst, 0x04, octets)
	dst = append(dst, header...)
	for _, part := range parts {
		dst = append(dst, part...)
	}
	return append(dst, macData...)
}

type encoder struct {
	*origin
	password []byte
	keys     *pbe.Keys // where keys are remembered; nil: nowhere
	// now is what becomes of each bag of the file: its own bytes, others, or
	// nil where it goes.
	now [][]byte
	// at is the number of the entry, from 1, whose head (key or trusted
	// certificate) each bag is.
	at []int
	// fresh bags, to go where others of their kind are.
	freshKeys, freshCerts []freshBag
}

type freshBag struct {
	der   []byte
	at    int // as in encoder.at; 0 for what is no head
	entry int // number of the entry, from 1, that a fresh bag belongs to
}

func (e *encoder) newMAC() (*pbe.MAC, error) {
	switch {
	case e.macErr != nil:
		return nil, e.macErr
	case e.mac != nil:
		return e.mac.Fresh(), checkIterations("MAC", e.mac.Iterations(), e.limits.MaxIterations)
	case e.read:
		return nil, nil
	}
	return e.params.mac()
}

// parts returns the ContentInfos of the file, in pieces.
func (e *encoder) parts(entries []*entry.Entry) ([][]byte, error) {
	e.now = make([][]byte, e.nbags)
	e.at = make([]int, e.nbags)
	e.everyBag(func(b *bag, _ int) {
		if !b.listed {
			e.now[b.index] = b.raw
		}
	})
	if err := e.place(entries); err != nil {
		return nil, err
	}
	// Java writes the bags of an entry together, in the order of entries.
	slices.SortStableFunc(e.freshCerts, func(a, b freshBag) int { return a.entry - b.entry })
	keys, certs := e.homes()
	var parts [][]byte
	if keys == nil && len(e.freshKeys) > 0 {
		parts = append(parts, plainPart(e.freshKeys)...)
	}
	for _, s := range e.safes {
		var fresh []freshBag
		if s == keys {
			fresh = e.freshKeys
		}
		if s == certs {
			fresh = append(fresh[:len(fresh):len(fresh)], e.freshCerts...)
		}
		part, err := e.part(s, fresh)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part...)
	}
	if certs == nil && len(e.freshCerts) > 0 {
		scheme, err := e.freshCertScheme()
		if err != nil {
			return nil, err
		}
		part, err := e.seal(e.freshCerts, scheme)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part...)
	}
	return parts, nil
}

// homes returns the safes that new keys and new certificates go to, nil for
// new ones of their own: keys to the first that has keys and is not
// encrypted, certificates to the last that has certificates, preferably an
// encrypted one.
func (e *encoder) homes() (keys, certs *safe) {
	for _, s := range e.safes {
		hasKey, hasCert := false, false
		for i := range s.bags {
			b := &s.bags[i]
			hasKey = hasKey || b.kind.private() || b.kind == secretBag
			hasCert = hasCert || b.kind == certBag
		}
		if hasKey && s.scheme == nil && keys == nil {
			keys = s
		}
		if hasCert && (certs == nil || s.scheme != nil || certs.scheme == nil) {
			certs = s
		}
	}
	return keys, certs
}

// freshCertScheme returns how to encrypt certificates in a part of their own.
func (e *encoder) freshCertScheme() (*pbe.Scheme, error) {
	if e.read {
		if scheme, none := e.certScheme(); none {
			return nil, nil
		} else if scheme != nil {
			return scheme.Fresh(), nil
		}
	}
	return e.params.certScheme()
}

// part returns the ContentInfo, in pieces, of a safe of the file with its bags
// as they are now and fresh ones; nothing if no bag is left.
func (e *encoder) part(s *safe, fresh []freshBag) ([][]byte, error) {
	bags, changed := e.bags(s.bags)
	if len(fresh) == 0 && !changed && (s.scheme == nil || e.proof.of(e.password)) {
		return [][]byte{s.raw}, nil
	}
	bags = append(bags, fresh...)
	if len(bags) == 0 {
		return nil, nil
	}
	// Heads go in the order of their entries, which is that in which Java
	// enumerates them.
	if !slices.IsSortedFunc(heads(bags), byEntry) {
		slices.SortStableFunc(bags, byEntry)
	}
	scheme := s.scheme
	if scheme != nil {
		scheme = scheme.Fresh()
	}
	return e.seal(bags, scheme)
}

// bags returns bags of the file as they are now, and whether that is
// different from what they were.
func (e *encoder) bags(bags []bag) (now []freshBag, changed bool) {
	last := 0
	now = make([]freshBag, 0, len(bags))
	for i := range bags {
		b := &bags[i]
		der := e.now[b.index]
		if b.kind == safeContentsBag {
			der = e.nested(b)
		}
		if !same(der, b.raw) {
			changed = true
		}
		if der == nil {
			continue
		}
		at := e.at[b.index]
		if at > 0 {
			changed = changed || at < last
			last = at
		}
		now = append(now, freshBag{der: der, at: at})
	}
	return now, changed
}

// nested returns a bag of bags as it is now, nil if it had bags and has none
// left.
func (e *encoder) nested(b *bag) []byte {
	inner, changed := e.bags(b.inner)
	if !changed {
		return b.raw
	}
	if len(inner) == 0 {
		return nil
	}
	return safeBag(oidSafeContentsBag, ber.TLV(0x30, join(inner)), b.attrs)
}

func join(bags []freshBag) []byte {
	joined := make([]byte, 0, size(bags))
	for _, b := range bags {
		joined = append(joined, b.der...)
	}
	return joined
}

func size(bags []freshBag) (n int) {
	for _, b := range bags {
		n += len(b.der)
	}
	return n
}

func byEntry(a, b freshBag) int { return a.at - b.at }

func heads(bags []freshBag) []freshBag {
	return slices.DeleteFunc(slices.Clone(bags), func(b freshBag) bool { return b.at == 0 })
}

// seal returns the ContentInfo of bags, in pieces: EncryptedData, or Data if
// scheme is nil.
func (e *encoder) seal(bags []freshBag, scheme *pbe.Scheme) ([][]byte, error) {
	if scheme == nil {
		return plainPart(bags), nil
	}
	if e.password == nil {
		return nil, errNoPassword
	}
	n := size(bags)
	content := make([]byte, 0, ber.Size(n)+maxBlock)
	content = ber.AppendHeader(content, 0x30, n)
	for _, b := range bags {
		content = append(content, b.der...)
	}
	scheme.Remember(e.keys)
	content, err := scheme.Encrypt(content, e.password)
	if err != nil {
		return nil, fmt.Errorf("PKCS12: %w", err)
	}
	// ContentInfo { encryptedData, [0] EncryptedData { 0,
	//   EncryptedContentInfo { data, algorithm, [0] IMPLICIT content } } }
	dataOID := ber.TLV(0x06, []byte(oidData))
	algorithm := scheme.Algorithm()
	info := len(dataOID) + len(algorithm) + ber.Size(len(content))
	version := ber.Integer(0)
	encrypted := len(version) + ber.Size(info)
	oid := ber.TLV(0x06, []byte(oidEncryptedData))

	head := ber.AppendHeader(nil, 0x30, len(oid)+ber.Size(ber.Size(encrypted)))
	head = append(head, oid...)
	head = ber.AppendHeader(head, 0xa0, ber.Size(encrypted))
	head = append(ber.AppendHeader(head, 0x30, encrypted), version...)
	head = append(ber.AppendHeader(head, 0x30, info), dataOID...)
	head = append(head, algorithm...)
	head = ber.AppendHeader(head, 0x80, len(content))
	return [][]byte{head, content}, nil
}

// plainPart returns the ContentInfo of bags without encryption, in pieces.
func plainPart(bags []freshBag) [][]byte {
	n := size(bags)
	octets := ber.Size(n)
	oid := ber.TLV(0x06, []byte(oidData))
	head := ber.AppendHeader(nil, 0x30, len(oid)+ber.Size(ber.Size(octets)))
	head = append(head, oid...)
	head = ber.AppendHeader(head, 0xa0, ber.Size(octets))
	head = ber.AppendHeader(head, 0x04, octets)
	head = ber.AppendHeader(head, 0x30, n)
	pieces := make([][]byte, 1, 1+len(bags))
	pieces[0] = head
	for _, b := range bags {
		pieces = append(pieces, b.der)
	}
	return pieces
}
