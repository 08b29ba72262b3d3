package check

import (
	"context"
	"iter"
)

// Files looks at all keystores among paths: files, directories with everything
// below them, patterns as filepath.Glob takes them, and Tomcat's server.xml
// with the keystores that it names. Verdicts come in the order of paths, within a
// directory by name; a file comes once.
//
// A file that was named must be a keystore. In a directory, and for a pattern,
// keystores are told by their content, and other files passed over.
func Files(ctx context.Context, paths []string, o Options) iter.Seq[Verdict] {
	return func(yield func(Verdict) bool) {}
}
