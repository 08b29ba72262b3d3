package testtool

import (
	"bytes"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// listens says whether something listens at an address.
func listens(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// reservePorts returns the first of some ports in a row that nobody else has, and
// that no other test takes until this one ends. They are not among those that
// systems give to who asks for any, which another program could get meanwhile.
func reservePorts(t testing.TB, count int) int {
	t.Helper()
	const block = 8 // of which the last is held, by UDP, as a sign for other tests
	if count >= block {
		t.Fatalf("%d ports are too many", count)
	}
	for range 1000 {
		base := 20000 + mathrand.IntN(12000/block)*block
		held, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", base+block-1))
		if err != nil {
			continue
		}
		if portsAreFree(base, count) {
			t.Cleanup(func() { held.Close() })
			return base
		}
		held.Close()
	}
	t.Fatal("no free ports")
	return 0
}

func portsAreFree(base, count int) bool {
	for port := base; port < base+count; port++ {
		for _, host := range []string{"127.0.0.1", ""} {
			ln, err := net.Listen("tcp", fmt.Sprintf("%s:%d", host, port))
			if err != nil {
				return false
			}
			ln.Close()
		}
		conn, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		conn.Close()
	}
	return true
}

// process is a server that a test has started.
type process struct {
	cmd   *exec.Cmd
	log   logBuffer
	stdin io.Closer
	ended chan struct{}
}

// startProcess starts a program in a process of its own, and collects what it says.
func startProcess(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	var err error
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		cmd.Wait()
		close(p.ended)
	}()
	return p
}

// await waits until the process does what it is to do.
func (p *process) await(t testing.TB, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ready(); time.Sleep(5 * time.Millisecond) {
		select {
		case <-p.ended:
			t.Fatalf("%s has ended:\n%s", p.cmd.Path, &p.log)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not ready after a minute:\n%s", p.cmd.Path, &p.log)
		}
	}
}

func (p *process) stop() {
	p.stdin.Close()
	p.cmd.Process.Kill()
	<-p.ended
}

// logBuffer is a buffer that is written and read at the same time.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
