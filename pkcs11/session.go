package pkcs11

import (
	"errors"
	"fmt"
)

// Session is a session with a token, for one goroutine.
type Session struct {
	c        *conn
	handle   uint64
	writable bool
	// stuck says that an operation may be active in it, so that it is not used again.
	stuck bool
}

// Object is the handle of an object. It holds as long as the module runs and the token
// is in its slot.
type Object uint64

// openSession opens a session with the token in a slot.
func (c *conn) openSession(slot uint64, writable bool) (*Session, error) {
	const serial, readWrite = 4, 2
	m := c.ask(callOpenSession)
	m.ulong(slot)
	if writable {
		m.ulong(serial | readWrite)
	} else {
		m.ulong(serial)
	}
	a, err := c.call(m)
	if err != nil {
		return nil, err
	}
	s := &Session{c: c, handle: a.ulong(), writable: writable}
	return s, c.check(callOpenSession, a)
}

// ask begins a question about the session.
func (s *Session) ask(which call) *message {
	m := s.c.ask(which)
	m.ulong(s.handle)
	return m
}

// do makes a call that has no answer.
func (s *Session) do(m *message) error {
	_, err := s.c.call(m)
	return err
}

// number makes a call whose answer is a number.
func (s *Session) number(m *message) (uint64, error) {
	a, err := s.c.call(m)
	if err != nil {
		return 0, err
	}
	n := a.ulong()
	return n, s.c.check(m.call, a)
}

func (s *Session) close() error { return s.do(s.ask(callCloseSession)) }

// alive asks whether the session is still there.
func (s *Session) alive() error { return s.do(s.ask(callGetSessionInfo)) }

// Kinds of users (CKU).
const (
	user            = 1
	contextSpecific = 2
)

// login gives the PIN; nil for one that is entered at the device.
func (s *Session) login(who uint64, pin []byte) error {
	m := s.ask(callLogin)
	m.ulong(who)
	m.array(pin)
	return s.do(m)
}

// Find returns the objects that have all of the attributes.
func (s *Session) Find(template ...Attribute) (found []Object, err error) {
	const atOnce = 256
	m := s.ask(callFindObjectsInit)
	m.attributes(template)
	if err := s.do(m); err != nil {
		return nil, err
	}
	defer func() {
		if final := s.do(s.ask(callFindObjectsFinal)); final != nil {
			s.stuck = true
			err = errors.Join(err, final)
		}
	}()
	for {
		m := s.ask(callFindObjects)
		m.uint32(atOnce)
		a, err := s.c.call(m)
		if err != nil {
			return nil, err
		}
		objects, _, _ := a.numbers(atOnce)
		if err := s.c.check(callFindObjects, a); err != nil {
			return nil, err
		}
		if len(objects) == 0 {
			return found, nil
		}
		for _, o := range objects {
			found = append(found, Object(o))
		}
		if len(found) > maxObjects {
			return nil, &CallError{callFindObjects.String(), s.c.module, fmt.Errorf("more than %d objects", maxObjects)}
		}
	}
}

// Get returns attributes of an object. One that the object does not have, or that is
// sensitive, is nil.
func (s *Session) Get(o Object, types ...AttributeType) (map[AttributeType][]byte, error) {
	values := make(map[AttributeType][]byte, len(types))
	sizes := make([]uint32, len(types))
	for i, t := range types {
		sizes[i] = firstRoom(t)
	}
	got, code, err := s.values(o, types, sizes)
	if err != nil {
		return nil, err
	}
	var more []AttributeType
	for i, t := range types {
		switch {
		case got[i].ok && got[i].size <= sizes[i]:
			values[t] = got[i].value
		case code != 0 && kindOf(t) == kindBytes:
			// The code is that of one attribute, which may be another.
			more = append(more, t)
		default:
			values[t] = nil
		}
	}
	if len(more) == 0 {
		return values, nil
	}
	// Which of them are long and which are missing, their lengths say.
	got, _, err = s.values(o, more, make([]uint32, len(more)))
	if err != nil {
		return nil, err
	}
	var long []AttributeType
	sizes = sizes[:0]
	for i, t := range more {
		values[t] = nil
		if !got[i].ok {
			continue
		}
		if got[i].size > maxValue {
			return nil, &CallError{callGetAttributeValue.String(), s.c.module,
				fmt.Errorf("attribute %s has %d bytes, more than are taken", t, got[i].size)}
		}
		long, sizes = append(long, t), append(sizes, max(1, got[i].size))
	}
	if len(long) == 0 {
		return values, nil
	}
	got, code, err = s.values(o, long, sizes)
	if err != nil {
		return nil, err
	}
	if code == BufferTooSmall {
		return nil, &CallError{callGetAttributeValue.String(), s.c.module, code}
	}
	for i, t := range long {
		if got[i].ok {
			values[t] = got[i].value
		}
	}
	return values, nil
}

// firstRoom is how much room is offered for a value at first: enough for most.
func firstRoom(t AttributeType) uint32 {
	switch kindOf(t) {
	case kindByte:
		return 1
	case kindNumber, kindDate:
		return 8
	}
	return 4 << 10
}

// value is an attribute's in an answer.
type value struct {
	value []byte
	size  uint32
	ok    bool
}

// values calls C_GetAttributeValue with so much room for each attribute; 0 asks for the
// length. The code is the one that comes with a part answer, or 0.
func (s *Session) values(o Object, types []AttributeType, sizes []uint32) ([]value, Code, error) {
	m := s.ask(callGetAttributeValue)
	m.ulong(uint64(o))
	m.room(types, sizes)
	a, err := s.c.call(m)
	if err != nil {
		return nil, 0, err
	}
	if n := a.uint32(); a.err == nil && uint64(n) != uint64(len(types)) {
		a.fail()
	}
	values := make([]value, len(types))
	for i, t := range types {
		v := &values[i]
		v.value, v.size, v.ok = a.attribute(t)
	}
	code := Code(a.ulong())
	if err := s.c.check(callGetAttributeValue, a); err != nil {
		return nil, 0, err
	}
	switch code {
	case 0, AttributeSensitive, AttributeTypeInvalid, BufferTooSmall:
		return values, code, nil
	}
	return nil, 0, &CallError{callGetAttributeValue.String(), s.c.module, code}
}

// Set changes attributes of an object.
func (s *Session) Set(o Object, template ...Attribute) error {
	m := s.ask(callSetAttributeValue)
	m.ulong(uint64(o))
	m.attributes(template)
	return s.do(m)
}

// Create makes an object of what is given.
func (s *Session) Create(template ...Attribute) (Object, error) {
	m := s.ask(callCreateObject)
	m.attributes(template)
	o, err := s.number(m)
	return Object(o), err
}

// Copy makes another object of one, with other values of some attributes.
func (s *Session) Copy(o Object, template ...Attribute) (Object, error) {
	m := s.ask(callCopyObject)
	m.ulong(uint64(o))
	m.attributes(template)
	made, err := s.number(m)
	return Object(made), err
}

// Destroy removes an object.
func (s *Session) Destroy(o Object) error {
	m := s.ask(callDestroyObject)
	m.ulong(uint64(o))
	return s.do(m)
}

// slowly is how many times longer than other calls the making of a key may take.
const slowly = 10

// GenerateKeyPair makes a key pair.
func (s *Session) GenerateKeyPair(mech Mechanism, public, private []Attribute) (publicKey, privateKey Object, err error) {
	m := s.ask(callGenerateKeyPair)
	m.mechanism(mech)
	m.attributes(public)
	m.attributes(private)
	a, err := s.c.callFor(m, slowly*s.c.timeout)
	if err != nil {
		return 0, 0, err
	}
	publicKey, privateKey = Object(a.ulong()), Object(a.ulong())
	return publicKey, privateKey, s.c.check(callGenerateKeyPair, a)
}

// GenerateKey makes a secret key.
func (s *Session) GenerateKey(mech Mechanism, template []Attribute) (Object, error) {
	m := s.ask(callGenerateKey)
	m.mechanism(mech)
	m.attributes(template)
	a, err := s.c.callFor(m, slowly*s.c.timeout)
	if err != nil {
		return 0, err
	}
	o := Object(a.ulong())
	return o, s.c.check(callGenerateKey, a)
}

// Sign signs data in one part.
func (s *Session) Sign(mech Mechanism, key Object, data []byte) ([]byte, error) {
	return s.sign(mech, key, data, nil)
}

// sign is Sign; login, if it is not nil, is called before the signature is made.
func (s *Session) sign(mech Mechanism, key Object, data []byte, login func() error) ([]byte, error) {
	m := s.ask(callSignInit)
	m.mechanism(mech)
	m.ulong(uint64(key))
	if err := s.do(m); err != nil {
		return nil, err
	}
	s.stuck = true
	if login != nil {
		if err := login(); err != nil {
			return nil, err
		}
	}
	for room := uint32(4 << 10); ; {
		m := s.ask(callSign)
		m.array(data)
		m.uint32(room)
		a, err := s.c.call(m)
		if err != nil {
			s.stuck = false // the module has ended the operation with the error
			return nil, err
		}
		signature, size, ok := a.array()
		if err := s.c.check(callSign, a); err != nil {
			return nil, err
		}
		if ok {
			s.stuck = false
			return append([]byte{}, signature...), nil
		}
		if size <= room || size > maxSignature {
			return nil, &CallError{callSign.String(), s.c.module, BufferTooSmall}
		}
		room = size
	}
}
