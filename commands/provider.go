package commands

import (
	"cmp"
	"slices"
	"strings"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/console"
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
// JDK's own providers are there, any other is not.
func (s *session) checkProviders() error {
	// keytool looks at the names first, wherever they stand.
	values := slices.SortedStableFunc(slices.Values(s.req.Values), func(a, b argv.Value) int { return cmp.Compare(a.Name, b.Name) })
	for _, value := range values {
		for i, name := range value.Texts {
			var known bool
			var missing string
			switch value.Name {
			case "addprovider":
				_, known = providers[name]
				missing = "Provider named \"%s\" not found"
			case "providerclass":
				known = slices.Contains(providerClasses, name)
				missing = "Provider \"%s\" not found"
			default:
				continue
			}
			configured := i < len(value.Args) && value.Args[i] != nil
			if !known {
				return noProvider(failf(missing, name))
			}
			if configured && strings.HasSuffix(name, "SunPKCS11") {
				if err := s.configureToken(*value.Args[i]); err != nil {
					return withHint(failf(missing, name), err.Error())
				}
				continue
			}
			if configured {
				return java("java.lang.UnsupportedOperationException", "configure is not supported")
			}
		}
	}
	return nil
}

// configureToken takes in Java's provider of tokens with a configuration: a file, or
// what stands behind two dashes.
func (s *session) configureToken(argument string) error {
	text, inline := strings.CutPrefix(argument, "--")
	data := []byte(strings.ReplaceAll(text, `\n`, "\n"))
	if !inline {
		var err error
		if data, err = readSmallFile(argument); err != nil {
			return err
		}
	}
	config, err := sunconfig.Parse(data)
	if err != nil {
		return err
	}
	s.tokenProviders = append(s.tokenProviders, tokenProvider{"SunPKCS11-" + config.Name, config})
	return nil
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
	if slices.ContainsFunc(s.tokenProviders, func(p tokenProvider) bool { return p.name == name }) {
		types, known = string(store.PKCS11), true
	}
	if !known {
		return noProvider(java("java.security.NoSuchProviderException", "no such provider: "+name))
	}
	typ := defaultType
	if storetype != "" {
		typ = niceType(storetype)
	}
	if !slices.Contains(strings.Fields(types), strings.ToUpper(typ)) {
		return java("java.security.KeyStoreException", typ+" not found")
	}
	return nil
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
	return withHint(err, "Java providers and PKCS#11 tokens are out of reach without Java: all formats and algorithms that gokeytool knows are built in")
}

// isToken says whether keystores of a type are no files.
func isToken(storetype string) bool {
	return isWindows(storetype) || strings.EqualFold(storetype, "PKCS11")
}

// checkToken refuses what keytool refuses for keystores that are no files:
// PKCS #11 tokens and those of Windows. passwords: the command changes some.
func (s *session) checkToken(passwords bool, keypass []byte) error {
	byURI := s.opt.keystore.given && isTokenURI(s.opt.keystore.value)
	if !byURI && !isToken(s.opt.storetype.value) {
		return nil
	}
	typ := niceType(s.opt.storetype.value)
	if byURI {
		if typ != "" && typ != string(store.PKCS11) {
			return withHint(java("java.security.KeyStoreException", typ+" not found"),
				"-keystore names a token (pkcs11:), whose type is PKCS11: leave -storetype away")
		}
		typ = string(store.PKCS11)
	} else if s.opt.keystore.given && s.opt.keystore.value != noKeystore {
		return s.notNone(typ)
	}
	if passwords {
		return java("java.lang.UnsupportedOperationException", "-storepasswd and -keypasswd commands not supported if -storetype is "+typ)
	}
	if keypass != nil || s.opt.newpass != nil || s.opt.destkeypass != nil {
		return java("java.lang.IllegalArgumentException", "-keypass and -new can not be specified if -storetype is "+typ)
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
