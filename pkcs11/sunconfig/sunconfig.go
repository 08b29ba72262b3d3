// Package sunconfig reads the configuration of Java's provider for PKCS #11 (SunPKCS11,
// class sun.security.pkcs11.Config): name, library, slot, attributes and the like.
package sunconfig

import (
	"math/big"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gokeytool/jdk"
	"gokeytool/pkcs11"
	"gokeytool/pkcs11/uri"
)

// Config is a configuration. Of what it says, what matters without Java is here.
type Config struct {
	Name    string // the provider is called SunPKCS11-Name
	Library string // path of the module
	Slot    *uint64
	Index   *int // slotListIndex; 0 where neither is given

	Templates []Template // attributes, in the order of the file

	// Quiet is what handleStartupErrors says: which errors of a library are those of a
	// provider that is not meant to be there.
	Quiet Quiet
	// Strict is keyStoreCompatibilityMode = false: Java's keystore then refuses
	// passwords of entries.
	Strict bool
	// NSS is whether the library is Mozilla's, by nssSecmodDirectory and the like. There
	// is then no Library.
	NSS bool
	// Beyond is a keyword that p11-kit has nothing for: nssArgs, or functionList with
	// another function than the usual one. Empty for none.
	Beyond string

	enabled, disabled []uint64 // mechanisms; enabled is nil for all
}

// Quiet is a value of handleStartupErrors.
type Quiet string

// The values of handleStartupErrors.
const (
	Halt                 Quiet = "halt"
	IgnoreAll            Quiet = "ignoreAll"
	IgnoreMissingLibrary Quiet = "ignoreMissingLibrary"
)

// Template says which attributes an object gets that is made (attributes(...) = {...}).
type Template struct {
	Operation  string             // "generate", "import" or "*"
	Class      *uint64            // CKO number; nil for all
	KeyType    *uint64            // CKK number; nil for all
	Attributes []pkcs11.Attribute // a nil Value takes the attribute away
}

// KeyStore stands for the provider's keystore among the mechanisms.
const KeyStore = 0x7fffff21

// Enabled says whether a mechanism (a CKM number, or KeyStore) may be used, as
// enabledMechanisms and disabledMechanisms have it.
func (c Config) Enabled(mechanism uint64) bool {
	if c.enabled != nil {
		return slices.Contains(c.enabled, mechanism)
	}
	return !slices.Contains(c.disabled, mechanism)
}

// Provider is the name of the provider that is configured so.
func (c Config) Provider() string { return "SunPKCS11-" + c.Name }

// URI names the token, as far as a URI can: it has nothing for Index.
func (c Config) URI() uri.URI { return uri.URI{ModulePath: c.Library, Slot: c.Slot} }

// Java is the Java whose provider is configured.
type Java struct {
	Release jdk.Release // 0 for the default one
	// Property returns system properties, which ${name} in a library's path stands for;
	// nil for none.
	Property func(name string) (string, bool)
}

// Parse reads a configuration as the default release does. The error is in Java's words.
func Parse(text []byte) (Config, error) { return Java{}.Parse(text) }

// Parse reads the content of a configuration's file, which is ISO 8859-1. The error is
// a *jdk.Error: a sun.security.pkcs11.ConfigurationException, or a
// java.lang.RuntimeException for a property that is not set.
func (j Java) Parse(text []byte) (Config, error) {
	latin1 := make([]rune, len(text))
	for i, b := range text {
		latin1[i] = rune(b)
	}
	return j.parse(latin1)
}

// ParseInline reads a configuration that stands in the provider's argument, behind
// "--": \n in it, as two characters, is an end of line.
func (j Java) ParseInline(text string) (Config, error) {
	return j.parse([]rune(strings.ReplaceAll(text, `\n`, "\n")))
}

// Expand puts the system properties that a text names by ${name} in their place, as
// Java's PropertyExpander does. ${/} is the separator of paths; ${{name}} stays.
func (j Java) Expand(text string) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		if strings.HasPrefix(after, "{") {
			end := strings.Index(after, "}}")
			if end < 0 || end+2 == len(after) {
				b.WriteString("${" + after)
				return b.String(), nil
			}
			b.WriteString("${" + after[:end+2])
			text = after[end+2:]
			continue
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			b.WriteString("${" + after)
			return b.String(), nil
		}
		value, ok := string(filepath.Separator), true
		if name != "/" {
			ok = false
			if j.Property != nil {
				value, ok = j.Property(name)
			}
		}
		if !ok {
			return "", &jdk.Error{Class: "java.lang.RuntimeException", Text: "unable to expand property " + name}
		}
		b.WriteString(value)
		text = rest
	}
}

// parser reads one configuration.
type parser struct {
	java   Java
	t      tokenizer
	config Config
	parsed []string // keywords that were read
	slot   int32    // -1 for none
	index  int32    // -1 for none
	has    struct{ name, library, nssArgs, secmodTrust bool }
}

func (j Java) parse(text []rune) (Config, error) {
	if j.Release == 0 {
		j.Release = jdk.Default
	}
	p := parser{java: j, t: tokenizer{text: text, line: 1}, slot: -1, index: -1}
	p.config.Quiet = Halt
	if err := p.run(); err != nil {
		return Config{}, err
	}
	return p.config, nil
}

func wrong(text string) error {
	return &jdk.Error{Class: "sun.security.pkcs11.ConfigurationException", Text: text}
}

// atToken is an error that says which token was read.
func (p *parser) atToken(text string) error { return wrong(text + " " + p.t.String()) }

// atLine is an error that says in which line.
func (p *parser) atLine(text string) error {
	return wrong(text + ", line " + strconv.Itoa(p.t.line))
}

func (p *parser) run() error {
	for {
		switch p.t.advance() {
		case endOfFile:
			return p.finish()
		case endOfLine:
			continue
		case word:
		default:
			return p.atToken("Unexpected token:")
		}
		keyword := p.t.value
		if err := p.entry(keyword); err != nil {
			return err
		}
		// From JDK 21 on the last token is noted in the keyword's place: a keyword may be
		// there twice, but not after a value that is called like it.
		if p.java.Release >= jdk.Release21 {
			if !p.t.hasValue {
				continue
			}
			keyword = p.t.value
		}
		p.parsed = append(p.parsed, keyword)
	}
}

// flags are the keywords whose value is true or false, with what it changes.
var flags = map[string]func(p *parser, value bool){
	"destroyTokenAfterLogout":    nil,
	"showInfo":                   nil,
	"allowLegacy":                nil,
	"keyStoreCompatibilityMode":  func(p *parser, value bool) { p.config.Strict = !value },
	"explicitCancel":             nil,
	"omitInitialize":             nil,
	"allowSingleThreadedModules": nil,
	"nssUseSecmod":               func(p *parser, value bool) { p.config.NSS = value },
	"nssNetscapeDbWorkaround":    func(p *parser, _ bool) { p.config.NSS = true },
	"nssUseSecmodTrust":          func(p *parser, value bool) { p.has.secmodTrust = value },
	"useEcX963Encoding":          nil,
	"nssOptimizeSpace":           nil,
}

// since are the releases from which on keywords are known that were not always.
var since = map[string]jdk.Release{"cipherTextStealingVariant": jdk.Release25}

// entry reads what follows a keyword.
func (p *parser) entry(keyword string) (err error) {
	if p.java.Release < since[keyword] {
		return p.unknown(keyword)
	}
	if set, ok := flags[keyword]; ok {
		value, err := p.flag(keyword)
		if err == nil && set != nil {
			set(p, value)
		}
		return err
	}
	switch keyword {
	case "name":
		p.has.name = true
		p.config.Name, err = p.text(keyword)
	case "library":
		p.has.library = true
		p.config.Library, err = p.library(keyword)
	case "description":
		if err = p.begin(keyword); err == nil {
			_, err = p.restOfLine()
		}
	case "slot":
		err = p.slotNumber("Duplicate slot definition", &p.slot, &p.index)
	case "slotListIndex":
		err = p.slotNumber("Duplicate slotListIndex definition", &p.index, &p.slot)
	case "enabledMechanisms":
		p.config.enabled, err = p.mechanisms(keyword)
	case "disabledMechanisms":
		p.config.disabled, err = p.mechanisms(keyword)
	case "attributes":
		err = p.attributes()
	case "handleStartupErrors":
		err = p.startupErrors(keyword)
	case "cleaner.shortInterval", "cleaner.longInterval":
		err = p.interval(keyword, 1000)
	case "functionList":
		var function string
		if function, err = p.text(keyword); function != "C_GetFunctionList" {
			p.config.Beyond = keyword
		}
	case "cipherTextStealingVariant":
		err = p.choice(keyword, []string{"CS1", "CS2", "CS3"}, "cipherTextStealingVariant must be one of [CS1, CS2, CS3], read:")
	case "nssLibraryDirectory":
		p.config.NSS = true
		_, err = p.library(keyword)
	case "nssSecmodDirectory":
		p.config.NSS = true
		var directory string
		if directory, err = p.text(keyword); err == nil {
			_, err = p.java.Expand(directory)
		}
	case "nssModule":
		p.config.NSS = true
		_, err = p.text(keyword)
	case "nssDbMode":
		p.config.NSS = true
		err = p.choice(keyword, []string{"readWrite", "readOnly", "noDb"}, "nssDbMode must be one of readWrite, readOnly, and noDb:")
	case "nssArgs":
		err = p.nssArgs(keyword)
	default:
		if keyword == "insertionCheckInterval" || p.java.Release < jdk.Release21 && strings.HasSuffix(keyword, "insertionCheckInterval") {
			return p.interval(keyword, 100)
		}
		return p.unknown(keyword)
	}
	return err
}

func (p *parser) unknown(keyword string) error {
	return p.atLine("Unknown keyword '" + keyword + "'")
}

// finish is what is checked at the end.
func (p *parser) finish() error {
	switch c := &p.config; {
	case !p.has.name:
		return wrong("name must be specified")
	case !c.NSS && !p.has.library:
		return wrong("library must be specified")
	case !c.NSS:
	case p.has.library:
		return wrong("library must not be specified in NSS mode")
	case p.slot != -1 || p.index != -1:
		return wrong("slot and slotListIndex must not be specified in NSS mode")
	case p.has.nssArgs:
		return wrong("nssArgs must not be specified in NSS mode")
	case p.has.secmodTrust:
		return wrong("nssUseSecmodTrust is an internal option and must not be specified in NSS mode")
	}
	if p.slot >= 0 {
		slot := uint64(p.slot)
		p.config.Slot = &slot
		return nil
	}
	// A negative index is one that no module has.
	index := int(p.index)
	if p.slot == -1 && p.index == -1 {
		index = 0
	}
	p.config.Index = &index
	return nil
}

// begin checks that a keyword is there for the first time, and reads the sign behind it.
func (p *parser) begin(keyword string) error {
	if slices.Contains(p.parsed, keyword) {
		return p.atLine(keyword + " must only be specified once")
	}
	return p.sign('=')
}

// sign reads a character.
func (p *parser) sign(c rune) error {
	if p.t.advance() != c {
		return p.atToken("Expected '" + string(c) + "', read")
	}
	return nil
}

func (p *parser) word() (string, error) {
	if p.t.advance() != word {
		return "", p.atToken("Unexpected value:")
	}
	return p.t.value, nil
}

// text reads a value that is a word or quoted.
func (p *parser) text(keyword string) (string, error) {
	if err := p.begin(keyword); err != nil {
		return "", err
	}
	if kind := p.t.advance(); kind != word && kind != quote {
		return "", p.atToken("Unexpected value:")
	}
	return p.t.value, nil
}

func (p *parser) flag(keyword string) (bool, error) {
	if err := p.begin(keyword); err != nil {
		return false, err
	}
	value, err := p.word()
	if err == nil && value != "true" && value != "false" {
		err = p.atToken("Expected boolean value, read:")
	}
	return value == "true", err
}

// choice reads one of some values.
func (p *parser) choice(keyword string, values []string, otherwise string) error {
	value, err := p.text(keyword)
	if err == nil && !slices.Contains(values, value) {
		err = p.atToken(otherwise)
	}
	return err
}

// interval reads a number of milliseconds that is at least so large.
func (p *parser) interval(keyword string, least int32) error {
	err := p.begin(keyword)
	if err != nil {
		return err
	}
	value, err := p.number()
	if err == nil && value < least {
		if p.java.Release >= jdk.Release21 {
			keyword = p.t.value
		}
		err = p.atLine(keyword + " must be at least " + strconv.Itoa(int(least)) + " ms")
	}
	return err
}

// restOfLine reads words and quoted texts up to the end of the line, with one blank
// between them.
func (p *parser) restOfLine() (string, error) {
	var texts []string
	for {
		switch p.t.advance() {
		case endOfLine, endOfFile:
			if texts == nil {
				return "", p.atToken("Unexpected empty line")
			}
			return strings.Join(texts, " "), nil
		case word, quote:
			texts = append(texts, p.t.value)
		default:
			return "", p.atToken("Unexpected value")
		}
	}
}

// library reads an absolute path.
func (p *parser) library(keyword string) (string, error) {
	if err := p.begin(keyword); err != nil {
		return "", err
	}
	path, err := p.restOfLine()
	if err != nil {
		return "", err
	}
	if path, err = p.java.Expand(path); err != nil {
		return "", err
	}
	path = strings.Replace(path, "/$ISA/", "/", 1) // Solaris had other libraries there
	if !filepath.IsAbs(path) {
		return "", wrong("Absolute path required for library value: " + path)
	}
	return path, nil
}

// number reads a number.
func (p *parser) number() (int32, error) {
	text, err := p.word()
	if err != nil {
		return 0, err
	}
	return p.decodeNumber(text)
}

// decodeNumber is a number of Java's int, in decimal or after 0x in hexadecimal.
func (p *parser) decodeNumber(text string) (int32, error) {
	digits, base := text, 10
	if len(text) >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') {
		digits, base = text[2:], 16
	}
	n, err := strconv.ParseInt(digits, base, 32)
	if err != nil {
		return 0, p.atToken("Expected number, read")
	}
	return int32(n), nil
}

func isNumber(text string) bool { return text != "" && '0' <= text[0] && text[0] <= '9' }

// slotNumber reads slot or slotListIndex, of which only one may be given.
func (p *parser) slotNumber(duplicate string, this, other *int32) error {
	if *this >= 0 {
		return p.atLine(duplicate)
	}
	if *other >= 0 {
		return p.atLine("Only one of slot and slotListIndex must be specified")
	}
	if err := p.sign('='); err != nil {
		return err
	}
	n, err := p.number()
	*this = n
	return err
}

// openBraces reads a brace, which may stand in a line of its own.
func (p *parser) openBraces() error {
	for p.t.advance() == endOfLine {
	}
	if p.t.kind != word || p.t.value != "{" {
		return p.atToken("Expected '{', read")
	}
	return nil
}

// inBraces calls f for each word between braces.
func (p *parser) inBraces(f func(word string) error) error {
	if err := p.openBraces(); err != nil {
		return err
	}
	for {
		switch kind := p.t.advance(); {
		case kind == word && p.t.value == "}":
			return nil
		case kind == endOfLine:
		case kind != word:
			return p.atToken("Expected mechanism, read")
		default:
			if err := f(p.t.value); err != nil {
				return err
			}
		}
	}
}

// named is the number of what a word names, which may be a number itself.
func (p *parser) named(kind byte, text, unknown string) (uint64, error) {
	if isNumber(text) {
		n, err := p.decodeNumber(text)
		return uint64(int64(n)), err
	}
	return p.name(kind, text, unknown)
}

// name is the number of what a word names.
func (p *parser) name(kind byte, text, unknown string) (uint64, error) {
	n, ok := names()[name{kind, text}]
	if !ok || p.java.Release < n.since {
		return 0, p.atLine(unknown + text)
	}
	return n.number, nil
}

func (p *parser) mechanisms(keyword string) ([]uint64, error) {
	if err := p.begin(keyword); err != nil {
		return nil, err
	}
	list := []uint64{}
	return list, p.inBraces(func(text string) error {
		mechanism, err := p.named('m', text, "Unknown mechanism: ")
		list = append(list, mechanism)
		return err
	})
}

func (p *parser) startupErrors(keyword string) error {
	if err := p.begin(keyword); err != nil {
		return err
	}
	value, err := p.word()
	if err != nil {
		return err
	}
	p.config.Quiet = Quiet(value)
	switch p.config.Quiet {
	case Halt, IgnoreAll, IgnoreMissingLibrary:
		return nil
	}
	return p.atToken("Invalid value for handleStartupErrors:")
}

func (p *parser) nssArgs(keyword string) error {
	if err := p.begin(keyword); err != nil {
		return err
	}
	if p.t.advance() != quote {
		return p.atToken("Expected quoted string")
	}
	p.has.nssArgs, p.config.Beyond = true, keyword
	_, err := p.java.Expand(p.t.value)
	return err
}

// attributes reads a template: attributes(generate, CKO_PRIVATE_KEY, CKK_RSA) = { CKA_SIGN = true }.
func (p *parser) attributes() error {
	switch p.t.advance() {
	case '=':
		value, err := p.word()
		if err != nil {
			return err
		}
		if value != "compatibility" {
			return p.atLine("Expected 'compatibility', read " + value)
		}
		return p.compatibility()
	case '(':
	default:
		return p.atToken("Expected '(' or '=', read")
	}
	var template Template
	var err error
	if template.Operation, err = p.word(); err != nil {
		return err
	}
	if !slices.Contains([]string{"*", "generate", "import"}, template.Operation) {
		return p.atLine("Unknown operation " + template.Operation)
	}
	if err := p.sign(','); err != nil {
		return err
	}
	class, err := p.word()
	if err != nil {
		return err
	}
	number, err := p.name('c', class, "Unknown object class ")
	if err != nil {
		return err
	}
	if class != "*" {
		template.Class = &number
	}
	if err := p.sign(','); err != nil {
		return err
	}
	keyType, err := p.word()
	if err != nil {
		return err
	}
	typ, err := p.named('k', keyType, "Unknown key algorithm ")
	if err != nil {
		return err
	}
	if keyType != "*" {
		template.KeyType = &typ
	}
	if err := p.sign(')'); err != nil {
		return err
	}
	if err := p.sign('='); err != nil {
		return err
	}
	err = p.inBraces(func(text string) error {
		attribute, err := p.named('a', text, "Unknown attribute name ")
		if err != nil {
			return err
		}
		if err := p.sign('='); err != nil {
			return err
		}
		value, err := p.word()
		if err != nil {
			return err
		}
		a, err := p.attribute(pkcs11.AttributeType(attribute), value)
		template.Attributes = append(template.Attributes, a)
		return err
	})
	p.config.Templates = append(p.config.Templates, template)
	return err
}

// compatible are the templates of attributes = compatibility.
const compatible = `
attributes(*, CKO_SECRET_KEY, *) = { CKA_TOKEN = false CKA_SENSITIVE = false CKA_EXTRACTABLE = true
	CKA_ENCRYPT = true CKA_DECRYPT = true CKA_WRAP = true CKA_UNWRAP = true }
attributes(*, CKO_SECRET_KEY, CKK_GENERIC_SECRET) = { CKA_SIGN = true CKA_VERIFY = true
	CKA_ENCRYPT = null CKA_DECRYPT = null CKA_WRAP = null CKA_UNWRAP = null CKA_DERIVE = true }
attributes(*, CKO_PRIVATE_KEY, *) = { CKA_TOKEN = false CKA_SENSITIVE = false CKA_EXTRACTABLE = true }
attributes(*, CKO_PUBLIC_KEY, *) = { CKA_TOKEN = false }
attributes(*, CKO_PRIVATE_KEY, CKK_RSA) = { CKA_DECRYPT = true CKA_SIGN = true CKA_SIGN_RECOVER = true CKA_UNWRAP = true }
attributes(*, CKO_PUBLIC_KEY, CKK_RSA) = { CKA_ENCRYPT = true CKA_VERIFY = true CKA_VERIFY_RECOVER = true CKA_WRAP = true }
attributes(*, CKO_PRIVATE_KEY, CKK_DSA) = { CKA_SIGN = true }
attributes(*, CKO_PUBLIC_KEY, CKK_DSA) = { CKA_VERIFY = true }
attributes(*, CKO_PRIVATE_KEY, CKK_DH) = { CKA_DERIVE = true }
attributes(*, CKO_PRIVATE_KEY, CKK_EC) = { CKA_SIGN = true CKA_DERIVE = true }
attributes(*, CKO_PUBLIC_KEY, CKK_EC) = { CKA_VERIFY = true }
`

func (p *parser) compatibility() error {
	templates := parser{java: p.java, t: tokenizer{text: []rune(compatible), line: 1}}
	for templates.t.advance() != endOfFile {
		if templates.t.kind == word {
			if err := templates.attributes(); err != nil {
				return err
			}
		}
	}
	p.config.Templates = append(p.config.Templates, templates.config.Templates...)
	return nil
}

// attribute is an attribute with a value as configurations write it.
func (p *parser) attribute(typ pkcs11.AttributeType, value string) (pkcs11.Attribute, error) {
	switch {
	case value == "null":
		return pkcs11.Attribute{Type: typ}, nil
	case value == "true", value == "false":
		return pkcs11.NewBool(typ, value == "true"), nil
	case strings.HasPrefix(value, "0h"):
		// Java reads a number here: 0h0001 is one byte, and 0hFF two.
		n, ok := new(big.Int).SetString(value[2:], 16)
		if !ok || strings.Contains(value, "_") {
			return pkcs11.Attribute{}, p.atToken("Expected byte array value, read")
		}
		return pkcs11.Attribute{Type: typ, Value: pkcs11.SignedBytes(n)}, nil
	case isNumber(value):
		n, err := p.decodeNumber(value)
		return pkcs11.NewNumber(typ, uint64(int64(n))), err
	}
	return pkcs11.Attribute{}, p.atLine("Unknown attribute value " + value)
}
