// Package interrupt ends the program in good order when a signal comes: what
// must not stay (locks, temporary files, a terminal without echo) is undone
// before, and what must not be cut in two comes to its end first. The program
// then dies of that signal, as its caller expects.
//
// Without Watch no signal is caught, and all that is noted here costs nothing: a
// program that only uses our packages deals with its signals itself.
package interrupt

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"
)

// Made is something to be undone if a signal ends the program.
type Made struct{ undo func() }

var (
	// whole is held while something is done that no signal may cut in two, and
	// for ever by who ends the program: nothing is begun or made lasting then.
	whole sync.Mutex
	made  = make(map[*Made]bool) // guarded by whole
	ends  atomic.Bool            // somebody waits for whole to end the program

	mu       sync.Mutex
	watched  bool
	polite   = make(map[*context.CancelFunc]bool) // of the contexts that the next signal ends
	atOnce   int                                  // questions that are open
	elsewise = make(map[os.Signal]int)            // signals that mean something else
)

// enter locks whole, but not before one who waits to end the program.
func enter() {
	whole.Lock()
	if ends.Load() {
		whole.Unlock()
		select {}
	}
}

// Make does something, and notes how it is undone if a signal ends the program.
// No signal comes between. What do returns with an error needs no undoing.
func Make(do func() error, undo func()) (*Made, error) {
	enter()
	defer whole.Unlock()
	if err := do(); err != nil {
		return nil, err
	}
	m := &Made{undo}
	made[m] = true
	return m, nil
}

// End does the last thing with what was made, and if that goes well it is not to
// be undone any more. No signal comes between.
func (m *Made) End(last func() error) error {
	enter()
	defer whole.Unlock()
	err := last()
	if err == nil {
		delete(made, m)
	}
	return err
}

// Undo undoes what was made.
func (m *Made) Undo() {
	_ = m.End(func() error { m.undo(); return nil })
}

// Whole does something that no signal cuts in two.
func Whole(do func() error) error {
	enter()
	defer whole.Unlock()
	return do()
}

// Context is one that the first SIGINT or SIGTERM ends, for what has more to do
// at its end than to be undone. The second ends the program.
func Context(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	mu.Lock()
	defer mu.Unlock()
	polite[&cancel] = true
	return ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		delete(polite, &cancel)
		cancel()
	}
}

// Asking has the first signal end the program although there is a Context, until
// answered is called: who waits for an answer looks at no context.
func Asking() (answered func()) {
	add := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		atOnce += n
	}
	add(1)
	return sync.OnceFunc(func() { add(-1) })
}

// Take gives a signal another meaning than to end the program, until release is
// called.
func Take(sig os.Signal) (signals <-chan os.Signal, release func()) {
	c := make(chan os.Signal, 1)
	add := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		elsewise[sig] += n
	}
	add(1)
	signal.Notify(c, sig)
	return c, func() {
		signal.Stop(c)
		add(-1)
	}
}

// Watch catches, from now on, the signals that end a program, except for those that
// its caller has had ignored, as nohup does.
func Watch() {
	mu.Lock()
	defer mu.Unlock()
	if watched {
		return
	}
	watched = true
	signals := make(chan os.Signal, 16)
	for _, sig := range ending {
		if !signal.Ignored(sig) {
			signal.Notify(signals, sig)
		}
	}
	go func() {
		end := begin
		for sig := range signals {
			if means(sig) {
				end(sig)
				end = insist
			}
		}
	}()
}

// means says whether a signal is to end the program. Where a context can be
// ended that is done, and the next one is.
func means(sig os.Signal) bool {
	mu.Lock()
	defer mu.Unlock()
	if elsewise[sig] > 0 {
		return false
	}
	if atOnce > 0 || len(polite) == 0 || sig != os.Interrupt && sig != terminate {
		return true
	}
	for cancel := range polite {
		(*cancel)()
	}
	clear(polite)
	return false
}

// begin undoes what is to be undone, once what must be whole is, and ends the
// program.
func begin(sig os.Signal) {
	go func() {
		undoAll()
		die(sig)
	}()
}

// undoAll undoes what is to be undone, and has nothing more be made or come to a
// good end.
func undoAll() {
	ends.Store(true)
	whole.Lock() // for good
	for m := range made {
		m.undo()
	}
}

// insist ends the program though something hangs, a file system mostly.
func insist(sig os.Signal) {
	const moment = 100 * time.Millisecond // for what does not hang
	time.AfterFunc(moment, func() { die(sig) })
}
