package commands

import (
	"runtime"
	"sync"
	"sync/atomic"

	"gokeytool/store"
	"gokeytool/store/entry"
)

// resealer opens keys and seals them again on all cores, ahead of the command
// that goes through them in order: each costs two key derivations, and no key
// waits for another.
type resealer struct {
	jobs    map[*entry.Entry]*resealing
	stopped atomic.Bool
	running sync.WaitGroup
}

// resealing is the work on one key.
type resealing struct {
	done   chan struct{}
	key    entry.Key
	sealed []byte
	ok     bool
}

// resealAhead begins to open the keys among the entries of a store with one
// password, and to seal them for another store with the other.
func resealAhead(from *store.Store, entries []*entry.Entry, opens []byte, to *store.Store, seals []byte) *resealer {
	c := &resealer{jobs: make(map[*entry.Entry]*resealing)}
	var queue []*entry.Entry
	for _, e := range entries {
		if e.Kind != entry.TrustedCertificate && opens != nil && c.jobs[e] == nil {
			c.jobs[e] = &resealing{done: make(chan struct{})}
			queue = append(queue, e)
		}
	}
	var next atomic.Int64
	for range min(len(queue), runtime.GOMAXPROCS(0)) {
		c.running.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(queue) || c.stopped.Load() {
					return
				}
				job := c.jobs[queue[i]]
				job.run(from, queue[i], opens, to, seals)
				close(job.done)
			}
		})
	}
	return c
}

func (j *resealing) run(from *store.Store, e *entry.Entry, opens []byte, to *store.Store, seals []byte) {
	var err error
	if j.key, err = from.KeyOf(e, opens); err != nil {
		return
	}
	j.sealed, err = to.Seal(j.key, seals)
	j.ok = err == nil
}

// take returns an entry's key, sealed, when that is ready. It is false where
// something did not go well: the command tries again by itself, asks for
// another password, or says what is wrong.
func (c *resealer) take(e *entry.Entry) (sealed []byte, ok bool) {
	job := c.jobs[e]
	if job == nil {
		return nil, false
	}
	<-job.done
	return job.sealed, job.ok
}

// stop ends the work and wipes the keys.
func (c *resealer) stop() {
	c.stopped.Store(true)
	c.running.Wait()
	for _, job := range c.jobs {
		job.key.Wipe()
	}
}
