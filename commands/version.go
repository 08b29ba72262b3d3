package commands

import (
	"context"
	"runtime"
)

// programVersion is gokeytool's own version.
const programVersion = "0.1.0"

// version prints which gokeytool this is, and whose wording it follows. In
// keytool's style the line begins as keytool's does, with the release that is
// followed: scripts read it from there.
func version(_ context.Context, s *session) error {
	if !s.ownStyle() {
		return s.Stdout.Printf("keytool %d (gokeytool %s)\n", s.release, programVersion)
	}
	return s.Stdout.Printf("gokeytool %s (keytool of JDK %d, %s, %s/%s)\n",
		programVersion, s.release, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
