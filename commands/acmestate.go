package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gokeytool/acme/state"
)

// acmeState is the directory of what ACME keeps: that of -acmeDir, of
// GOKEYTOOL_ACME_DIR, or the user's own. One that others could have filled is
// refused: who has put an account or a key there has it, too.
func (s *session) acmeState(acmeDir optional[string]) (*state.Dir, error) {
	path, err := s.acmeStatePath(acmeDir)
	if err != nil {
		return nil, err
	}
	if err := trustACMEState(path); err != nil {
		return nil, err
	}
	return state.Open(path), nil
}

// acmeStatePath is where that directory is, as an absolute path.
func (s *session) acmeStatePath(acmeDir optional[string]) (string, error) {
	if acmeDir.given {
		if acmeDir.value == "" {
			return "", errors.New("-acmeDir names no directory")
		}
		return absolute(acmeDir.value), nil
	}
	if path, _ := s.LookupEnv("GOKEYTOOL_ACME_DIR"); path != "" {
		return absolute(path), nil
	}
	path := s.userDirectory("XDG_STATE_HOME", ".local", "state")
	if !filepath.IsAbs(path) {
		return "", withHint(errors.New("there is no home directory to keep ACME's accounts in"), "name a directory for them with -acmeDir DIR")
	}
	return filepath.Join(path, "acme"), nil
}

// trustACMEState refuses a directory that another user could have filled.
func trustACMEState(path string) error {
	refusal := func(why string) error {
		return withHint(fmt.Errorf("%s, the directory of ACME's accounts, is not used: %s", path, why),
			"name another directory with -acmeDir DIR; one that is not there yet is made, for its owner alone")
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fileError(path, pathCause(err))
	case !info.IsDir():
		return refusal("it is no directory")
	}
	switch {
	case anothers(info):
		return refusal("it belongs to another user, who may have put an account there")
	case othersMay(info, 0o002):
		return refusal("everybody can write it, and so may have put an account there")
	}
	return nil
}

// userDirectory is gokeytool's directory of the user's, as the XDG Base Directory
// Specification has it: below that of a variable, which counts only if it is an
// absolute path, or else below the home directory. It is relative where there is none.
func (s *session) userDirectory(variable string, below ...string) string {
	base, ok := s.LookupEnv(variable)
	if !ok || !filepath.IsAbs(base) {
		home, ok := s.LookupEnv("HOME")
		if !ok || !filepath.IsAbs(home) {
			home = s.home()
		}
		base = filepath.Join(append([]string{home}, below...)...)
	}
	return filepath.Join(base, "gokeytool")
}

// anothers says whether a file or directory belongs neither to the user nor to
// root, who can put everything everywhere.
func anothers(info fs.FileInfo) bool { return !ofUser(info) && !ofRoot(info) }
