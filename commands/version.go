package commands

import (
	"context"
	"fmt"
	"runtime"
)

// programVersion is gokeytool's own version.
const programVersion = "0.1.0"

// version prints which gokeytool this is, and whose wording it follows.
func version(_ context.Context, s *session) error {
	_, err := fmt.Fprintf(s.Stdout, "gokeytool %s (keytool of JDK %d, %s, %s/%s)\n",
		programVersion, s.release, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
