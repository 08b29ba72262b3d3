package argv

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"gokeytool/internal/properties"
	"gokeytool/jdk"
)

// FuzzParse takes words separated by line feeds. Whatever is understood has a
// canonical line without passwords that means the same, in which urfave/cli
// finds the same values; whatever is not gives one of the declared errors.
func FuzzParse(f *testing.F) {
	for _, args := range differentialLines {
		f.Add(strings.Join(args, "\n"), "")
	}
	for _, line := range []string{
		"genkey --alias a -EXT san=dns:x --keyalg=RSA", "list --storepass:env=SP -keypass:stdin", "help list", "serve -port 0 -for 3s",
		"completion -- bash", "list --addprovider=P --providerarg=a", "version", "-list -conf c", "delete -conf=c", "sessionid -n 1 - --",
	} {
		f.Add(strings.ReplaceAll(line, " ", "\n"), "")
	}
	for _, text := range differentialFiles {
		f.Add("-delete\n-conf\nc", text)
		f.Add("delete\n-conf=c\n-alias\nx", text)
	}
	f.Fuzz(func(t *testing.T, line, conf string) {
		env := testEnv()
		env.ReadLine = func(int) ([]byte, error) { return []byte("a line"), nil }
		read := env.ReadFile
		env.ReadFile = func(name string) ([]byte, error) {
			if name == "c" && conf != "" {
				return []byte(conf), nil
			}
			return read(name)
		}
		for _, only := range []bool{true, false} {
			env.KeytoolOnly = only
			checkParse(t, strings.Split(line, "\n"), env)
		}
	})
}

func checkParse(t *testing.T, args []string, env Env) {
	table := TableDefault()
	before := slices.Clone(args)
	r, err := Parse(args, table, env)
	if !slices.Equal(args, before) {
		t.Fatalf("%q became %q", before, args)
	}
	if err != nil {
		switch err := err.(type) {
		case *UsageError:
			if err.Message == "" || table.HelpText(err.Command, jdk.Default) == "" {
				t.Errorf("%q: %#v", args, err)
			}
		case *Failure, *LauncherError:
		default:
			t.Errorf("%q: %T", args, err)
		}
		return
	}
	if r.Help {
		if table.CommandHelp(r.Command) == "" || r.Args != nil {
			t.Errorf("%q: %#v", args, r)
		}
		return
	}
	env.KeytoolOnly = false
	again, err := Parse(r.Args, table, env)
	if undone(err) && (r.Style == Keytool || r.Unused == nil) {
		return // keytool takes what our own style refuses, and so does a file of -conf
	}
	if err != nil {
		t.Fatalf("%q: %q: %v", args, r.Args, err)
	}
	type meaning struct {
		Command  string
		Values   []Value
		Operands []string
		Args     []string
		Secrets  map[string][]byte
	}
	want := meaning{r.Command, r.Values, r.Operands, r.Args, nil}
	if diff := cmp.Diff(want, meaning{again.Command, again.Values, again.Operands, again.Args, again.Secrets}); diff != "" {
		t.Errorf("%q: %q:\n%s", args, r.Args, diff)
	}
	checkUrfave(t, table, r)
}

// undone says whether a line was refused for asking what would not be done.
func undone(err error) bool {
	usage, ok := errors.AsType[*UsageError](err)
	return ok && (strings.Contains(usage.Message, " is not used by ") || strings.Contains(usage.Message, " does nothing without ") ||
		strings.Contains(usage.Message, " do not go together"))
}

// checkUrfave runs the canonical line through an app made from the table.
func checkUrfave(t *testing.T, table *Table, r *Request) {
	ran := ""
	fail := func(_ *cli.Context, err error, _ bool) error { return err }
	app := &cli.App{
		Name: "gokeytool", Writer: io.Discard, ErrWriter: io.Discard, HideHelp: true, HideVersion: true,
		DisableSliceFlagSeparator: true, ExitErrHandler: func(*cli.Context, error) {}, OnUsageError: fail,
	}
	for _, c := range table.Commands {
		app.Commands = append(app.Commands, &cli.Command{
			Name: c.Name, HideHelp: true, HideHelpCommand: true, OnUsageError: fail, Flags: urfaveFlags(table),
			Action: func(ctx *cli.Context) error {
				ran = c.Name
				if !slices.Equal(ctx.Args().Slice(), r.Operands) {
					t.Errorf("%q: operands %q", r.Args, ctx.Args().Slice())
				}
				for _, v := range r.Values {
					o := table.Option(v.Name)
					switch {
					case o.Kind == Flag && !ctx.Bool(v.Name),
						o.Kind.Collects() && !slices.Equal(ctx.StringSlice(v.Name), v.Texts),
						o.Kind == Text && ctx.String(v.Name) != v.Texts[0]:
						t.Errorf("%q: %s is another", r.Args, v.Name)
					}
				}
				return nil
			},
		})
	}
	if err := app.Run(append([]string{"gokeytool"}, r.Args...)); err != nil {
		t.Errorf("%q: %v", r.Args, err)
	}
	if ran != r.Command {
		t.Errorf("%q ran %q", r.Args, ran)
	}
}

func urfaveFlags(table *Table) []cli.Flag {
	var flags []cli.Flag
	for _, o := range table.Options {
		switch o.Kind {
		case Flag:
			flags = append(flags, &cli.BoolFlag{Name: o.Name})
		case Int, Long:
			flags = append(flags, &cli.Int64Flag{Name: o.Name})
		case Duration:
			flags = append(flags, &cli.DurationFlag{Name: o.Name})
		case List, Provider, ProviderArg:
			flags = append(flags, &cli.StringSliceFlag{Name: o.Name, KeepSpace: true})
		case Text:
			flags = append(flags, &cli.StringFlag{Name: o.Name})
		}
	}
	return flags
}

// FuzzProperties demands that what is written as a properties file is read
// back, and that anything else neither panics nor takes long.
func FuzzProperties(f *testing.F) {
	for _, text := range differentialFiles {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		props, ok := properties.Parse(data)
		if !ok {
			if !bytes.Contains(data, []byte(`\u`)) {
				t.Error("malformed without an escape")
			}
			return
		}
		var b bytes.Buffer
		for k, v := range props {
			b.WriteString(escaped(k) + "=" + escaped(v) + "\n")
		}
		again, ok := properties.Parse(b.Bytes())
		if diff := cmp.Diff(props, again); !ok || diff != "" {
			t.Errorf("%q: %s", b.String(), diff)
		}
		p := &parser{t: TableDefault(), req: &Request{}}
		for _, v := range props {
			_, err := p.configuredLine(nil, v)
			if _, isFailure := errors.AsType[*Failure](err); err != nil && !isFailure {
				t.Error(err)
			}
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%d bytes took %v", len(data), d)
		}
	})
}

// escaped writes a text in the way every character of it survives.
func escaped(s string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for _, r := range s {
		units := []rune{r}
		if r > 0xffff {
			r -= 0x10000
			units = []rune{0xd800 + r>>10, 0xdc00 + r&0x3ff}
		}
		for _, u := range units {
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hex[u>>shift&15])
			}
		}
	}
	return b.String()
}
