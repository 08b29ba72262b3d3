//go:build unix

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
)

// linkNew gives temp a second name and takes the first away.
func linkNew(temp *os.File, target string) error {
	err := os.Link(temp.Name(), target)
	if errors.Is(err, fs.ErrExist) {
		// NFS says so too where the answer to what was done got lost.
		if info, statErr := temp.Stat(); statErr != nil || links(info) < 2 {
			return err
		}
	} else if err != nil {
		return err
	}
	return errors.Join(os.Remove(temp.Name()), temp.Close())
}
