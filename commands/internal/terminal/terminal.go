// Package terminal is the terminal of a command, or what stands in its place: what is
// printed in colours or without, lines of the standard input, and secrets that are
// typed without echo, so that neither a signal nor Ctrl-Z leaves a terminal dark.
//
// What is asked, and what the answers mean, is not its business.
package terminal

import (
	"os"
	"runtime"

	"golang.org/x/term"

	"gokeytool/internal/console"
	"gokeytool/internal/interrupt"
)

// Open is a stream of this process. It is coloured where a person who
// wants colours sees it (no-color.org).
func Open(file *os.File) *console.Writer {
	w := console.NewWriter(interrupt.Output(file))
	w.Terminal = term.IsTerminal(int(file.Fd()))
	w.Colour = w.Terminal && wantsColours(os.LookupEnv)
	return w
}

// wantsColours says whether a terminal shows colours, and is to.
func wantsColours(lookup func(name string) (string, bool)) bool {
	if no, _ := lookup("NO_COLOR"); no != "" {
		return false
	}
	if runtime.GOOS == "windows" {
		_, understands := lookup("WT_SESSION") // the older console shows the codes
		return understands
	}
	term, _ := lookup("TERM")
	return term != "" && term != "dumb"
}
