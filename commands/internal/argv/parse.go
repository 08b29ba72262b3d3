package argv

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"gokeytool/jdk"
)

// Parse reads a line, without the program's name. Its errors are *UsageError,
// *Failure and *LauncherError.
func Parse(args []string, t *Table, env Env) (*Request, error) {
	if env.Release == 0 {
		env.Release = jdk.Default
	}
	p := &parser{t: t, env: env, req: &Request{Style: Subcommand}}
	if env.KeytoolOnly {
		p.req.Style = Keytool
	}
	if c := p.verbatim(args); c != nil {
		p.cmd = c
		p.req.Operands = args[1:]
		if len(args) > 1 && args[1] == "--" {
			p.req.Operands = args[2:]
		}
		return p.finish()
	}
	words, err := p.javaOptions(args)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		p.req.Help = true
		return p.req, nil
	}
	if strings.HasPrefix(words[0], "-") {
		p.req.Style = Keytool
	}
	if p.req.Style == Keytool {
		err = p.keytool(words)
	} else {
		err = p.subcommand(words)
	}
	if err != nil {
		p.req.Wipe()
		return nil, err
	}
	return p.finish()
}

type parser struct {
	t   *Table
	env Env
	req *Request
	cmd *Command // nil until there is one

	typed    []option // the options of the line itself, not of a -conf file
	swallows []string // see Request.Swallows
	hidden   []string // words that may be a password, or a part of one
	// misplaced are of these the ones that Java's launcher leaves behind: no operands.
	misplaced []string
	deferred  []line // passwords still to be read
	conf      string // what -conf named
	hasConf   bool
	nowarn    bool
}

// option is an option of the line.
type option struct {
	*Option
	name string // as typed, without dashes
}

// line is a password that is read at the end, when the line is understood: from a
// file descriptor, or from the file that keeps a generated one.
type line struct {
	name      string
	fd        int
	generated string // the file; empty for a descriptor
}

// verbatim finds the command that takes the rest of the line as it is.
func (p *parser) verbatim(args []string) *Command {
	if p.env.KeytoolOnly || len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return nil
	}
	if c := p.t.Command(args[0]); c != nil && c.Verbatim {
		return c
	}
	return nil
}

// javaOptions takes out the words that Java's launcher keeps for itself, which
// may stand anywhere.
func (p *parser) javaOptions(args []string) ([]string, error) {
	if !slices.ContainsFunc(args, func(s string) bool { return strings.HasPrefix(s, "-J") }) {
		return args, nil
	}
	words := make([]string, 0, len(args))
	for i, a := range args {
		opt, ok := strings.CutPrefix(a, "-J")
		if !ok {
			words = append(words, a)
			continue
		}
		if opt == "" {
			return nil, &LauncherError{"Error: The -J option should not be followed by a space."}
		}
		if def, ok := strings.CutPrefix(opt, "-D"); ok {
			name, value, _ := strings.Cut(def, "=")
			p.req.Properties = append(p.req.Properties, Property{name, value})
			if i+1 < len(args) && p.t.asksSecret("-"+def) { // the value should have stood behind "="
				p.hidden = append(p.hidden, args[i+1])
				p.misplaced = append(p.misplaced, args[i+1])
			}
		}
	}
	return words, nil
}

// keytool reads a line in keytool's two passes: the first looks at every word
// with a dash, values included, for the command and -conf; the second consumes
// options and their values.
func (p *parser) keytool(words []string) error {
	seen := make(map[string]bool, len(words))
	for i := 0; i < len(words); i++ {
		w := words[i]
		if !strings.HasPrefix(w, "-") {
			continue
		}
		lower := strings.ToLower(w)
		if seen[lower] && !repeatable(lower) {
			p.req.Warnings = append(p.req.Warnings, "The "+p.shown(words[:i+1], lower)+
				" option is specified multiple times. All except the last one will be ignored.")
		}
		seen[lower] = true
		folded := fold(w)
		if folded == "conf" {
			if i == len(words)-1 {
				return p.needsArgument(w)
			}
			i++
			p.conf, p.hasConf = words[i], true
			continue
		}
		c := p.keytoolCommand(folded)
		if c != nil && p.cmd != nil {
			return p.failure("java.lang.Exception", fmt.Sprintf(
				"Only one command is allowed: both -%s and -%s were specified.", p.cmd.Name, c.Name), nil)
		}
		if c != nil {
			p.cmd = c
		}
	}
	var configured []string
	if p.hasConf && p.cmd != nil {
		var err error
		if configured, err = p.configured(p.conf, p.cmd); err != nil {
			return err
		}
	}
	if err := p.options(slices.Concat(configured, words), len(configured)); err != nil {
		return err
	}
	if p.cmd == nil && !p.req.Help {
		return p.usage("Usage error: no command provided", "")
	}
	return nil
}

// repeatable reports whether keytool lets an option, in lower case, stand more
// than once without a warning.
func repeatable(lower string) bool {
	switch lower {
	case "-ext", "-id", "-provider", "-addprovider", "-providerclass", "-providerarg":
		return true
	}
	return false
}

// subcommand reads a line whose first word is the command.
func (p *parser) subcommand(words []string) error {
	p.cmd = p.t.Command(words[0])
	if p.cmd == nil {
		return p.illegal(words[0])
	}
	words = words[1:]
	if p.cmd.Name == "help" {
		return p.help(words)
	}
	if err := p.options(words, 0); err != nil || !p.hasConf {
		return err
	}
	configured, err := p.configured(p.conf, p.cmd)
	if err != nil {
		return err
	}
	p.req.Wipe()
	p.req.Values, p.req.Operands, p.req.Secrets, p.req.Origins = nil, nil, nil, nil
	p.typed, p.deferred, p.swallows = nil, nil, nil
	return p.options(slices.Concat(configured, words), len(configured))
}

// help reads what follows the command help: the name of a command, words that
// lead to topics, or nothing.
func (p *parser) help(words []string) error {
	p.req.Help = true
	p.cmd = nil
	if len(words) == 0 {
		return nil
	}
	p.cmd = p.t.Command(words[0])
	if p.cmd != nil && len(words) == 1 {
		return nil
	}
	if topics := p.t.FindTopics(words...); topics != nil {
		p.cmd, p.req.Topics = nil, topics
		return nil
	}
	suggestion := ""
	if p.cmd == nil && len(words) == 1 {
		suggestion = p.t.suggestCommand(fold(words[0]), p.req.Style, p.env.Release, p.env.KeytoolOnly)
	}
	p.cmd = nil
	shown := make([]string, len(words))
	for i, w := range words {
		shown[i] = p.shown(words[:i+1], w)
	}
	return p.usage("There is no help on "+strings.Join(shown, " "), suggestion)
}

func (p *parser) keytoolCommand(folded string) *Command {
	c := p.t.command(folded)
	if c == nil || c.Own || c.Since > p.env.Release {
		return nil
	}
	return c
}

// options consumes options and values strictly in order. The first configured
// words come from a -conf file.
func (p *parser) options(words []string, configured int) error {
	sub := p.req.Style == Subcommand
	p.req.Line = slices.Clone(words)
	var err error
	for i := 0; i < len(words); i++ {
		w := words[i]
		if sub && w == "--" {
			p.req.Operands = append(p.req.Operands, words[i+1:]...)
			break
		}
		if !strings.HasPrefix(w, "-") || sub && w == "-" {
			if sub && p.cmd.Operands != "" && !p.t.dashless(w) && !(i > 1 && p.t.asksSecret(words[i-1])) && !slices.Contains(p.misplaced, w) {
				p.req.Operands = append(p.req.Operands, w)
				continue
			}
			return p.illegal(w)
		}
		a := argument{words: words, at: i}
		name := w
		if sub {
			name, a.inline, a.isInline = strings.Cut(w, "=")
		}
		if last := i == len(words)-1 && !a.isInline; last {
			folded := fold(name)
			if o := p.legal(folded); o != nil && o.Kind != Flag && p.t.documented(folded) {
				return p.needsArgument(name)
			}
		}
		name, modifier, modified := strings.Cut(name, ":")
		folded := fold(name)
		switch {
		case folded == "help" || folded == "h" || folded == "?":
			p.req.Help = true
			continue
		case !sub:
			if c := p.keytoolCommand(folded); c != nil {
				p.cmd = c
				continue
			}
		case i < configured && p.t.command(folded) != nil:
			continue
		}
		o := p.legal(folded)
		if o == nil || o.Kind == ProviderArg {
			return p.illegal(name)
		}
		consume := func() error { return p.consume(o, name, modifier, modified, &a) }
		if i < configured {
			err = consume()
		} else {
			err = p.once(o, name, consume)
			p.typed = append(p.typed, option{o, strings.TrimLeft(name, "-")})
		}
		if err != nil {
			return err
		}
		if next := a.at + 1; next < len(words) && (o.Kind == Password && sub || a.at > i && p.t.asksSecret(words[a.at])) {
			p.hide(words[next]) // behind "-storepass my" or "-alias -storepass"
		}
		i = a.at
	}
	return nil
}

// argument hands out the words that follow an option.
type argument struct {
	words    []string
	at       int // the last word consumed
	inline   string
	isInline bool // the value stood behind "=" in the option's own word
}

func (a *argument) next() (string, bool) {
	if a.isInline {
		return a.inline, true
	}
	if a.at+1 >= len(a.words) {
		return "", false
	}
	a.at++
	return a.words[a.at], true
}

// legal finds an option that may be used with the command.
func (p *parser) legal(folded string) *Option {
	o := p.t.option(folded)
	if o != nil && o.Own && (p.env.KeytoolOnly || p.cmd == nil || !p.cmd.Documents(o)) {
		return nil
	}
	return o
}

// consume takes an option and its value into the request.
func (p *parser) consume(o *Option, name, modifier string, modified bool, a *argument) error {
	if o.Kind == Flag {
		if a.isInline {
			return p.usage("Command option "+name+" takes no argument.", "")
		}
		p.nowarn = p.nowarn || o.Name == "nowarn"
		p.set(o, "", nil)
		return nil
	}
	if o.Kind == Password && modified && fold(modifier) == "stdin" && !p.env.KeytoolOnly {
		if a.isInline {
			return p.usage("Command option "+name+":"+modifier+" takes no argument.", "")
		}
		p.later(line{name: o.Name})
		return nil
	}
	value, ok := a.next()
	if !a.isInline {
		p.swallow(o, name, value)
	}
	if !ok && o.Name == "conf" {
		return nil // only "-conf:x" as the last word gets here: keytool skips it
	}
	if !ok && p.req.Style == Keytool && !o.Own {
		return p.failure("java.lang.ArrayIndexOutOfBoundsException",
			fmt.Sprintf("Index %d out of bounds for length %[1]d", len(a.words)), nil)
	}
	if !ok {
		return p.needsArgument(name)
	}
	if p.req.Style == Subcommand && o.Kind != Password && strings.HasPrefix(value, "-") && p.t.Shown(value) != value {
		return p.needsArgument(name) // it has taken -storepass=SECRET, which an error would show
	}
	switch o.Kind {
	case Password:
		if !modified {
			p.mask(a)
		}
		return p.password(o, modifier, modified, value)
	case Int, Long:
		bits := 32
		if o.Kind == Long {
			bits = 64
		}
		n, err := strconv.ParseInt(value, 10, bits)
		if err != nil && p.req.Style == Keytool {
			return p.failure("java.lang.NumberFormatException", `For input string: "`+p.t.Shown(value)+`"`, err)
		}
		if err != nil {
			return p.usage(fmt.Sprintf("Command option %s needs a whole number, not %q.", name, p.t.Shown(value)), "")
		}
		p.set(o, strconv.FormatInt(n, 10), nil)
	case Duration:
		if _, err := time.ParseDuration(value); err != nil {
			return p.usage(fmt.Sprintf("Command option %s needs a duration such as 30s or 2h, not %q.", name, p.t.Shown(value)), "")
		}
		p.set(o, value, nil)
	case Provider:
		arg, err := p.providerArg(a)
		if err != nil {
			return err
		}
		p.set(o, value, arg)
	default:
		if o.Name == "conf" {
			if p.req.Style == Subcommand {
				p.conf, p.hasConf = value, true
			}
			return nil
		}
		if p.env.Keystore != nil && p.req.Style == Keytool && fold(name) == "keystore" {
			p.env.Keystore(value, p.req)
		}
		p.set(o, value, nil)
	}
	return nil
}

// hide makes sure that a word is not shown that may be a part of a password.
func (p *parser) hide(word string) {
	if !strings.HasPrefix(word, "-") {
		p.hidden = append(p.hidden, word)
	}
}

// swallow notes an option that has taken the next one for its value: its own was
// forgotten, or comes from a variable that is not set. What a password has taken
// is not shown.
func (p *parser) swallow(o *Option, name, value string) {
	if !strings.HasPrefix(value, "-") || p.cmd == nil {
		return
	}
	bare, _, _ := strings.Cut(value, "=")
	bare, _, _ = strings.Cut(bare, ":")
	if next := p.legal(fold(bare)); next == nil || !next.Global && !p.cmd.Documents(next) {
		return
	}
	if bare, _, _ = strings.Cut(value, "="); o.Kind == Password {
		bare = "the option behind it"
	}
	p.swallows = append(p.swallows, fmt.Sprintf("%s has taken %s for its value", name, bare))
}

// providerArg takes the -providerarg that may stand directly behind a provider.
func (p *parser) providerArg(a *argument) (*string, error) {
	if a.at+1 >= len(a.words) {
		return nil, nil
	}
	name, inline, isInline := a.words[a.at+1], "", false
	if p.req.Style == Subcommand {
		name, inline, isInline = strings.Cut(name, "=")
	}
	if !strings.HasPrefix(name, "-") || fold(name) != "providerarg" {
		return nil, nil
	}
	arg := argument{words: a.words, at: a.at + 1, inline: inline, isInline: isInline}
	value, ok := arg.next()
	if !ok {
		return nil, p.needsArgument(name)
	}
	a.at = arg.at
	p.mask(&arg) // it may have a token's PIN
	return &value, nil
}

// set records a value, in place of an earlier one unless the option collects.
func (p *parser) set(o *Option, text string, arg *string) {
	v := p.req.find(o.Name)
	if v == nil {
		p.req.Values = append(p.req.Values, Value{Name: o.Name})
		v = &p.req.Values[len(p.req.Values)-1]
	}
	switch o.Kind {
	case Flag:
	case List:
		v.Texts = append(v.Texts, text)
	case Provider:
		v.Texts = append(v.Texts, text)
		v.Args = append(v.Args, arg)
	default:
		v.Texts = []string{text}
	}
}

// mask hides the password that was just consumed from Request.Line.
func (p *parser) mask(a *argument) {
	w := &p.req.Line[a.at]
	if a.isInline {
		*w = (*w)[:len(*w)-len(a.inline)] + masked
	} else {
		*w = masked
	}
}

// password resolves a password at once, as keytool does: one that cannot be
// found fails the line even if a later one would have won.
func (p *parser) password(o *Option, modifier string, modified bool, value string) error {
	if !modified {
		p.secret(o.Name, []byte(value))
		return nil
	}
	switch kind := fold(modifier); {
	case kind == "env":
		s, ok := "", false
		if p.env.LookupEnv != nil {
			s, ok = p.env.LookupEnv(value)
		}
		if !ok {
			if strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
				value = masked // not the name of a variable, but perhaps its value
			}
			return p.usage("Cannot find environment variable: "+value, "")
		}
		p.secret(o.Name, []byte(s))
		p.origin(o.Name, kind, value)
	case kind == "file":
		data, err := p.readFile(strings.TrimPrefix(value, "file:"))
		if errors.Is(err, fs.ErrNotExist) || value == "" {
			return p.usage("Cannot find file: "+value, "")
		}
		if err != nil {
			return p.usage("java.io.FileNotFoundException: "+value+" ("+reason(err)+")", "")
		}
		first := data
		if i := slices.IndexFunc(data, func(b byte) bool { return b == '\n' || b == '\r' }); i >= 0 {
			first = data[:i]
		}
		p.secret(o.Name, slices.Clone(first))
		p.origin(o.Name, kind, value)
		clear(data)
	case kind == "fd" && !p.env.KeytoolOnly:
		fd, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return p.usage("Not a file descriptor: "+masked, "")
		}
		p.later(line{name: o.Name, fd: int(fd)})
	case kind == "generate" && !p.env.KeytoolOnly && value != "":
		p.later(line{name: o.Name, generated: value})
	default:
		if !slices.ContainsFunc(modifiers, func(name string) bool { return distance(kind, name, 3) < 3 }) {
			modifier = masked // perhaps the password
		}
		return p.usage("Unknown password type: "+modifier, "")
	}
	return nil
}

func (p *parser) secret(name string, s []byte) {
	p.forget(name)
	if p.req.Secrets == nil {
		p.req.Secrets = make(map[string][]byte)
	}
	p.req.Secrets[name] = s
}

// origin notes where a password was found. What stands under /dev or /proc, as
// of <(a command), gives it only once.
func (p *parser) origin(name, modifier, value string) {
	if modifier == "file" && (strings.HasPrefix(value, "/dev/") || strings.HasPrefix(value, "/proc/")) {
		return
	}
	if p.req.Origins == nil {
		p.req.Origins = make(map[string]Origin)
	}
	p.req.Origins[name] = Origin{modifier, value}
}

// later has a password read at the end, so that nothing is read for a line that
// is wrong.
func (p *parser) later(l line) {
	p.forget(l.name)
	p.deferred = append(p.deferred, l)
}

// forget drops an earlier password for the same option.
func (p *parser) forget(name string) {
	clear(p.req.Secrets[name])
	delete(p.req.Secrets, name)
	delete(p.req.Origins, name)
	p.deferred = slices.DeleteFunc(p.deferred, func(l line) bool { return l.name == name })
}

func (p *parser) readFile(name string) ([]byte, error) {
	if p.env.ReadFile == nil {
		return nil, fs.ErrNotExist
	}
	return p.env.ReadFile(name)
}

// reason is the text Java gives for a file error: the system's, with a capital.
func reason(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "No such file or directory"
	}
	s := err.Error()
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		s = path.Err.Error()
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		s = errno.Error()
	} else if errors.Is(err, fs.ErrPermission) { // refused by us, and not by the system
		s = "permission denied: " + s
	}
	return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):]
}

// finish completes a request that was understood.
func (p *parser) finish() (*Request, error) {
	r := p.req
	r.Swallows = p.swallows
	if p.cmd != nil {
		r.Command = p.cmd.Name
	}
	if p.nowarn {
		r.Warnings = nil
	}
	if r.Help {
		r.Wipe()
		return &Request{Style: r.Style, Command: r.Command, Help: true, Topics: r.Topics, Properties: r.Properties, Warnings: r.Warnings}, nil
	}
	if n := len(r.Operands); n < p.cmd.MinOperands {
		return nil, p.usage(p.cmd.Name+" needs an argument: "+p.cmd.Operands, "")
	} else if p.cmd.MaxOperands >= 0 && n > p.cmd.MaxOperands {
		return nil, p.illegal(r.Operands[p.cmd.MaxOperands])
	}
	if err := p.undone(); err != nil {
		return nil, err
	}
	for _, o := range p.typed {
		if !o.Global && !p.cmd.Documents(o.Option) && !slices.Contains(r.Unused, o.name) {
			r.Unused = append(r.Unused, o.name)
		}
	}
	deferred := p.deferred
	p.deferred = nil
	for _, l := range deferred {
		s, err := []byte(nil), errors.ErrUnsupported
		from := fmt.Sprintf("file descriptor %d", l.fd)
		switch {
		case l.generated != "":
			from = l.generated
			if p.env.Generate != nil {
				s, err = p.env.Generate(r, l.name, l.generated)
			}
		case p.env.ReadLine != nil:
			s, err = p.env.ReadLine(l.fd)
		}
		if err != nil {
			r.Wipe()
			return nil, p.failure("java.io.IOException", fmt.Sprintf("Cannot read -%s from %s: %v", l.name, from, err), err)
		}
		p.secret(l.name, s)
		if l.generated != "" {
			p.origin(l.name, "file", l.generated)
		}
	}
	r.Args = r.canonical()
	return r, nil
}

// canonical writes the request as a line of the subcommand style.
func (r *Request) canonical() []string {
	args := []string{r.Command}
	for _, v := range r.Values {
		if v.Texts == nil {
			args = append(args, "--"+v.Name)
		}
		for i, s := range v.Texts {
			args = append(args, "--"+v.Name+"="+s)
			if v.Args != nil && v.Args[i] != nil {
				args = append(args, "--providerarg="+*v.Args[i])
			}
		}
	}
	if len(r.Operands) > 0 {
		args = append(append(args, "--"), r.Operands...)
	}
	return args
}

func (p *parser) needsArgument(word string) error {
	return p.usage("Command option "+word+" needs an argument.", "")
}

// illegal reports a word that is no option, and looks for what was meant.
func (p *parser) illegal(word string) error {
	folded := fold(word)
	s := ""
	if p.cmd == nil {
		s = p.t.suggestCommand(folded, p.req.Style, p.env.Release, p.env.KeytoolOnly)
	} else if p.t.option(folded) == nil { // else it is spelt right, but does not belong here
		s = p.t.suggestOption(folded, p.cmd)
	}
	for _, dash := range []string{"\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212"} { // of a word processor
		if rest, ok := strings.CutPrefix(word, dash); ok && p.cmd != nil {
			s = p.t.Shown("-"+rest) + " (with the hyphen of the keyboard)"
		}
	}
	if slices.Contains(p.hidden, word) {
		word = masked
	}
	return p.usage("Illegal option:  "+p.t.Shown(word), s)
}

func (p *parser) usage(message, suggestion string) error {
	e := &UsageError{Style: p.req.Style, Message: message, Suggestion: suggestion, Swallows: p.swallows, Warnings: p.warnings()}
	if p.cmd != nil {
		e.Command = p.cmd.Name
	}
	return e
}

func (p *parser) failure(class, message string, err error) error {
	return &Failure{Style: p.req.Style, Class: class, Message: message, Warnings: p.warnings(), Err: err}
}

// warnings are those shown after an error. JDK 17 exits before it prints them.
func (p *parser) warnings() []string {
	if p.nowarn || p.env.Release <= jdk.Release17 {
		return nil
	}
	return p.req.Warnings
}
