package commands

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gokeytool/acme"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/console"
	"gokeytool/internal/shell"
	"gokeytool/internal/systemd"
)

// systemdDir is where systemd looks for the units of this machine.
const systemdDir = "/etc/systemd/system"

// acmeUnits are a service that runs a line of acme, and a timer for it.
type acmeUnits struct {
	name     string // of both, without what tells them apart
	hosts    []string
	program  string   // absolute path
	line     []string // words behind it
	dir      string   // in which the line means what it says
	user     string   // empty for root
	writable []string // directories
	lowPort  bool     // a port below 1024 is listened on
	commands bool     // the line runs commands, which may need anything
	install  string   // a line that installs them
}

// systemdACME prints the units that run the line.
func (s *session) systemdACME(ctx context.Context, targets []acmeTarget, recipe func(acmeTarget) acmeRecipe, how acmeHow) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	state, err := s.acmeState(how.dir)
	if err != nil {
		return err
	}
	if err := s.answersItself(targets); err != nil {
		return err
	}
	u := &acmeUnits{program: program, dir: dir, writable: []string{state.Path()}}
	if os.Geteuid() != 0 {
		u.user = strconv.Itoa(os.Geteuid())
		if known, err := user.LookupId(u.user); err == nil {
			u.user = known.Username
		}
	}
	for _, t := range targets {
		if t.token() {
			return withHint(fmt.Errorf("%s: what a token's module needs of the machine is not known, and a unit would keep it from that", t.path()),
				"run the line by cron, or by a unit of your own: "+shell.Line(append([]string{"gokeytool"}, s.absoluteLine(state.Path())...)...))
		}
		r, _, err := s.openACMERun(ctx, t, recipe(t), how)
		if err != nil {
			return err
		}
		u.add(r)
		r.place.end()
	}
	u.line = s.absoluteLine(state.Path())
	u.install = s.installs(u, state.Path())
	text, err := u.text()
	if err != nil {
		return err
	}
	return s.Stdout.Print(console.Text(text))
}

// answersItself refuses what a service could not do: nobody answers its questions, its
// line can be read by everybody, and its environment is another.
func (s *session) answersItself(targets []acmeTarget) error {
	from := func(option string) error {
		return withHint(fmt.Errorf("a service has its password from a file: give -%s:file FILE", option),
			fmt.Sprintf("or as a credential: -%s:file /run/credentials/UNIT.service/NAME, with LoadCredential=NAME:FILE in the service (systemctl edit UNIT.service)", option))
	}
	for option := range s.req.Secrets {
		if words := s.again(option); len(words) == 0 || words[0] != "-"+option+":file" {
			return from(option)
		}
	}
	for _, t := range targets {
		if !t.pem() && t.storepass == nil {
			return from("storepass")
		}
	}
	return nil
}

// add takes over what a target needs.
func (u *acmeUnits) add(r *acmeRun) {
	for _, name := range r.names {
		if !slices.Contains(u.hosts, name.Text) {
			u.hosts = append(u.hosts, name.Text)
		}
	}
	if u.name == "" {
		u.name = "gokeytool-acme-" + systemd.Name(r.what())
	}
	for _, file := range []string{r.target.keystore, r.target.certFile, r.target.keyFile, r.target.chainFile} {
		if file == "" {
			continue
		}
		u.writes(filepath.Dir(absolute(file)))
		if end, _, err := atomicfile.Target(file); err == nil { // where a link leads
			u.writes(filepath.Dir(absolute(end)))
		}
	}
	webroot := r.recipe.one("webroot")
	if webroot != "" {
		u.writes(absolute(webroot))
	}
	hook := r.recipe.one("hook") != ""
	u.commands = u.commands || hook || r.recipe.one("exec") != ""
	u.lowPort = u.lowPort || webroot == "" && !hook && lowPort(r.method, r.recipe.one("address"))
}

func (u *acmeUnits) writes(dir string) {
	if !slices.Contains(u.writable, dir) {
		u.writable = append(u.writable, dir)
	}
}

// lowPort says whether an address is one that only root may listen on.
func lowPort(method acme.Method, address string) bool {
	if address == "" {
		return true
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return true
	}
	n, err := net.LookupPort("tcp", port)
	return err != nil || n > 0 && n < 1024
}

// acmePaths are the options that name files and directories.
var acmePaths = []string{"keystore", "serverxml", "certfile", "keyfile", "caFile", "webroot"}

// absoluteLine are the words of the line, which mean the same from everywhere.
func (s *session) absoluteLine(stateDir string) []string {
	words := []string{s.req.Command}
	for _, v := range s.req.Values {
		switch {
		case v.Name == "systemd" || v.Name == "acmeDir":
		case len(v.Texts) == 0:
			words = append(words, "-"+v.Name)
		default:
			for _, value := range v.Texts {
				if slices.Contains(acmePaths, v.Name) && value != "" {
					value = shownName(absolute(value))
				}
				words = append(words, "-"+v.Name, value)
			}
		}
	}
	if !s.req.Has("keystore") && !s.req.Has("serverxml") && !s.req.Has("certfile") {
		words = append(words, "-keystore", absolute(s.defaultKeystore()))
	}
	for _, option := range []string{"storepass", "keypass", "eabKey"} {
		if again := s.again(option); again != nil {
			words = append(words, again[0], absolute(again[1]))
		}
	}
	return append(words, "-acmeDir", stateDir)
}

// installs is the line that installs the units.
func (s *session) installs(u *acmeUnits, stateDir string) string {
	words := []string{"gokeytool", s.req.Command}
	for _, v := range s.req.Values {
		if len(v.Texts) == 0 {
			words = append(words, "-"+v.Name)
		}
		for _, value := range v.Texts {
			words = append(words, "-"+v.Name, value)
		}
	}
	for _, option := range []string{"storepass", "keypass", "eabKey"} {
		words = append(words, s.again(option)...)
	}
	root := "sudo "
	if u.user == "" {
		root = ""
	}
	line := shell.Line(words...) + " | " + root + `awk '/^# \//{f=$2} f{print>f}' && ` +
		root + "systemctl daemon-reload && " + root + "systemctl enable --now " + shell.Quote(u.name+".timer")
	if _, err := os.Stat(stateDir); errors.Is(err, os.ErrNotExist) {
		line = shell.Line("mkdir", "-p", "-m", "700", stateDir) + " && " + line
	}
	return line
}

// text are both units, with what installs them.
func (u *acmeUnits) text() (string, error) {
	dir, err := systemd.Path(u.dir)
	if err != nil {
		return "", err
	}
	writable, err := systemd.Paths(u.writable...)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	setting := func(name, value string) { line("%s=%s", name, value) }
	what := strings.ReplaceAll("certificate of "+acmeNames(u.hosts), "%", "%%")

	line("# A service that renews the %s, and a timer", strings.ReplaceAll(what, "%%", "%"))
	line("# that runs it twice a day. This line writes both, and starts the timer:")
	line("#   %s", u.install)
	line("# Run it at once, see what it said, see when it runs next:")
	line("#   systemctl start %s.service", u.name)
	line("#   journalctl -u %s.service", u.name)
	line("#   systemctl list-timers %s.timer", u.name)
	line("")
	line("# %s/%s.service", systemdDir, u.name)
	line("[Unit]")
	setting("Description", "Renew the "+what)
	setting("Wants", "network-online.target")
	setting("After", "network-online.target nss-lookup.target")
	line("")
	line("[Service]")
	setting("Type", "oneshot")
	if u.user != "" {
		setting("User", u.user)
	}
	setting("WorkingDirectory", dir)
	setting("ExecStart", systemd.Command(u.program, u.line...))
	if u.user != "" && u.lowPort {
		setting("AmbientCapabilities", "CAP_NET_BIND_SERVICE")
	}
	if u.commands {
		line("# The commands of -exec and -hook may need anything: nothing is taken from them.")
	} else {
		u.harden(setting, writable)
	}
	line("")
	line("# %s/%s.timer", systemdDir, u.name)
	line("[Unit]")
	setting("Description", "Renew the "+what+", twice a day")
	line("")
	line("[Timer]")
	setting("OnCalendar", "*-*-* 00,12:00:00")
	setting("RandomizedDelaySec", "12h")
	setting("Persistent", "true")
	line("")
	line("[Install]")
	setting("WantedBy", "timers.target")
	return b.String(), nil
}

// harden are the settings that take from the service what it does not need.
func (u *acmeUnits) harden(setting func(name, value string), writable string) {
	var capabilities []string
	if u.lowPort {
		capabilities = append(capabilities, "CAP_NET_BIND_SERVICE")
	}
	if u.user == "" { // files of others keep their owners
		capabilities = append(capabilities, "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER")
	}
	setting("CapabilityBoundingSet", strings.Join(capabilities, " "))
	setting("ReadWritePaths", writable)
	setting("ProtectSystem", "strict")
	setting("ProtectHome", "read-only")
	if !slices.ContainsFunc(append(u.line, u.dir, u.program), func(word string) bool {
		return strings.HasPrefix(word, "/tmp/") || strings.HasPrefix(word, "/var/tmp/")
	}) {
		setting("PrivateTmp", "yes")
	}
	for _, name := range []string{"NoNewPrivileges", "PrivateDevices", "ProtectControlGroups", "ProtectKernelModules", "ProtectKernelTunables",
		"LockPersonality", "MemoryDenyWriteExecute", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID"} {
		setting(name, "yes")
	}
	setting("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6")
	setting("SystemCallArchitectures", "native")
}
