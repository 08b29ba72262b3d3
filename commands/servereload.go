package commands

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"gokeytool/endpoint"
	"gokeytool/internal/interrupt"
	"gokeytool/store/entry"
)

// reloadInterval is how often serve looks whether its files changed.
const reloadInterval = time.Second

// lastLook is how long a look that has begun may take when the endpoint stops: that
// of a file system that hangs is given up.
const lastLook = 2 * time.Second

// watchedFile is a file as it was before it was read.
type watchedFile struct {
	name  string
	state fileState // zero where there was none
}

func look(name string) watchedFile { return watchedFile{name, stateOf(name)} }

func (f watchedFile) changed() bool { return stateOf(f.name) != f.state }

// irregular is what there is in place of a file, if it is something that cannot
// be read again: to open a FIFO may take for ever.
func (f watchedFile) irregular() error {
	info, err := os.Stat(f.name)
	switch {
	case err != nil || info.Mode().IsRegular():
		return nil
	case info.IsDir():
		return fileError(f.name, syscall.EISDIR)
	}
	return fmt.Errorf("%s is not a regular file", f.name)
}

// reloader serves what the files hold now whenever one of them changes.
type reloader struct {
	*serving
	server  *endpoint.Server
	load    func() (*served, error)
	running *served
	current endpoint.Config // what it serves now
	out     *heldBack       // the session's standard error
	files   []watchedFile
	failed  string    // what was said when it went wrong last; empty if it went well
	next    time.Time // when it is tried again
	asked   func()    // what else is done on SIGHUP; nil for nothing
}

// watch looks at the files every second, and whatever they are like on SIGHUP,
// until the context ends. It does not wait for a file system that hangs.
func (r *reloader) watch(ctx context.Context) {
	if len(r.files) == 0 && !r.running.token {
		return
	}
	var hangups <-chan os.Signal
	if hangup != nil {
		signals, release := interrupt.Take(hangup)
		defer release()
		hangups = signals
	}
	ticker := time.NewTicker(reloadInterval)
	defer ticker.Stop()
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			asked = true
			if r.asked != nil {
				r.asked()
			}
		case <-ticker.C:
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.look(asked)
		}()
		select {
		case <-ctx.Done():
			// What it has read is wiped when the command ends.
			select {
			case <-done:
			case <-time.After(lastLook):
			}
			return
		case <-done:
		}
	}
}

// look serves what the files hold, if one of them has changed, if it went wrong
// the last time, or if it was asked for. What could not be served is reported, if
// that was not said before, and what was served before stays.
func (r *reloader) look(asked bool) {
	retry := r.failed != "" && !time.Now().Before(r.next)
	if !asked && !retry && !slices.ContainsFunc(r.files, watchedFile.changed) {
		return
	}
	before, begun := len(r.secrets), time.Now()
	r.out.hold()
	changes, err := r.serve()
	if err != nil {
		text, ok := r.javaText(err)
		if !ok {
			text = err.Error()
		}
		r.Stderr.Printf("gokeytool: not reloaded, the old certificate is served on: %s\n", text)
		r.hint(r.hints(err)...) // which of the files it is
		for _, secret := range r.secrets[before:] {
			entry.Wipe(secret)
		}
		r.secrets = r.secrets[:before]
	}
	said := r.out.release()
	if err == nil || asked || said != r.failed {
		r.Stderr.Binary([]byte(said)) // it is clean, and may have colours
	}
	r.failed = ""
	if err != nil {
		r.failed = said
		r.next = time.Now().Add(9 * time.Since(begun)) // a tenth of a processor at most
	}
	for _, change := range changes {
		r.Stdout.Printf("Reloaded: %s\n", change)
	}
}

// serve serves what the files hold, and says what is different.
func (r *reloader) serve() (changes []string, err error) {
	for _, file := range r.files {
		if err := file.irregular(); err != nil {
			return nil, err
		}
	}
	v, err := r.load()
	r.files = v.files
	if err == nil {
		err = r.judgeServed(v.checks)
	}
	if err == nil {
		changes, err = r.update(v.config)
	}
	if err != nil {
		return nil, err
	}
	for _, change := range atTheNextStart(r.running.config, v.config) {
		r.Stderr.Printf("gokeytool: changed, but not before the next start: %s\n", change)
	}
	if len(changes) == 0 {
		changes = []string{"the certificates are the same"}
	}
	return changes, nil
}

// update gives the endpoint another configuration, or nothing of it.
func (r *reloader) update(cfg endpoint.Config) ([]string, error) {
	// What may fail in an application's settings is tried before the keys.
	application, err := r.server.UpdateApplication(cfg)
	if err != nil {
		return nil, err
	}
	keys, err := r.server.Update(cfg)
	if err != nil {
		_, _ = r.server.UpdateApplication(r.current)
		return nil, err
	}
	r.current = cfg
	return append(keys, application...), nil
}

// heldBack is a writer whose text can be held back.
type heldBack struct {
	io.Writer
	mu   sync.Mutex
	text *bytes.Buffer // nil: it is not
}

func (h *heldBack) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.text != nil {
		return h.text.Write(p)
	}
	return h.Writer.Write(p)
}

func (h *heldBack) hold() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = new(bytes.Buffer)
}

// release returns the text that was held back.
func (h *heldBack) release() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := ""
	if h.text != nil {
		text = h.text.String()
	}
	h.text = nil
	return text
}

// atTheNextStart says what a running endpoint can't take over of another
// configuration.
func atTheNextStart(running, next endpoint.Config) (changes []string) {
	note := func(what string, was, now any) {
		if was != now {
			changes = append(changes, fmt.Sprintf("%s: %v -> %v", what, was, now))
		}
	}
	note("port", running.Addr, next.Addr)
	note("plain port that leads to it", cmp.Or(running.RedirectAddr, "none"), cmp.Or(next.RedirectAddr, "none"))
	note("sessionTimeout", running.TLSSessionTimeout, next.TLSSessionTimeout)
	note("sessionCacheSize", running.TLSSessionCache, next.TLSSessionCache)
	return changes
}
