package commands

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"gokeytool/acme"
)

const (
	// acmeLook is how long -watch waits at most until it looks again: a CA may say
	// at any time that a certificate is to be renewed early.
	acmeLook = 12 * time.Hour
	// After a failure it tries again, first after acmeRetry and then ever later:
	// failures count against the limits of CAs.
	acmeRetry = time.Minute
)

// acmeTurn is when a target is looked at again.
type acmeTurn struct {
	target acmeTarget
	next   time.Time
	pause  time.Duration // after failures; zero when all went well
	failed string        // what was said of the last one
	seen   bool          // it was said until when there is nothing to do
}

// stay renews the certificates of the targets when it is time, until a signal comes.
// All that can be wrong with the line or the files ends it before it begins.
func (c *acmeCommand) stay(ctx context.Context, targets []acmeTarget) error {
	turns := make([]acmeTurn, len(targets))
	for i, t := range targets {
		ready, err := c.readyACME(ctx, t, c.recipeFor(t), c.o.how)
		if err != nil {
			return err
		}
		turns[i] = acmeTurn{target: ready}
	}
	for ctx.Err() == nil {
		next := c.Now().Add(acmeLook)
		for i := range turns {
			turn := &turns[i]
			if !c.Now().Before(turn.next) {
				c.take(ctx, turn)
			}
			if turn.next.Before(next) {
				next = turn.next
			}
		}
		timer := time.NewTimer(next.Sub(c.Now()))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	c.talk().Print("Stopped\n")
	return nil
}

// take looks at a target, and says when it is looked at again.
func (c *acmeCommand) take(ctx context.Context, turn *acmeTurn) {
	out, err := c.certifyByACME(ctx, turn.target, c.recipeFor(turn.target), c.o.how.keepingClients())
	now := c.Now()
	if err != nil {
		if ctx.Err() != nil {
			return
		}
		if text := err.Error(); text != turn.failed {
			c.sayError(err)
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
		c.say(out)
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
