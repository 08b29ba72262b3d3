package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Token is one token. It may be used by several goroutines at once; a few sessions
// are shared by them, and opened again when the token was pulled out and put back.
type Token struct {
	ctx   context.Context
	at    Location
	which Selection
	info  TokenInfo

	// sessions has a place for each session that may be in use.
	sessions chan struct{}

	mu     sync.Mutex
	c      *conn  // nil after it was lost
	slot   uint64 // as the module numbers it now
	idle   []*Session
	pin    []byte
	logged bool  // Login went well
	pinErr error // why the PIN is not tried again
	closed bool
}

// maxSessions is how many sessions are open at most. They are few: a card does one thing
// at a time, and some modules allow no more than four.
const maxSessions = 4

// Open finds the one token that is meant. It logs nobody in. The context's end ends the
// token: its process, and calls that wait. The errors are a *ProgramError where p11-kit
// is not there or does not start, a *TokenError where not exactly one token matches, or
// a *CallError.
func Open(ctx context.Context, at Location, which Selection) (*Token, error) {
	c, err := dial(ctx, at)
	if err != nil {
		return nil, err
	}
	info, most, err := c.choose(which)
	if err != nil {
		c.close()
		return nil, err
	}
	return &Token{ctx: ctx, at: at, which: which, info: info, c: c, slot: info.Slot,
		sessions: make(chan struct{}, most)}, nil
}

// choose finds the token that is meant, and how many sessions it may have.
func (c *conn) choose(which Selection) (TokenInfo, int, error) {
	present, most, err := c.tokens()
	if err != nil {
		return TokenInfo{}, 0, err
	}
	e := &TokenError{Module: c.module, Which: which}
	place, ready := 0, false
	for i, t := range present {
		e.Present = append(e.Present, t.TokenInfo)
		// A token without a name and PIN yet is meant only where no other is.
		initialized := t.Flags&TokenInitialized != 0
		if !t.matches(which) || ready && !initialized {
			continue
		}
		if initialized && !ready {
			e.Matching, ready = nil, true
		}
		e.Matching = append(e.Matching, t.TokenInfo)
		place = i
	}
	if len(e.Matching) != 1 {
		return TokenInfo{}, 0, e
	}
	return e.Matching[0], most[place], nil
}

// candidate is a token with what Selection has of its slot and library.
type candidate struct {
	TokenInfo
	slotManufacturer                    string
	library, libraryMaker, libraryIssue string
}

func (t candidate) matches(w Selection) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	return (w.Slot == nil || *w.Slot == t.Slot) && (w.Index == nil || *w.Index == t.Index) &&
		is(w.SlotDescription, t.SlotDescription) && is(w.SlotManufacturer, t.slotManufacturer) &&
		is(w.Label, t.Label) && is(w.Manufacturer, t.Manufacturer) && is(w.Model, t.Model) && is(w.Serial, t.Serial) &&
		is(w.LibraryDescription, t.library) && is(w.LibraryManufacturer, t.libraryMaker) &&
		is(w.LibraryVersion, t.libraryIssue)
}

// tokens are the tokens that are there and how many sessions each may have. Slots
// without a token are left out.
func (c *conn) tokens() (present []candidate, most []int, err error) {
	a, err := c.call(c.ask(callGetInfo))
	if err != nil {
		return nil, nil, err
	}
	var library candidate
	a.take(2)
	library.libraryMaker = a.text(32)
	a.ulong()
	library.library = a.text(32)
	library.libraryIssue = fmt.Sprintf("%d.%d", a.byte(), a.byte())
	if err := c.check(callGetInfo, a); err != nil {
		return nil, nil, err
	}
	slots, err := c.slots()
	if err != nil {
		return nil, nil, err
	}
	for i, slot := range slots {
		t := library
		t.Index = i
		var sessions int
		t.TokenInfo, t.slotManufacturer, sessions, err = c.tokenInfo(slot)
		t.Index = i
		if errors.Is(err, TokenNotPresent) || errors.Is(err, TokenNotRecognized) || errors.Is(err, SlotIDInvalid) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		present, most = append(present, t), append(most, sessions)
	}
	return present, most, nil
}

// slots are the numbers of all slots, those without a token too, for Index.
func (c *conn) slots() ([]uint64, error) {
	for room := uint32(0); ; {
		m := c.ask(callGetSlotList)
		m.byte(0)
		m.uint32(room)
		a, err := c.call(m)
		if err != nil {
			return nil, err
		}
		slots, count, ok := a.numbers(maxSlots)
		if err := c.check(callGetSlotList, a); err != nil {
			return nil, err
		}
		if ok || count == 0 {
			return slots, nil
		}
		if count > maxSlots || count <= room {
			return nil, &CallError{callGetSlotList.String(), c.module, fmt.Errorf("%d slots are more than are taken", count)}
		}
		room = count
	}
}

// tokenInfo is what the token in a slot and the slot say of themselves.
func (c *conn) tokenInfo(slot uint64) (t TokenInfo, slotManufacturer string, sessions int, err error) {
	t.Slot = slot
	m := c.ask(callGetSlotInfo)
	m.ulong(slot)
	a, err := c.call(m)
	if err != nil {
		return t, "", 0, err
	}
	t.SlotDescription, slotManufacturer = a.text(64), a.text(32)
	flags := a.ulong()
	if err := c.check(callGetSlotInfo, a); err != nil {
		return t, "", 0, err
	}
	const present = 1
	if flags&present == 0 {
		return t, "", 0, &CallError{callGetSlotInfo.String(), c.module, TokenNotPresent}
	}
	m = c.ask(callGetTokenInfo)
	m.ulong(slot)
	if a, err = c.call(m); err != nil {
		return t, "", 0, err
	}
	t.Label, t.Manufacturer, t.Model, t.Serial = a.text(32), a.text(32), a.text(16), a.text(16)
	t.Flags = TokenFlags(a.ulong())
	most := a.ulong() // 0 is for "no limit", all ones for "not known"
	if err := c.check(callGetTokenInfo, a); err != nil {
		return t, "", 0, err
	}
	sessions = maxSessions
	if most > 0 && most < maxSessions {
		sessions = int(most)
	}
	return t, slotManufacturer, sessions, nil
}

// Info is what the token said of itself when it was opened.
func (t *Token) Info() TokenInfo { return t.info }

// CurrentInfo asks the token what it says of itself now, of tries of its PIN among
// others.
func (t *Token) CurrentInfo() (TokenInfo, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.connect(); err != nil {
		return TokenInfo{}, err
	}
	now, _, _, err := t.c.tokenInfo(t.slot)
	if err != nil {
		t.lose(t.c, err)
		return TokenInfo{}, err
	}
	now.Index = t.info.Index
	return now, nil
}

// Login logs the user in; a nil PIN is one that is entered at the device
// (CKF_PROTECTED_AUTHENTICATION_PATH). The token keeps the PIN, for when it was pulled
// out, until Close. A PIN that was refused is never tried again, by no call: each try
// counts, and the last one locks the token. After a refusal Login tries no other
// either.
func (t *Token) Login(pin []byte) error {
	t.sessions <- struct{}{}
	defer func() { <-t.sessions }()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return ErrClosed
	case t.pinErr != nil:
		return t.pinErr
	case t.logged:
		return nil
	}
	if err := t.connect(); err != nil {
		return err
	}
	t.wipe()
	if pin != nil {
		t.pin = append(make([]byte, 0, len(pin)), pin...)
	}
	s, err := t.session(false)
	if err != nil {
		return err
	}
	if err := t.login(s); err != nil {
		t.lose(s.c, err)
		return err
	}
	t.logged = true
	t.idle = append(t.idle, s)
	return nil
}

// login gives the PIN. After an error it is not given again, unless it was taken before
// and the token was pulled out meanwhile.
func (t *Token) login(s *Session) error {
	err := s.login(user, t.pin)
	if errors.Is(err, UserAlreadyLoggedIn) {
		return nil
	}
	if err != nil && !(t.logged && s.c.away(err)) {
		t.refused(err)
	}
	return err
}

// refused notes that the PIN was not taken.
func (t *Token) refused(err error) {
	t.pinErr = err
	t.wipe()
}

func (t *Token) wipe() {
	clear(t.pin)
	t.pin = nil
}

// connect connects again after the connection was lost, and finds the token that it was.
// The token is locked meanwhile, so that all who wait share the attempt.
func (t *Token) connect() error {
	if t.closed {
		return ErrClosed
	}
	if t.c != nil {
		if err := t.c.ended(); err == nil {
			return nil
		}
		t.lose(t.c, nil)
	}
	if t.logged && t.pinErr != nil {
		return t.pinErr
	}
	c, err := dial(t.ctx, t.at)
	if err != nil {
		return err
	}
	again := t.which
	again.Label, again.Serial, again.Model, again.Manufacturer = t.info.Label, t.info.Serial, t.info.Model, t.info.Manufacturer
	info, _, err := c.choose(again)
	if err != nil {
		c.close()
		return err
	}
	t.c, t.slot = c, info.Slot
	if !t.logged {
		return nil
	}
	s, err := t.session(false)
	if err == nil {
		if err = t.login(s); err == nil {
			t.idle = append(t.idle, s)
			return nil
		}
	}
	t.lose(t.c, nil)
	return err
}

// lose gives up a connection, if the error says that it is of no more use; nil always
// does.
func (t *Token) lose(c *conn, err error) {
	if t.c != c || err != nil && !c.lost(err) && !(t.logged && errors.Is(err, UserNotLoggedIn)) {
		return
	}
	t.c, t.idle = nil, nil
	if c != nil {
		c.abort(ErrClosed)
	}
}

// session returns one that is idle, or a new one.
func (t *Token) session(writable bool) (*Session, error) {
	for i, s := range t.idle {
		if s.writable == writable {
			t.idle = append(t.idle[:i:i], t.idle[i+1:]...)
			return s, nil
		}
	}
	// The caller's place is among those that are taken.
	if len(t.idle) > 0 && len(t.idle)+len(t.sessions) > cap(t.sessions) {
		return t.replace(writable)
	}
	s, err := t.c.openSession(t.slot, writable)
	if errors.Is(err, SessionCount) && len(t.idle) > 0 {
		return t.replace(writable)
	}
	if err != nil {
		t.lose(t.c, err)
	}
	return s, err
}

// replace closes an idle session of the other kind to open one.
func (t *Token) replace(writable bool) (*Session, error) {
	last := len(t.idle) - 1
	old := t.idle[last]
	t.idle = t.idle[:last]
	if err := old.close(); err != nil {
		t.lose(t.c, err)
		return nil, err
	}
	s, err := t.c.openSession(t.slot, writable)
	if last := len(t.idle) == 0 && len(t.sessions) == 1; err == nil && t.logged && last {
		err = t.login(s) // closing the last session has logged out
	}
	if err != nil {
		t.lose(t.c, err)
		return nil, err
	}
	return s, nil
}

// take takes a session for a goroutine of its own, and give gives it back.
func (t *Token) take(writable bool) (*Session, error) {
	select {
	case t.sessions <- struct{}{}:
	case <-t.ctx.Done():
		return nil, context.Cause(t.ctx)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s, err := t.connected(writable)
	if err != nil {
		<-t.sessions
		return nil, err
	}
	return s, nil
}

// connected is session on a connection that is there.
func (t *Token) connected(writable bool) (*Session, error) {
	before := t.c
	if err := t.connect(); err != nil {
		return nil, err
	}
	s, err := t.session(writable)
	if err == nil || t.c != nil || before == nil || errors.Is(err, ErrTimeout) {
		return s, err
	}
	// The connection had gone before, and nobody had noticed.
	if err := t.connect(); err != nil {
		return nil, err
	}
	return t.session(writable)
}

// drop gives up a connection.
func (t *Token) drop(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lose(c, nil)
}

func (t *Token) give(s *Session, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() { <-t.sessions }()
	if err != nil {
		t.lose(s.c, err)
	}
	if t.c != s.c || t.closed {
		return
	}
	if s.stuck {
		if err := s.close(); err != nil {
			t.lose(s.c, nil)
		}
		return
	}
	t.idle = append(t.idle, s)
}

// Do calls f with a session that is logged in if Login was called. The session is
// f's own for the time; writable ones can change the token's objects. If the token was
// pulled out before, it is opened again; if it is pulled out meanwhile, that is the
// error of f's call.
func (t *Token) Do(writable bool, f func(*Session) error) error {
	s, err := t.take(writable)
	if err != nil {
		return err
	}
	if err = s.alive(); err != nil {
		t.give(s, err)
		if errors.Is(err, ErrTimeout) || !s.c.lost(err) {
			return err
		}
		if s, err = t.take(writable); err != nil {
			return err
		}
	}
	err = errors.New("it did not return") // if f panics
	defer func() { t.give(s, err) }()
	err = f(s)
	return err
}

// Close ends the sessions and the module's process, and wipes the PIN.
func (t *Token) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	t.wipe()
	if t.c != nil {
		t.c.close()
	}
	t.c, t.idle = nil, nil
	return nil
}
