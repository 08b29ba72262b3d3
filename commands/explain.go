package commands

import (
	"context"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/console"
	"gokeytool/internal/shell"
	"gokeytool/jdk"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

type explainOptions struct{ words []string } // of the line to explain

func readExplain(l line) explainOptions { return explainOptions{slices.Clone(l.req.Operands)} }

// explain says what a line of keytool's or ours would do, and how keytool, we
// and OpenSSL do the same. Nothing is opened or run.
func explain(_ context.Context, s *session, o explainOptions) error {
	words := o.words
	style := ""
	switch strings.TrimSuffix(filepath.Base(words[0]), ".exe") {
	case "keytool", "gokeytool":
		style, words = filepath.Base(words[0]), words[1:]
	}
	secret := func() ([]byte, error) { return []byte("PASSWORD"), nil }
	req, err := argv.Parse(words, s.table, argv.Env{
		KeytoolOnly: strings.HasPrefix(style, "keytool"), Release: s.release,
		// What a password is does not matter here; none is looked up.
		LookupEnv: func(string) (string, bool) { return "PASSWORD", true },
		ReadFile:  func(string) ([]byte, error) { return secret() },
		ReadLine:  func(int) ([]byte, error) { return secret() },
		Generate:  func(*argv.Request, string, string) ([]byte, error) { return secret() },
		Property:  s.javaProperty,
	})
	var usage *argv.UsageError
	var failure *argv.Failure
	switch {
	case errors.As(err, &usage):
		err := fmt.Errorf("this line is refused: %s", strings.TrimSpace(usage.Message))
		if usage.Suggestion != "" {
			return withHint(err, fmt.Sprintf("did you mean %s?", usage.Suggestion))
		}
		return err
	case errors.As(err, &failure):
		return fmt.Errorf("this line is refused: %s", failure.JavaText())
	case err != nil:
		return err
	}
	defer req.Wipe()
	command := s.table.Command(req.Command)
	if command == nil || req.Help {
		return errors.New("this line asks for help: there is nothing else in it")
	}
	e := &explanation{table: s.table, req: req, command: command, release: s.release}
	if describe, ok := explanations[command.Name]; ok {
		describe(e)
	}
	e.print(s.Stdout)
	return nil
}

// explanation collects what is said about a line.
type explanation struct {
	table   *argv.Table
	req     *argv.Request
	command *argv.Command
	release jdk.Release

	does    []string // sentences
	keytool []string // lines; by default the line itself, where keytool has it
	openssl []string // lines
	note    string   // why OpenSSL has none
}

func (e *explanation) say(format string, args ...any) {
	e.does = append(e.does, fmt.Sprintf(format, args...))
}

// run adds a line for OpenSSL out of its words.
func (e *explanation) run(words ...string) {
	e.openssl = append(e.openssl, "openssl "+strings.Join(words, " "))
}

// value is an option's value as a word for the shell, or what it is by default.
func (e *explanation) value(name, byDefault string) string {
	if v, ok := e.req.Value(name); ok {
		return shell.Quote(v)
	}
	return byDefault
}

func (e *explanation) keystore() string {
	if e.req.Has("cacerts") {
		return "$JAVA_HOME/lib/security/cacerts"
	}
	return e.value("keystore", "~/.keystore")
}

func (e *explanation) alias() string { return e.value("alias", defaultAlias) }

// pkcs12 says whether the keystore is one that OpenSSL reads, as far as its name
// or -storetype tell.
func (e *explanation) pkcs12() bool {
	if typ, ok := e.req.Value("storetype"); ok {
		return strings.EqualFold(typ, "pkcs12")
	}
	extension := strings.ToLower(filepath.Ext(e.keystore()))
	return extension != ".jks" && extension != ".jceks"
}

// shown is a line without the passwords that may stand in it beside those of
// options: in options that others have taken for their value, in URLs, and before
// the names of servers.
func (e *explanation) shown(line string) string {
	servers := slices.Contains([]string{"diff", "printcert", "probe", "trust"}, e.command.Name)
	words := strings.Split(line, " ")
	for i, word := range words {
		user, _, named := strings.Cut(word, "@")
		switch {
		case strings.HasPrefix(word, "-"):
			words[i] = e.table.Shown(word)
		case servers && named && strings.Contains(user, ":"):
			words[i] = withoutUser(word)
		}
	}
	return withoutCredentials(strings.Join(words, " "))
}

func (e *explanation) print(out *console.Writer) {
	out.Printf("%s: %s\n", e.command.Name, e.command.Summary)
	for _, sentence := range e.does {
		out.Printf("  - %s\n", e.shown(sentence))
	}
	for _, name := range e.req.Unused {
		out.Printf("  - -%s means nothing to this command: it is ignored\n", name)
	}
	for _, name := range []string{"storepass", "keypass", "srcstorepass", "new"} {
		if _, given := e.req.Secrets[name]; given && e.req.Again(name, name) == nil {
			out.Printf("  - PASSWORD stands for a password: on a command line others can see it, so leave it out to be asked, or use -%s:env NAME or -%s:file FILE\n", name, name)
			break
		}
	}
	keytool := e.keytool
	if keytool == nil && !e.command.Own && !e.ownOptions() {
		keytool = []string{"keytool -" + e.command.Name + e.optionWords()}
	}
	section := func(name string, lines []string, otherwise string) {
		out.Printf("\n%s\n", name)
		if len(lines) == 0 {
			lines = []string{"# " + otherwise}
		}
		for _, line := range lines {
			out.Printf("  %s\n", e.shown(line))
		}
	}
	section("keytool", keytool, "it has no such thing")
	operands := ""
	if slices.ContainsFunc(e.req.Operands, func(word string) bool { return strings.HasPrefix(word, "-") }) {
		operands = " --"
	}
	for _, word := range e.req.Operands {
		operands += " " + shell.Quote(word)
	}
	section("gokeytool", []string{"gokeytool " + e.command.Name + e.optionWords() + operands}, "")
	openssl, note := e.openssl, e.note
	if note == "" {
		note = "it has no such thing"
	}
	if len(openssl) > 0 && !e.pkcs12() {
		openssl = append([]string{"# OpenSSL knows PKCS12 alone: convert from and to it with importkeystore"}, openssl...)
	}
	section("openssl", openssl, note)
}

// ownOptions says whether the line has options that keytool doesn't know.
func (e *explanation) ownOptions() bool {
	for _, o := range e.table.Options {
		if _, secret := e.req.Secrets[o.Name]; o.Own && (secret || e.req.Has(o.Name)) {
			return true
		}
	}
	return false
}

// optionWords are the options of the line, each in the name that the command
// documents.
func (e *explanation) optionWords() string {
	var b strings.Builder
	name := func(canonical string) string {
		for _, d := range e.command.Docs() {
			if o := e.table.Option(d.Name); o != nil && o.Name == canonical {
				return d.Name
			}
		}
		return canonical
	}
	for _, v := range e.req.Values {
		if len(v.Texts) == 0 {
			b.WriteString(" -" + name(v.Name))
		}
		for _, text := range v.Texts {
			b.WriteString(" -" + name(v.Name) + " " + shell.Quote(text))
		}
	}
	for _, o := range e.table.Options {
		if _, given := e.req.Secrets[o.Name]; !given {
			continue
		}
		if again := e.req.Again(o.Name, name(o.Name)); again != nil {
			b.WriteString(" " + shell.Line(again...))
		} else {
			b.WriteString(" -" + name(o.Name) + " PASSWORD")
		}
	}
	return b.String()
}

// explanations are what there is to say of each command.
var explanations = map[string]func(*explanation){
	"genkeypair": func(e *explanation) {
		e.say("makes a private key and a certificate for it, valid for %s days, under the alias %s", e.value("validity", "90"), e.alias())
		e.say("adds both to the keystore %s, which is made if it is not there; an alias that is taken is an error", e.keystore())
		extensions, ok := e.extensions()
		if ok && len(x509util.ExtensionNames(extensions)) == 0 {
			e.say("the certificate has no host name that browsers look at: they want -ext san=dns:NAME")
		}
		if !e.req.Has("keyalg") {
			e.say("without -keyalg keytool refuses")
		}
		e.run(slices.Concat([]string{"req -x509", e.newKey(), "-nodes -keyout key.pem -out cert.pem -days", e.value("validity", "90"), "-subj", e.subject()}, e.addExtensions())...)
		e.run("pkcs12 -export -inkey key.pem -in cert.pem -name", e.alias(), "-out", e.keystore())
	},
	"certreq": func(e *explanation) {
		e.say("writes a request for a certificate of the key %s, signed with it, to %s", e.alias(), e.value("file", "the standard output"))
		if _, none := withoutNone(e.req.Style, e.req.List("ext")); e.req.Style != argv.Keytool && !none {
			e.say("asks for the names and usages of its certificate (the keytool of Java, and -certreq, only for what -ext says); -ext none leaves them out")
		}
		e.say("the keystore %s stays as it is", e.keystore())
		e.run("pkcs12 -in", e.keystore(), "-nocerts -nodes -out key.pem")
		e.run(slices.Concat([]string{"req -new -key key.pem -subj", e.subject()}, e.addExtensions(), e.output("file"))...)
	},
	"gencert": func(e *explanation) {
		e.say("signs the request %s with the key %s, as an authority does, for %s days", e.value("infile", "from the standard input"), e.alias(), e.value("validity", "90"))
		copied := " -copy_extensions copy"
		_, none := withoutNone(e.req.Style, e.req.List("ext"))
		switch {
		case slices.ContainsFunc(e.req.List("ext"), func(spec string) bool { return strings.HasPrefix(strings.ToLower(spec), "honored") }):
		case e.req.Style != argv.Keytool && !none:
			e.say("the names and usages that the request asks for are granted (the keytool of Java, and -gencert, leave them out); -ext none grants nothing, -ext honored=LIST what it lists")
		default:
			copied = ""
			e.say("whatever extensions the request asks for are left out: -ext honored=all grants them")
		}
		e.run("pkcs12 -in", e.keystore(), "-nodes -out ca.pem")
		e.run(slices.Concat([]string{"x509 -req -in", e.value("infile", "request.pem"), "-CA ca.pem -CAkey ca.pem -days", e.value("validity", "90") + copied}, e.output("outfile"))...)
	},
	"importcert": func(e *explanation) {
		file := e.value("file", "certificate.pem")
		if key, ok := e.req.Value("keyfile"); ok {
			e.say("takes in the private key of %s with its certificates, in order, under the alias %s", shell.Quote(key), e.alias())
			e.say("certificates that don't belong to the key are refused")
			e.run("pkcs12 -export -inkey", shell.Quote(key), "-in", e.value("file", shell.Quote(key)), "-name", e.alias(), "-out", e.keystore())
			e.keytool = []string{
				"openssl pkcs12 -export -inkey " + shell.Quote(key) + " -in " + e.value("file", shell.Quote(key)) + " -name " + e.alias() + " -out tmp.p12",
				"keytool -importkeystore -srckeystore tmp.p12 -destkeystore " + e.keystore(),
			}
			return
		}
		e.say("if %s is a key in %s: takes %s for the authority's reply, which must lead to a certificate that is trusted already", e.alias(), e.keystore(), file)
		e.say("if there is no such entry: adds the certificate as one to trust; of a file with several keytool takes the first alone")
		if !e.req.Has("noprompt") {
			e.say("asks before it trusts a certificate that nothing vouches for; -noprompt spares the question")
		}
		e.run("pkcs12 -export -inkey key.pem -in", file, "-certfile ca.pem -name", e.alias(), "-out", e.keystore(), " # a reply")
		e.run("pkcs12 -export -nokeys -in", file, "-caname", e.alias(), "-jdktrust anyExtendedKeyUsage -out", e.keystore(), " # to trust; OpenSSL 3.2")
	},
	"exportcert": func(e *explanation) {
		if format, _ := e.req.Value("format"); slices.Contains(argv.SecretFormats, strings.ToLower(format)) {
			e.say("writes the bytes of the secret key %s of %s to %s", e.alias(), e.keystore(), e.value("file", "the standard output"))
			return
		}
		if e.ownOptions() {
			e.say("writes a part of the entry %s of %s, the key as well if that is asked for, to %s", e.alias(), e.keystore(), e.value("file", "the standard output"))
			e.run(slices.Concat([]string{"pkcs12 -in", e.keystore(), "-nodes"}, e.output("file"))...)
			return
		}
		form := "DER"
		if e.req.Has("rfc") {
			form = "PEM"
		}
		e.say("writes the certificate of %s, the first of its chain alone, in %s to %s; the key stays in %s", e.alias(), form, e.value("file", "the standard output"), e.keystore())
		e.openssl = []string{"openssl pkcs12 -in " + e.keystore() + " -clcerts -nokeys | openssl x509 -outform " + form + strings.Join(append([]string{""}, e.output("file")...), " ")}
	},
	"list": func(e *explanation) {
		e.say("shows what is in %s; no private key is opened, and without the password nothing proves that the file is unchanged", e.keystore())
		e.run("pkcs12 -in", e.keystore(), "-info -nokeys")
	},
	"printcert": func(e *explanation) {
		if server, ok := e.req.Value("sslserver"); ok {
			if !strings.Contains(server, ":") {
				server += ":443"
			}
			e.say("connects to %s and shows the certificates it sends; nothing is verified", shell.Quote(server))
			e.run("s_client -connect", shell.Quote(server), "-showcerts </dev/null")
			return
		}
		e.say("shows the certificates in %s", e.value("file", "the standard input"))
		e.run(slices.Concat([]string{"x509"}, e.input(), []string{"-noout -text"})...)
	},
	"printcertreq": func(e *explanation) {
		e.say("shows the request in %s, and checks that whoever made it has the key", e.value("file", "the standard input"))
		e.run(slices.Concat([]string{"req"}, e.input(), []string{"-noout -text -verify"})...)
	},
	"printcrl": func(e *explanation) {
		e.say("shows the revocation lists in %s, and who signed them, if that is an entry of %s", e.value("file", "the standard input"), e.keystore())
		e.run(slices.Concat([]string{"crl"}, e.input(), []string{"-noout -text"})...)
	},
	"importkeystore": func(e *explanation) {
		source := e.value("srckeystore", "SOURCE")
		if alias, ok := e.req.Value("alias"); ok {
			e.say("copies the entry %s of %s to %s", shell.Quote(alias), source, e.keystore())
		} else {
			e.say("copies all entries of %s to %s", source, e.keystore())
		}
		if source == e.keystore() {
			e.say("source and destination are the same: the file is converted in place, and kept as FILE.old")
		} else if !e.req.Has("noprompt") {
			e.say("asks for each entry that is there already")
		}
		e.run("pkcs12 -in", source, "-nodes -out all.pem")
		e.run("pkcs12 -export -in all.pem -name", e.value("destalias", e.alias()), "-out", e.keystore(), " # a single key")
	},
	"storepasswd": func(e *explanation) {
		e.say("changes the password of %s; in PKCS12 that of its keys as well, in JKS not", e.keystore())
		e.run("pkcs12 -in", e.keystore(), "-nodes -out all.pem")
		e.run("pkcs12 -export -in all.pem -name", e.alias(), "-out", e.keystore(), " # a single key")
	},
	"keypasswd": func(e *explanation) {
		e.say("changes the password of the key %s alone, in JKS and JCEKS; Tomcat and others want it to be the keystore's", e.alias())
		e.note = "the keys of PKCS12 have the keystore's password"
	},
	"delete": func(e *explanation) {
		e.say("takes the entry %s out of %s: a private key is gone for good", e.alias(), e.keystore())
		e.note = "it writes a keystore anew only, without the entry"
	},
	"changealias": func(e *explanation) {
		e.say("gives the entry %s of %s the alias %s", e.alias(), e.keystore(), e.value("destalias", "that is asked for"))
		e.note = "it writes a keystore anew only: pkcs12 -export -name"
	},
	"genseckey": func(e *explanation) {
		e.say("makes a secret key and adds it under the alias %s to %s", e.alias(), e.keystore())
		e.note = "it knows no secret keys in PKCS12; openssl rand makes random bytes"
	},
	"importpass": func(e *explanation) {
		e.say("keeps a password, which it asks for, under the alias %s in %s", e.alias(), e.keystore())
	},
	"showinfo": func(e *explanation) {
		e.say("shows which protocols and cipher suites are enabled")
		e.run("ciphers -v")
	},
	"version": func(e *explanation) { e.run("version") },
	"serve": func(e *explanation) {
		keys := "a key"
		if e.req.Has("sni") || e.req.Has("also") {
			keys = "every key, each for the names in its certificate,"
		}
		e.say("serves HTTPS with %s of %s on port %s until Ctrl-C", keys, e.keystore(), e.value("port", strconv.Itoa(defaultPort)))
		e.run("pkcs12 -in", e.keystore(), "-nodes -out all.pem")
		e.run("s_server -accept", e.value("port", strconv.Itoa(defaultPort)), "-cert all.pem -www")
	},
	"smoke": func(e *explanation) {
		e.say("serves each key of %s on a free port, connects to it and says what is wrong", e.keystore())
	},
	"check": func(e *explanation) {
		e.say("reads keystores and says what is wrong with them; nothing is changed")
	},
	"dev": func(e *explanation) {
		e.say("makes a certificate for this machine, by an authority of your own, in the directory %s", e.value("dir", devDir))
	},
	"probe": func(e *explanation) {
		e.say("connects to the server and says what it shows, what it accepts and what is wrong with it")
		if len(e.req.Operands) == 1 {
			server := e.req.Operands[0]
			if !strings.Contains(server, ":") {
				server += ":443"
			}
			e.run("s_client -connect", shell.Quote(server), "-showcerts -status </dev/null")
		}
	},
}

// input and output are OpenSSL's options for files, left out for the standard
// streams.
func (e *explanation) input() []string {
	if v, ok := e.req.Value("file"); ok {
		return []string{"-in", shell.Quote(v)}
	}
	return nil
}

func (e *explanation) output(name string) []string {
	if v, ok := e.req.Value(name); ok {
		return []string{"-out", shell.Quote(v)}
	}
	return nil
}

// newKey is how OpenSSL is told to make the key.
func (e *explanation) newKey() string {
	algorithm, _ := e.req.Value("keyalg")
	size, sized := e.req.Value("keysize")
	switch strings.ToUpper(algorithm) {
	case "EC":
		curve := e.value("groupname", "")
		if curve == "" {
			curve = "secp384r1"
			if e.release == jdk.Release17 {
				curve = "secp256r1"
			}
			if n, err := strconv.Atoi(size); err == nil {
				if name, err := keys.CurveForSize(n); err == nil {
					curve = name
				}
			}
		}
		if curve == "secp256r1" {
			curve = "prime256v1" // OpenSSL's name
		}
		return "-newkey ec -pkeyopt ec_paramgen_curve:" + curve
	case "ED25519", "EDDSA":
		return "-newkey ed25519"
	}
	if !sized {
		size = "3072"
		if e.release == jdk.Release17 {
			size = "2048"
		}
	}
	return "-newkey rsa:" + size
}

// subject is the name of -dname as OpenSSL takes it: in the order of the DER,
// which keytool writes backwards.
func (e *explanation) subject() string {
	dname, _ := e.req.Value("dname")
	name, err := x509util.ParseDName(dname)
	if err != nil {
		return "/CN=NAME"
	}
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(name.DER(), &rdns); err != nil || len(rest) > 0 || len(rdns) == 0 {
		return "/CN=NAME"
	}
	var b strings.Builder
	for _, rdn := range rdns {
		for i, part := range rdn {
			separator := "/"
			if i > 0 {
				separator = "+"
			}
			b.WriteString(separator + attributeName(part.Type) + "=" +
				strings.NewReplacer(`\`, `\\`, "/", `\/`, "+", `\+`).Replace(fmt.Sprint(part.Value)))
		}
	}
	return shell.Quote(b.String())
}

// attributeName is the name that OpenSSL knows a part of a name by.
func attributeName(oid asn1.ObjectIdentifier) string {
	names := map[string]string{"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU",
		"0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "emailAddress"}
	if name, ok := names[oid.String()]; ok {
		return name
	}
	return oid.String()
}

// extensions are what -ext asks for; ok is false where that can't be read.
func (e *explanation) extensions() (extensions []x509util.Extension, ok bool) {
	rest, _ := withoutNone(e.req.Style, e.req.List("ext"))
	specs := slices.DeleteFunc(slices.Clone(rest), func(spec string) bool { return strings.HasPrefix(strings.ToLower(spec), "honored") })
	// Some extensions are made of the key; any will do.
	key, err := keys.Generate(keys.Spec{Algorithm: "EC", Group: "secp256r1"}, e.release)
	if err != nil {
		return nil, false
	}
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		return nil, false
	}
	extensions, err = x509util.BuildExtensions(specs, x509util.ExtensionContext{SubjectKey: spki, Release: e.release})
	if err != nil {
		return nil, false
	}
	return extensions, true
}

// addExtensions are OpenSSL's options for the extensions of -ext.
func (e *explanation) addExtensions() (words []string) {
	extensions, _ := e.extensions()
	described := x509util.DescribeExtensions(extensions)
	add := func(name string, values []string) {
		if len(values) > 0 {
			words = append(words, "-addext", shell.Quote(name+"="+strings.Join(values, ",")))
		}
	}
	names := x509util.ExtensionNames(extensions)
	for i, name := range names {
		kind, text, _ := strings.Cut(name, ":")
		if kind = strings.ToUpper(kind); kind == "EMAIL" {
			kind = "email"
		}
		names[i] = kind + ":" + text
	}
	if described.CA {
		constraint := []string{"critical", "CA:TRUE"}
		if described.PathLength != nil {
			constraint = append(constraint, "pathlen:"+strconv.Itoa(*described.PathLength))
		}
		add("basicConstraints", constraint)
	}
	add("subjectAltName", names)
	add("keyUsage", described.KeyUsage)
	add("extendedKeyUsage", described.ExtendedKeyUsage)
	return words
}
