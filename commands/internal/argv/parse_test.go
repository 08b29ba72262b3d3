package argv

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gokeytool/jdk"
)

// testEnv has the variable SP, the password file pw, the pre-configured options
// file c, the lines "first", "second" on any file descriptor, and makes
// passwords that say where they are kept.
func testEnv() Env {
	files := map[string]string{
		"pw":    "from file\r\nsecond line\n",
		"cr":    "one\rtwo",
		"empty": "",
		"c": "keytool.all = -keystore ${user.home}/k.p12 -ext 'san=dns:x y'\n" +
			"keytool.genkey = -keyalg EC -alias conf\n",
	}
	lines := []string{"first", "second"}
	return Env{
		LookupEnv: func(name string) (string, bool) {
			return "from env", name == "SP"
		},
		ReadFile: func(name string) ([]byte, error) {
			if s, ok := files[name]; ok {
				return []byte(s), nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
		Property: func(name string) (string, bool) {
			return "/home/duke", name == "user.home"
		},
		ReadLine: func(int) ([]byte, error) {
			if len(lines) == 0 {
				return nil, io.EOF
			}
			s := lines[0]
			lines = lines[1:]
			return []byte(s), nil
		},
		Generate: func(_ *Request, _, file string) ([]byte, error) {
			return []byte("kept in " + file), nil
		},
	}
}

// show writes everything about a request that a command can see.
func show(r *Request) string {
	if r.Help {
		return strings.TrimSpace(fmt.Sprintf("%v help %s", r.Style, r.Command))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%v %q", r.Style, r.Args)
	for _, o := range TableDefault().Options {
		if s, ok := r.Secrets[o.Name]; ok {
			fmt.Fprintf(&b, " secret %s=%s", o.Name, s)
		}
	}
	if r.Unused != nil {
		fmt.Fprintf(&b, " unused %v", r.Unused)
	}
	if r.Properties != nil {
		fmt.Fprintf(&b, " properties %v", r.Properties)
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, " warning %s", w)
	}
	return b.String()
}

func TestParse(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"names are folded", words("--LIST --KeyStore k.p12 --storepass changeit"),
			`keytool ["list" "--keystore=k.p12"] secret storepass=changeit`},
		{"hyphens in names, environment", words("-list -key-store k.p12 -storepass:env SP"),
			`keytool ["list" "--keystore=k.p12"] secret storepass=from env`},
		{"modifiers", words("-list -keystore:zzz k.p12 -STOREPASS:FILE pw"),
			`keytool ["list" "--keystore=k.p12"] secret storepass=from file`},
		{"a carriage return ends a line", words("-list -storepass:file cr"),
			`keytool ["list"] secret storepass=one`},
		{"an empty file is an empty password", words("-list -storepass:file empty"),
			`keytool ["list"] secret storepass=`},
		{"a file as an URL", words("-list -storepass:file file:pw"),
			`keytool ["list"] secret storepass=from file`},
		{"no-break space and soft hyphen in a name", []string{"-list\u00a0", "-key\u00adstore", "k"},
			`keytool ["list" "--keystore=k"]`},
		{"a blank in a name", []string{"-l ist"},
			`keytool ["list"]`},
		{"the command anywhere", words("-storepass x -genkeypair -alias a"),
			`keytool ["genkeypair" "--alias=a"] secret storepass=x`},
		{"values with dashes, commas and blanks",
			[]string{"-genkeypair", "-alias", "-x", "-startdate", "-1d", "-ext", "SAN=dns:a,dns:b", "-ext", "BC=ca:true ", "-keyalg", "EC"},
			`keytool ["genkeypair" "--alias=-x" "--startdate=-1d" "--ext=SAN=dns:a,dns:b" "--ext=BC=ca:true " "--keyalg=EC"]`},
		{"synonyms, the last one wins", words("-list -keystore nope -destkeystore k.p12"),
			`keytool ["list" "--keystore=k.p12"]`},
		{"any option with any command", words("-list -validity 10"),
			`keytool ["list" "--validity=10"] unused [validity]`},
		{"a command as value", words("-keystore -list"),
			`keytool ["list" "--keystore=-list"]`},
		{"an option as value", words("-list -keystore -storepass"),
			`keytool ["list" "--keystore=-storepass"]`},
		{"configured options", words("-conf c -genkeypair"),
			`keytool ["genkeypair" "--keystore=/home/duke/k.p12" "--ext=san=dns:x y" "--keyalg=EC" "--alias=conf"]`},
		{"typed options win over configured ones", words("-genkeypair -conf c -alias a -ext ku=x"),
			`keytool ["genkeypair" "--keystore=/home/duke/k.p12" "--ext=san=dns:x y" "--ext=ku=x" "--keyalg=EC" "--alias=a"]`},
		{"properties of the line go first", words("-list -conf c -J-Duser.home=/x"),
			`keytool ["list" "--keystore=/x/k.p12" "--ext=san=dns:x y"] properties [{user.home /x}]`},
		{"Java options", words("-J-Xmx1m -list -v:foo -J-Da=b=c -J-De"),
			`keytool ["list" "--v"] properties [{a b=c} {e }]`},
		{"providers", words("-list -addprovider SunPKCS11 -providerarg cfg -providername X -provider a.B -provider a.C -providerarg -z"),
			`keytool ["list" "--addprovider=SunPKCS11" "--providerarg=cfg" "--providername=X" "--providerclass=a.B" "--providerclass=a.C" "--providerarg=-z"]`},
		{"numbers", words("-genkeypair -keysize +02048 -validity -5"),
			`keytool ["genkeypair" "--keysize=2048" "--validity=-5"]`},
		{"flags", words("-list -rfc -nowarn -debug -V"),
			`keytool ["list" "--rfc" "--nowarn" "--debug" "--v"]`},
		{"a modifier hides a command from the first pass", words("-delete -list:x"),
			`keytool ["list"]`},
		{"a second value", words("-list -alias a -ALIAS b"),
			`keytool ["list" "--alias=b"] warning The -alias option is specified multiple times. All except the last one will be ignored.`},
		{"nowarn", words("-list -alias a -alias b -nowarn"),
			`keytool ["list" "--alias=b" "--nowarn"]`},
		{"extensions may repeat", words("-list -ext a -EXT a -id 1 -id 1"),
			`keytool ["list" "--ext=a" "--ext=a" "--id=1" "--id=1"] unused [ext EXT id]`},
		{"version", words("--version"),
			`keytool ["version"]`},
		{"file descriptors are read in order, last", words("-list -storepass:fd 3 -keypass:stdin -new x"),
			`keytool ["list"] secret storepass=first secret keypass=second secret new=x unused [keypass new]`},
		{"a later password replaces a descriptor", words("-list -storepass:stdin -storepass x"),
			`keytool ["list"] secret storepass=x`},
		{"a later descriptor replaces a password", words("-storepass x -storepass:stdin -list"),
			`keytool ["list"] secret storepass=first`},

		{"help", words("-list -alias x -storepass x -help"), `keytool help list`},
		{"help first", words("-? -list"), `keytool help list`},
		{"general help", words("--help"), `keytool help`},
		{"nothing", nil, `subcommand help`},
		{"nothing but Java options", words("-J-Xmx1m"), `subcommand help`},

		{"subcommand", words("genkey --alias a -EXT san=dns:x --keyalg=RSA"),
			`subcommand ["genkeypair" "--alias=a" "--ext=san=dns:x" "--keyalg=RSA"]`},
		{"subcommand, password", words("list --storepass:env SP"),
			`subcommand ["list"] secret storepass=from env`},
		{"subcommand, password behind =", words("certreq --storepass:env=SP --keypass=a=b"),
			`subcommand ["certreq"] secret storepass=from env secret keypass=a=b`},
		{"subcommand, a command as value", words("list -alias -list"),
			`subcommand ["list" "--alias=-list"]`},
		{"subcommand, provider", words("list --addprovider=P --providerarg=a -addprovider Q"),
			`subcommand ["list" "--addprovider=P" "--providerarg=a" "--addprovider=Q"]`},
		{"subcommand, empty value", words("list --alias="),
			`subcommand ["list" "--alias="]`},
		{"subcommand, configured options", words("genkey -conf=c -alias a --debug"),
			`subcommand ["genkeypair" "--keystore=/home/duke/k.p12" "--ext=san=dns:x y" "--keyalg=EC" "--alias=a" "--debug"]`},
		{"subcommand, unused but configured", words("delete -conf c -nowarn"),
			`subcommand ["delete" "--keystore=/home/duke/k.p12" "--ext=san=dns:x y" "--nowarn"]`},
		{"subcommand, help", words("list --help"), `subcommand help list`},
		{"help of a command", words("help genkey"), `subcommand help genkeypair`},
		{"help of a command with a dash", words("help -list"), `subcommand help list`},
		{"help alone", words("help"), `subcommand help`},
		{"own command", words("serve -port 0 --jvmroute=n1 -SessionIDLength 20 -for 30s"),
			`subcommand ["serve" "--port=0" "--jvmRoute=n1" "--sessionIdLength=20" "--for=30s"]`},
		{"operands", words("completion bash"),
			`subcommand ["completion" "--" "bash"]`},
		{"version as a subcommand", words("version"), `subcommand ["version"]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Parse(tt.args, TableDefault(), testEnv())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, show(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	usage := func(message, command, suggestion string) *UsageError {
		return &UsageError{Message: message, Command: command, Suggestion: suggestion}
	}
	sub := func(e *UsageError) *UsageError { e.Style = Subcommand; return e }
	tests := []struct {
		line string
		want error
	}{
		{"-bogus", usage("Illegal option:  -bogus", "", "")},
		{"-lisst", usage("Illegal option:  -lisst", "", "-list")},
		{"-serve", usage("Illegal option:  -serve", "", "serve")},
		{"-list -keystor k", usage("Illegal option:  -keystor", "list", "-keystore")},
		{"-list -port 1", usage("Illegal option:  -port", "list", "")},
		{"-list stray", usage("Illegal option:  stray", "list", "")},
		{"-list -keystore=k", usage("Illegal option:  -keystore=k", "list", "-keystore")},
		{"-list @args", usage("Illegal option:  @args", "list", "")},
		{"-list --", usage("Illegal option:  --", "list", "")},
		{"-", usage("Illegal option:  -", "", "")},
		{"-list -providerarg x", usage("Illegal option:  -providerarg", "list", "")},
		{"-list -bogus:x", usage("Illegal option:  -bogus", "list", "")},
		{"-alias x", usage("Usage error: no command provided", "", "")},
		{"-list -alias", usage("Command option -alias needs an argument.", "list", "")},
		{"-list -conf", usage("Command option -conf needs an argument.", "list", "")},
		{"-list -addprovider X -providerarg", usage("Command option -providerarg needs an argument.", "list", "")},
		{"-storepass -J-Dx", usage("Command option -storepass needs an argument.", "", "")},
		{"-list -storepass:env NOPE -storepass x", usage("Cannot find environment variable: NOPE", "list", "")},
		{"-list -storepass:file nope", usage("Cannot find file: nope", "list", "")},
		{"-list -storepass:zip x", usage("Unknown password type: ***", "list", "")},
		{"-list -storepass: x", usage("Unknown password type: ", "list", "")},
		{"-list -storepass:fd x", usage("Not a file descriptor: ***", "list", "")},

		{"-list -list", &Failure{Class: "java.lang.Exception",
			Message:  "Only one command is allowed: both -list and -list were specified.",
			Warnings: []string{"The -list option is specified multiple times. All except the last one will be ignored."}}},
		{"-genkey -list", &Failure{Class: "java.lang.Exception",
			Message: "Only one command is allowed: both -genkeypair and -list were specified."}},
		{"-list -validity abc", &Failure{Class: "java.lang.NumberFormatException", Message: `For input string: "abc"`}},
		{"-list -keysize 2147483648", &Failure{Class: "java.lang.NumberFormatException", Message: `For input string: "2147483648"`}},
		{"-list -dest", &Failure{Class: "java.lang.ArrayIndexOutOfBoundsException", Message: "Index 2 out of bounds for length 2"}},
		{"-list -conf nope", &Failure{Class: "java.io.FileNotFoundException", Message: "nope (No such file or directory)"}},
		{"-J", &LauncherError{"Error: The -J option should not be followed by a space."}},
		{"-list -keystore -J", &LauncherError{"Error: The -J option should not be followed by a space."}},

		{"lisst", sub(usage("Illegal option:  lisst", "", "list"))},
		{"genkey --bogus", sub(usage("Illegal option:  --bogus", "genkeypair", ""))},
		{"list stray", sub(usage("Illegal option:  stray", "list", ""))},
		{"list -port 1", sub(usage("Illegal option:  -port", "list", ""))},
		{"list -alias", sub(usage("Command option -alias needs an argument.", "list", ""))},
		{"list -dest", sub(usage("Command option -dest needs an argument.", "list", ""))},
		{"list --rfc=yes", sub(usage("Command option --rfc takes no argument.", "list", ""))},
		{"list -validity=1x", sub(usage(`Command option -validity needs a whole number, not "1x".`, "list", ""))},
		{"serve -for soon", sub(usage(`Command option -for needs a duration such as 30s or 2h, not "soon".`, "serve", ""))},
		{"serve -port", sub(usage("Command option -port needs an argument.", "serve", ""))},
		{"completion", sub(usage("completion needs an argument: bash|zsh|fish", "completion", ""))},
		{"completion a b", sub(usage("Illegal option:  b", "completion", ""))},
		{"help lisst", sub(usage("There is no help on lisst", "", "list"))},
		{"help list x", sub(usage("There is no help on list x", "", ""))},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			r, err := Parse(words(tt.line), TableDefault(), testEnv())
			if err == nil {
				t.Fatalf("understood as %v", r)
			}
			if f, ok := errors.AsType[*Failure](err); ok {
				f.Err = nil
			}
			if diff := cmp.Diff(tt.want, err); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Under the name keytool there is nothing of our own.
func TestParseKeytoolOnly(t *testing.T) {
	for line, want := range map[string]string{
		"list":                   "Illegal option:  list",
		"serve -port 1":          "Illegal option:  serve",
		"-list -storepass:fd 3":  "Unknown password type: fd",
		"-list -storepass:stdin": "Index 2 out of bounds for length 2",

		"-list -storepass:generate x": "Unknown password type: generate",
	} {
		t.Run(line, func(t *testing.T) {
			env := testEnv()
			env.KeytoolOnly = true
			_, err := Parse(words(line), TableDefault(), env)
			if err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
	env := testEnv()
	env.KeytoolOnly = true
	if r, err := Parse(nil, TableDefault(), env); err != nil || show(r) != "keytool help" {
		t.Errorf("%v, %v", r, err)
	}
}

// JDK 17 knows no -version, and exits before it warns about a line that fails.
func TestParseRelease17(t *testing.T) {
	env := testEnv()
	env.Release = jdk.Release17
	for _, line := range []string{"-version", "-list -alias a -alias b -bogus", "-list -v -v -keysize x"} {
		_, err := Parse(words(line), TableDefault(), env)
		var warnings []string
		switch err := err.(type) {
		case *UsageError:
			warnings = err.Warnings
		case *Failure:
			warnings = err.Warnings
		default:
			t.Errorf("%s: %v", line, err)
		}
		if warnings != nil {
			t.Errorf("%s: warns %q", line, warnings)
		}
	}
	r, err := Parse(words("-list -v -v"), TableDefault(), env)
	if err != nil || len(r.Warnings) != 1 {
		t.Errorf("%v, %v", r, err)
	}
}

// A password is nowhere but in Secrets.
func TestSecretsAreHidden(t *testing.T) {
	const secret = "hunter2hunter2"
	for _, args := range [][]string{
		{"-list", "-storepass", secret, "-keypass", secret, "-alias", "a"},
		{"list", "--storepass=" + secret, "-keypass", secret},
		{"-list", "-storepass", secret, "-bogus"},
		{"-list", "-storepass", secret, "-validity", "x"},
		{"list", "--storepass=" + secret, "-validity", "x"},
		{"list", "--storepass=" + secret, "stray"},
	} {
		r, err := Parse(args, TableDefault(), testEnv())
		text := fmt.Sprintf("%v %+v %#v %s %q", r, r, r, r, r)
		if err != nil {
			text = fmt.Sprintf("%v %+v %#v", err, err, err)
		} else {
			text += fmt.Sprint(r.Args, r.Line, r.Values, r.Unused)
			if string(r.Secrets["storepass"]) != secret {
				t.Errorf("secret is %q", r.Secrets["storepass"])
			}
			s := r.Secrets["storepass"]
			r.Wipe()
			if strings.Trim(string(s), "\x00") != "" {
				t.Errorf("%q is left", s)
			}
		}
		if strings.Contains(text, secret) {
			t.Errorf("%q: %s", args, text)
		}
	}
}

func TestRequestLine(t *testing.T) {
	r, err := Parse(words("keypasswd -conf=c --storepass=secret -keypass secret -new:env SP -J-Dx -debug"), TableDefault(), testEnv())
	if err != nil {
		t.Fatal(err)
	}
	want := words("-keystore /home/duke/k.p12 -ext san=dns:x_y -conf=c --storepass=*** -keypass *** -new:env SP -debug")
	want[3] = "san=dns:x y"
	if diff := cmp.Diff(want, r.Line); diff != "" {
		t.Error(diff)
	}
}

func TestRequestAccess(t *testing.T) {
	r, err := Parse(words("-genkeypair -alias a -ext x -ext y -keysize 7 -v -keypass k -J-Da=1 -J-Da=2"), TableDefault(), testEnv())
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := r.Value("alias"); s != "a" || !ok {
		t.Errorf("alias is %q, %v", s, ok)
	}
	if s, ok := r.Value("dname"); s != "" || ok {
		t.Errorf("dname is %q, %v", s, ok)
	}
	if diff := cmp.Diff([]string{"x", "y"}, r.List("ext")); diff != "" {
		t.Error(diff)
	}
	if n, ok := r.Number("keysize"); n != 7 || !ok {
		t.Errorf("keysize is %d, %v", n, ok)
	}
	for name, want := range map[string]bool{"v": true, "keypass": true, "rfc": false, "storepass": false} {
		if r.Has(name) != want {
			t.Errorf("Has(%s) is %v", name, !want)
		}
	}
	if s, ok := r.Property("a"); s != "2" || !ok {
		t.Errorf("property a is %q, %v", s, ok)
	}
}

// A line that fails, or asks for help, reads nothing from a descriptor.
func TestDescriptorsAreReadLast(t *testing.T) {
	for _, line := range []string{"-list -storepass:stdin -bogus", "-list -storepass:stdin -help"} {
		env := testEnv()
		env.ReadLine = func(int) ([]byte, error) {
			t.Errorf("%s reads", line)
			return nil, io.EOF
		}
		_, _ = Parse(words(line), TableDefault(), env)
	}
	env := testEnv()
	env.ReadLine = func(fd int) ([]byte, error) { return nil, io.EOF }
	_, err := Parse(words("-list -storepass:fd 7"), TableDefault(), env)
	if f, ok := errors.AsType[*Failure](err); !ok || !errors.Is(err, io.EOF) ||
		f.JavaText() != "java.io.IOException: Cannot read -storepass from file descriptor 7: EOF" {
		t.Error(err)
	}
}

// Every password option of every command takes every modifier, in both styles.
func TestPasswordModifiers(t *testing.T) {
	table := TableDefault()
	for _, c := range table.Commands {
		if c.Verbatim {
			continue
		}
		operands := strings.Repeat(" x", c.MinOperands)
		for _, d := range c.Docs() {
			o := table.Option(d.Name)
			if o.Kind != Password {
				continue
			}
			for modifier, want := range map[string]string{
				" x": "x", ":env SP": "from env", ":file pw": "from file", ":fd 3": "first", ":stdin": "first", ":generate f": "kept in f",
			} {
				beside := ""
				if others := needs[c.Name][o.Name]; others != nil {
					beside = " -" + others[0]
					if table.Option(others[0]).Kind != Flag {
						beside += " x"
					}
				}
				lines := []string{c.Name + beside + " -" + d.Name + modifier + operands}
				if !c.Own {
					lines = append(lines, "-"+c.Name+" -"+d.Name+modifier)
				}
				for _, line := range lines {
					r, err := Parse(words(line), table, testEnv())
					if err != nil {
						t.Errorf("%s: %v", line, err)
					} else if got := string(r.Secrets[o.Name]); got != want {
						t.Errorf("%s: %q", line, got)
					} else if again := strings.Join(r.Again(o.Name, "storepass"), " "); again != map[string]string{
						":env SP": "-storepass:env SP", ":file pw": "-storepass:file pw", ":generate f": "-storepass:file f",
					}[modifier] {
						t.Errorf("%s: again by %q", line, again)
					}
				}
			}
		}
	}
	for _, line := range []string{"-list -storepass:file pw -storepass x", "-list -storepass:file pw -storepass:stdin", "list -storepass x", "list"} {
		if r, err := Parse(words(line), table, testEnv()); err != nil || r.Again("storepass", "storepass") != nil {
			t.Errorf("%s: %v, again by %q", line, err, r.Again("storepass", "storepass"))
		}
	}
	env := testEnv()
	env.ReadFile = func(string) ([]byte, error) { return []byte("x"), nil }
	if r, err := Parse(words("list -storepass:file /dev/fd/63"), table, env); err != nil || r.Again("storepass", "storepass") != nil {
		t.Errorf("a pipe: %v, again by %q", err, r.Again("storepass", "storepass"))
	}
	env = testEnv()
	env.Generate = func(*Request, string, string) ([]byte, error) {
		t.Error("a password was made for a line that is wrong")
		return nil, io.EOF
	}
	_, _ = Parse(words("-genkeypair -storepass:generate f -bogus"), table, env)
	if _, err := Parse(words("list -storepass:generate"), table, testEnv()); err == nil {
		t.Error("no file for the password")
	}
}

func TestSwallows(t *testing.T) {
	for line, want := range map[string]string{
		"list -alias -storetype pkcs12 -rfc":           "-alias has taken -storetype for its value",
		"-list -alias -storetype pkcs12 -rfc":          "-alias has taken -storetype for its value",
		"list -alias -rfc":                             "-alias has taken -rfc for its value",
		"list -keystore -storepass:env PW":             "-keystore has taken -storepass:env for its value",
		"list -storepass -keystore k":                  "-storepass has taken the option behind it for its value",
		"list --alias=-rfc":                            "",
		"list -alias -x":                               "",
		"list -alias - -rfc":                           "",
		"exportcert -file -alias a -keystore -rfc":     "-file has taken -alias for its value",
		"genkeypair -dname -keyalg EC -keystore k.p12": "-dname has taken -keyalg for its value",
	} {
		var got []string
		req, err := Parse(words(line), TableDefault(), testEnv())
		if usage := new(UsageError); errors.As(err, &usage) {
			got = usage.Swallows
		} else if req != nil {
			got = req.Swallows
		}
		if want == "" && len(got) > 0 || want != "" && (len(got) == 0 || got[0] != want) {
			t.Errorf("%s: %q, not %q", line, got, want)
		}
	}
	for word, want := range map[string]string{"\u2013keystore": "-keystore (with the hyphen of the keyboard)", "\u2212alias": "-alias (with the hyphen of the keyboard)"} {
		_, err := Parse([]string{"list", word, "k"}, TableDefault(), testEnv())
		if usage := new(UsageError); !errors.As(err, &usage) || usage.Suggestion != want {
			t.Errorf("%s: %v", word, err)
		}
	}
}

func TestSuggestions(t *testing.T) {
	options := map[string]string{
		"-keystor": "-keystore", "-storepss": "-storepass", "-alais": "-alias", "-validty": "-validity",
		"-bogus": "", "-zzz": "", "-san": "", "-xyzzy": "", "-dn": "",
		"-destkeystoretype": "-deststoretype", "-deststorepas": "-deststorepass",
	}
	for typed, want := range options {
		if got := TableDefault().suggestOption(fold(typed), TableDefault().Command("genkeypair")); got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
	names := map[string]string{
		"lisst": "list", "gnekey": "genkey", "improt": "import", "sevre": "serve",
		"bogus": "", "zzz": "", "xyzzy": "", "dn": "",
	}
	for typed, want := range names {
		if got := TableDefault().suggestCommand(typed, Subcommand, jdk.Release25, false); got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}

// No two options, and no two commands, go by one name.
func TestTable(t *testing.T) {
	table := TableDefault()
	seen := map[string]bool{"help": true, "h": true}
	check := func(name string) {
		if seen[fold(name)] {
			t.Errorf("%s stands twice", name)
		}
		seen[fold(name)] = true
	}
	for _, o := range table.Options {
		check(o.Name)
		for _, s := range o.Synonyms {
			check(s)
		}
	}
	clear(seen)
	for _, c := range table.Commands {
		check(c.Name)
		for _, s := range c.Aliases {
			check(s)
		}
		for _, d := range c.Docs() {
			o := table.Option(d.Name)
			if o == nil {
				t.Errorf("%s documents -%s, which is no option", c.Name, d.Name)
			} else if (o.Kind == Flag) != (d.Arg == "") {
				t.Errorf("%s: -%s %s", c.Name, d.Name, d.Arg)
			}
		}
		if c.Task == "" && !c.Hidden {
			t.Errorf("%s stands under no heading", c.Name)
		}
		for _, e := range c.Examples {
			checkExample(t, e, c.Name)
		}
	}
	for i := range table.Topics {
		topic := &table.Topics[i]
		if found := table.FindTopics(topic.Title); !slices.Contains(found, topic) {
			t.Errorf("%q is not found by its title", topic.Title)
		}
		for _, e := range topic.Examples {
			checkExample(t, e, "")
		}
	}
}

// checkExample parses every line of ours in an example: behind &&, in a pipe and
// in <(...) too. The command, if it is named, is the first.
func checkExample(t *testing.T, e Example, command string) {
	t.Helper()
	env := testEnv()
	env.ReadFile = func(string) ([]byte, error) { return []byte("changeit\n"), nil }
	n := 0
	for part := range strings.SplitSeq(e.Line, "gokeytool ") {
		if n++; n == 1 {
			continue // what is before
		}
		part = strings.TrimRight(part, " &|)")
		part, _, _ = strings.Cut(part, " > ")
		part, _, _ = strings.Cut(part, " | ")
		line := words(regexp.MustCompile(`'[^']*'`).ReplaceAllString(part, "CN=x"))
		r, err := Parse(line, TableDefault(), env)
		switch {
		case err != nil:
			t.Errorf("%s: %v", e.Line, err)
		case r.Unused != nil:
			t.Errorf("%s: unused %v", e.Line, r.Unused)
		case n == 2 && command != "" && r.Command != command && !r.Help:
			t.Errorf("%s: an example of %s, not of %s", e.Line, r.Command, command)
		}
		if r != nil && r.Command == "explain" {
			return // what follows is its operand
		}
	}
	if n < 2 {
		t.Errorf("%s: no line of ours", e.Line)
	}
}

func TestFindTopics(t *testing.T) {
	tests := []struct{ words, want string }{
		{"Cannot recover key", "Tomcat says: Cannot recover key"},
		{"java.security.UnrecoverableKeyException: Cannot recover key", "Tomcat says: Cannot recover key"},
		{"the trustAnchors parameter must be non-empty", "Java says: the trustAnchors parameter must be non-empty"},
		{"PKIX path building failed: unable to find valid certification path to requested target",
			"Java says: unable to find valid certification path to requested target"},
		{"I have a key and certificate from a CA", "I have a private key and a certificate from a CA"},
		{"java 8", "Which keystore can Java 8 read?"},
		{"Keystore was tampered with, or password was incorrect", "Tomcat says: Keystore was tampered with, or password was incorrect"},
		{"No available certificate or key corresponds to the SSL cipher suites which are enabled.", "Tomcat says: No available certificate or key corresponds to ..."},
		{"mtls", "Clients shall show certificates"},
		{"expired", "A certificate ends soon, or has ended: renew it"},
		{"localhost", "HTTPS on this machine that browsers and Java trust"},
		{"renew Let's Encrypt certificate in Tomcat", "A certificate from Let's Encrypt that renews by itself"},
		{"certbot keystore", "certbot or acme.sh has my certificate, and Java wants a keystore"},
		{"the weather tomorrow", ""},
		{"the", ""},
		{"", ""},
	}
	for _, tt := range tests {
		var titles []string
		for _, topic := range TableDefault().FindTopics(words(tt.words)...) {
			titles = append(titles, topic.Title)
		}
		if got := strings.Join(titles, "; "); got != tt.want {
			t.Errorf("%q: %s", tt.words, got)
		}
	}
}

func words(s string) []string { return strings.Fields(s) }

// An operand may stand behind a password, but not in the place of one.
func TestOperandBesidePassword(t *testing.T) {
	for line, want := range map[string]string{
		"check -storepass changeit k.p12":                                "[k.p12]",
		"check -storepass k.p12 k.p12":                                   "[k.p12]",
		"check k.p12 -storepass changeit":                                "[k.p12]",
		"check -storepass changeit -keypass changeit a b":                "[a b]",
		"check k.p12 -J-Djavax.net.ssl.keyStorePassword=changeit":        "[k.p12]",
		"check k.p12 -J-Djavax.net.ssl.keyStorePassword changeit":        "",
		"check -J-Djavax.net.ssl.keyStorePassword changeit k.p12":        "",
		"check k.p12 -J-Duser.home other.p12":                            "[k.p12 other.p12]",
		"convert -storepass changeit k.p12 -new changeit n.p12 -to pem":  "[k.p12 n.p12]",
		"convert -J-Djavax.net.ssl.trustStorePassword x k.p12 n.p12":     "",
		"check -storepass changeit -J-Dkeystore.pkcs12.legacy -- -k.p12": "[-k.p12]",
	} {
		r, err := Parse(words(line), TableDefault(), testEnv())
		if got := fmt.Sprint(func() any {
			if err != nil {
				return ""
			}
			return r.Operands
		}()); got != want {
			t.Errorf("%s: operands %s, want %s (%v)", line, got, want, err)
		}
	}
}
