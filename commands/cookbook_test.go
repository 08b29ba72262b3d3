package commands_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/internal/testtool"
)

const cookbook = "../docs/cookbook.md"

// A recipe is a question of the cookbook with its sessions. What has to be there
// before is in a comment of the document that begins with "setup".
type recipe struct {
	question string
	setup    string
	steps    []recipeStep
}

// recipeStep is a line behind the prompt, and what it prints: lines from first
// to end of the document.
type recipeStep struct {
	command, output string
	first, end      int
}

// readCookbook takes the document apart.
func readCookbook(lines []string) (recipes []recipe) {
	const text, setup, session = 0, 1, 2
	place := text
	var now *recipe
	for i, line := range lines {
		switch {
		case place == text && strings.HasPrefix(line, "### "):
			recipes = append(recipes, recipe{question: strings.TrimPrefix(line, "### ")})
			now = &recipes[len(recipes)-1]
		case place == text && line == "<!-- setup":
			place = setup
		case place == text && line == "```console":
			place = session
		case place == setup && line == "-->", place == session && line == "```":
			place = text
		case place == setup:
			now.setup += line + "\n"
		case place == session && strings.HasPrefix(line, "$ "):
			now.steps = append(now.steps, recipeStep{command: line[2:] + "\n", first: i + 1, end: i + 1})
		case place == session:
			step := &now.steps[len(now.steps)-1]
			if more, ok := strings.CutPrefix(line, "> "); ok && step.output == "" {
				step.command += more + "\n"
				step.first = i + 1
			} else {
				step.output += line + "\n"
			}
			step.end = i + 1
		}
	}
	return recipes
}

var (
	// What no two runs have in common.
	recipeHex     = regexp.MustCompile(`\b[0-9A-F]{2}(:[0-9A-F]{2}){3,}|\b[0-9A-F]{16,}\b|\b[0-9a-f]{8,64}\b`)
	recipeMonth   = regexp.MustCompile(`\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b`)
	recipeNumber  = regexp.MustCompile(`\d+(,\d{3})*`)
	recipePadding = regexp.MustCompile(` {2,}`)
)

// maskRecipe leaves of an output what every run prints.
func maskRecipe(text string) string {
	text = recipeHex.ReplaceAllString(text, "HEX")
	text = recipeMonth.ReplaceAllString(text, "Month")
	text = recipeNumber.ReplaceAllString(text, "N")
	return recipePadding.ReplaceAllString(text, "  ")
}

// recipeServe is a server that a session starts.
var recipeServe = regexp.MustCompile(`(?m)^(gokeytool serve .*) &$`)

// recipeYes is a question of the program that the session answers.
const recipeYes = "[no]:  yes\n"

// recipeDirectory is what stands for the directory of the CA, in the lines and in
// what they print.
const recipeDirectory = "https://ca.example.com/directory"

// recipeCA is a line of a setup that asks for a CA: a public one, which is asked
// where a line names none, or a private one, which has given away a key.
var recipeCA = regexp.MustCompile(`(?m)^(pebble|private)$`)

// recipeEAB is the key of an external account of the private CA.
const recipeEAB = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"

// caFunctions are functions of the shell for the setup and for the lines: acme asks
// this CA, which looks for the answer at another port than 80.
func caFunctions(ca *testtool.Pebble) string {
	return fmt.Sprintf(`pebble() {
	cp %[1]s ca.pem
	cat >root.pem <<'END'
%[2]sEND
}
private() {
	cp %[1]s root.pem
	echo %[6]s >eab
}
gokeytool() {
	if [ "$1" = acme ]; then
		local said=%[3]s meant=%[4]s words
		words=("${@/#$said/$meant}")
		case "$* " in *' -directory '*) ;; *' -host '*) words+=(-directory $meant -caFile ca.pem) ;; esac
		case "$* " in *' -webroot '* | *' -hook '*) ;; *' -host '*) words+=(-address 127.0.0.1:%[5]d) ;; esac
		set -- "${words[@]}"
	fi
	command gokeytool "$@"
}
export SET_TXT=%[7]s CLEAR_TXT=%[8]s
`, ca.CAFile, ca.Root(0), recipeDirectory, ca.Directory, ca.HTTPPort, recipeEAB, ca.SetTXTURL(), ca.ClearTXTURL())
}

// play runs a recipe in an empty home directory, and returns what each step
// prints.
func (r *recipe) play(t *testing.T, cas map[string]func() *testtool.Pebble) []string {
	t.Helper()
	home, err := os.MkdirTemp("", "alice") // t.TempDir has a name to be quoted
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	port := freePort(t)
	serve := func(commands string) string {
		commands = recipeServe.ReplaceAllString(commands, "$1 -port "+port+" >serve.log 2>&1 &\nuntil grep -qs Listening serve.log; do kill -0 $$! || break; sleep 0.05; done; cat serve.log")
		return strings.ReplaceAll(commands, ":8443", ":"+port)
	}
	var script strings.Builder
	var ca *testtool.Pebble
	if word := recipeCA.FindString(r.setup); word != "" {
		ca = cas[word]()
		script.WriteString(caFunctions(ca))
	}
	fmt.Fprintf(&script, "certbot() { sh %s/certbot \"$@\"; }\nprintf opensesame >pass\n"+
		"trap 'cat setup.log' EXIT\nset -e\n{\n%s:\n} >setup.log 2>&1\nset +e\ntrap - EXIT\nexec 2>&1\n", consumersDir, serve(r.setup))
	for i, step := range r.steps {
		answer := "</dev/null"
		if strings.Contains(step.output, recipeYes) {
			answer = "<<<yes"
		}
		fmt.Fprintf(&script, "printf '\\036%d\\n'\n{\n%s} %s\n", i, serve(step.command), answer)
	}
	script.WriteString("kill $(jobs -p) 2>/dev/null\n:\n")
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	cmd.Dir = home
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_STATE_HOME=", "GOKEYTOOL_ACME_DIR=", "TZ=UTC", "LC_ALL=C.UTF-8", "NO_PROXY=*",
		plainPath(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	before, printed, _ := strings.Cut(string(out), "\0360\n")
	if before != "" {
		t.Fatalf("setup: %s", out)
	}
	var outputs []string
	for i, step := range r.steps {
		var output string
		output, printed, _ = strings.Cut(printed, "\036"+strconv.Itoa(i+1)+"\n")
		if strings.Contains(step.output, recipeYes) {
			output = strings.Replace(output, "[no]:  ", recipeYes, 1)
		}
		output = strings.ReplaceAll(output, home, "/home/alice")
		output = strings.ReplaceAll(output, ":"+port, ":8443")
		if ca != nil {
			output = strings.ReplaceAll(output, ca.Directory, recipeDirectory)
			output = strings.ReplaceAll(output, strings.Split(ca.Directory, "/")[2], strings.Split(recipeDirectory, "/")[2])
		}
		outputs = append(outputs, strings.ReplaceAll(output, `port="`+port+`"`, `port="8443"`))
	}
	return outputs
}

// TestCookbook plays the sessions of docs/cookbook.md, which print what it says:
// all but dates and other numbers. With -update it is written into the
// document.
func TestCookbook(t *testing.T) {
	for _, program := range []string{"bash", "openssl", "curl"} {
		testtool.Look(t, program)
	}
	data, err := os.ReadFile(filepath.FromSlash(cookbook))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	recipes := readCookbook(lines)
	if len(recipes) < 28 {
		t.Errorf("%d recipes", len(recipes))
	}
	cas := make(map[string]func() *testtool.Pebble)
	for word, config := range map[string]testtool.PebbleConfig{"pebble": {}, "private": {EAB: map[string]string{"tomcat-team": recipeEAB}}} {
		cas[word] = sync.OnceValue(func() *testtool.Pebble { return testtool.StartPebble(t, config) })
	}
	printed := make(map[int]string) // by line
	for _, r := range recipes {
		t.Run(r.question, func(t *testing.T) {
			if len(r.steps) == 0 {
				t.Fatal("nothing is shown")
			}
			for i, output := range r.play(t, cas) {
				step := r.steps[i]
				if diff := cmp.Diff(maskRecipe(step.output), maskRecipe(output)); diff == "" {
					continue
				} else if !*update {
					t.Errorf("$ %s(-document +run)\n%s", step.command, diff)
				}
				printed[step.first] = output
			}
		})
	}
	if !*update || len(printed) == 0 {
		return
	}
	for i := len(recipes) - 1; i >= 0; i-- {
		for j := len(recipes[i].steps) - 1; j >= 0; j-- {
			step := recipes[i].steps[j]
			if output, ok := printed[step.first]; ok {
				made := strings.Split(strings.TrimSuffix(output, "\n"), "\n")
				if output == "" {
					made = nil
				}
				lines = append(lines[:step.first:step.first], append(made, lines[step.end:]...)...)
			}
		}
	}
	if err := os.WriteFile(filepath.FromSlash(cookbook), []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}
