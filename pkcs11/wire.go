package pkcs11

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The protocol of p11-kit, as its release 0.24 to 0.26 speak it: the client sends one
// byte, the version it offers, and gets one back, the version that is spoken. Then each
// call is a frame, and its answer one with the same number. A frame is a header of
// three 32-bit numbers (its number, the length of options, the length of the body),
// options that nobody reads, and a body: a call number, a signature, and values. All
// numbers are big-endian. The signature is a string that says which values follow:
//
//	y   a byte
//	u   CK_ULONG, as 64 bits
//	s   a text of fixed length, with its length before it
//	v   CK_VERSION, two bytes
//	ay  bytes: 1, a length, the bytes; or 0 and the length they would have
//	au  numbers: 1, a count, the numbers; or 0 and the count
//	aA  attributes, each with its type, 1 or 0 for "not available", its length in the
//	    module's memory, and its value in a form that depends on its type
//	M   a mechanism
//	f_  room for an answer: how much of it
//
// Version 2 has mechanisms in another form than 0 and 1.

// call is the number of a function of PKCS #11 in the protocol.
type call uint32

const (
	callError             call = 0
	callInitialize        call = 1
	callFinalize          call = 2
	callGetInfo           call = 3
	callGetSlotList       call = 4
	callGetSlotInfo       call = 5
	callGetTokenInfo      call = 6
	callOpenSession       call = 10
	callCloseSession      call = 11
	callGetSessionInfo    call = 13
	callLogin             call = 18
	callCreateObject      call = 20
	callCopyObject        call = 21
	callDestroyObject     call = 22
	callGetAttributeValue call = 24
	callSetAttributeValue call = 25
	callFindObjectsInit   call = 26
	callFindObjects       call = 27
	callFindObjectsFinal  call = 28
	callSignInit          call = 42
	callSign              call = 43
	callGenerateKey       call = 58
	callGenerateKeyPair   call = 59
)

// calls are the functions' names and the signatures of question and answer.
var calls = map[call]struct{ name, request, response string }{
	callError:             {"", "", "u"},
	callInitialize:        {"C_Initialize", "ayyay", ""},
	callFinalize:          {"C_Finalize", "", ""},
	callGetInfo:           {"C_GetInfo", "", "vsusv"},
	callGetSlotList:       {"C_GetSlotList", "yfu", "au"},
	callGetSlotInfo:       {"C_GetSlotInfo", "u", "ssuvv"},
	callGetTokenInfo:      {"C_GetTokenInfo", "u", "ssssuuuuuuuuuuuvvs"},
	callOpenSession:       {"C_OpenSession", "uu", "u"},
	callCloseSession:      {"C_CloseSession", "u", ""},
	callGetSessionInfo:    {"C_GetSessionInfo", "u", "uuuu"},
	callLogin:             {"C_Login", "uuay", ""},
	callCreateObject:      {"C_CreateObject", "uaA", "u"},
	callCopyObject:        {"C_CopyObject", "uuaA", "u"},
	callDestroyObject:     {"C_DestroyObject", "uu", ""},
	callGetAttributeValue: {"C_GetAttributeValue", "uufA", "aAu"},
	callSetAttributeValue: {"C_SetAttributeValue", "uuaA", ""},
	callFindObjectsInit:   {"C_FindObjectsInit", "uaA", ""},
	callFindObjects:       {"C_FindObjects", "ufu", "au"},
	callFindObjectsFinal:  {"C_FindObjectsFinal", "u", ""},
	callSignInit:          {"C_SignInit", "uMu", ""},
	callSign:              {"C_Sign", "uayfy", "ay"},
	callGenerateKey:       {"C_GenerateKey", "uMaA", "u"},
	callGenerateKeyPair:   {"C_GenerateKeyPair", "uMaAaA", "uu"},
}

func (c call) String() string { return calls[c].name }

// handshake is what C_Initialize has to say to a server of the protocol.
const handshake = "PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1"

// Bounds on what the other side sends.
const (
	maxFrame     = 4 << 20 // bytes of an answer
	maxOptions   = 4 << 10
	maxSlots     = 1 << 10
	maxObjects   = 1 << 16
	maxValue     = 1 << 20 // bytes of an attribute
	maxSignature = 1 << 16
)

// headerSize is the length of a frame's header.
const headerSize = 12

// null is the length of an array that is not there.
const null = 0xFFFFFFFF

// message is a question under construction, with room for the header.
type message struct {
	call    call
	version byte
	b       []byte
	err     error
}

func newMessage(c call, version byte) *message {
	m := &message{call: c, version: version, b: make([]byte, headerSize, 256)}
	m.uint32(uint32(c))
	m.bytes([]byte(calls[c].request))
	return m
}

func (m *message) byte(v byte)     { m.b = append(m.b, v) }
func (m *message) uint32(v uint32) { m.b = binary.BigEndian.AppendUint32(m.b, v) }
func (m *message) ulong(v uint64)  { m.b = binary.BigEndian.AppendUint64(m.b, v) }

// bytes writes a length and the bytes; nil is NULL.
func (m *message) bytes(v []byte) {
	if v == nil {
		m.uint32(null)
		return
	}
	m.uint32(uint32(len(v)))
	m.b = append(m.b, v...)
}

// array writes the value of "ay".
func (m *message) array(v []byte) {
	m.byte(1)
	m.bytes(v)
}

// frame returns the message with its header.
func (m *message) frame(number uint32) []byte {
	binary.BigEndian.PutUint32(m.b, number)
	binary.BigEndian.PutUint32(m.b[4:], 0)
	binary.BigEndian.PutUint32(m.b[8:], uint32(len(m.b)-headerSize))
	return m.b
}

// attributes writes the value of "aA".
func (m *message) attributes(template []Attribute) {
	m.uint32(uint32(len(template)))
	for _, a := range template {
		if uint64(a.Type) > null || len(a.Value) > maxValue {
			m.fail("attribute %s of %d bytes", a.Type, len(a.Value))
			return
		}
		m.uint32(uint32(a.Type))
		m.byte(1)
		m.uint32(uint32(len(a.Value)))
		switch kindOf(a.Type) {
		case kindByte:
			if len(a.Value) != 1 {
				m.fail("attribute %s is a byte, not %d", a.Type, len(a.Value))
				return
			}
			m.byte(a.Value[0])
		case kindNumber:
			v, ok := Number(a.Value)
			if !ok {
				m.fail("attribute %s is a number, not %d bytes", a.Type, len(a.Value))
				return
			}
			m.ulong(v)
		case kindNumbers:
			if len(a.Value)%8 != 0 {
				m.fail("attribute %s is a list of numbers, not %d bytes", a.Type, len(a.Value))
				return
			}
			m.uint32(uint32(len(a.Value) / 8))
			for i := 0; i < len(a.Value); i += 8 {
				m.ulong(binary.LittleEndian.Uint64(a.Value[i:]))
			}
		case kindDate:
			if n := len(a.Value); n != 0 && n != 8 {
				m.fail("attribute %s is a date, not %d bytes", a.Type, n)
				return
			}
			m.bytes(append([]byte{}, a.Value...))
		case kindTemplate:
			m.fail("attribute %s is a template", a.Type)
			return
		case kindBytes:
			m.bytes(append([]byte{}, a.Value...))
		}
	}
}

// room writes "fA": types and how many bytes there are for each.
func (m *message) room(types []AttributeType, sizes []uint32) {
	m.uint32(uint32(len(types)))
	for i, t := range types {
		if uint64(t) > null || kindOf(t) == kindTemplate || kindOf(t) == kindNumbers {
			m.fail("attribute %s", t)
			return
		}
		m.uint32(uint32(t))
		m.uint32(sizes[i])
	}
}

// mechanism writes "M". Up to version 1 a mechanism is a number and its parameter; then
// it is a number, and for all but those known to have none, 1 and the parameter or 0.
func (m *message) mechanism(mech Mechanism) {
	if mech.Type > null {
		m.fail("mechanism %#x", mech.Type)
		return
	}
	m.uint32(uint32(mech.Type))
	if m.version >= 2 {
		if withoutParameter[mech.Type] {
			return
		}
		if len(mech.Parameter) == 0 {
			m.byte(0)
			return
		}
		m.byte(1)
	}
	if mech.Type == RSAPKCSPSS && len(mech.Parameter) == 24 {
		// CK_RSA_PKCS_PSS_PARAMS: three numbers.
		for i := 0; i < 24; i += 8 {
			m.ulong(binary.LittleEndian.Uint64(mech.Parameter[i:]))
		}
		return
	}
	if len(mech.Parameter) == 0 {
		m.bytes(nil)
		return
	}
	m.bytes(mech.Parameter)
}

// withoutParameter are the mechanisms in use here that p11-kit knows to have no
// parameter.
var withoutParameter = map[uint64]bool{
	RSAPKCSKeyPairGen: true, RSAPKCS: true, RSAX509: true,
	DSAKeyPairGen: true, DSA: true,
	ECKeyPairGen: true, ECDSA: true,
	GenericSecretKeyGen: true, AESKeyGen: true, DESKeyGen: true, DES2KeyGen: true, DES3KeyGen: true,
	RC2KeyGen: true, RC4KeyGen: true,
}

func (m *message) fail(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf("can't be sent: "+format, args...)
	}
}

// kind is the form that an attribute's value has in the protocol.
type kind byte

const (
	kindBytes kind = iota
	kindByte
	kindNumber
	kindNumbers
	kindDate
	kindTemplate
)

// kindOf says which form p11-kit uses: all that it doesn't know are bytes.
func kindOf(t AttributeType) kind {
	switch t {
	case OnToken, Private, Trusted, Sensitive, Encrypt, Decrypt, Wrap, Unwrap, Signs, SignRecover, Verifies,
		VerifyRecover, Derive, Extractable, Local, NeverExtractable, AlwaysSensitive, Modifiable, Copyable,
		0x200 /* CKA_SECONDARY_AUTH */, AlwaysAuthenticate, WrapWithTrusted,
		0x302 /* CKA_RESET_ON_INIT */, 0x303 /* CKA_HAS_RESET */, 0x405 /* CKA_COLOR */ :
		return kindByte
	case Class, CertificateType, CertificateCategory, 0x88 /* CKA_JAVA_MIDP_SECURITY_DOMAIN */, KeyType,
		ModulusBits, PrimeBits, SubprimeBits, ValueBits, ValueLen, KeyGenMechanism,
		0x201 /* CKA_AUTH_PIN_FLAGS */, 0x300, /* CKA_HW_FEATURE_TYPE */
		0x400, 0x401, 0x402, 0x403, 0x404, 0x406 /* of displays */, 0x500 /* CKA_MECHANISM_TYPE */ :
		return kindNumber
	case 0x40000211, 0x40000212, 0x40000213: // templates of wrap, unwrap and derive
		return kindTemplate
	case 0x40000600: // CKA_ALLOWED_MECHANISMS
		return kindNumbers
	case StartDate, EndDate:
		return kindDate
	}
	return kindBytes
}

// errAnswer is that of an answer that is not one of the protocol.
var errAnswer = errors.New("the answer is malformed")

// answer is one that is read: after the first error all is zero.
type answer struct {
	b   []byte
	err error
}

func (a *answer) fail() {
	a.b = nil
	if a.err == nil {
		a.err = errAnswer
	}
}

func (a *answer) take(n int) []byte {
	if n > len(a.b) {
		a.fail()
		return nil
	}
	v := a.b[:n:n]
	a.b = a.b[n:]
	return v
}

func (a *answer) byte() byte {
	if v := a.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (a *answer) uint32() uint32 {
	if v := a.take(4); v != nil {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

func (a *answer) ulong() uint64 {
	if v := a.take(8); v != nil {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

// bytes reads a length and bytes; nil for NULL, and after an error.
func (a *answer) bytes() []byte {
	n := a.uint32()
	if n == null || a.err != nil {
		return nil
	}
	if uint64(n) > uint64(len(a.b)) {
		a.fail()
		return nil
	}
	return a.take(int(n))
}

// text reads a text of fixed length, which blanks fill. Some modules fill with zeros.
func (a *answer) text(size int) string {
	v := a.bytes()
	if len(v) != size {
		a.fail()
		return ""
	}
	for len(v) > 0 && (v[len(v)-1] == ' ' || v[len(v)-1] == 0) {
		v = v[:len(v)-1]
	}
	return string(v)
}

// array reads "ay": the bytes, or, with false, the length that they would have.
func (a *answer) array() (v []byte, size uint32, ok bool) {
	if a.byte() == 0 {
		return nil, a.uint32(), false
	}
	v = a.bytes()
	return v, uint32(len(v)), true
}

// numbers reads "au": the numbers, at most most of them, or, with false, how many there
// would be.
func (a *answer) numbers(most int) (v []uint64, count uint32, ok bool) {
	given := a.byte() != 0
	count = a.uint32()
	if !given || a.err != nil {
		return nil, count, false
	}
	if uint64(count) > uint64(most) || uint64(count)*8 > uint64(len(a.b)) {
		a.fail()
		return nil, 0, false
	}
	v = make([]uint64, count)
	for i := range v {
		v[i] = a.ulong()
	}
	return v, count, true
}

// attribute reads one of "aA", which must be of the type that was asked for: its value,
// and its length in the module's memory. It is not ok if the module has none to give.
func (a *answer) attribute(t AttributeType) (value []byte, size uint32, ok bool) {
	if got := a.uint32(); uint64(got) != uint64(t) {
		a.fail()
		return nil, 0, false
	}
	if a.byte() == 0 {
		return nil, 0, false
	}
	size = a.uint32()
	switch kindOf(t) {
	case kindByte:
		value = []byte{a.byte()}
	case kindNumber:
		value = NewNumber(t, a.ulong()).Value
	default:
		value = a.bytes()
		if value == nil {
			value = []byte{}
		} else if uint64(len(value)) > uint64(size) {
			a.fail()
		}
	}
	if size == 0 {
		value = []byte{}
	}
	return value, size, a.err == nil
}
