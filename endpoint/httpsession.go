package endpoint

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// maxTries is how many ids are drawn for one session before it is given up.
// Short ids run out.
const maxTries = 100

// The causes of a session that does not begin.
var (
	errTooMany = errors.New("too many active sessions")
	errNoID    = errors.New("no free session id")
)

// httpSession is one HTTP session. Handlers get copies.
type httpSession struct {
	ID       string
	Created  time.Time
	Used     time.Time // the last request before this one
	Requests int       // that belonged to it, this one included
}

// httpSessions holds the HTTP sessions of an endpoint. Sessions that have
// expired go as others are used: there is no clock to wind.
type httpSessions struct {
	timeout time.Duration // negative for none
	limit   int           // beyond which the oldest goes
	active  int           // beyond which none begins; negative for no such bound

	mu       sync.Mutex
	live     lru[*httpSession]
	rejected int // by active
}

// configure sets the bounds; sessions that are there stay, as far as they allow.
func (s *httpSessions) configure(timeout time.Duration, limit, active int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timeout, s.limit, s.active = timeout, limit, active
}

// touch counts a request for a session. It is false for a session that is not
// known or has expired.
func (s *httpSessions) touch(id string, now time.Time) (httpSession, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	session, ok := s.live.get(id)
	if !ok {
		return httpSession{}, false
	}
	return session.touch(now), true
}

func (s *httpSession) touch(now time.Time) httpSession {
	s.Requests++
	seen := *s
	s.Used = now
	return seen
}

// start begins a session with an id that draw makes and no other session has.
// The errors are errTooMany, errNoID and those of draw.
func (s *httpSessions) start(draw func() (string, error), now time.Time) (httpSession, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.makeRoom(now); err != nil {
		return httpSession{}, err
	}
	for range maxTries {
		id, err := draw()
		if err != nil {
			return httpSession{}, err
		}
		if id == "" {
			break // no cookie could bring it back
		}
		if _, taken := s.live.byKey[id]; !taken {
			return s.put(id, now), nil
		}
	}
	return httpSession{}, fmt.Errorf("%w: the ids are too short (sessionIdLength), and %d sessions have one", errNoID, s.live.len())
}

// join begins the session of an id that somebody else has drawn, such as a TLS
// session's, or counts a request for it.
func (s *httpSessions) join(id string, now time.Time) (httpSession, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	if session, ok := s.live.get(id); ok {
		return session.touch(now), nil
	}
	if err := s.makeRoom(now); err != nil {
		return httpSession{}, err
	}
	return s.put(id, now), nil
}

// makeRoom sees to it that one more session may begin.
func (s *httpSessions) makeRoom(now time.Time) error {
	s.expire(now)
	if s.active >= 0 && s.live.len() >= s.active {
		s.rejected++
		return fmt.Errorf("%w: %d of %d (maxActiveSessions), and %d requests were refused for it", errTooMany, s.live.len(), s.active, s.rejected)
	}
	for s.live.len() >= s.limit {
		oldest, _, _ := s.live.oldest()
		s.live.remove(oldest)
	}
	return nil
}

func (s *httpSessions) put(id string, now time.Time) httpSession {
	session := &httpSession{ID: id, Created: now, Used: now, Requests: 1}
	s.live.put(id, session)
	return *session
}

// end ends a session; it tells whether there was one.
func (s *httpSessions) end(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live.remove(id)
}

// count returns the number of sessions.
func (s *httpSessions) count(now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	return s.live.len()
}

func (s *httpSessions) expire(now time.Time) {
	for s.timeout >= 0 {
		id, session, ok := s.live.oldest()
		if !ok || now.Sub(session.Used) < s.timeout {
			return
		}
		s.live.remove(id)
	}
}
