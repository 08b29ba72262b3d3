package commands_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
)

// TestDifferential runs keytool and our program side by side on the lines of
// testdata/differential, with the same answers on standard input, and compares
// what they print, where, their exit codes, and the files they leave.
func TestDifferential(t *testing.T) {
	d := newDifferential(t)
	for _, group := range d.table.groups {
		t.Run(group.name, func(t *testing.T) {
			for _, release := range d.releases {
				for _, c := range group.cases {
					if len(c.releases) > 0 && !slices.Contains(c.releases, release) {
						continue
					}
					t.Run(fmt.Sprintf("%d %s", release, c.name), func(t *testing.T) {
						t.Parallel()
						d.compare(t, c, release)
					})
				}
			}
		})
	}
	t.Logf("%d lines equal, %d known differences, keytool of JDK %v", d.equal, d.known, d.releases)
}

// differential is what the cases share.
type differential struct {
	table    *diffTable
	keytools map[jdk.Release]string
	releases []jdk.Release
	scratch  string
	program  string // ours, built as it is shipped

	machines *machines

	mu           sync.Mutex
	setups       map[string]*sync.Once
	equal, known int
}

func newDifferential(t *testing.T) *differential {
	if testing.Short() {
		t.Skip("starts many Java machines")
	}
	d := &differential{
		table:    readTable(t, "testdata/differential/*.txt"),
		keytools: testtool.Keytools(t),
		scratch:  t.TempDir(),
		setups:   make(map[string]*sync.Once),
	}
	d.releases = slices.Sorted(maps.Keys(d.keytools))
	d.program = plainProgram(t, "keytool")
	d.machines = &machines{t: t, classes: testtool.CompileLines(t), idle: make(map[string][]*machine)}
	return d
}

// tool is one of the two programs.
type tool struct {
	path  string
	java  bool     // keytool
	flags []string // for the Java machine
	env   []string
}

func (d *differential) theirs(release jdk.Release) tool {
	// These two save Java half its time.
	return tool{path: d.keytools[release], java: true, flags: []string{"-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"}}
}

func (d *differential) ours(release jdk.Release) tool {
	return tool{path: d.program, env: []string{
		fmt.Sprintf("GOKEYTOOL_JDK=%d", release),
		"GOKEYTOOL_HINTS=off",
	}}
}

// run is a case played in a directory of its own by one or two tools taking
// turns.
type run struct {
	dir     string
	tools   []tool
	outputs []output // one for each step
	masker  masker
	machine *machine // plays the lines of keytool; nil without such a tool
	token   *testtool.SoftHSM
}

type output struct {
	Stdout, Stderr string
	Code           int
}

// compare plays a case with either tool and tells their differences.
func (d *differential) compare(t *testing.T, c *diffCase, release jdk.Release) {
	theirs, ours := d.theirs(release), d.ours(release)
	want := d.start(t, c, theirs)
	runs := map[string]*run{"gokeytool": d.start(t, c, ours)}
	defer d.end(want)
	if c.cross && (release == d.releases[len(d.releases)-1] || len(c.releases) == 1) {
		// The files are much the same in all releases, and Java takes its time.
		for name, tools := range map[string][]tool{
			"keytool, then gokeytool in turns": {theirs, ours},
			"gokeytool, then keytool in turns": {ours, theirs},
		} {
			runs[name] = d.start(t, c, tools...)
			defer d.end(runs[name])
		}
	}
	turn := 0
	random := false // whether the sides may differ in random values from here on
	for _, step := range c.steps {
		if step.shell != "" {
			want.shell(t, step.shell)
			for _, r := range runs {
				r.shell(t, step.shell)
			}
			continue
		}
		for _, got := range runs {
			random = random || makesRandom(step.args) || !sameFiles(t, want.dir, got.dir)
		}
		began := time.Now()
		wanted := want.keytool(t, c, step, turn)
		reason := step.difference(release)
		for name, got := range runs {
			given := got.keytool(t, c, step, turn)
			diff := d.diff(want, got, wanted, given, random, time.Since(began))
			switch {
			case reason != "" && diff == "" && name == "gokeytool":
				t.Errorf("%s\nno longer differs from keytool of JDK %d: strike the note %q", step.line, release, reason)
			case reason != "":
				d.count(&d.known)
			case diff != "":
				t.Errorf("%s\n%s differs from keytool of JDK %d (-keytool +%s):\n%s", step.line, name, release, name, diff)
			default:
				d.count(&d.equal)
			}
		}
		turn++
	}
	for name, got := range runs {
		d.compareFiles(t, c, release, want, got, name)
	}
}

func (d *differential) count(n *int) {
	d.mu.Lock()
	*n++
	d.mu.Unlock()
}

// makesRandom says whether a command draws keys, serial numbers or the time.
func makesRandom(args []string) bool {
	for _, arg := range args {
		switch strings.ToLower(strings.TrimLeft(arg, "-")) {
		case "genkeypair", "genkey", "genseckey", "gencert", "certreq", "selfcert", "gencrl":
			return true
		}
	}
	return false
}

// diff compares the outputs of a step.
func (d *differential) diff(want, got *run, a, b output, random bool, apart time.Duration) string {
	a, b = want.neutral(a), got.neutral(b)
	if !random {
		return cmp.Diff(a, b)
	}
	var times [4][]time.Time
	a.Stdout, times[0] = want.masker.mask(a.Stdout)
	b.Stdout, times[1] = got.masker.mask(b.Stdout)
	a.Stderr, times[2] = want.masker.mask(a.Stderr)
	b.Stderr, times[3] = got.masker.mask(b.Stderr)
	if diff := cmp.Diff(a, b); diff != "" {
		return diff
	}
	// What was made before this step may be as old as the whole case.
	apart += 2 * time.Minute
	if !sameTimes(times[0], times[1], apart) || !sameTimes(times[2], times[3], apart) {
		return fmt.Sprintf("dates: %v %v\n       %v %v", times[0], times[2], times[1], times[3])
	}
	return ""
}

// neutral takes the directory out of an output.
func (r *run) neutral(o output) output {
	o.Stdout = strings.ReplaceAll(o.Stdout, r.dir, "$WORK")
	o.Stderr = strings.ReplaceAll(o.Stderr, r.dir, "$WORK")
	return o
}

// start lays out the files of a case's setups in a fresh directory.
func (d *differential) start(t *testing.T, c *diffCase, tools ...tool) *run {
	t.Helper()
	r := &run{tools: tools}
	if c.token {
		token := testtool.NewSoftHSM(t)
		r.token = &token
	}
	keytool := slices.IndexFunc(tools, func(tool tool) bool { return tool.java })
	if keytool >= 0 {
		r.machine = d.borrow(tools[keytool], c, r.token)
		r.dir = r.machine.Dir
	} else {
		r.dir = t.TempDir()
	}
	for _, setup := range c.uses {
		copyFiles(t, r.dir, d.setup(t, setup))
	}
	if c.token {
		config, err := os.ReadFile(r.token.JavaConfig)
		if err != nil {
			t.Fatal(err)
		}
		testtool.WriteFiles(t, r.dir, map[string]string{"p11.cfg": string(config)})
	}
	return r
}

// borrow returns a machine of a keytool for the lines of a case, with its token.
func (d *differential) borrow(keytool tool, c *diffCase, token *testtool.SoftHSM) *machine {
	return d.machines.borrow(keytool.path, func(dir string) (env, flags []string) {
		env, flags = keytool.surroundings(c, dir, token)
		for i, flag := range flags {
			flags[i] = strings.TrimPrefix(flag, "-J")
		}
		return env, flags
	})
}

// end gives back what a run has borrowed.
func (d *differential) end(r *run) {
	switch {
	case r.machine == nil:
	case r.token != nil:
		r.machine.Stop() // no other case has its token
	default:
		d.machines.giveBack(r.machine)
	}
}

// setup makes the files of a setup with the oldest keytool, once, and returns
// the directory where they are.
func (d *differential) setup(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(d.scratch, name)
	d.mu.Lock()
	once := d.setups[name]
	if once == nil {
		once = new(sync.Once)
		d.setups[name] = once
	}
	d.mu.Unlock()
	once.Do(func() {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		c := d.table.setups[name]
		r := d.start(t, c, d.theirs(d.releases[0]))
		for _, step := range c.steps {
			if step.shell != "" {
				r.shell(t, step.shell)
				continue
			}
			if o := r.keytool(t, c, step, 0); o.Code != 0 {
				t.Fatalf("setup %q: %s: exit code %d\n%s%s", name, step.line, o.Code, o.Stdout, o.Stderr)
			}
		}
		copyFiles(t, dir, r.dir)
		d.end(r)
	})
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("setup %q failed before", name)
	}
	return dir
}

// copyFiles copies the files of a setup. Several may hold the same ones.
func copyFiles(t *testing.T, to, from string) {
	t.Helper()
	for name, data := range readFiles(t, from) {
		if err := os.WriteFile(filepath.Join(to, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// environment is what the tools see of this computer's, in a directory.
func environment(dir string, extra ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TZ=UTC", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "WORK=" + dir,
		"GORACE=" + quickRace,
	}, extra...)
}

// surroundings returns the environment of a tool that plays a case in a
// directory, and the flags for the Java machine.
func (tool tool) surroundings(c *diffCase, dir string, token *testtool.SoftHSM) (env, flags []string) {
	home := dir
	if c.home {
		home = filepath.Join(dir, "home")
	}
	return slices.Concat(environment(dir), tool.env, c.env, tokenEnvironment(token)), slices.Concat(tool.flags, []string{"-J-Duser.home=" + home})
}

// tokenEnvironment is what finds a token: $TOKEN is pkcs11-tool with its user, $MODULE
// the library. Locks that ours takes are beside the token.
func tokenEnvironment(token *testtool.SoftHSM) []string {
	if token == nil {
		return nil
	}
	return []string{
		// An object a line, without what is another each time, and without how a private
		// key is protected: ours is made on the token where keytool's is only stored there.
		`OBJECTS=$TOKEN -O 2>/dev/null | awk '/^[^ ]/ {if (o) print o; o = $0; sub(/object [0-9]+/, "object", o); next}
			!/ (uri|serial|EC_POINT|Access):/ {o = o ";" $0} END {print o}' | LC_ALL=C sort > objects.txt`,
		token.Environment, "MODULE=" + token.Module, "XDG_STATE_HOME=" + token.Dir,
		fmt.Sprintf("TOKEN=pkcs11-tool --module %s --token-label %s --login --pin %s", token.Module, token.Label, token.PIN),
	}
}

// shell runs a line that prepares something.
func (r *run) shell(t *testing.T, line string) {
	t.Helper()
	cmd := exec.Command("sh", "-ec", line)
	cmd.Dir = r.dir
	cmd.Env = environment(r.dir, append(tokenEnvironment(r.token), "PROJECT="+projectDir(t), "JAVA_KEYTOOL="+r.tools[0].path)...)
	testtool.Output(t, cmd)
}

// keytool runs the step with the tool whose turn it is.
func (r *run) keytool(t *testing.T, c *diffCase, step diffStep, turn int) output {
	t.Helper()
	tool := r.tools[turn%len(r.tools)]
	if c.home {
		_ = os.Mkdir(filepath.Join(r.dir, "home"), 0o700)
	}
	args := make([]string, len(step.args))
	for i, arg := range step.args {
		args[i] = strings.ReplaceAll(arg, "$WORK", r.dir)
	}
	if tool.java && step.inMachine() {
		return r.play(t, args, step.stdin)
	}
	env, flags := tool.surroundings(c, r.dir, r.token)
	cmd := exec.Command(tool.path, append(flags, args...)...)
	cmd.Dir = r.dir
	cmd.Env = env
	var o output
	if step.talk != nil {
		screen, err := talk(cmd, step.talk)
		o.Code = exitCode(t, cmd, err)
		o.Stdout = screen
	} else {
		var stdout, stderr bytes.Buffer
		cmd.Stdin = filledPipe(t, step.stdin)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		o.Code = exitCode(t, cmd, cmd.Run())
		o.Stdout, o.Stderr = stdout.String(), stderr.String()
	}
	r.outputs = append(r.outputs, o)
	return o
}

// play runs a line in the run's Java machine.
func (r *run) play(t *testing.T, args []string, stdin string) output {
	t.Helper()
	o, err := r.machine.Play(args, stdin)
	if err != nil {
		r.machine = nil // nobody should borrow it again
		t.Fatalf("%s: %v", args, err)
	}
	r.outputs = append(r.outputs, output(o))
	return output(o)
}

// filledPipe is a pipe in which all of the input already waits: JDK 25 looks
// whether there is some before it asks for a password.
func filledPipe(t *testing.T, input string) *os.File {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	if _, err := out.WriteString(input); err != nil {
		t.Fatal(err)
	}
	out.Close()
	return in
}

func exitCode(t *testing.T, cmd *exec.Cmd, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", cmd, err)
	}
	return cmd.ProcessState.ExitCode()
}

// projectDir is the root of the project.
func projectDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// sameFiles says whether two directories hold the same files.
func sameFiles(t *testing.T, a, b string) bool {
	t.Helper()
	return maps.EqualFunc(readFiles(t, a), readFiles(t, b), bytes.Equal)
}

// readFiles reads all files of a directory, by their path in it.
func readFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// compareFiles compares the files a case left: the same names, the same
// structure, and each tool reads in the other's keystores what it reads in its
// own.
func (d *differential) compareFiles(t *testing.T, c *diffCase, release jdk.Release, want, got *run, name string) {
	t.Helper()
	if c.files != "" {
		d.count(&d.known)
		return
	}
	a, b := readFiles(t, want.dir), readFiles(t, got.dir)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b))); diff != "" {
		t.Errorf("%s leaves other files than keytool of JDK %d (-keytool +%s):\n%s", name, release, name, diff)
		return
	}
	for _, file := range slices.Sorted(maps.Keys(a)) {
		if bytes.Equal(a[file], b[file]) {
			continue
		}
		if diff := cmp.Diff(skeleton(a[file]), skeleton(b[file])); diff != "" {
			t.Errorf("%s: %s writes another structure than keytool of JDK %d (-keytool +%s):\n%s", file, name, release, name, diff)
		}
		if !isKeystore(a[file]) {
			continue
		}
		list := diffStep{args: []string{"-list", "-v", "-keystore", file, "-storepass", c.password}}
		reader := &run{dir: want.dir, tools: []tool{d.ours(release)}}
		wanted := reader.neutral(reader.keytool(t, c, list, 0))
		given := d.theirsReads(t, c, release, file, b[file], list)
		if diff := d.diff(&run{dir: want.dir}, &run{dir: got.dir}, given, wanted, true, 0); diff != "" {
			t.Errorf("%s: keytool of JDK %d reads in the file of %s something else than that in keytool's (-theirs +ours):\n%s", file, release, name, diff)
		}
		if given.Code != 0 {
			t.Errorf("%s: keytool of JDK %d can't read what %s wrote:\n%s", file, release, name, given.Stdout)
		}
	}
}

// theirsReads lists one file of a case with keytool.
func (d *differential) theirsReads(t *testing.T, c *diffCase, release jdk.Release, file string, data []byte, list diffStep) output {
	t.Helper()
	keytool := d.theirs(release)
	m := d.borrow(keytool, c, nil)
	reader := &run{dir: m.Dir, tools: []tool{keytool}, machine: m}
	defer d.end(reader)
	name := filepath.Join(m.Dir, file)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return reader.neutral(reader.keytool(t, c, list, 0))
}

// isKeystore tells keystores from certificates and requests, which in DER
// begin with another SEQUENCE, not with the version.
func isKeystore(data []byte) bool {
	if len(data) < 8 {
		return false
	}
	if bytes.HasPrefix(data, []byte{0xFE, 0xED, 0xFE, 0xED}) || bytes.HasPrefix(data, []byte{0xCE, 0xCE, 0xCE, 0xCE}) {
		return true
	}
	if data[0] != 0x30 || data[1] < 0x80 || data[1] > 0x84 {
		return false
	}
	return bytes.HasPrefix(data[2+data[1]&0x7F:], []byte{0x02, 0x01, 0x03})
}
