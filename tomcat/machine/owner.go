package machine

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Owner says which process listens on a TCP port, as "java (process 4711)". It is
// empty where that can't be told: on other systems than Linux, and of the processes of
// other users unless root asks.
func Owner(port int) string { return ownerIn("/proc", port) }

// ownerIn is Owner by the files of a /proc.
func ownerIn(proc string, port int) string {
	sockets := make(map[string]bool)
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		data, err := os.ReadFile(filepath.Join(proc, table))
		if err != nil {
			continue
		}
		for line := range bytes.Lines(data) {
			// sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode
			f := strings.Fields(string(line))
			const listening = "0A"
			if len(f) < 10 || f[3] != listening {
				continue
			}
			_, hex, _ := strings.Cut(f[1], ":")
			if n, err := strconv.ParseUint(hex, 16, 16); err == nil && int(n) == port {
				sockets["socket:["+f[9]+"]"] = true
			}
		}
	}
	if len(sockets) == 0 {
		return ""
	}
	descriptors, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*"))
	for _, name := range descriptors {
		if target, err := os.Readlink(name); err != nil || !sockets[target] {
			continue
		}
		process := filepath.Dir(filepath.Dir(name))
		command, err := os.ReadFile(filepath.Join(process, "comm"))
		if err != nil {
			continue
		}
		return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(command)), filepath.Base(process))
	}
	return ""
}
