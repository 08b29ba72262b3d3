// Package machine says what of this machine keeps Tomcat from serving with a
// configuration: files that are not where it looks, that its user can't read, ports
// and addresses that it can't have.
//
// It looks at names and permissions, and reads no content, beside what the kernel
// tells of itself.
package machine

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"gokeytool/internal/atomicfile"
	"gokeytool/tomcat"
)

// Cause is why something does not work, in a sentence without an end, and what to
// do about it.
type Cause struct{ Text, Remedy string }

// maxNames bounds the directory in which a name is looked for.
const maxNames = 10_000

// File says why Tomcat can't read a file that its configuration names: one that is
// missing, a directory, empty, or behind a link that leads nowhere. It is not ok
// where nothing of that kind is wrong.
//
// base is catalina.base, where names begin that are not from the root. keystore says
// that the file is to be one, of which it is known what Java says. guess has the
// directory searched for the name that is meant.
func File(path, base string, keystore, guess bool) (Cause, bool) {
	java := ""
	if keystore {
		java = " (Java says: EOFException)"
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return Cause{"it is a directory, and no file" + java, inDirectory(path)}, true
	case err == nil && info.Mode().IsRegular() && info.Size() == 0:
		return Cause{"the file is empty" + java, "take the backup, or make it again: something has written nothing into it"}, true
	case err == nil, errors.Is(err, fs.ErrPermission):
		return Cause{}, false
	case errors.Is(err, syscall.ELOOP):
		return Cause{"it is a symbolic link that leads to itself (FileNotFoundException: Too many levels of symbolic links)", "point the link to the file, or name the file itself"}, true
	}
	if target, err := os.Readlink(path); err == nil {
		return Cause{fmt.Sprintf("it is a symbolic link to %s, where there is no file (FileNotFoundException)", target), "put the file there, or name it itself"}, true
	}
	full := path
	if absolute, err := filepath.Abs(path); err == nil {
		full = absolute
	}
	c := Cause{Text: fmt.Sprintf("there is no such file (FileNotFoundException): Tomcat looks for %s", full)}
	c.Text += missingDirectory(full)
	if guess {
		c.Remedy = meant(path, base)
	}
	return c, true
}

// inDirectory names a file of a directory as what may have been meant.
func inDirectory(dir string) string {
	for _, name := range names(dir) {
		switch strings.ToLower(filepath.Ext(name)) {
		case ".p12", ".pfx", ".jks", ".keystore", ".jceks":
			return "name the file in it, such as " + filepath.Join(dir, name)
		}
	}
	return "name the file in it"
}

// missingDirectory says which directory of a path is not there, if it is not only
// the file.
func missingDirectory(path string) string {
	missing := ""
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		switch {
		case err == nil && !info.IsDir():
			return fmt.Sprintf(", and %s is no directory", dir)
		case err == nil || dir == filepath.Dir(dir):
			if missing != "" {
				return fmt.Sprintf(", and there is no directory %s", missing)
			}
			return ""
		case errors.Is(err, fs.ErrNotExist):
			missing = dir
		}
	}
}

// meant says what to do about a file that is not there: where one is that the name
// may stand for.
func meant(path, base string) string {
	relative := path
	if rest, err := filepath.Rel(cmp.Or(base, "."), path); err == nil && filepath.IsLocal(rest) {
		relative = filepath.ToSlash(rest)
	}
	if rest, ok := strings.CutPrefix(relative, "~/"); ok {
		return "Tomcat does not know ~: write ${user.home}/" + rest + ", which is in the home of the user it runs as, or the name from the root"
	}
	if runtime.GOOS != "windows" && len(relative) > 2 && relative[1] == ':' {
		return "this is a name of Windows: write the file's name on this machine"
	}
	if trimmed := strings.TrimSpace(relative); trimmed != relative && exists(resolve(trimmed, base)) {
		return fmt.Sprintf("write %s, without blanks around it", trimmed)
	}
	if runtime.GOOS != "windows" && strings.Contains(relative, `\`) {
		if slashes := strings.ReplaceAll(relative, `\`, "/"); exists(resolve(slashes, base)) {
			return fmt.Sprintf("write %s, with slashes", slashes)
		}
	}
	dir, name := filepath.Split(path)
	if near := tomcat.Nearest(name, names(dir)); near != "" {
		if strings.EqualFold(near, name) {
			return fmt.Sprintf("write %s: small letters and capitals differ in names of files", filepath.Join(dir, near))
		}
		return "is " + filepath.Join(dir, near) + " meant?"
	}
	for _, other := range []string{filepath.Join(base, "conf", relative), filepath.Join(base, name), filepath.Join(base, "conf", name), relative, name} {
		if other == path || other == "" || !exists(other) {
			continue
		}
		if rest, err := filepath.Rel(base, other); err == nil && filepath.IsLocal(rest) {
			return fmt.Sprintf("write %s, where such a file is: names start at catalina.base", filepath.ToSlash(rest))
		}
		absolute, err := filepath.Abs(other)
		if err != nil {
			continue
		}
		return fmt.Sprintf("write %s: names start at catalina.base, not where Tomcat is started", absolute)
	}
	if near := tomcat.Nearest(name, names(filepath.Join(base, "conf"))); near != "" && dir != filepath.Join(base, "conf")+string(filepath.Separator) {
		return fmt.Sprintf("is conf/%s meant? Names start at catalina.base", near)
	}
	return "put the file there, or write its name as it is: names start at catalina.base"
}

// resolve is a name as Tomcat takes it.
func resolve(name, base string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(base, filepath.FromSlash(name))
}

func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// names are those in a directory, up to a limit.
func names(dir string) []string {
	f, err := atomicfile.Open(cmp.Or(dir, "."))
	if err != nil {
		return nil
	}
	defer f.Close()
	list, _ := f.Readdirnames(maxNames)
	return list
}
