package endpoint

import (
	"sync"
	"time"
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
	limit   int

	mu   sync.Mutex
	live lru[*httpSession]
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
	session.Requests++
	seen := *session
	session.Used = now
	return seen, true
}

// start begins a session with an id that is not known yet.
func (s *httpSessions) start(id string, now time.Time) httpSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	for s.live.len() >= s.limit {
		oldest, _, _ := s.live.oldest()
		s.live.remove(oldest)
	}
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
