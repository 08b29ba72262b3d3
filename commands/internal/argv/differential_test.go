package argv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
)

// differentialLines are compared with real keytools. A line that we understand
// must be understood by keytool too, which then fails because there is no keystore;
// of any other line every byte printed is compared.
var differentialLines = [][]string{
	// Help.
	{},
	{"-help"},
	{"--help"},
	{"-h"},
	{"-?"},
	{"-HELP"},
	{"-h-e-l-p"},
	{"-help:x"},
	{"-help", "-help"},
	{"-help", "-list"},
	{"-list", "--help"},
	{"-list", "-h"},
	{"-list", "-?"},
	{"-genkey", "-help"},
	{"-export", "-help"},
	{"-import", "-help"},
	{"-importpassword", "-help"},
	{"-gencrl", "-help"},
	{"-selfcert", "-help"},
	{"-keyclone", "-help"},
	{"-identitydb", "-help"},
	{"-importkeystore", "-help"},
	{"-showinfo", "-help"},
	{"-version", "-help"},
	{"-version", "-list", "-help"},
	{"-list", "-alias", "x", "-help"},
	{"-list:x", "-help"},
	{"-list", "-delete:x", "-help"},
	{"-list", "-rfc", "-rfc", "-help"},
	{"-list", "-rfc", "-RFC", "-nowarn", "-help"},
	{"-list", "-ext", "a", "-ext", "b", "-help"},
	{"-list", "-alias", "-x", "-keystore", "-x", "-help"},
	{"-keystore", "-list", "-help"},
	{"-genkeypair", "-conf", "plain", "-help"},
	{"-conf", "plain", "-help"},
	{"-J-Dx=y", "-list", "-help"},
	{"-list", "-storepass:env", "SP", "-help"},
	{"-list", "-storepass:file", "pw", "-help"},
	{"-list", "-STOREPASS:FILE", "pw", "-help"},
	{"-list", "-storepass:e n-v", "SP", "-help"},
	{"-list", "-validity", "+5", "-keysize", "-1", "-help"},
	{"-list", "-l\u00adist", "-help"},
	{"-list", "-key\u2010store", "-help", "-help"},
	{"-l\u0301ist", "-help"},

	// Words that are no options.
	{"-bogus"},
	{"-bogus", "-bogus"},
	{"-list", "-bogus"},
	{"-bogus", "-list"},
	{"-list", "-bogus:x"},
	{"-list", "-bogus", "-help"},
	{"-list", "-help", "-bogus"},
	{"-list", "-rfc", "-rfc", "-bogus"},
	{"-list", "-rfc", "-rfc", "-nowarn", "-bogus"},
	{"list"},
	{"list", "-alias", "x"},
	{"-list", "list"},
	{"-list", "-alias", "x", "stray", "-bogus"},
	{""},
	{"-list", ""},
	{"-"},
	{"--"},
	{"-list", "--"},
	{"-list", "-"},
	{"-list", "-:x"},
	{"-list", ":x"},
	{"-list", "-keystore=k"},
	{"-list", "@args"},
	{"@args"},
	{"-list", "-providerarg", "x"},
	{"-list", "-providername", "P", "-providerarg", "x"},
	{"-list", "-providerclass", "x", "y"},
	{"-list", "-serve"},
	{"-list", "-port", "1"},
	{"-serve"},
	{"-version", "stray"},
	{"-version", "-bogus"},

	// Missing values.
	{"-list", "-alias"},
	{"-list", "-ALIAS"},
	{"-list", "-al-ias"},
	{"-alias"},
	{"-list", "-signer"},
	{"-list", "-ext"},
	{"-list", "-id"},
	{"-list", "-storepass"},
	{"-storepass", "-J-Dx"},
	{"-list", "-storepass", "-J-Dx"},
	{"-list", "-conf"},
	{"-conf"},
	{"-list", "-dest"},
	{"-list", "-provider"},
	{"-list", "-providerclass"},
	{"-list", "-addprovider", "X", "-providerarg"},
	{"-list", "-providerclass", "X", "-provider-Arg"},
	{"-list", "-storepass:env"},
	{"-list", "-keystore:x"},
	{"-list", "-validity"},
	{"-list", "-srcstoretype"},
	{"-list", "-rfc", "-rfc", "-dest"},

	// No command, or several.
	{"-alias", "x"},
	{"-v"},
	{"-v", "-v"},
	{"-debugx"},
	{"-conf", "plain"},
	{"-conf:x"},
	{"-list", "-list"},
	{"-list", "-LIST", "-nowarn"},
	{"-list", "-delete"},
	{"-genkey", "-genkeypair"},
	{"-import", "-export", "-list"},
	{"-list", "-alias", "-list"},
	{"-version", "-list"},
	{"-version", "-version"},

	// Numbers.
	{"-list", "-validity", "abc"},
	{"-list", "-validity", ""},
	{"-list", "-validity", " 5"},
	{"-list", "-validity", "+"},
	{"-list", "-validity", "1_0"},
	{"-list", "-validity", "0x10"},
	{"-list", "-validity", "99999999999999999999"},
	{"-list", "-keysize", "2147483648"},
	{"-list", "-keysize:x", "y"},
	{"-list", "-rfc", "-rfc", "-keysize", "x"},
	{"-list", "-rfc", "-rfc", "-nowarn", "-keysize", "x"},
	{"-list", "-keysize", "x", "-bogus"},

	// Passwords.
	{"-list", "-storepass:env", "NOPE"},
	{"-storepass:env", "NOPE"},
	{"-list", "-storepass:env", "NOPE", "-storepass", "x"},
	{"-list", "-storepass:file", "nope"},
	{"-list", "-storepass:fil", "x"},
	{"-list", "-storepass:", "x"},
	{"-list", "-storepass:env:x", "SP"},
	{"-list", "-keypass:fd", "3"},
	{"-list", "-storepass", "a", "-StorePass", "b", "-bogus"},

	// Pre-configured options.
	{"-list", "-conf", "nope"},
	{"-list", "-conf", ""},
	{"-list", "-conf", "."},
	{"-list", "-conf", "file:plain"},
	{"-genkey", "-conf", "both"},
	{"-genkeypair", "-conf", "both"},
	{"-list", "-conf", "both", "-bogus"},
	{"-list", "-conf", "hex"},
	{"-list", "-conf", "hex2"},
	{"-list", "-conf", "unset"},
	{"-list", "-conf", "stray"},
	{"-list", "-conf", "stray", "-conf", "plain", "-bogus"},
	{"-list", "-conf", "plain", "-conf", "stray"},
	{"-delete", "-conf", "quotes"},
	{"-delete", "-conf", "escapes"},
	{"-delete", "-conf", "lines"},
	{"-delete", "-conf", "braces"},
	{"-delete", "-conf", "octal"},
	{"-delete", "-conf", "latin"},
	{"-delete", "-conf", "colon"},
	{"-delete", "-conf", "comment"},
	{"-J-Dmine=-yours", "-delete", "-conf", "mine"},

	// Java's launcher.
	{"-J"},
	{"-list", "-J"},
	{"-list", "-keystore", "-J", "-bogus"},

	// Lines that are right.
	{"--LIST", "--KeyStore", "nope.p12", "--storepass", "changeit"},
	{"-list", "-key-store", "nope.p12", "-storepass:env", "SP"},
	{"-list", "-keystore:zzz", "nope.p12", "-STOREPASS:FILE", "pw"},
	{"-storepass", "x", "-keystore", "nope.p12", "-list"},
	{"-list", "-keystore", "nope", "-destkeystore", "nope.p12"},
	{"-list", "-validity", "10", "-keystore", "nope"},
	{"-list", "-keystore", "-storepass"},
	{"-list", "-keystore", "nope", "-v:foo", "-alias", "-x", "-startdate", "-1d"},
	{"-list", "-keystore", "nope", "-rfc", "-rfc"},
	{"-list", "-conf", "plain"},
	{"-list", "-conf", "command"},
}

// differentialFiles stand in the directory in which the lines are run.
var differentialFiles = map[string]string{
	"pw":      "changeit\n",
	"plain":   "keytool.all = -keystore nope.p12\n",
	"both":    "keytool.genkey=-v\nkeytool.genkeypair=-v\n",
	"command": "keytool.all = -delete -keystore nope.p12\n",
	"hex":     "keytool.list=-alias \\u00\n",
	"hex2":    "keytool.list=-alias \\u00g0\n",
	"unset":   "keytool.list=-alias ${no.such.property}\n",
	"stray":   "keytool.all=\nkeytool.list=stray more\n",
	"quotes":  "keytool.all=-alias \"a b\"'c d' x\"y\n",
	"escapes": "keytool.all=-a\\t'\\\\t\\\\x\\\\n' \\u002dA\\u004C \\\"-quoted\\q \\\" -z\n",
	"lines":   "  keytool.\\\n\tall = -bo\\\n   gus\\\\\\\n   # more\n",
	"braces":  "keytool.all=-${/}${{user.home}}${open\n",
	"octal":   "keytool.all='-\\\\101\\\\0622\\\\4567\\\\e'\n",
	"latin":   "keytool.all=-\xe9\\u20ac\\uD83D\\uDE00x\n",
	"colon":   "keytool.all:=-bogus: x\n",
	"comment": "#keytool.all=-a\\\n!keytool.all=-b\n  # c\nkeytool.all=-d\\\n\nkeytool.delete -e\r\nx=y\\",
	"mine":    "keytool.delete=-x${mine}\n",
}

func TestDifferential(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Java machines")
	}
	dir := t.TempDir()
	for name, text := range differentialFiles {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	classes := testtool.CompileLines(t)
	for rel, tool := range testtool.Keytools(t) {
		t.Run(fmt.Sprint(int(rel)), func(t *testing.T) {
			compareAll(t, rel, &keytool{tool, testtool.StartLines(t, tool, classes, nil, dir, differentialEnv())})
		})
	}
}

func compareAll(t *testing.T, rel jdk.Release, theirs *keytool) {
	for _, args := range differentialLines {
		want := theirs.run(t, args)
		// What follows -storepass: may be a password.
		want = strings.Replace(want, "Unknown password type: zip", "Unknown password type: ***", 1)
		got := render(args, rel)
		if got == understood {
			if strings.Contains(want, "[OPTION]...") || strings.Contains(want, "Commands:") ||
				strings.Contains(want, "NumberFormat") || strings.Contains(want, "Index ") || strings.Contains(want, "Error:") {
				t.Errorf("%q is understood; keytool:\n%s", args, want)
			}
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q:\n%s", args, diff)
		}
	}
}

// keytool is a JDK's.
type keytool struct {
	program string
	machine *testtool.Lines
}

func differentialEnv() []string { return append(os.Environ(), "SP=changeit", "LC_ALL=C.UTF-8") }

// run returns all that keytool prints and its exit code. What Java's launcher may
// take for its own starts the program.
func (k *keytool) run(t *testing.T, args []string) string {
	t.Helper()
	if !slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-J") || strings.HasPrefix(arg, "@") }) {
		printed, err := k.machine.Play(args, "")
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		return transcript(printed.Stdout, printed.Stderr, printed.Code)
	}
	cmd := exec.CommandContext(t.Context(), k.program, args...)
	cmd.Env = differentialEnv()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	code := 0
	if err := cmd.Run(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			t.Fatal(err)
		}
		code = exit.ExitCode()
	}
	return transcript(stdout.String(), stderr.String(), code)
}

func transcript(stdout, stderr string, code int) string {
	return fmt.Sprintf("stdout:\n%s\nstderr:\n%s\nexit %d\n", stdout, stderr, code)
}

const understood = "understood"

// render is what a program prints that runs no command.
func render(args []string, rel jdk.Release) string {
	table := TableDefault()
	r, err := Parse(args, table, Env{
		KeytoolOnly: true,
		Release:     rel,
		LookupEnv:   func(name string) (string, bool) { return "changeit", name == "SP" },
		ReadFile:    os.ReadFile,
		Property:    func(name string) (string, bool) { return "/home/duke", name == "user.home" },
	})
	switch err := err.(type) {
	case *UsageError:
		return transcript("", err.Message+"\n"+table.HelpText(err.Command, rel)+warningBlock(err.Warnings), 1)
	case *Failure:
		return transcript("keytool error: "+err.JavaText()+"\n", warningBlock(err.Warnings), 1)
	case *LauncherError:
		return transcript("", err.Message+"\n", 1)
	}
	if r.Help {
		return transcript("", table.HelpText(r.Command, rel)+warningBlock(r.Warnings), 0)
	}
	return understood
}

func warningBlock(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return "\nWarning:\n" + strings.Join(lines, "\n") + "\n"
}
