package pkcs12

import (
	"cmp"
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
	mac, macErr := e.newMAC()
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
	// As Java does, of two things wrong the one with the content is said.
	if err = cmp.Or(err, macErr, key.err); err != nil {
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
	// at is the number of the entry, from 1, whose key each bag is.
	at        []int
	freshKeys []keyBagNow // to go where other keys are
	// certs are the bags of all certificates, in their order; nil if those of
	// the file stay where they are.
	certs [][]byte
}

// keyBagNow is a bag of a key, or of anything else but a certificate.
type keyBagNow struct {
	der []byte
	at  int // as in encoder.at; 0 for what is no key
}

func (e *encoder) newMAC() (*pbe.MAC, error) {
	switch {
	case e.macErr != nil:
		return nil, e.macErr
	case e.mac != nil:
		lim := e.limits
		lim.Work = nil // which counts what a file makes us do
		if err := lim.Derive("PKCS12", "MAC", e.mac.Iterations()); err != nil {
			return nil, err
		}
		return e.mac.Fresh(), nil
	case e.read:
		return nil, e.params.checkCount(MAC)
	}
	return e.params.mac()
}

// parts returns the ContentInfos of the file, in pieces.
func (e *encoder) parts(entries []*entry.Entry) ([][]byte, error) {
	e.now = make([][]byte, e.nbags)
	e.at = make([]int, e.nbags)
	e.everyBag(func(b *bag, _ int) {
		if !b.listed && b.kind != certBag {
			e.now[b.index] = b.raw
		}
	})
	if err := e.place(entries); err != nil {
		return nil, err
	}
	if err := e.checkCertCount(entries); err != nil {
		return nil, err
	}
	keys, certs := e.homes()
	var parts [][]byte
	if keys == nil && len(e.freshKeys) > 0 {
		parts = append(parts, plainPart(ders(e.freshKeys))...)
	}
	for _, s := range e.order() {
		var freshKeys []keyBagNow
		var allCerts [][]byte
		if s == keys {
			freshKeys = e.freshKeys
		}
		if s == certs {
			allCerts = e.certs
		}
		part, err := e.part(s, freshKeys, allCerts)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part...)
	}
	if certs == nil && len(e.certs) > 0 {
		scheme, err := e.freshCertScheme()
		if err != nil {
			return nil, err
		}
		part, err := e.seal(e.certs, scheme)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part...)
	}
	return parts, nil
}

// order returns the parts of the file, in their order; those with keys come
// first once something changes. Java writes so, and enumerates entries in the
// order of the file.
func (e *encoder) order() []*safe {
	if e.certs == nil {
		return e.safes
	}
	byKeys := func(a, b *safe) int {
		switch x, y := a.hasKey(), b.hasKey(); {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(e.safes), byKeys)
}

func (s *safe) hasKey() bool {
	return slices.ContainsFunc(s.bags, func(b bag) bool { return b.kind.private() || b.kind == secretBag })
}

// homes returns the safes that new keys and new certificates go to, nil for
// new ones of their own: keys to the first that has keys and is not
// encrypted, certificates to the last that has certificates, preferably an
// encrypted one.
func (e *encoder) homes() (keys, certs *safe) {
	for _, s := range e.safes {
		hasCert := slices.ContainsFunc(s.bags, func(b bag) bool { return b.kind == certBag })
		if keys == nil && s.scheme == nil && s.hasKey() {
			keys = s
		}
		if hasCert && (certs == nil || s.scheme != nil || certs.scheme == nil) {
			certs = s
		}
	}
	return keys, certs
}

// checkCertCount returns what is wrong with the count of certificates: Java
// looks at it for all of them, unless the file has one.
func (e *encoder) checkCertCount(entries []*entry.Entry) error {
	if scheme, _ := e.certScheme(); scheme != nil || !slices.ContainsFunc(entries, func(e *entry.Entry) bool { return len(e.Chain) > 0 }) {
		return nil
	}
	return e.params.checkCount(Certificates)
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
// as they are now, fresh keys, and certificates if it is the one to have them;
// nothing if no bag is left.
func (e *encoder) part(s *safe, freshKeys []keyBagNow, certs [][]byte) ([][]byte, error) {
	bags := e.bags(s.bags, freshKeys, certs)
	if unchanged(s.bags, bags) && (s.scheme == nil || e.proof.of(e.password)) {
		return [][]byte{s.raw}, nil
	}
	if len(bags) == 0 {
		return nil, nil
	}
	scheme := s.scheme
	if scheme != nil {
		scheme = scheme.Fresh()
	}
	return e.seal(bags, scheme)
}

func unchanged(were []bag, are [][]byte) bool {
	return slices.EqualFunc(were, are, func(b bag, der []byte) bool { return same(b.raw, der) })
}

// bags returns bags of the file as they are now. Keys go in the order of their
// entries, which is that in which Java enumerates them, and certificates where
// certificates were.
func (e *encoder) bags(bags []bag, freshKeys []keyBagNow, certs [][]byte) [][]byte {
	keys := make([]keyBagNow, 0, len(bags)+len(freshKeys))
	for i := range bags {
		if b := &bags[i]; e.at[b.index] > 0 {
			keys = append(keys, keyBagNow{e.now[b.index], e.at[b.index]})
		}
	}
	keys = append(keys, freshKeys...)
	slices.SortStableFunc(keys, func(a, b keyBagNow) int { return a.at - b.at })
	now := make([][]byte, 0, len(keys)+len(certs))
	next := func(list *[][]byte) {
		if len(*list) > 0 {
			now = append(now, (*list)[0])
			*list = (*list)[1:]
		}
	}
	sorted := ders(keys)
	for i := range bags {
		b := &bags[i]
		switch der := e.now[b.index]; {
		case e.at[b.index] > 0:
			next(&sorted)
		case b.kind == certBag && e.certs != nil:
			next(&certs)
		case der != nil:
			now = append(now, der)
		}
	}
	return append(append(now, sorted...), certs...)
}

func ders(bags []keyBagNow) [][]byte {
	list := make([][]byte, len(bags))
	for i, b := range bags {
		list[i] = b.der
	}
	return list
}

func size(bags [][]byte) (n int) {
	for _, b := range bags {
		n += len(b)
	}
	return n
}

// seal returns the ContentInfo of bags, in pieces: EncryptedData, or Data if
// scheme is nil.
func (e *encoder) seal(bags [][]byte, scheme *pbe.Scheme) ([][]byte, error) {
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
		content = append(content, b...)
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
func plainPart(bags [][]byte) [][]byte {
	n := size(bags)
	octets := ber.Size(n)
	oid := ber.TLV(0x06, []byte(oidData))
	head := ber.AppendHeader(nil, 0x30, len(oid)+ber.Size(ber.Size(octets)))
	head = append(head, oid...)
	head = ber.AppendHeader(head, 0xa0, ber.Size(octets))
	head = ber.AppendHeader(head, 0x04, octets)
	head = ber.AppendHeader(head, 0x30, n)
	return append([][]byte{head}, bags...)
}
