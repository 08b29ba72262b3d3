package commands

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"gokeytool/internal/console"
	"gokeytool/internal/javastring"
	"gokeytool/jdk"
	"gokeytool/pkcs11/sunconfig"
	"gokeytool/store"
)

// noKeystore is the name by which -keystore says that there is no file. The
// keystore is then empty, and can't be saved.
const noKeystore = "NONE"

// providers are the security providers of a JDK on Linux, with the keystore
// types that each has. None is needed here: to name one is to name what we do
// ourselves.
var providers = map[string]string{
	"SUN": "JKS PKCS12 DKS CASEEXACTJKS", "SunRsaSign": "", "SunEC": "", "SunJSSE": "PKCS12", "SunJCE": "JCEKS",
	"SunJGSS": "", "SunSASL": "", "XMLDSig": "", "SunPCSC": "", "JdkLDAP": "", "JdkSASL": "", "SunPKCS11": "",
}

// providerClasses are the classes of some of them, for -providerclass.
var providerClasses = []string{
	"sun.security.provider.Sun", "sun.security.rsa.SunRsaSign", "sun.security.ec.SunEC", "sun.security.ssl.SunJSSE",
	"com.sun.crypto.provider.SunJCE", "sun.security.pkcs11.SunPKCS11",
}

// checkProviders answers -addprovider and -providerclass as keytool does: the
// JDK's own providers are there, any other is not. It takes in the tokens that
// SunPKCS11 is configured with.
func (s *session) checkProviders() error {
	s.tokenProviders = nil
	// keytool looks at the names first, wherever they stand.
	for _, option := range []struct{ name, missing string }{
		{"addprovider", "Provider named \"%s\" not found"}, {"providerclass", "Provider \"%s\" not found"},
	} {
		for _, p := range s.lineProviders(option.name) {
			name := p.name
			missing := failf(option.missing, name)
			if option.name == "providerclass" && slices.Contains(providerClasses, name) {
				name = name[strings.LastIndexByte(name, '.')+1:]
			} else if option.name == "providerclass" {
				return noProvider(missing)
			}
			token := name == sunPKCS11 || s.isTokenProvider(name)
			if _, known := providers[name]; !known && !token && option.name == "addprovider" {
				return noProvider(missing)
			}
			switch {
			case p.argument == nil:
			case !token:
				return java("java.lang.UnsupportedOperationException", "configure is not supported")
			default:
				if err := s.configureToken(*p.argument, missing); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// lineProvider is a provider that the line names, with its -providerarg.
type lineProvider struct {
	name     string
	argument *string
}

// hash is the hash of a pair in keytool (sun.security.tools.keytool.Pair).
func (p lineProvider) hash() uint32 {
	h := javastring.HashCode(p.name)
	if p.argument == nil {
		h += 2
	} else {
		h = 17*h + javastring.HashCode(*p.argument)
	}
	return h ^ h>>16
}

// lineProviders are the providers of -addprovider or -providerclass, in the order in which
// keytool loads them: that of a HashSet, which is made for three.
func (s *session) lineProviders(option string) []lineProvider {
	var list []lineProvider
	for _, value := range s.req.Values {
		if value.Name != option {
			continue
		}
		for i, name := range value.Texts {
			p := lineProvider{name: name}
			if i < len(value.Args) {
				p.argument = value.Args[i]
			}
			if !slices.ContainsFunc(list, func(o lineProvider) bool { return reflect.DeepEqual(o, p) }) {
				list = append(list, p)
			}
		}
	}
	buckets := uint32(4)
	for 4*len(list) > 3*int(buckets) {
		buckets *= 2
	}
	slices.SortStableFunc(list, func(a, b lineProvider) int { return cmp.Compare(a.hash()%buckets, b.hash()%buckets) })
	return list
}

// sunPKCS11 is Java's provider of tokens before it is configured.
const sunPKCS11 = "SunPKCS11"

// isTokenProvider says whether a name is that of a token that the line has configured.
func (s *session) isTokenProvider(name string) bool {
	return slices.ContainsFunc(s.tokenProviders, func(p tokenProvider) bool { return p.name == name })
}

// configureToken takes in Java's provider of tokens with a configuration: a file, or
// what stands behind two dashes. notFound is what keytool says where it can't be read.
func (s *session) configureToken(argument string, notFound error) error {
	config, err := s.readConfiguration(argument)
	if e, ok := errors.AsType[*jdk.Error](err); ok && e.Class == "java.lang.RuntimeException" {
		return withHint(e, "it is a system property of Java: -J-Dname=value sets it")
	}
	if err != nil {
		return withHint(notFound, err.Error())
	}
	class, text := "java.security.ProviderException", ""
	if config.Quiet != sunconfig.Halt {
		class = "java.lang.UnsupportedOperationException"
	}
	var hints []string
	info, statErr := os.Stat(config.Library)
	switch {
	case config.NSS:
		text = "Could not initialize NSS"
		hints = append(hints, "the databases of Mozilla's NSS are not opened: name the module of the token by library")
	case statErr != nil || !info.Mode().IsRegular():
		text = "Library " + config.Library + " does not exist"
	case config.Beyond != "":
		text = "Initialization failed"
		hints = append(hints, fmt.Sprintf("%s can't be passed to the module through p11-kit", config.Beyond))
	}
	if text != "" {
		return withHint(java(class, text), hints...)
	}
	p := tokenProvider{config.Provider(), config}
	if !s.isTokenProvider(p.name) { // Java adds none of a name that it has
		s.tokenProviders = append(s.tokenProviders, p)
	}
	return nil
}

// readConfiguration reads a configuration of SunPKCS11.
func (s *session) readConfiguration(argument string) (sunconfig.Config, error) {
	j := sunconfig.Java{Release: s.release, Property: s.property}
	if text, inline := strings.CutPrefix(argument, "--"); inline {
		config, err := j.ParseInline(text)
		return config, prefixed("the configuration of "+sunPKCS11, err)
	}
	path, err := j.Expand(argument)
	if err != nil {
		return sunconfig.Config{}, err
	}
	if s.ownStyle() {
		if err := s.refusePlantedFile("the configuration", path); err != nil {
			return sunconfig.Config{}, err
		}
	}
	data, err := readSmallFile(path)
	if err != nil {
		return sunconfig.Config{}, fmt.Errorf("%s: %w", path, pathCause(err))
	}
	config, err := j.Parse(data)
	return config, prefixed(path, err)
}

// prefixed says where an error is.
func prefixed(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", where, err)
}

// checkStoreProvider answers -providername: who is to open the keystore.
func (s *session) checkStoreProvider() error {
	if !s.opt.providername.given {
		return nil
	}
	return s.checkProviderName(s.opt.providername.value, s.opt.storetype.value)
}

// checkProviderName answers the name of the provider that is to open a
// keystore of a type, which may be empty.
func (s *session) checkProviderName(name, storetype string) error {
	if name == "" {
		return java("java.lang.IllegalArgumentException", "missing provider")
	}
	types, known := providers[name]
	if s.isTokenProvider(name) {
		types, known = "", true
		if _, ok := s.javaPlace(optional[string]{name, true}); ok {
			types = string(store.PKCS11)
		}
	}
	if !known {
		return noProvider(java("java.security.NoSuchProviderException", "no such provider: "+name))
	}
	typ := defaultType
	if storetype != "" {
		typ = niceType(storetype)
	}
	if !slices.Contains(strings.Fields(types), strings.ToUpper(typ)) {
		return noStoreType(typ)
	}
	return nil
}

// noStoreType says that no provider has a type of keystores, which is named as keytool
// writes it.
func noStoreType(name string) error {
	err := java("java.security.KeyStoreException", name+" not found")
	if !strings.EqualFold(name, string(store.PKCS11)) {
		return err
	}
	return withHint(err, "-addprovider "+sunPKCS11+" -providerarg FILE says which token: FILE has the lines name = NAME and library = /path/of/the/module.so",
		"or name the token itself: -keystore pkcs11:token=LABEL?module-path=/path/of/the/module.so")
}

// notTokenType refuses another type of a keystore than that of a token, which its name is.
func notTokenType(typ, keystore, storetype string) error {
	return withHint(java("java.security.KeyStoreException", typ+" not found"),
		fmt.Sprintf("-%s names a token (pkcs11:), whose type is PKCS11: leave -%s away", keystore, storetype))
}

// defaultType is the keystore.type of java.security.
const defaultType = "pkcs12"

// niceType is the name of a keystore type as keytool writes it.
func niceType(name string) string {
	if isWindows(name) {
		return "Windows-" + strings.ToUpper(name[len("Windows-"):])
	}
	return strings.ToUpper(name)
}

// isWindows says whether a keystore type is one of Windows.
func isWindows(name string) bool {
	of, ok := strings.CutPrefix(strings.ToUpper(name), "WINDOWS-")
	of = strings.TrimSuffix(strings.TrimSuffix(of, "-CURRENTUSER"), "-LOCALMACHINE")
	return ok && (of == "MY" || of == "ROOT")
}

func noProvider(err error) error {
	return withHint(err, "Java's providers are not loaded: all formats and algorithms that gokeytool knows are built in, and "+sunPKCS11+" is, for tokens")
}

// isToken says whether keystores of a type are no files.
func isToken(storetype string) bool {
	return isWindows(storetype) || strings.EqualFold(storetype, "PKCS11")
}

// checkToken refuses what keytool refuses for keystores that are no files:
// PKCS #11 tokens and those of Windows.
func (s *session) checkToken(a access, keypass []byte) error {
	byURI := s.opt.keystore.given && isTokenURI(s.opt.keystore.value)
	if !byURI && !isToken(s.opt.storetype.value) {
		return nil
	}
	typ := niceType(s.opt.storetype.value)
	if byURI {
		if typ != "" && typ != string(store.PKCS11) {
			return notTokenType(typ, "keystore", "storetype")
		}
		typ = string(store.PKCS11)
	} else if s.opt.keystore.given && s.opt.keystore.value != noKeystore {
		return s.notNone(typ)
	}
	if a.passwords {
		return withHint(java("java.lang.UnsupportedOperationException", "-storepasswd and -keypasswd commands not supported if -storetype is "+typ),
			"keys on a token have no passwords of their own, and its PIN is changed by its vendor's tool, or by pkcs11-tool --login --change-pin")
	}
	if keypass != nil || s.opt.newpass != nil && !a.newFile || s.opt.destkeypass != nil {
		return withHint(java("java.lang.IllegalArgumentException", "-keypass and -new can not be specified if -storetype is "+typ),
			"keys on a token have no passwords of their own: its PIN is -storepass")
	}
	return nil
}

// notNone says that a keystore of that type is no file.
func (s *session) notNone(typ string) error {
	s.Stderr.Printf("-keystore must be NONE if -storetype is %s\n\n", typ)
	s.Stderr.Print(console.Text(s.table.HelpText(s.req.Command, s.release)))
	return exitCode(exitError)
}

// openNone makes the keystore of -keystore NONE.
func (s *session) openNone() error {
	if err := s.createKeystore(); err != nil {
		return err
	}
	if !s.opt.storetype.given {
		s.ks.typ = defaultType
	}
	s.ks.exists = true
	return nil
}

// errNone is what comes of saving the keystore NONE.
func errNone() error {
	return withHint(java("java.lang.NullPointerException", `Cannot invoke "java.io.OutputStream.write(byte[])" because "stream" is null`),
		"-keystore "+noKeystore+" is no file: nothing was saved")
}
