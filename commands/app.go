package commands

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/console"
	"gokeytool/jdk"
)

// actions are the commands by canonical name; each stands in the file of its
// name.
var actions = map[string]action{
	"acme":           command(readACME, certifyACME),
	"certreq":        command(readCertreq, certreq),
	"chain":          command(readChain, chain).with(heedTrustcacerts),
	"changealias":    command(readChangealias, changealias),
	"check":          command(readCheck, checkStores),
	"completion":     command(readCompletion, completion),
	"convert":        command(readConvert, convert).with(onFirstOperand),
	"delete":         plain(deleteEntry),
	"diff":           command(readDiff, diff),
	"dev":            command(readDev, dev),
	"explain":        command(readExplain, explain),
	"exportcert":     command(readExportcert, exportcert),
	"gencert":        command(readGencert, gencert),
	"gencrl":         command(readGencrl, gencrl),
	"genkeypair":     command(readGenkeypair, genkeypair),
	"genseckey":      command(readGenseckey, genseckey),
	"identitydb":     plain(identitydb),
	"importcert":     command(readImportcert, importcert).with(heedTrustcacerts),
	"importkeystore": command(readImportkeystore, importkeystore),
	"importpass":     command(readImportpass, importpass),
	"keyclone":       command(readKeyclone, keyclone),
	"keypasswd":      command(readKeypasswd, keypasswd),
	"list":           command(readList, list),
	"man":            command(readMan, man),
	"migrate":        command(readMigrate, migrate).with(onFirstOperand),
	"printcert":      command(readPrintcert, printcert).with(heedTrustcacerts),
	"printcertreq":   plain(printcertreq),
	"printcrl":       plain(printcrl).with(heedTrustcacerts),
	"selfcert":       command(readSelfcert, selfcert),
	"probe":          command(readProbe, probeServer),
	"rename":         command(readRename, rename),
	"renew":          command(readRenew, renew),
	"serve":          command(readServe, serve).with(withTomcatNames),
	"sessionid":      command(readSessionID, sessionID),
	"showinfo":       command(readShowinfo, showinfo),
	"smoke":          command(readSmoke, smoke),
	"storepasswd":    command(readStorepasswd, storepasswd),
	"tomcat-config":  command(readTomcatConfig, tomcatConfig).with(onFirstOperand),
	"trust":          command(readTrust, trust),
	"trustmark":      plain(trustmark).with(onFirstOperand),
	"version":        plain(version),
}

// Main runs one command line, the program's name first, and returns the exit
// code.
func Main(args []string, env *Env) (code int) {
	err := noPanic(func() error {
		code = run(args, env)
		return nil
	})
	if err != nil {
		env.Stderr.Printf("gokeytool: %s\n", err.Error())
		env.sayInternal(err)
		return exitError
	}
	return code
}

// run is Main without a care for faults of our own.
func run(args []string, env *Env) (code int) {
	ctx := context.Background()
	env.generated, env.defaulted = nil, false
	program := "gokeytool"
	if len(args) > 0 {
		program = strings.TrimSuffix(filepath.Base(args[0]), ".exe")
		args = args[1:]
	}
	table := argv.TableDefault()
	if n := len(args); n > 0 && args[n-1] == argv.CompletionFlag {
		for _, word := range append(table.Complete(args[:n-1]), env.aliasCompletions(table, args[:n-1])...) {
			env.Stdout.Printf("%s\n", word)
		}
		return exitOK
	}

	name, _ := env.LookupEnv("GOKEYTOOL_JDK")
	release, err := jdk.Parse(name)
	if err != nil {
		env.Stderr.Printf("gokeytool: GOKEYTOOL_JDK: %v\n", err)
		return exitError
	}
	env.warnVisible = release >= jdk.Release25
	if len(args) == 0 && program != "keytool" {
		env.Stdout.Print(console.Text(table.CommandHelp("")))
		return exitOK
	}
	req, err := argv.Parse(args, table, argv.Env{
		KeytoolOnly: program == "keytool",
		Release:     release,
		LookupEnv:   env.LookupEnv,
		ReadFile:    readSmallFile,
		Property:    env.javaProperty,
		Keystore:    env.warnOfCacerts,
		ReadLine:    env.readPasswordLine,
		Generate:    env.generatePassword,
	})
	if err != nil {
		code := env.reportUsage(err, table, release)
		env.sayGenerated()
		return code
	}
	defer req.Wipe()
	if req.Help {
		switch {
		case req.Topics != nil:
			env.Stdout.Print(console.Text(table.TopicHelp(req.Topics)))
		case req.Style == argv.Subcommand:
			env.Stdout.Print(console.Text(table.CommandHelp(req.Command)))
		default:
			env.Stderr.Print(console.Text(table.HelpText(req.Command, release)))
			env.printWarnings(req.Warnings)
		}
		return exitOK
	}
	if err := env.refusePlanted(req); err != nil {
		env.Stderr.Printf("gokeytool: %s\n", err.Error())
		return exitError
	}
	env.sayReadable(req)
	env.setDefaultPassword(table, req)
	s := newSession(env, table, req, release)
	code = s.finish(noPanic(func() error {
		return newApp(table, s).RunContext(ctx, append([]string{program}, req.Args...))
	}))
	if code != exitOK {
		env.sayGenerated()
	}
	return code
}

// newApp declares the commands to urfave/cli, which dispatches the canonical
// line that argv makes of the user's. argv has said all there is to say about
// the line, and prints the help: urfave/cli neither prints nor exits.
func newApp(table *argv.Table, s *session) *cli.App {
	app := &cli.App{
		Name:                      "gokeytool",
		HideHelp:                  true,
		HideHelpCommand:           true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		Writer:                    io.Discard,
		ErrWriter:                 io.Discard,
		ExitErrHandler:            func(*cli.Context, error) {},
	}
	for _, command := range table.Commands {
		if command.Name != s.req.Command {
			continue // its flags would never be read
		}
		app.Commands = append(app.Commands, &cli.Command{
			Name:            command.Name,
			Usage:           command.Summary,
			HideHelp:        true,
			HideHelpCommand: true,
			Flags:           flags(table, s.req),
			OnUsageError:    func(_ *cli.Context, err error, _ bool) error { return err },
			Action: func(c *cli.Context) error {
				action, ok := actions[command.Name]
				if !ok {
					return failf("the command -%s is not supported", command.Name)
				}
				l := line{c, s.req}
				s.opt = action.common(l)
				if s.opt.debug {
					s.Stdout.Printf("Command line args: [%s]\n", withoutCredentials(strings.Join(s.req.Line, ", ")))
				}
				if s.ownStyle() {
					for _, name := range s.req.Unused {
						s.Stderr.Printf("gokeytool: -%s is not used by %s\n", name, command.Name)
					}
				}
				if s.wantHints(s.req.Style) {
					s.saySwallows(s.req.Swallows)
				}
				if _, given := s.req.Property("java.security.properties"); given {
					if err := s.checkSecurity(); err != nil {
						return err
					}
				}
				return action.run(c.Context, s, l)
			},
		})
	}
	return app
}

// flags declares the options that were given: argv has checked them, and
// urfave/cli takes its time over each flag it knows. Passwords are not among
// them; they never pass through urfave/cli.
func flags(table *argv.Table, req *argv.Request) []cli.Flag {
	var list []cli.Flag
	providers := false
	for _, value := range req.Values {
		i := slices.IndexFunc(table.Options, func(o argv.Option) bool { return o.Name == value.Name })
		switch o := table.Options[i]; o.Kind {
		case argv.Flag:
			list = append(list, &cli.BoolFlag{Name: o.Name})
		case argv.Text:
			list = append(list, &cli.StringFlag{Name: o.Name})
		case argv.List:
			list = append(list, &cli.StringSliceFlag{Name: o.Name, KeepSpace: true})
		case argv.Provider:
			list = append(list, &cli.StringSliceFlag{Name: o.Name, KeepSpace: true})
			providers = true
		case argv.Int, argv.Long:
			list = append(list, &cli.Int64Flag{Name: o.Name})
		case argv.Duration:
			list = append(list, &cli.DurationFlag{Name: o.Name})
		}
	}
	if providers {
		list = append(list, &cli.StringSliceFlag{Name: "providerarg", KeepSpace: true})
	}
	return list
}

// reportUsage prints what is wrong with a command line.
func (e *Env) reportUsage(err error, table *argv.Table, release jdk.Release) int {
	var usage *argv.UsageError
	var failure *argv.Failure
	switch {
	case errors.As(err, &usage):
		if usage.Style == argv.Subcommand {
			e.Stderr.Printf("gokeytool: %s\n", withoutCredentials(usage.Message))
			e.saySwallows(usage.Swallows)
			if usage.Suggestion != "" {
				e.Stderr.Printf("Did you mean %s?\n", usage.Suggestion)
			}
			e.Stderr.Printf("See: gokeytool %s\n", strings.TrimSpace("help "+usage.Command))
			return exitError
		}
		e.Stderr.Printf("%s\n%s", withoutCredentials(usage.Message), console.Text(table.HelpText(usage.Command, release)))
		e.printWarnings(usage.Warnings)
		if e.wantHints(argv.Keytool) {
			e.saySwallows(usage.Swallows)
			if usage.Suggestion != "" {
				e.Stderr.Printf("Did you mean %s?\n", usage.Suggestion)
			}
		}
	case errors.As(err, &failure):
		e.printError(failure.Style, failure.JavaText())
		e.printWarnings(failure.Warnings)
	default:
		e.Stderr.Printf("%s\n", err)
	}
	return exitError
}

// saySwallows tells of options that have taken another for their value.
func (e *Env) saySwallows(swallows []string) {
	for _, text := range swallows {
		e.Stderr.Printf("gokeytool: %s\n", withoutCredentials(text))
	}
}

// printError prints the line of a failed command, of which few errors of keytool's
// have more than one: where keytool prints it, or on the standard error in our own
// style.
func (e *Env) printError(style argv.Style, lines ...string) {
	w := e.Stdout
	if style == argv.Subcommand {
		w = e.Stderr
	}
	w.Print("keytool error: ")
	for _, line := range lines {
		w.Printf("%s\n", withoutCredentials(line))
	}
}

// printWarnings prints keytool's block of warnings.
func (e *Env) printWarnings(warnings []string) {
	if len(warnings) == 0 {
		return
	}
	e.Stderr.Print("\nWarning:\n")
	for _, line := range warnings {
		e.Stderr.Printf("%s\n", line)
	}
}

// wantHints says whether our hints go to the standard error: always in our
// own style; in keytool's only where a person reads it, so that scripts see
// keytool's bytes. GOKEYTOOL_HINTS decides for both.
func (e *Env) wantHints(style argv.Style) bool {
	switch v, _ := e.LookupEnv("GOKEYTOOL_HINTS"); v {
	case "on":
		return true
	case "off":
		return false
	}
	return style == argv.Subcommand || e.Stderr.Terminal
}

// javaProperty is the value of a Java system property, where it means
// something without Java.
func (e *Env) javaProperty(name string) (string, bool) {
	switch name {
	case "user.home":
		return e.Home(), true
	case "java.home":
		return e.LookupEnv("JAVA_HOME")
	case "user.dir":
		dir, err := os.Getwd()
		return dir, err == nil
	case "user.name":
		name, ok := e.LookupEnv("USER")
		return name, ok
	case "file.separator", "/":
		return string(filepath.Separator), true
	case "path.separator":
		return string(filepath.ListSeparator), true
	case "line.separator":
		return "\n", true
	case "java.io.tmpdir":
		return os.TempDir(), true
	}
	return "", false
}
