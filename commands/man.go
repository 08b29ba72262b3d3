package commands

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"gokeytool/internal/atomicfile"
)

type manOptions struct{ dir optional[string] }

func readMan(l line) manOptions {
	return manOptions{optional[string]{l.operand(0), len(l.req.Operands) > 0}}
}

// man writes the manual pages of the program and its commands below a
// directory, or prints that of the program.
func man(_ context.Context, s *session, o manOptions) error {
	date := s.manualDate()
	if !o.dir.given {
		return s.Stdout.Binary(s.table.ManPage("", date))
	}
	dir := filepath.Join(o.dir.value, "man1")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fileError(dir, pathCause(err))
	}
	pages := map[string]string{"gokeytool": ""} // by command
	for _, c := range s.table.Commands {
		pages["gokeytool-"+c.Name] = c.Name
	}
	for page, command := range pages {
		name := filepath.Join(dir, page+".1")
		if err := atomicfile.Write(name, s.table.ManPage(command, date), 0o644, nil); err != nil {
			return notWritten(name, pathCause(err))
		}
	}
	s.talk().Printf("%d pages stored in %s\n", len(pages), dir)
	return nil
}

// manualDate is the date of the pages: the present, or what packagers set so
// that the same source makes the same pages (reproducible-builds.org).
func (s *session) manualDate() time.Time {
	if text, ok := s.LookupEnv("SOURCE_DATE_EPOCH"); ok {
		if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
			return time.Unix(seconds, 0)
		}
	}
	return s.Now()
}
