package challenge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"gokeytool/acme"
	"gokeytool/internal/interrupt"
)

const (
	hookLimit  = 10 * time.Minute       // of a command, which may wait until a record is seen by all
	hookGrace  = 5 * time.Second        // from the request to end until it is ended
	pipeGrace  = 500 * time.Millisecond // for output, after the command's end
	maxOutput  = 1 << 20                // bytes that are told of a command
	maxLine    = 4 << 10                // bytes; longer ones are told in parts
	maxCapture = 64 << 10               // bytes that the cleanup is given; Linux has room for 128 KiB in a variable
)

// Hook has a command set the records of dns-01, or the files of http-01, with the
// environment of certbot's manual hooks; cleanup, if not empty, takes them away. It
// is run in every case, also where the command failed or was ended half-way, and if a
// signal ends the program.
//
// Both are lines for /bin/sh -c (cmd /C on Windows). They read nothing and see environ,
// NAME=VALUE as os.Environ has it, and beside it
//
//	CERTBOT_DOMAIN, CERTBOT_IDENTIFIER           the name, without "*."
//	CERTBOT_VALIDATION                           the TXT record, or what the file holds
//	CERTBOT_TOKEN                                the file's name (http-01)
//	CERTBOT_ALL_DOMAINS, CERTBOT_ALL_IDENTIFIERS all names, with commas
//	CERTBOT_REMAINING_CHALLENGES                 how many come after this one
//	CERTBOT_AUTH_OUTPUT                          the command's standard output (cleanup)
//
// What they print is told to output, a line each, one at a time; it may hold anything.
// A command that does not end within ten minutes is ended, with all that it has
// started; what it leaves running when it ends by itself goes on.
//
// It is the command that waits until the record is seen, as with certbot. To ask
// for it here would do harm: a resolver that has not seen it says so for minutes, also
// to a CA that uses it, and one inside a network may never see it.
func Hook(command, cleanup string, environ []string, output func(line string)) acme.Solver {
	return &hook{command, cleanup, environ, output, hookLimit, hookGrace}
}

type hook struct {
	command, cleanup string
	environ          []string
	output           func(string)
	limit, grace     time.Duration
}

// Present runs the command.
func (h *hook) Present(ctx context.Context, p acme.Proof) (func(context.Context) error, error) {
	if err := check(p, acme.DNS01, acme.HTTP01); err != nil {
		return nil, err
	}
	if p.Method == acme.DNS01 && p.IP {
		return nil, fmt.Errorf("%s is an IP address: the DNS does not prove it (RFC 8738, section 7)", p.Name)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the hook for %s was not run: %w", p.Name, context.Cause(ctx))
	}
	env := h.environment(p)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var printed string
	ran := make(chan struct{})
	clean := sync.OnceValue(func() error {
		<-ran
		if h.cleanup == "" {
			return nil
		}
		// What was begun is taken away though nobody waits for it any more.
		after, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), h.limit, &overtime{h.limit})
		defer cancel()
		_, err := h.run(after, h.cleanup, append(env, "CERTBOT_AUTH_OUTPUT="+strings.TrimSpace(printed)))
		if err != nil {
			return fmt.Errorf("the cleanup hook for %s %w", p.Name, err)
		}
		return nil
	})
	made, err := interrupt.Make(func() error { return nil }, func() {
		cancel()
		_ = clean()
	})
	if err != nil {
		return nil, err
	}
	limited, stop := context.WithTimeoutCause(ctx, h.limit, &overtime{h.limit})
	printed, err = h.run(limited, h.command, env)
	stop()
	close(ran)
	if err != nil {
		err = errors.Join(fmt.Errorf("the hook for %s %w", p.Name, err), clean())
		_ = made.End(func() error { return nil })
		return nil, err
	}
	return func(context.Context) error {
		err := clean()
		_ = made.End(func() error { return nil })
		return err
	}, nil
}

// environment is that of both commands.
func (h *hook) environment(p acme.Proof) []string {
	var env []string
	for _, v := range h.environ {
		if !strings.HasPrefix(v, "CERTBOT_") {
			env = append(env, v)
		}
	}
	all := strings.Join(p.Names, ",")
	env = append(env,
		"CERTBOT_DOMAIN="+p.Name, "CERTBOT_IDENTIFIER="+p.Name,
		"CERTBOT_ALL_DOMAINS="+all, "CERTBOT_ALL_IDENTIFIERS="+all,
		"CERTBOT_REMAINING_CHALLENGES="+strconv.Itoa(p.Remaining))
	if p.Method == acme.HTTP01 {
		return append(env, "CERTBOT_VALIDATION="+p.KeyAuthorization, "CERTBOT_TOKEN="+p.Token)
	}
	return append(env, "CERTBOT_VALIDATION="+p.Record)
}

// overtime says that a command took too long.
type overtime struct{ limit time.Duration }

func (e *overtime) Error() string { return "did not end within " + e.limit.String() }

// run runs a command until it ends or the context does, and returns what it has
// printed on its standard output. An error is the rest of a sentence about it.
func (h *hook) run(ctx context.Context, line string, env []string) (stdout string, err error) {
	cmd := shell(line)
	cmd.Env = env
	told := &told{output: h.output}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return "", fmt.Errorf("can't be run: %w", err)
	}
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		outRead.Close()
		outWrite.Close()
		return "", fmt.Errorf("can't be run: %w", err)
	}
	cmd.Stdout, cmd.Stderr = outWrite, errWrite
	err = cmd.Start()
	outWrite.Close()
	errWrite.Close()
	// They read to the end, however late that is: what the command leaves running is
	// not to die of a pipe that nobody reads.
	var readers sync.WaitGroup
	readers.Go(func() { told.read(outRead, true) })
	readers.Go(func() { told.read(errRead, false) })
	printed := make(chan struct{})
	go func() {
		readers.Wait()
		close(printed)
	}()
	if err != nil {
		return "", fmt.Errorf("can't be run: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
		wait(printed, pipeGrace)
	case <-ctx.Done():
		ask(cmd)
		if wait(printed, h.grace) {
			// Nobody has its pipes any more, so it is as good as ended.
			wait(ended, h.grace)
		}
		kill(cmd)
		err = context.Cause(ctx)
		wait(printed, pipeGrace)
	}
	text := told.end()
	var exit *exec.ExitError
	switch late := (*overtime)(nil); {
	case err == nil:
		return text, nil
	case errors.As(err, &late):
		return text, fmt.Errorf("%w, and was ended", late)
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return text, exitError(exit.ExitCode())
	case errors.As(err, &exit):
		return text, fmt.Errorf("was ended: %s", exit)
	default:
		return text, fmt.Errorf("was ended: %w", err)
	}
}

// exitError says how a command ended.
func exitError(code int) error {
	switch code {
	case 126:
		return fmt.Errorf("ended with exit code %d: the shell may not run it", code)
	case 127:
		return fmt.Errorf("ended with exit code %d: the shell did not find it", code)
	}
	return fmt.Errorf("ended with exit code %d", code)
}

// wait waits for something, but not for ever.
func wait[T any](c <-chan T, limit time.Duration) bool {
	select {
	case <-c:
		return true
	case <-time.After(limit):
		return false
	}
}

// told is what a command has printed.
type told struct {
	output func(string)

	mu       sync.Mutex
	stdout   strings.Builder
	size     int // of all that was told
	finished bool
}

// read tells what comes from a pipe, by line.
func (o *told) read(pipe *os.File, stdout bool) {
	defer pipe.Close()
	r := bufio.NewReaderSize(pipe, maxLine)
	for {
		part, err := r.ReadSlice('\n')
		if len(part) > 0 {
			o.tell(string(part), stdout)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			_, _ = io.Copy(io.Discard, pipe)
			return
		}
	}
}

func (o *told) tell(part string, stdout bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.finished {
		return
	}
	if room := maxCapture - o.stdout.Len(); stdout && room > 0 {
		// A variable can't hold a zero.
		part := strings.ReplaceAll(part, "\x00", "")
		o.stdout.WriteString(part[:min(len(part), room)])
	}
	if o.output == nil || o.size > maxOutput {
		return
	}
	if o.size += len(part); o.size > maxOutput {
		part = "(what else it prints is left out)"
	}
	o.output(strings.TrimRight(part, "\r\n"))
}

// end is what was printed on the standard output; no more is told.
func (o *told) end() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished = true
	return o.stdout.String()
}
