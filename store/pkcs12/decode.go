package pkcs12

import (
	"errors"
	"fmt"
	"slices"
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
var tagContent = tagPrimitive.Constructed()

// tagPrimitive is the same as it should not be.
const tagPrimitive = asn1.Tag(0x80)

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
			if odd := d.mac.Odd(); odd != "" {
				d.refuse("a MAC with " + odd)
			}
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
	var element []byte
	var tag asn1.Tag // [0], whatever it is for Java
	ok = s.ReadASN1(&info, asn1.SEQUENCE) && readOID(&info, &id) && info.ReadAnyASN1(&content, &tag) && info.Empty()
	if one := content; string(id) == oidData || string(id) == oidEncryptedData {
		ok = ok && readElement(&one, &element) && one.Empty()
	}
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
			if s.loose {
				d.refuse("an encrypted part with more in it than belongs there")
			}
			if odd := s.scheme.Odd(); odd != "" {
				d.refuse("an encrypted part with " + odd)
			}
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

// sequence returns the content of a SEQUENCE that data begins with. As Java
// does, it passes over what stands behind it.
func (d *decoder) sequence(data []byte, what string) (cryptobyte.String, error) {
	der, _, err := ber.ToDERLoosely(data, d.limits.MaxDepth)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	s := cryptobyte.String(der)
	if !s.ReadASN1(&s, asn1.SEQUENCE) {
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
	var data, version, info, oid, algorithm, octets cryptobyte.String
	var tag asn1.Tag
	ok := content.ReadASN1(&data, asn1.SEQUENCE) &&
		data.ReadASN1(&version, asn1.INTEGER) && len(version) > 0 &&
		data.ReadASN1(&info, asn1.SEQUENCE) &&
		readOID(&info, &oid) &&
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
	s.loose = !info.Empty()
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
		return structure == nil && wellFormed(bags)
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
		var body cryptobyte.String
		if !readBody(&rest, &body) {
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
		readElement(&list, &b.raw)
		element := cryptobyte.String(b.raw)
		readBody(&element, &body)
		if err := d.readBag(b, body); err != nil {
			return nil, fmt.Errorf("%s, bag %d: %w", what, i+1, err)
		}
	}
	return bags, nil
}

// readBag reads a bag as Java does. What Java passes over goes into d.hidden.
// What makes Java refuse the file, but can be carried along, is noted in
// d.refused.
func (d *decoder) readBag(b *bag, body cryptobyte.String) error {
	var oid, value, attrs cryptobyte.String
	if !readOID(&body, &oid) || !readTagged(&body, &value) {
		return damaged("bag malformed")
	}
	if body.ReadASN1(&attrs, asn1.SET) && wellFormed(attrs) { // all else is no attributes
		b.attrs = attrs
	}
	if first := value; !readElement(&first, new([]byte)) {
		d.refuse("an empty bag")
	}
	what := ""
	switch string(oid) {
	case oidKeyBag:
		if b.kind = keyBag; !value.ReadASN1Element((*cryptobyte.String)(&b.value), asn1.SEQUENCE) {
			b.kind, what = otherBag, "private key in a form that nobody reads"
		}
	case oidShroudedKeyBag: // Java looks into it when it needs the key
		b.kind = shroudedKeyBag
		if !readElement(&value, &b.value) {
			return damaged("key malformed")
		}
	case oidCertBag, oidSecretBag:
		// Both are SEQUENCE { type, [0] value }. Java takes them whatever the
		// type says. Its secret keys are an EncryptedPrivateKeyInfo in an OCTET
		// STRING.
		octets, ok := readTyped(value)
		switch {
		case octets == nil && !ok:
			return damaged("bag malformed")
		case !ok:
			d.refuse("a bag of a certificate or secret key that is no OCTET STRING, or has more in it")
		case string(oid) == oidSecretBag:
			b.kind = secretBag
		default:
			b.kind = certBag
			if len(octets) == 0 {
				d.refuse("a certificate's bag without a certificate")
			}
		}
		b.value = octets
		what = "certificate or secret key in a form that nobody reads"
	case oidSafeContentsBag:
		d.readNested(value)
	case oidCRLBag:
		what = "CRL"
	default:
		what = "bag of the type " + pbe.OIDString(oid)
	}
	d.refuse(b.readAttributes())
	if b.kind == otherBag && what != "" {
		d.hidden = append(d.hidden, Hidden{What: what, Name: b.name})
	}
	return nil
}

// readNested notes what stands in a bag of bags. Java does not look into it.
func (d *decoder) readNested(value cryptobyte.String) {
	var list cryptobyte.String
	if !value.ReadASN1(&list, asn1.SEQUENCE) {
		return
	}
	for !list.Empty() && d.total <= d.limits.MaxEntries {
		d.total++
		var body, oid, value, attrs cryptobyte.String
		if !readBody(&list, &body) {
			return
		}
		if !body.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !readTagged(&body, &value) {
			continue
		}
		var b bag
		if body.ReadASN1(&attrs, asn1.SET) {
			b.attrs = attrs
		}
		b.readAttributes()
		h := Hidden{Name: b.name, Nested: true}
		switch string(oid) {
		case oidSafeContentsBag:
			d.readNested(value)
			continue
		case oidKeyBag, oidShroudedKeyBag:
			h.What = "private key"
		case oidSecretBag:
			h.What = "secret key"
		case oidCertBag:
			h.What = "certificate"
			if b.trusted {
				h.What = "trusted certificate"
			}
			h.Certificate, _ = readTyped(value)
		case oidCRLBag:
			h.What = "CRL"
		default:
			h.What = "bag of the type " + pbe.OIDString(oid)
		}
		d.hidden = append(d.hidden, h)
	}
}

// refuse notes why Java does not open the file, unless a reason is noted.
func (d *decoder) refuse(reason string) {
	if d.refused == "" {
		d.refused = reason
	}
}

// readTyped reads what a certificate's or a secret key's bag holds: SEQUENCE
// { type, [0] OCTET STRING }. ok is false where Java does not take it;
// octets are nil then where even its shape is wrong.
func readTyped(value cryptobyte.String) (octets []byte, ok bool) {
	var pair, id, tagged, content cryptobyte.String
	if !value.ReadASN1(&pair, asn1.SEQUENCE) || !readOID(&pair, &id) || !readTagged(&pair, &tagged) {
		return nil, false
	}
	if !tagged.ReadASN1(&content, asn1.OCTET_STRING) {
		return []byte{}, false
	}
	return content, pair.Empty()
}

// readBody reads a SafeBag, which for Java may be a SET as well.
func readBody(s, body *cryptobyte.String) bool {
	return s.PeekASN1Tag(asn1.SET) && s.ReadASN1(body, asn1.SET) || s.ReadASN1(body, asn1.SEQUENCE)
}

// readTagged reads an element with the tag [0], of which Java looks at the number
// only.
func readTagged(s, content *cryptobyte.String) bool {
	return s.PeekASN1Tag(tagContent) && s.ReadASN1(content, tagContent) ||
		s.PeekASN1Tag(tagPrimitive) && s.ReadASN1(content, tagPrimitive)
}

// readElement reads an element whatever its tag.
func readElement(s *cryptobyte.String, element *[]byte) bool {
	var tag asn1.Tag
	return s.ReadAnyASN1Element((*cryptobyte.String)(element), &tag)
}

// element is one of those that stand end to end.
type element struct {
	tag     asn1.Tag
	content cryptobyte.String
}

// wellFormed says whether s is elements end to end.
func wellFormed(s cryptobyte.String) bool {
	for !s.Empty() {
		var element []byte
		if !readElement(&s, &element) {
			return false
		}
	}
	return true
}

// elements splits what holds elements end to end.
func elements(s cryptobyte.String) (list []element, ok bool) {
	for !s.Empty() {
		var e element
		if !s.ReadAnyASN1(&e.content, &e.tag) {
			return nil, false
		}
		list = append(list, e)
	}
	return list, true
}

// readAttributes takes what counts for entries from a bag's attributes, of each
// the last. refused is why Java does not open a file with them; empty if it
// does. Of an attribute that is malformed nothing is taken: it is carried as
// it is.
func (b *bag) readAttributes() (refused string) {
	eachBagAttribute(b.attrs, func(oid string, set cryptobyte.String, _ []byte) {
		values, ok := elements(set)
		if oid == "" || !ok {
			refused = "an attribute that is malformed"
			return
		}
		switch oid {
		case oidFriendlyName, oidLocalKeyID:
			if len(values) == 0 {
				refused = "a name or a localKeyID without a value"
				return
			}
			switch v := values[0]; {
			case oid == oidFriendlyName && v.tag == tagBMPString:
				b.name, b.named = decodeUTF16(v.content), true
			case oid == oidFriendlyName && v.tag == asn1.UTF8String: // not by the standard
				b.name, b.named = strings.ToValidUTF8(string(v.content), "\uFFFD"), true
				refused = "a name that is no BMPString"
			case oid == oidLocalKeyID && v.tag == asn1.OCTET_STRING:
				b.keyID = v.content
				if b.keyID == nil {
					b.keyID = []byte{}
				}
			default:
				refused = "a name that is no BMPString, or a localKeyID that is no OCTET STRING"
			}
		case oidTrustedKeyUsage:
			b.trusted = true // Java counts the attribute, not what it says
			if slices.ContainsFunc(values, func(v element) bool { return v.tag != asn1.OBJECT_IDENTIFIER || !validOID(v.content) }) {
				refused = "a trust mark with something else than object identifiers"
			}
		default:
			if slices.ContainsFunc(values, element.odd) {
				refused = "an attribute with a malformed value"
			}
		}
	})
	return refused
}

// odd says whether Java refuses an attribute's value.
func (v element) odd() bool {
	switch v.tag {
	case asn1.OBJECT_IDENTIFIER:
		return !validOID(v.content)
	case asn1.INTEGER:
		return len(v.content) == 0
	case asn1.BOOLEAN:
		return len(v.content) != 1
	case asn1.UTCTime, asn1.GeneralizedTime:
		var when time.Time
		s := cryptobyte.String(ber.TLV(byte(v.tag), v.content))
		return !s.ReadASN1UTCTime(&when) && !s.ReadASN1GeneralizedTime(&when)
	}
	return false
}

// readOID reads an object identifier that is well-formed.
func readOID(s, oid *cryptobyte.String) bool {
	return s.ReadASN1(oid, asn1.OBJECT_IDENTIFIER) && validOID(*oid)
}

// validOID says whether the content of an object identifier is well-formed.
func validOID(content []byte) bool {
	for i, c := range content {
		if c == 0x80 && (i == 0 || content[i-1]&0x80 == 0) {
			return false
		}
	}
	return len(content) > 0 && content[len(content)-1]&0x80 == 0
}

// eachBagAttribute walks PKCS12Attributes: SEQUENCE { type, SET OF value }. oid
// is empty for one that is malformed.
func eachBagAttribute(attrs cryptobyte.String, visit func(oid string, values cryptobyte.String, element []byte)) {
	for !attrs.Empty() {
		var pair, oid, values cryptobyte.String
		var element []byte
		if !readElement(&attrs, &element) {
			return
		}
		pair = element
		if !pair.ReadASN1(&pair, asn1.SEQUENCE) || !readOID(&pair, &oid) || !pair.ReadASN1(&values, asn1.SET) || !pair.Empty() {
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
			certs[n] = entry.X509(b.value)
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
			// Java would take any certificate that comes to stand first for its own.
			o.implied = o.implied || string(keyID) == string(impliedKeyID)
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
			if leaf, ok := chains.own(e, &origins[i], keys == 1 && origins[i].hidden); ok {
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
