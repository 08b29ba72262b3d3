package commands

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"gokeytool/acme"
)

const (
	// acmeLook is how long is waited at most until a certificate is looked at again: a
	// CA may say at any time that it is to be renewed early.
	acmeLook = 12 * time.Hour
	// After a failure it is tried again, first after acmeRetry and then ever later:
	// failures count against the limits of CAs.
	acmeRetry = time.Minute
)

// acmeWatch renews the certificates of targets when it is time.
type acmeWatch struct {
	now   func() time.Time
	turns []acmeTurn
	// run looks at a target, by its place among the turns, and renews its certificate
	// if it is time.
	run func(ctx context.Context, i int) (acmeOutcome, error)
	// say says what became of a target, and fail what went wrong: both only where
	// that was not said before.
	say  func(acmeOutcome)
	fail func(acmeOutcome, error)
	// wake has all be looked at, whatever the time; nil for never.
	wake <-chan struct{}
}

// acmeTurn is when a target is looked at again.
type acmeTurn struct {
	next   time.Time
	pause  time.Duration // after failures; zero when all went well
	failed string        // what was said of the last one
	seen   bool          // it was said until when there is nothing to do
}

// stay looks at the targets whenever it is time, until the context ends.
func (w *acmeWatch) stay(ctx context.Context) {
	for asked := false; ctx.Err() == nil; {
		next := w.now().Add(acmeLook)
		for i := range w.turns {
			turn := &w.turns[i]
			if asked || !w.now().Before(turn.next) {
				w.take(ctx, i)
			}
			if turn.next.Before(next) {
				next = turn.next
			}
		}
		timer := time.NewTimer(next.Sub(w.now()))
		asked = false
		select {
		case <-ctx.Done():
		case <-w.wake:
			asked = true
		case <-timer.C:
		}
		timer.Stop()
	}
}

// take looks at a target, and decides when it is looked at again.
func (w *acmeWatch) take(ctx context.Context, i int) {
	turn := &w.turns[i]
	out, err := w.run(ctx, i)
	now := w.now()
	if err != nil {
		if ctx.Err() != nil {
			return
		}
		if text := err.Error(); text != turn.failed {
			w.fail(out, err)
			turn.failed = text
		}
		turn.pause = min(max(2*turn.pause, acmeRetry), acmeLook)
		turn.next = now.Add(jitter(turn.pause))
		if of, ok := errors.AsType[*acme.Error](err); ok && of.RetryAt.After(turn.next) {
			turn.next = of.RetryAt
		}
		return
	}
	if turn.failed != "" || out.changed || !turn.seen {
		w.say(out)
	}
	turn.failed, turn.pause, turn.seen = "", 0, true
	turn.next = now.Add(jitter(acmeLook))
	if at := out.renewal.At; at.After(now) && at.Before(turn.next) {
		turn.next = at.Add(jitter(acmeRetry))
	}
}

// jitter is a length of time somewhat shorter, so that many machines do not ask a
// CA at the same instant.
func jitter(d time.Duration) time.Duration { return d - rand.N(d/4) }
