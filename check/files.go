package check

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"gokeytool/store/entry"
)

// Files looks at all keystores among paths: files, directories with everything
// below them, patterns as filepath.Glob takes them, and Tomcat's server.xml
// with the keystores that it names. Verdicts come in the order of paths, within
// a directory by name; a file that is met again under the same name comes once.
//
// A file that was named must be a keystore. In a directory, and for a pattern,
// keystores are told by their content, and other files passed over. Links to
// directories are not followed within a directory, and of links to files only
// those that lead out of it.
//
// The end of ctx ends the sequence early.
func Files(ctx context.Context, paths []string, o Options) iter.Seq[Verdict] {
	return func(yield func(Verdict) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		workers := runtime.GOMAXPROCS(0)
		if o.Limits == (entry.Limits{}) {
			o.Limits = entry.DefaultLimits
		}
		pool := o.pool()
		// A job waits in both channels: in jobs to be done, in order for its
		// results to be taken in turn. What waits in order is bounded, and
		// so is what the workers can be ahead of the reader.
		jobs := make(chan job, workers)
		order := make(chan job, 8*workers)
		for range workers {
			go func() {
				for j := range jobs {
					j.result <- j.do(o.withWork(pool))
				}
			}()
		}
		go func() {
			defer close(order)
			defer close(jobs)
			find(paths, o.Tokens, func(j job) bool {
				j.result = make(chan []Verdict, 1)
				select {
				case order <- j:
				case <-ctx.Done():
					return false
				}
				select {
				case jobs <- j:
				case <-ctx.Done():
					close(j.result)
					return false
				}
				return true
			})
		}()
		for j := range order {
			select {
			case <-ctx.Done():
				return
			case verdicts := <-j.result:
				for _, v := range verdicts {
					if !yield(v) {
						return
					}
				}
			}
		}
	}
}

// What may be spent on key derivation beside entry.Limits: each file that is named
// or found may have so many iterations for itself, beyond them all share what
// sharedFiles of the most expensive would take, about a minute. The files of one
// server.xml count as one.
const (
	ordinaryRounds = 500_000
	sharedFiles    = 20
)

// pool returns what the work for all files counts for.
func (o Options) pool() *entry.Work {
	one := o.Limits.KeyRounds(math.MaxInt)
	return entry.NewWork(sharedFiles*min(one, math.MaxInt/sharedFiles), 0, o.Limits.Work)
}

// withWork returns the options for a file whose work counts for the pool.
func (o Options) withWork(pool *entry.Work) Options {
	o.Limits.Work = entry.NewWork(o.Limits.KeyRounds(math.MaxInt), ordinaryRounds, pool)
	return o
}

// job is a file to look at.
type job struct {
	path   string
	named  bool // so that it must be a keystore
	token  *Token
	err    error // why it was not even found
	result chan []Verdict
}

func (j job) do(o Options) []Verdict {
	if j.err != nil {
		x := &examination{o: o, Verdict: Verdict{Path: j.path}}
		x.unreadable(j.err)
		return []Verdict{x.finish()}
	}
	if j.token != nil {
		u := named(o)
		u.java = false
		return []Verdict{examineToken(j.token, o, u)}
	}
	if j.named && isServerXML(j.path) {
		return serverXML(j.path, o)
	}
	u := use{}
	if j.named {
		u = named(o)
	}
	if v, ok := examineFile(j.path, o, u); ok {
		return []Verdict{v}
	}
	return nil
}

// errNoMatch says that a pattern leads to nothing.
var errNoMatch = errors.New("there is no file of that name, and as a pattern it matches none")

// find calls add for every file that may be a keystore, until add returns false.
func find(paths []string, tokens map[string]*Token, add func(job) bool) {
	var before covered
	once := func(j job) bool { return before.has(j.path) || add(j) }
	for _, path := range paths {
		if t := tokens[path]; t != nil {
			if !once(job{path: path, named: true, token: t}) {
				return
			}
			before.add(path, false)
			continue
		}
		info, err := os.Stat(path)
		names, pattern := []string{path}, false
		if err != nil && errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(path, "*?[") {
			if names, err = filepath.Glob(path); err == nil && len(names) == 0 {
				err = errNoMatch
			}
			if err != nil {
				if !once(job{path: path, err: err}) {
					return
				}
				continue
			}
			pattern = true
		}
		for _, name := range names {
			if pattern {
				info, err = os.Stat(name)
			}
			isDir := err == nil && info.IsDir()
			switch {
			case isDir && !walk(name, once):
				return
			case isDir:
			case pattern && (err != nil || !info.Mode().IsRegular()):
			case !once(job{path: name, named: !pattern}):
				return
			}
			before.add(name, isDir)
		}
	}
}

// covered are the paths that were done with: files, and directories with all
// below them.
type covered struct {
	files map[string]bool
	dirs  []string
}

func (c *covered) add(path string, isDir bool) {
	path = filepath.Clean(path)
	if isDir {
		c.dirs = append(c.dirs, withSeparator(path))
		return
	}
	if c.files == nil {
		c.files = make(map[string]bool)
	}
	c.files[path] = true
}

func (c *covered) has(path string) bool {
	path = filepath.Clean(path)
	return c.files[path] || slices.ContainsFunc(c.dirs, func(dir string) bool {
		return strings.HasPrefix(path, dir) || dir == withSeparator(".") && filepath.IsLocal(path)
	})
}

// walk adds the regular files below a directory. Devices, pipes and sockets
// are never opened.
func walk(root string, add func(job) bool) bool {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return add(job{path: root, err: err})
	}
	done := false
	filepath.WalkDir(withSeparator(root), func(path string, d fs.DirEntry, err error) error {
		path = filepath.Clean(path)
		ok := true
		switch {
		case err != nil:
			ok = add(job{path: path, err: err})
		case d.Type().IsRegular(), d.Type()&fs.ModeSymlink != 0 && leadsOut(path, real):
			ok = add(job{path: path})
		}
		if !ok {
			done = true
			return fs.SkipAll
		}
		return nil
	})
	return !done
}

// withSeparator has WalkDir follow a root that is a link itself.
func withSeparator(root string) string {
	if os.IsPathSeparator(root[len(root)-1]) {
		return root
	}
	return root + string(filepath.Separator)
}

// leadsOut says whether a link leads to a regular file outside of a directory;
// inside it the file is found by itself.
func leadsOut(link, dir string) bool {
	target, err := filepath.EvalSymlinks(link)
	if err != nil {
		return false
	}
	info, err := os.Lstat(target)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	return !strings.HasPrefix(target, withSeparator(dir))
}
