package endpoint

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

const (
	// ticketKeyLife is how long one key encrypts tickets. It opens them for
	// as long as sessions last.
	ticketKeyLife = 12 * time.Hour
	// maxTLSSession is the longest life of a TLS session (RFC 8446, section
	// 4.6.1: 7 days); crypto/tls refuses older tickets.
	maxTLSSession = 7 * 24 * time.Hour
	// maxEnded bounds the ids of sessions that were ended before their
	// time. When it is passed, all sessions end.
	maxEnded = 1 << 16
)

// ticketMagic marks what we put into a session ticket, and its layout.
const ticketMagic = "gokeytool/1"

// leafID tells certificates apart in tickets: a truncated SHA-256.
type leafID [16]byte

func leafIDOf(der []byte) leafID {
	sum := sha256.Sum256(der)
	return leafID(sum[:16])
}

// tlsSession is a TLS session, as its ticket carries it.
type tlsSession struct {
	ID      string
	Created time.Time // when its full handshake was made
	// Host and Leaf bind it to the virtual host whose policy it was made
	// under, and to the certificate that was served.
	Host string
	Leaf leafID
}

// newTLSID makes the id of a TLS session, in the form that Tomcat shows: 32 bytes
// in hexadecimal.
func newTLSID() string {
	var id [32]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// marshal puts the session in the form that travels in a ticket.
func (s tlsSession) marshal() []byte {
	// Ids and host names are far shorter than 64 KiB.
	b := make([]byte, 0, len(ticketMagic)+8+len(s.Leaf)+2+len(s.Host)+2+len(s.ID))
	b = append(b, ticketMagic...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Created.UnixNano()))
	b = append(b, s.Leaf[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(s.Host)))
	b = append(b, s.Host...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(s.ID)))
	return append(b, s.ID...)
}

// unmarshal reads what marshal made.
func (s *tlsSession) unmarshal(data []byte) bool {
	var (
		magic, host, id []byte
		created         uint64
		in              = cryptobyte.String(data)
	)
	if !in.ReadBytes(&magic, len(ticketMagic)) || string(magic) != ticketMagic ||
		!in.ReadUint64(&created) || !in.CopyBytes(s.Leaf[:]) ||
		!in.ReadUint16LengthPrefixed((*cryptobyte.String)(&host)) ||
		!in.ReadUint16LengthPrefixed((*cryptobyte.String)(&id)) || !in.Empty() {
		return false
	}
	s.Created, s.Host, s.ID = time.Unix(0, int64(created)), string(host), string(id)
	return true
}

// tlsSessions makes and opens session tickets, and knows which sessions have
// been ended.
type tlsSessions struct {
	timeout time.Duration
	limit   int // of sessions that can be resumed; 0 for none

	// keys is there for its ticket keys alone: EncryptTicket and
	// DecryptTicket are methods of a configuration.
	keys   *tls.Config
	period atomic.Int64 // that the first key belongs to

	mu     sync.Mutex
	secret []byte // shared with other endpoints; nil for keys of our own
	// former is the secret before that, which still opens tickets until the
	// end of a period.
	former       []byte
	formerPeriod int64
	own          [][32]byte // the keys, newest first, where secret is nil
	known        lru[struct{}]
	ended        map[string]time.Time // by id: when its tickets would expire anyway
	// notBefore refuses all sessions made before it.
	notBefore time.Time

	anyEnded atomic.Bool // spares a lock where no session was ever ended
}

func newTLSSessions(timeout time.Duration, secret []byte, limit int) *tlsSessions {
	s := &tlsSessions{timeout: timeout, secret: secret, limit: limit, keys: new(tls.Config)}
	s.period.Store(-1)
	return s
}

// rotate sees to it that the ticket keys are those of the time.
func (s *tlsSessions) rotate(now time.Time) {
	period := now.Unix() / int64(ticketKeyLife/time.Second)
	if s.period.Load() == period {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.period.Load() == period {
		return
	}
	// A session may begin at the end of a key's life and last on.
	n := 1 + int((s.timeout+ticketKeyLife-1)/ticketKeyLife)
	var keys [][32]byte
	if s.formerPeriod < period {
		s.former = nil
	}
	if s.secret != nil {
		for _, secret := range [][]byte{s.secret, s.former} {
			if secret == nil {
				break
			}
			for i := range n {
				keys = append(keys, sharedKey(secret, period-int64(i)))
			}
			// Another endpoint's clock may be ahead of ours.
			keys = append(keys, sharedKey(secret, period+1))
		}
	} else {
		var fresh [32]byte
		rand.Read(fresh[:])
		keys = append([][32]byte{fresh}, s.own[:min(len(s.own), n-1)]...)
		s.own = keys
	}
	s.keys.SetSessionTicketKeys(keys)
	s.period.Store(period)
}

// replaceSecret makes tickets with another secret from now on. Those of the one
// before are opened until the end of the next period: other endpoints may go on
// to make them for a while. It tells whether there is a difference.
func (s *tlsSessions) replaceSecret(secret []byte, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes.Equal(s.secret, secret) {
		return false
	}
	s.secret, s.former = secret, s.secret
	s.formerPeriod = now.Unix()/int64(ticketKeyLife/time.Second) + 1
	s.period.Store(-1) // has rotate make the keys again
	return true
}

// sharedKey derives the ticket key of a period from a shared secret.
func sharedKey(secret []byte, period int64) [32]byte {
	key, err := hkdf.Key(sha256.New, secret, nil, ticketMagic+" ticket key "+strconv.FormatInt(period, 10), 32)
	if err != nil {
		panic(err) // 32 bytes are not too much to ask of SHA-256
	}
	return [32]byte(key)
}

// seal makes a ticket of a session.
func (s *tlsSessions) seal(cs tls.ConnectionState, state *tls.SessionState, session tlsSession, now time.Time) ([]byte, error) {
	s.rotate(now)
	if s.limit > 0 {
		s.mu.Lock()
		if _, known := s.known.get(session.ID); !known {
			for s.known.len() >= s.limit {
				oldest, _, _ := s.known.oldest()
				s.known.remove(oldest)
			}
			s.known.put(session.ID, struct{}{})
		}
		s.mu.Unlock()
	}
	state.Extra = append(state.Extra, session.marshal())
	return s.keys.EncryptTicket(cs, state)
}

// open opens a ticket. It returns nil where the session can't be resumed: the
// ticket is not ours, is damaged or too old, or the session was ended.
func (s *tlsSessions) open(ticket []byte, cs tls.ConnectionState, now time.Time) (*tls.SessionState, tlsSession) {
	if len(ticket) == 0 {
		return nil, tlsSession{}
	}
	s.rotate(now)
	state, err := s.keys.DecryptTicket(ticket, cs)
	if err != nil || state == nil {
		return nil, tlsSession{}
	}
	for _, extra := range state.Extra {
		var session tlsSession
		if session.unmarshal(extra) && s.live(session, now) {
			return state, session
		}
	}
	return nil, tlsSession{}
}

// live reports whether a session can be resumed.
func (s *tlsSessions) live(session tlsSession, now time.Time) bool {
	// A ticket from an endpoint whose clock is ahead may seem to come from
	// the future; one period ahead is as far as keys are known.
	if now.Sub(session.Created) >= s.timeout || session.Created.Sub(now) > ticketKeyLife {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ended := s.ended[session.ID]; ended || session.Created.Before(s.notBefore) {
		return false
	}
	if s.limit > 0 {
		if _, known := s.known.get(session.ID); !known {
			return false
		}
	}
	return true
}

// end ends a session: its tickets are refused from now on.
func (s *tlsSessions) end(session tlsSession, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.anyEnded.Store(true)
	s.known.remove(session.ID)
	if len(s.ended) >= maxEnded {
		for id, expiry := range s.ended {
			if !now.Before(expiry) {
				delete(s.ended, id)
			}
		}
	}
	if len(s.ended) >= maxEnded {
		s.ended, s.notBefore = nil, now
	}
	if s.ended == nil {
		s.ended = make(map[string]time.Time)
	}
	s.ended[session.ID] = session.Created.Add(s.timeout)
}

// hasEnded reports whether a session was ended.
func (s *tlsSessions) hasEnded(session tlsSession) bool {
	if !s.anyEnded.Load() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ended := s.ended[session.ID]
	return ended || session.Created.Before(s.notBefore)
}
