// Package jvm finds out which PKCS #11 tokens the Java of a Tomcat has, as far as files
// say: they are configured for the whole machine, in java.security, and not in a
// server.xml.
//
// It reads through a function of its caller's, and runs nothing.
package jvm

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gokeytool/internal/properties"
	"gokeytool/pkcs11/sunconfig"
)

// Place is where a Tomcat is, and what it is started with.
type Place struct {
	// Base is catalina.base.
	Base string
	// ReadFile reads a file of a bounded size.
	ReadFile func(name string) ([]byte, error)
	// Property is the value of a system property, and Env that of a variable of the
	// environment in which Tomcat is started, as far as they are known.
	Property, Env func(name string) (string, bool)
}

// Provider is one of Java's providers with a token.
type Provider struct {
	// Name is how certificateKeystoreProvider calls it: SunPKCS11-NAME. It is empty where
	// Err is set.
	Name   string
	Config sunconfig.Config
	// File holds the configuration; empty where it stands in java.security itself.
	File string
	// From is the file of security properties that names it.
	From string
	// Unreached says that Java does not come to it: it stops at the first number that
	// has no provider.
	Unreached bool
	// Err says why the configuration can't be read.
	Err error
}

// Machine is what is known of the Java of a Tomcat.
type Machine struct {
	// Providers are those with a token, in Java's order.
	Providers []Provider
	// Complete says that Java's own java.security was found too, so that there are no
	// others.
	Complete bool
	// Read are the files that were looked for, be they there or not.
	Read []string
}

// Provider is the one of a name, or for an empty name the first that Java comes to; nil
// where there is none.
func (m *Machine) Provider(name string) *Provider {
	for i := range m.Providers {
		p := &m.Providers[i]
		if p.Err == nil && !p.Unreached && (name == "" || p.Name == name) {
			return p
		}
	}
	return nil
}

// maxProviders bounds the numbers that are looked at.
const maxProviders = 1000

// Find looks for the options of Java in the environment, in bin/setenv.sh and in what
// Debian starts Tomcat with, for the security properties that they name, and for those
// of the JDK that they name.
func Find(at Place) *Machine {
	f := finder{Place: at}
	texts := f.options()
	own, replaces := f.securityProperties(texts)
	var base map[string]string
	baseFile := ""
	if !replaces {
		base, baseFile = f.javaSecurity(texts)
	}
	f.machine.Complete = base != nil || replaces
	f.providers(own.read, own.name, base, baseFile)
	return &f.machine
}

type finder struct {
	Place
	machine Machine
}

// read reads a file, and notes it.
func (f *finder) read(name string) ([]byte, bool) {
	f.machine.Read = append(f.machine.Read, name)
	data, err := f.ReadFile(name)
	return data, err == nil
}

// options are the texts in which Java's options may stand: what comes last counts.
func (f *finder) options() []string {
	var texts []string
	homes := []string{f.Base}
	if home, ok := f.Env("CATALINA_HOME"); ok && home != f.Base {
		homes = append(homes, home)
	}
	// catalina.sh sources the one of catalina.base, or else that of catalina.home.
	found := false
	for _, dir := range homes {
		for _, name := range []string{"setenv.sh", "setenv.bat"} {
			if data, ok := f.read(filepath.Join(dir, "bin", name)); ok && !found {
				texts, found = append(texts, withoutComments(string(data))), true
			}
		}
	}
	// Debian's and Ubuntu's unit has EnvironmentFile=/etc/default/tomcat10.
	if name := filepath.Base(f.Base); strings.HasPrefix(name, "tomcat") {
		if data, ok := f.read("/etc/default/" + name); ok {
			texts = append(texts, withoutComments(string(data)))
		}
	}
	for _, name := range []string{"JAVA_OPTS", "CATALINA_OPTS"} {
		if value, ok := f.Env(name); ok && !found {
			texts = append(texts, value)
		}
	}
	return texts
}

// withoutComments leaves the lines of a script that may do something.
func withoutComments(script string) string {
	var lines []string
	for line := range strings.Lines(script) {
		trimmed := strings.ToLower(strings.TrimSpace(line))
		if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "::") || strings.HasPrefix(trimmed, "rem ") {
			continue
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "")
}

// securityOption is -Djava.security.properties with its value, which may be quoted.
var securityOption = regexp.MustCompile(`-Djava\.security\.properties=(=?)(?:\\?"([^"\\]*)\\?"|'([^']*)'|([^\s"'\\]+))`)

// javaHome is where scripts say which JDK is meant.
var javaHome = regexp.MustCompile(`(?m)^[ \t]*(?:export[ \t]+|set[ \t]+"?)?(?:JAVA_HOME|JRE_HOME)=(?:"([^"\r\n]*)"|'([^'\r\n]*)'|([^\s"']+))`)

// last is the last match of an expression in the texts, as its groups.
func last(expression *regexp.Regexp, texts []string) []string {
	for _, text := range slices.Backward(texts) {
		if all := expression.FindAllStringSubmatch(text, -1); len(all) > 0 {
			return all[len(all)-1]
		}
	}
	return nil
}

// propertiesFile is a file of properties that was read.
type propertiesFile struct {
	name string
	read map[string]string // nil where it could not be
}

// securityProperties are those of java.security.properties, and whether they stand in the
// place of the JDK's ("==").
func (f *finder) securityProperties(texts []string) (own propertiesFile, replaces bool) {
	name, ok := f.Property("java.security.properties")
	if ok {
		name, replaces = strings.CutPrefix(name, "=")
	} else if match := last(securityOption, texts); match != nil {
		name, replaces = cmp.Or(match[2:]...), match[1] == "="
	}
	if name = f.file(name); name == "" {
		return own, false
	}
	if data, ok := f.read(name); ok {
		if read, ok := properties.Parse(data); ok {
			return propertiesFile{name, read}, replaces
		}
	}
	return propertiesFile{name: name}, false
}

// javaSecurity are the properties of the JDK's own file; nil where that is not found.
func (f *finder) javaSecurity(texts []string) (map[string]string, string) {
	var homes []string
	if match := last(javaHome, texts); match != nil {
		homes = append(homes, f.file(cmp.Or(match[1:]...)))
	}
	for _, name := range []string{"JRE_HOME", "JAVA_HOME"} {
		if home, ok := f.Env(name); ok {
			homes = append(homes, home)
		}
	}
	for _, home := range homes {
		if home == "" {
			continue
		}
		for _, dir := range []string{"conf", "lib", "jre/lib"} {
			name := filepath.Join(home, filepath.FromSlash(dir), "security", "java.security")
			data, ok := f.read(name)
			if !ok {
				continue
			}
			if read, ok := properties.Parse(data); ok {
				return read, name
			}
		}
	}
	return nil, ""
}

// variable is one of a shell's or of a command file's, or a property of Java.
var variable = regexp.MustCompile(`\$\{([\w.]+)\}|\$(\w+)|%(\w+)%`)

// file is the name of a file, with variables replaced; below catalina.base where it is
// not from the root. It is empty where a variable is not known.
func (f *finder) file(name string) string {
	unknown := name == ""
	name = variable.ReplaceAllStringFunc(name, func(text string) string {
		match := variable.FindStringSubmatch(text)
		word := cmp.Or(match[1], match[2], match[3])
		for _, value := range []func(string) (string, bool){f.Property, f.Env} {
			if v, ok := value(word); ok {
				return v
			}
		}
		switch strings.ToUpper(strings.ReplaceAll(word, ".", "_")) {
		case "CATALINA_BASE", "CATALINA_HOME":
			return f.Base
		}
		unknown = true
		return text
	})
	if unknown {
		return ""
	}
	if rest, ok := strings.CutPrefix(name, "file:"); ok {
		name = "/" + strings.TrimLeft(rest, "/")
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(f.Base, name)
	}
	return name
}

// providers reads those with a token out of security.provider.N (sun.security.jca.
// ProviderList: it ends at the first number without one).
func (f *finder) providers(own map[string]string, ownFile string, base map[string]string, baseFile string) {
	numbers := make(map[int]bool)
	for _, list := range []map[string]string{own, base} {
		for key := range list {
			if n, err := strconv.Atoi(strings.TrimPrefix(key, "security.provider.")); err == nil && n > 0 && n <= maxProviders && strings.HasPrefix(key, "security.provider.") {
				numbers[n] = true
			}
		}
	}
	next := 1
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		reached := !f.machine.Complete || n == next
		if n == next {
			next++
		}
		key, from := "security.provider."+strconv.Itoa(n), ownFile
		value, ok := own[key]
		if !ok {
			value, from = base[key], baseFile
		}
		class, argument, _ := strings.Cut(strings.TrimSpace(value), " ")
		if argument = strings.TrimSpace(argument); class != "SunPKCS11" && class != "sun.security.pkcs11.SunPKCS11" || argument == "" {
			continue
		}
		p := f.provider(argument)
		p.From, p.Unreached = from, !reached
		f.machine.Providers = append(f.machine.Providers, p)
	}
}

// provider reads the configuration of a provider, which stands in a file, or behind --.
func (f *finder) provider(argument string) Provider {
	var p Provider
	if text, inline := strings.CutPrefix(argument, "--"); inline {
		p.Config, p.Err = sunconfig.Java{}.ParseInline(text)
	} else {
		if p.File = f.file(argument); p.File == "" {
			p.Err = fmt.Errorf("%s: a property in it is not known here", argument)
			return p
		}
		f.machine.Read = append(f.machine.Read, p.File)
		data, err := f.ReadFile(p.File)
		if err != nil {
			p.Err = err
			return p
		}
		p.Config, p.Err = sunconfig.Parse(data)
	}
	if p.Err == nil {
		p.Name = p.Config.Provider()
	}
	return p
}
