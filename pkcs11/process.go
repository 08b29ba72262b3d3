package pkcs11

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// process is a module's, with the pipes to and from it.
type process struct {
	in, out *os.File // from our side
	cmd     *exec.Cmd
	module  string
	stderr  *tail
	done    chan struct{} // closed when it has ended
	state   error         // how, after that
}

// everyToken is the URI of all tokens of all modules that p11-kit is configured with.
const everyToken = "pkcs11:"

// start runs p11-kit with the module.
func start(at Location) (*process, error) {
	program := at.Program
	if program == "" {
		program = "p11-kit"
	}
	module := at.Module
	if module == "" {
		module = everyToken
	}
	p := &process{cmd: exec.Command(program, "remote", "-v", module), module: at.name(), stderr: &tail{copy: at.Stderr},
		done: make(chan struct{})}
	failed := func(err error) (*process, error) {
		return nil, &ProgramError{Program: program, Module: p.module, Err: err}
	}
	p.cmd.Env = at.Environment
	p.cmd.Stderr = p.stderr
	p.cmd.WaitDelay = time.Second // a process that the module started may keep the pipe open
	own(p.cmd)
	in, toModule, err := os.Pipe()
	if err != nil {
		return failed(err)
	}
	defer in.Close()
	fromModule, out, err := os.Pipe()
	if err != nil {
		toModule.Close()
		return failed(err)
	}
	defer out.Close()
	p.cmd.Stdin, p.cmd.Stdout = in, out
	p.in, p.out = toModule, fromModule
	if err := p.cmd.Start(); err != nil {
		p.Close()
		if errors.Is(err, os.ErrNotExist) {
			err = exec.ErrNotFound
		}
		return failed(err)
	}
	go func() {
		p.state = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) Read(b []byte) (int, error) { return p.out.Read(b) }

func (p *process) Write(b []byte) (int, error) { return p.in.Write(b) }

func (p *process) SetDeadline(t time.Time) error {
	if err := p.in.SetWriteDeadline(t); err != nil {
		return err
	}
	return p.out.SetReadDeadline(t)
}

func (p *process) Close() error {
	return errors.Join(p.in.Close(), p.out.Close())
}

// died is the error of a process that closed its output: how it ended.
func (p *process) died() error {
	p.wait(time.Second)
	err := errors.New("its process ended")
	var exit *exec.ExitError
	if errors.As(p.state, &exit) {
		err = errors.New("its process ended: " + exit.String())
	}
	return &ProgramError{Program: p.cmd.Path, Module: p.module, Err: err, Stderr: p.stderr.String()}
}

// wait waits for the process to end by itself, and ends it after a time.
func (p *process) wait(most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	p.kill()
}

// kill ends the process, and those that it started.
func (p *process) kill() {
	endGroup(p.cmd)
	<-p.done
}

// tail keeps the end of what is written to it.
type tail struct {
	copy io.Writer
	mu   sync.Mutex
	b    []byte
}

const tailSize = 1 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.copy != nil {
		_, _ = t.copy.Write(b)
	}
	t.b = append(t.b, b[max(0, len(b)-tailSize):]...)
	t.b = append(t.b[:0], t.b[max(0, len(t.b)-tailSize):]...)
	return len(b), nil
}

// String is what was written last, in one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.Join(bytes.Fields(t.b), []byte(" ")))
}
