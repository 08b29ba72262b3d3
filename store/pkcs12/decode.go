package pkcs12

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
	"gokeytool/store/internal/pbe"
)

// tagContent is the [0] of ContentInfo, SafeBag and CertBag.
var tagContent = asn1.Tag(0).Constructed().ContextSpecific()

// Decode reads a PKCS12 file. With a nil password the MAC is not checked and
// what is encrypted stays unread, as with keytool: keys are listed without
// their certificates. A file that was read so and has such parts cannot be
// encoded again.
//
// Errors: entry.ErrPassword where the MAC or a decryption fails while the
// structure is whole; a *entry.FormatError else. Bytes behind the PFX are
// passed over, as by Java. The zero Limits is entry.DefaultLimits; each
// iteration count in a derivation that takes place may reach MaxIterations,
// all of a file together twice that.
//
// The result keeps parts of data, which must not change any more.
func Decode(data, password []byte, lim entry.Limits) (*entry.File, error) {
	d := newDecoder(password, lim)
	return d.decode(data)
}

// View is Decode for a file that will not be encoded again: it decrypts in the
// memory of data, which is used up, and so takes half the memory.
func View(data, password []byte, lim entry.Limits) (*entry.File, error) {
	d := newDecoder(password, lim)
	d.viewed = true
	d.keys = new(pbe.Keys)
	defer d.keys.Wipe()
	return d.decode(data)
}

// maxBeside is the number of iterations up to which keys are derived before it is
// known whether the password is right. Java's default has never been more.
const maxBeside = 200_000

type decoder struct {
	*origin
	password []byte
	keys     *pbe.Keys // where keys are remembered; nil: nowhere
	total    int       // of bags
	work     int       // iterations of all derivations
}

func newDecoder(password []byte, lim entry.Limits) *decoder {
	if lim == (entry.Limits{}) {
		lim = entry.DefaultLimits
	}
	return &decoder{origin: &origin{params: Default, limits: lim, read: true}, password: password}
}

func (d *decoder) decode(data []byte) (*entry.File, error) {
	content, err := d.readPFX(data)
	if err != nil {
		return nil, err
	}
	if err := d.readSafes(content); err != nil {
		return nil, err
	}
	verified := make(chan bool, 1)
	switch {
	case d.password == nil || d.mac == nil:
		verified <- false
	case d.work > maxBeside:
		ok := d.mac.Verify(content, d.password)
		if !ok {
			return nil, errPassword
		}
		verified <- ok
	default:
		// The MAC's key is derived beside those of the content.
		go func() { verified <- d.mac.Verify(content, d.password) }()
	}
	var contentErr error
	if d.viewed { // decrypting changes what the MAC is of
		d.prepare()
	} else {
		contentErr = d.readContents()
	}
	f := &entry.File{Verified: <-verified, Origin: d.origin}
	if d.password != nil && d.mac != nil && !f.Verified {
		return nil, errPassword
	}
	if d.viewed {
		contentErr = d.readContents()
	}
	if contentErr != nil {
		return nil, contentErr
	}
	if d.password != nil {
		d.proof = newProof(d.password)
	}
	f.Entries, err = d.entries()
	if err != nil {
		return nil, err
	}
	return f, nil
}

// prepare derives the keys of what is encrypted.
func (d *decoder) prepare() {
	for _, s := range d.safes {
		if s.scheme != nil && !s.unread {
			s.scheme.Prepare(d.password)
		}
	}
}

var errPassword = fmt.Errorf("PKCS12: %w, or the file was changed", entry.ErrPassword)

// readPFX reads the outermost structure (RFC 7292 section 4) up to the
// content, which the MAC covers.
func (d *decoder) readPFX(data []byte) (content []byte, err error) {
	if !startsAsPFX(data) {
		return nil, &entry.FormatError{Kind: entry.ErrDamaged, Format: "PKCS12", Offset: 0, What: "not a PFX"}
	}
	der, _, err := ber.ToDER(data, d.limits.MaxDepth)
	if err != nil {
		return nil, err
	}
	pfx := cryptobyte.String(der)
	var version int
	var authSafe cryptobyte.String
	if !pfx.ReadASN1(&pfx, asn1.SEQUENCE) || !pfx.ReadASN1Integer(&version) {
		return nil, damaged("not a PFX")
	}
	if version != 3 {
		return nil, unsupported("version %d", version)
	}
	oid, inner, ok := readContentInfo(&pfx)
	if !ok {
		return nil, damaged("authSafe malformed")
	}
	switch oid {
	case oidData:
	case oidSignedData:
		return nil, unsupported("public-key integrity mode (signed data)")
	default:
		return nil, unsupported("authSafe of type %s", pbe.OIDString([]byte(oid)))
	}
	if !inner.ReadASN1(&authSafe, asn1.OCTET_STRING) {
		return nil, damaged("authSafe malformed")
	}
	if !pfx.Empty() {
		var macData cryptobyte.String
		if !pfx.ReadASN1(&macData, asn1.SEQUENCE) {
			return nil, damaged("MAC malformed")
		}
		d.mac, d.macErr = pbe.ParseMAC(macData)
		if d.macErr != nil && d.password != nil {
			return nil, d.macErr
		}
		if d.mac != nil {
			d.mac.Remember(d.keys)
		}
	}
	return authSafe, nil
}

// startsAsPFX says whether data begins with a SEQUENCE that begins with an
// INTEGER.
func startsAsPFX(data []byte) bool {
	if len(data) < 2 || data[0] != 0x30 {
		return false
	}
	header := 2
	if data[1] > 0x80 {
		header += int(data[1] & 0x7f)
	}
	return header < len(data) && data[header] == 0x02
}

// readContentInfo reads a ContentInfo (PKCS #7): its type and content.
func readContentInfo(s *cryptobyte.String) (oid string, content cryptobyte.String, ok bool) {
	var info, id cryptobyte.String
	ok = s.ReadASN1(&info, asn1.SEQUENCE) &&
		info.ReadASN1(&id, asn1.OBJECT_IDENTIFIER) &&
		info.ReadASN1(&content, tagContent)
	return string(id), content, ok
}

// readSafes splits the AuthenticatedSafe into its parts and makes sure that
// all derivations to come are within the limits.
func (d *decoder) readSafes(content []byte) error {
	list, err := d.sequence(content, "authSafe")
	if err != nil {
		return err
	}
	if d.mac != nil && d.password != nil {
		if err := d.addWork("MAC", d.mac.Iterations()); err != nil {
			return err
		}
	}
	for !list.Empty() {
		s, err := readSafe(&list)
		if err != nil {
			return fmt.Errorf("part %d: %w", len(d.safes)+1, err)
		}
		if s.scheme != nil {
			s.scheme.Remember(d.keys)
		}
		switch {
		case s.ciphertext == nil:
		case d.password == nil:
			s.unread = true
		default:
			if err := d.addWork("encryption", s.scheme.Iterations()); err != nil {
				return err
			}
		}
		d.safes = append(d.safes, s)
	}
	return nil
}

// addWork counts a derivation that is to come. All that open a file, without its
// keys, may take twice as long as one.
func (d *decoder) addWork(what string, iterations int) error {
	if err := d.limits.Derive("PKCS12", what, iterations); err != nil {
		return err
	}
	if d.work += iterations; d.work > 2*d.limits.MaxIterations {
		return &entry.FormatError{Kind: entry.ErrLimit, Format: "PKCS12", Offset: -1, Enough: d.work,
			What: fmt.Sprintf("more than %d iterations of key derivation in all", 2*d.limits.MaxIterations)}
	}
	return nil
}

// sequence returns the content of a SEQUENCE that is all of data.
func (d *decoder) sequence(data []byte, what string) (cryptobyte.String, error) {
	der, n, err := ber.ToDER(data, d.limits.MaxDepth)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	s := cryptobyte.String(der)
	if n != len(data) || !s.ReadASN1(&s, asn1.SEQUENCE) {
		return nil, damaged("%s malformed", what)
	}
	return s, nil
}

// readSafe reads a ContentInfo of the AuthenticatedSafe as far as it goes
// without decrypting.
func readSafe(list *cryptobyte.String) (*safe, error) {
	s := new(safe)
	whole := *list
	oid, content, ok := readContentInfo(list)
	if !ok {
		return nil, damaged("ContentInfo malformed")
	}
	s.raw = whole[:len(whole)-len(*list)]
	switch oid {
	case oidData:
		var octets cryptobyte.String
		if !content.ReadASN1(&octets, asn1.OCTET_STRING) {
			return nil, damaged("data malformed")
		}
		s.plain = octets
		return s, nil
	case oidEncryptedData:
		return s, s.readEncrypted(content)
	case oidEnvelopedData:
		return nil, unsupported("public-key privacy mode (enveloped data)")
	}
	return nil, unsupported("content of type %s", pbe.OIDString([]byte(oid)))
}

// readEncrypted reads EncryptedData (PKCS #7, RFC 2315 sections 13 and 10.1).
func (s *safe) readEncrypted(content cryptobyte.String) (err error) {
	var data, info, algorithm, octets cryptobyte.String
	var tag asn1.Tag
	ok := content.ReadASN1(&data, asn1.SEQUENCE) &&
		data.SkipASN1(asn1.INTEGER) &&
		data.ReadASN1(&info, asn1.SEQUENCE) &&
		info.SkipASN1(asn1.OBJECT_IDENTIFIER) &&
		info.ReadASN1(&algorithm, asn1.SEQUENCE) &&
		info.ReadAnyASN1(&octets, &tag)
	if !ok {
		return damaged("EncryptedData malformed")
	}
	switch tag {
	case asn1.Tag(0).ContextSpecific():
		s.ciphertext = octets
	case tagContent: // in BER the [0] IMPLICIT OCTET STRING may be in pieces
		s.ciphertext = make([]byte, 0, len(octets))
		for !octets.Empty() {
			var piece cryptobyte.String
			if !octets.ReadASN1(&piece, asn1.OCTET_STRING) {
				return damaged("EncryptedData malformed")
			}
			s.ciphertext = append(s.ciphertext, piece...)
		}
	default:
		return damaged("EncryptedData malformed")
	}
	s.scheme, err = pbe.ParseScheme(algorithm)
	return err
}

// readContents decrypts what is encrypted and reads all bags.
func (d *decoder) readContents() error {
	for i, s := range d.safes {
		if s.unread {
			continue
		}
		what := fmt.Sprintf("part %d", i+1)
		bags, err := d.open(s, what)
		if err != nil {
			return err
		}
		if s.bags, err = d.readBags(bags, what); err != nil {
			return err
		}
	}
	return nil
}

// open returns the SafeBags of a safe, end to end.
func (d *decoder) open(s *safe, what string) (bags cryptobyte.String, err error) {
	if s.scheme == nil {
		return d.sequence(s.plain, what)
	}
	// Bytes that happen to be padded right under a wrong password are told
	// from bags by their structure.
	var structure error
	decrypt := s.scheme.Decrypt
	if d.viewed {
		decrypt = s.scheme.DecryptInPlace
	}
	_, ok, err := decrypt(s.ciphertext, d.password, func(plaintext []byte) bool {
		bags, structure = d.sequence(plaintext, what)
		return structure == nil
	})
	switch {
	case err != nil:
		return nil, damaged("%s: %v", what, err)
	case ok:
		return bags, nil
	case structure != nil && errors.Is(structure, entry.ErrLimit):
		return nil, structure
	}
	return nil, errPassword
}

// readBags reads SafeBags (RFC 7292 section 4.2) that stand end to end.
func (d *decoder) readBags(list cryptobyte.String, what string) ([]bag, error) {
	n := 0
	for rest := list; !rest.Empty(); n++ {
		if !rest.SkipASN1(asn1.SEQUENCE) {
			return nil, damaged("%s: bag %d malformed", what, n+1)
		}
	}
	if d.total += n; d.total > d.limits.MaxEntries {
		return nil, &entry.FormatError{Kind: entry.ErrLimit, Format: "PKCS12", Offset: -1,
			What: fmt.Sprintf("more than %d bags", d.limits.MaxEntries)}
	}
	bags := make([]bag, n)
	for i := range bags {
		b := &bags[i]
		b.index = int32(d.nbags)
		d.nbags++
		var body cryptobyte.String
		list.ReadASN1Element((*cryptobyte.String)(&b.raw), asn1.SEQUENCE)
		element := cryptobyte.String(b.raw)
		element.ReadASN1(&body, asn1.SEQUENCE)
		if err := d.readBag(b, body, what); err != nil {
			return nil, fmt.Errorf("%s, bag %d: %w", what, i+1, err)
		}
	}
	return bags, nil
}

func (d *decoder) readBag(b *bag, body cryptobyte.String, what string) (err error) {
	var oid, value, attrs cryptobyte.String
	if !body.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !body.ReadASN1(&value, tagContent) {
		return damaged("bag malformed")
	}
	if !body.Empty() && !body.ReadASN1(&attrs, asn1.SET) {
		return damaged("attributes malformed")
	}
	b.attrs = attrs
	switch string(oid) {
	case oidKeyBag, oidShroudedKeyBag:
		b.kind = keyBag
		if string(oid) == oidShroudedKeyBag {
			b.kind = shroudedKeyBag
		}
		if !value.ReadASN1Element((*cryptobyte.String)(&b.value), asn1.SEQUENCE) {
			return damaged("key malformed")
		}
	case oidCertBag, oidSecretBag:
		// Both are SEQUENCE { type, [0] value }. Java's secret keys are an
		// EncryptedPrivateKeyInfo in an OCTET STRING.
		var pair, id, octets cryptobyte.String
		ok := value.ReadASN1(&pair, asn1.SEQUENCE) &&
			pair.ReadASN1(&id, asn1.OBJECT_IDENTIFIER) &&
			pair.ReadASN1(&value, tagContent)
		if !ok {
			return damaged("bag malformed")
		}
		if !value.ReadASN1(&octets, asn1.OCTET_STRING) {
			break
		}
		if string(oid) == oidSecretBag {
			b.kind, b.value = secretBag, octets
		} else if string(id) == oidX509Certificate {
			b.kind, b.value = certBag, octets
		}
	case oidSafeContentsBag:
		if !value.ReadASN1(&value, asn1.SEQUENCE) {
			return damaged("bag malformed")
		}
		b.kind = safeContentsBag
		b.inner, err = d.readBags(value, what)
		return err
	}
	b.readAttributes()
	return nil
}

// readAttributes takes what counts for entries from a bag's attributes. Of
// an attribute that is malformed nothing is taken: it is carried as it is.
func (b *bag) readAttributes() {
	eachBagAttribute(b.attrs, func(oid string, values cryptobyte.String, _ []byte) {
		var value cryptobyte.String
		var tag asn1.Tag
		if !values.ReadAnyASN1(&value, &tag) {
			return
		}
		switch {
		case oid == oidFriendlyName && tag == tagBMPString:
			b.name, b.named = decodeUTF16(value), true
		case oid == oidFriendlyName && tag == asn1.UTF8String: // not by the standard
			b.name, b.named = strings.ToValidUTF8(string(value), "\uFFFD"), true
		case oid == oidLocalKeyID && tag == asn1.OCTET_STRING:
			b.keyID = value
		case oid == oidTrustedKeyUsage:
			b.trusted = true
		}
	})
}

// eachBagAttribute walks PKCS12Attributes: SEQUENCE { type, SET OF value }.
func eachBagAttribute(attrs cryptobyte.String, visit func(oid string, values cryptobyte.String, element []byte)) {
	for !attrs.Empty() {
		var element, pair, oid, values cryptobyte.String
		if !attrs.ReadASN1Element(&element, asn1.SEQUENCE) {
			return
		}
		pair = element
		if !pair.ReadASN1(&pair, asn1.SEQUENCE) || !pair.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
			!pair.ReadASN1(&values, asn1.SET) {
			oid, values = nil, nil
		}
		visit(string(oid), values, element)
	}
}

// impliedKeyID is the localKeyID that Java gives to a lone key without one,
// and to the certificate that stands first.
var impliedKeyID = []byte("01")

// entries makes the entries out of the bags.
func (d *decoder) entries() ([]*entry.Entry, error) {
	n, keys := 0, 0
	d.everyBag(func(b *bag, _ int) {
		if b.kind.private() {
			keys++
		}
		if b.kind.private() || b.kind == secretBag || b.kind == certBag && b.trusted {
			n++
		}
	})
	d.listed = n
	// One block of memory for each kind of thing: a store may have 10,000.
	var (
		list    = make([]*entry.Entry, n)
		entries = make([]entry.Entry, n)
		origins = make([]entryOrigin, n)
		certs   = make([]entry.Certificate, n)
		chains  = newChains(d.limits, keys)
	)
	n = 0
	shrouded, number := 0, 0 // Java's privateKeyCount and counter
	d.everyBag(func(b *bag, place int) {
		keyID := b.keyID
		switch {
		case b.kind == shroudedKeyBag:
			shrouded++
		case b.kind == certBag:
			// A workaround of Java's for files without localKeyIDs.
			if keyID == nil && shrouded == 1 && place == 0 {
				keyID = impliedKeyID
			}
			if keys > 0 {
				chains.add(b, keyID)
			}
			if !b.trusted {
				return
			}
		case b.kind != keyBag && b.kind != secretBag:
			return
		}
		e, o := &entries[n], &origins[n]
		*o = entryOrigin{file: d.origin, bag: b, keyID: keyID}
		b.listed = true
		list[n] = e
		e.Origin = o
		switch b.kind {
		case certBag:
			e.Kind = entry.TrustedCertificate
			certs[n] = entry.Certificate{Type: certType, DER: b.value}
			e.Chain = certs[n : n+1 : n+1]
		case secretBag:
			e.Kind = entry.SecretKey
			e.Sealed = b.value
		default:
			e.Kind = entry.PrivateKey
			e.Sealed = b.value
			if keyID == nil {
				o.implied = true
				if o.hidden = shrouded != 1 || b.kind == keyBag; !o.hidden {
					o.keyID = impliedKeyID
				}
			}
			o.hidden = o.hidden || b.kind == keyBag
		}
		if e.Kind != entry.TrustedCertificate {
			e.Created = createdFromKeyID(keyID)
		}
		o.created = e.Created
		if b.named {
			e.Alias = b.name
		} else if !o.hidden {
			number++
			e.Alias = strconv.Itoa(number)
		}
		o.alias, o.kind = e.Alias, e.Kind
		n++
	})
	numberHidden(list, origins)
	leaves := make([]int, len(list)) // from 1
	for i, e := range list {
		if e.Kind == entry.PrivateKey {
			if leaf, ok := chains.own(e, &origins[i], keys == 1); ok {
				leaves[i] = leaf + 1
			}
		}
	}
	for i, leaf := range leaves {
		if leaf == 0 {
			continue
		}
		if err := chains.of(list[i], &origins[i], leaf-1); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// numberHidden gives the keys that Java does not list, as far as they have no
// name, the numbers that are left over.
func numberHidden(list []*entry.Entry, origins []entryOrigin) {
	var taken map[string]bool
	number := 0
	for i, e := range list {
		o := &origins[i]
		if !o.hidden || o.bag.named {
			continue
		}
		if taken == nil {
			taken = make(map[string]bool)
			for _, other := range list {
				taken[other.Alias] = true
			}
		}
		for e.Alias == "" || taken[e.Alias] {
			number++
			e.Alias = strconv.Itoa(number)
		}
		taken[e.Alias] = true
		o.alias = e.Alias
	}
}

// createdFromKeyID reads the time out of a localKeyID as Java writes it:
// "Time " and milliseconds since 1970. It is zero for others.
func createdFromKeyID(keyID []byte) time.Time {
	text, ok := strings.CutPrefix(string(keyID), "Time ")
	if !ok {
		return time.Time{}
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
