package commands

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"gokeytool/endpoint"
	"gokeytool/x509util"
)

// reloadInterval is how often serve looks whether its files changed.
const reloadInterval = time.Second

// watchedFile is a file as it was before it was read.
type watchedFile struct {
	name       string
	size, time int64 // zero where there was none
}

func look(name string) watchedFile {
	info, err := os.Stat(name)
	if err != nil {
		return watchedFile{name: name}
	}
	return watchedFile{name, info.Size(), info.ModTime().UnixNano()}
}

// reload serves what the files hold now whenever one of them changes, or on
// SIGHUP. What could not be served is reported, and what was served before
// stays.
func (s *session) reload(ctx context.Context, server *endpoint.Server, load func() (*served, error), running *served) {
	if len(running.files) == 0 {
		return
	}
	hangups := make(chan os.Signal, 1)
	if hangup != nil {
		signal.Notify(hangups, hangup)
		defer signal.Stop(hangups)
	}
	ticker := time.NewTicker(reloadInterval)
	defer ticker.Stop()
	files := running.files
	changed := func(file watchedFile) bool { return look(file.name) != file }
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		case <-ticker.C:
			if !slices.ContainsFunc(files, changed) {
				continue
			}
		}
		v, err := load()
		files = v.files
		if err == nil {
			err = s.judgeServed(v.checks)
		}
		var changes []string
		if err == nil {
			changes, err = server.Update(v.config)
		}
		if err != nil {
			text, ok := s.javaText(err)
			if !ok {
				text = err.Error()
			}
			fmt.Fprintf(s.Stderr, "gokeytool: not reloaded, the old certificate is served on: %s\n", x509util.Printable(text))
			s.hint(s.hints(err)...) // which of the files it is
			continue
		}
		if len(changes) == 0 {
			changes = []string{"the certificates are the same"}
		}
		for _, change := range changes {
			fmt.Fprintf(s.Stdout, "Reloaded: %s\n", x509util.Printable(change))
		}
		for _, change := range atTheNextStart(running.config, v.config) {
			fmt.Fprintf(s.Stderr, "gokeytool: changed, but not before the next start: %s\n", x509util.Printable(change))
		}
	}
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
