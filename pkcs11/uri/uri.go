// Package uri reads and writes PKCS #11 URIs (RFC 7512), which name tokens and what is
// in them: pkcs11:token=The%20Token;object=tomcat?module-path=/usr/lib/softhsm/libsofthsm2.so
package uri

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Scheme is what a PKCS #11 URI begins with, in any case.
const Scheme = "pkcs11:"

// maxLength is how long a URI may be, in bytes.
const maxLength = 16 << 10

// URI is one that was read. What is not given, or given without a value, is empty;
// Slot and ID are nil. Texts are bytes as the module has them, UTF-8 by the standard.
type URI struct {
	Token, Manufacturer, Model, Serial string // of the token
	SlotDescription, SlotManufacturer  string
	LibraryDescription                 string
	LibraryManufacturer                string
	LibraryVersion                     string  // as "2.6"
	Slot                               *uint64 // slot-id
	Object                             string  // CKA_LABEL
	Type                               string  // cert, data, private, public, secret-key
	ID                                 []byte  // CKA_ID

	ModuleName, ModulePath string
	PINSource              string // path of a file
	PINValue               []byte // nil for none; a secret
}

// Is says whether a text is meant as a PKCS #11 URI.
func Is(text string) bool {
	return len(text) >= len(Scheme) && strings.EqualFold(text[:len(Scheme)], Scheme)
}

// attribute is one that URIs may have.
type attribute struct {
	name   string
	field  func(u *URI) *string             // where a text goes
	padded bool                             // the module has blanks at its end
	set    func(u *URI, value []byte) error // where it is no text
	get    func(u URI) (value string, given bool)
}

// The attributes, in the order in which they are written.
var (
	pathAttributes = []attribute{
		{name: "token", field: func(u *URI) *string { return &u.Token }, padded: true},
		{name: "manufacturer", field: func(u *URI) *string { return &u.Manufacturer }, padded: true},
		{name: "model", field: func(u *URI) *string { return &u.Model }, padded: true},
		{name: "serial", field: func(u *URI) *string { return &u.Serial }, padded: true},
		{name: "slot-description", field: func(u *URI) *string { return &u.SlotDescription }, padded: true},
		{name: "slot-manufacturer", field: func(u *URI) *string { return &u.SlotManufacturer }, padded: true},
		{name: "slot-id", set: (*URI).setSlot, get: func(u URI) (string, bool) {
			if u.Slot == nil {
				return "", false
			}
			return strconv.FormatUint(*u.Slot, 10), true
		}},
		{name: "library-description", field: func(u *URI) *string { return &u.LibraryDescription }, padded: true},
		{name: "library-manufacturer", field: func(u *URI) *string { return &u.LibraryManufacturer }, padded: true},
		{name: "library-version", set: (*URI).setVersion, get: func(u URI) (string, bool) { return u.LibraryVersion, u.LibraryVersion != "" }},
		{name: "object", field: func(u *URI) *string { return &u.Object }},
		{name: "id", set: (*URI).setID, get: func(u URI) (string, bool) { return string(u.ID), u.ID != nil }},
		{name: "type", set: (*URI).setType, get: func(u URI) (string, bool) { return u.Type, u.Type != "" }},
	}
	queryAttributes = []attribute{
		{name: "module-name", field: func(u *URI) *string { return &u.ModuleName }},
		{name: "module-path", field: func(u *URI) *string { return &u.ModulePath }},
		{name: "pin-source", set: (*URI).setPINSource, get: func(u URI) (string, bool) { return u.PINSource, u.PINSource != "" }},
		{name: pinValue, set: (*URI).setPINValue},
	}
)

const pinValue = "pin-value"

// Parse reads a URI. An error says what is wrong, without the PIN that may be in it.
// Names of attributes are taken in any case; those that begin with x- or vendor- are another
// vendor's, and are not looked at. Bytes beyond ASCII are taken as they are, and so is a
// slash in the path, which the RFC has percent-encoded.
func Parse(uri string) (URI, error) {
	u, err := parse(uri)
	if err != nil {
		clear(u.PINValue)
		return URI{}, fmt.Errorf("PKCS #11 URI: %w", err)
	}
	return u, nil
}

func parse(uri string) (u URI, err error) {
	if !Is(uri) {
		return u, fmt.Errorf("its beginning is not %q", Scheme)
	}
	if len(uri) > maxLength {
		return u, fmt.Errorf("it is longer than %d bytes", maxLength)
	}
	path, query, hasQuery := strings.Cut(uri[len(Scheme):], "?")
	// What follows a PIN may be the rest of it, where the PIN was not encoded.
	secret := false
	if err := u.parsePart(path, ";", pathAttributes, queryAttributes, &secret); err != nil {
		return u, err
	}
	if hasQuery {
		if err := u.parsePart(query, "&", queryAttributes, pathAttributes, &secret); err != nil {
			return u, err
		}
	}
	if u.PINSource != "" && u.PINValue != nil {
		return u, errors.New("it has both pin-source and pin-value: one of them is enough")
	}
	return u, nil
}

// parsePart reads the attributes of the path or the query; others are those of the
// other one. secret is whether what is read now is not to be shown.
func (u *URI) parsePart(part, separator string, attributes, others []attribute, secret *bool) error {
	inPath := separator == ";"
	if part == "" {
		return nil
	}
	seen := map[string]bool{}
	for i, piece := range strings.Split(part, separator) {
		written, value, hasValue := strings.Cut(piece, "=")
		name := strings.ToLower(written)
		shown := strconv.Quote(written)
		if *secret || !isName(name) || !hasValue {
			shown = fmt.Sprintf("number %d of the %s", i+1, map[bool]string{true: "path", false: "query"}[inPath])
		}
		after := *secret
		*secret = *secret || strings.HasPrefix(name, "pin")
		switch {
		case piece == "":
			return fmt.Errorf("attribute %s is empty: is there a %q too many?", shown, separator)
		case !hasValue:
			return fmt.Errorf(`attribute %s has no "="%s`, shown, afterPIN(after, separator))
		case !isName(name):
			return fmt.Errorf("the name of attribute %s is not one: names have letters, digits, - and _%s", shown, afterPIN(after, separator))
		case strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "vendor-"):
			continue
		}
		n := slices.IndexFunc(attributes, func(a attribute) bool { return a.name == name })
		if n < 0 {
			if slices.ContainsFunc(others, func(a attribute) bool { return a.name == name }) {
				if inPath {
					return fmt.Errorf(`attribute %s belongs into the query, behind a "?"`, name)
				}
				return fmt.Errorf(`attribute %s belongs into the path, before the "?"`, name)
			}
			return fmt.Errorf("attribute %s is not known; known are %s%s", shown, known(attributes), afterPIN(after, separator))
		}
		if seen[name] {
			return fmt.Errorf("attribute %s is given twice", name)
		}
		seen[name] = true
		if err := u.set(attributes[n], value, inPath); err != nil {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return nil
}

// afterPIN is a hint for what may be the rest of a PIN.
func afterPIN(after bool, separator string) string {
	if !after {
		return ""
	}
	return fmt.Sprintf(" (in a PIN, %q is written %%%02X)", separator, separator[0])
}

func known(attributes []attribute) string {
	var names []string
	for _, a := range attributes {
		names = append(names, a.name)
	}
	return strings.Join(names, ", ")
}

// isName says whether a name of an attribute is one of RFC 7512, in lower case.
func isName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// set sets an attribute to the value of a URI.
func (u *URI) set(a attribute, encoded string, inPath bool) error {
	value, err := decode(encoded, inPath)
	if err != nil {
		return err
	}
	if a.set != nil {
		return a.set(u, value)
	}
	if a.padded {
		value = bytes.TrimRight(value, " ")
	}
	*a.field(u) = string(value)
	return nil
}

// decode takes the percent-encoding of a value away. Errors don't show it.
func decode(value string, inPath bool) ([]byte, error) {
	decoded := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '%':
			if i+2 >= len(value) {
				return nil, errors.New(`"%" without two hexadecimal digits; "%" itself is written %25`)
			}
			b, err := strconv.ParseUint(value[i+1:i+3], 16, 8)
			if err != nil {
				return nil, errors.New(`"%" without two hexadecimal digits; "%" itself is written %25`)
			}
			decoded = append(decoded, byte(b))
			i += 2
		case c >= 0x80 || isPlain(c) || strings.IndexByte(":[]@!$'()*+,=/", c) >= 0 || inPath && c == '&' || !inPath && (c == '?' || c == '|'):
			decoded = append(decoded, c)
		case c == ' ':
			return nil, errors.New("a blank is written %20")
		case c == ';':
			return nil, errors.New(`attributes of the query are separated by "&"; ";" itself is written %3B`)
		default:
			return nil, fmt.Errorf("there is a character in it that has to be written %%%02X", c)
		}
	}
	return decoded, nil
}

// isPlain says whether a byte needs no encoding anywhere (RFC 3986, section 2.3).
func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

func (u *URI) setSlot(value []byte) error {
	slot, err := strconv.ParseUint(string(value), 10, 64)
	if err != nil {
		return errors.New("it is a decimal number of at most 64 bits")
	}
	u.Slot = &slot
	return nil
}

func (u *URI) setVersion(value []byte) error {
	wrong := errors.New("it is one number or two, up to 255, with a dot between them")
	major, minor, two := strings.Cut(string(value), ".")
	if !two {
		minor = "0"
	}
	a, err := strconv.ParseUint(major, 10, 8)
	if err != nil {
		return wrong
	}
	b, err := strconv.ParseUint(minor, 10, 8)
	if err != nil {
		return wrong
	}
	u.LibraryVersion = fmt.Sprintf("%d.%d", a, b)
	return nil
}

var types = []string{"cert", "data", "private", "public", "secret-key"}

func (u *URI) setType(value []byte) error {
	typ := strings.ToLower(string(value))
	if !slices.Contains(types, typ) {
		return fmt.Errorf("it is one of %s", strings.Join(types, ", "))
	}
	u.Type = typ
	return nil
}

func (u *URI) setID(value []byte) error {
	u.ID = value
	return nil
}

func (u *URI) setPINValue(value []byte) error {
	u.PINValue = value
	return nil
}

// setPINSource takes a file's path, or a URI of one.
func (u *URI) setPINSource(value []byte) error {
	source := string(value)
	if strings.HasPrefix(source, "|") {
		return errors.New("programs that print the PIN are not run; it is read from a file")
	}
	if strings.IndexByte(source, 0) >= 0 {
		return errors.New("there is a NUL in the name of the file")
	}
	if scheme, _, ok := strings.Cut(source, ":"); ok && len(scheme) > 1 && isName(strings.ToLower(scheme)) {
		if !strings.EqualFold(scheme, "file") {
			return errors.New("only the path of a file, or a URI of the scheme file, names one")
		}
		path, err := fileOf(source)
		if err != nil {
			return err
		}
		source = path
	}
	if source == "" {
		return errors.New("no file is named")
	}
	u.PINSource = source
	return nil
}

// fileOf is the path of a URI file:, on this machine (RFC 8089).
func fileOf(uri string) (string, error) {
	wrong := errors.New("the URI of the file is not one of this machine, as file:/etc/pin is")
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Host != "" && !strings.EqualFold(parsed.Host, "localhost") ||
		parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return "", wrong
	}
	path := parsed.Path
	if parsed.Opaque != "" { // relative: file:pin
		if path, err = url.PathUnescape(parsed.Opaque); err != nil {
			return "", wrong
		}
	}
	if runtime.GOOS == "windows" && len(path) >= 3 && path[0] == '/' && path[2] == ':' { // file:///C:/pin
		path = path[1:]
	}
	// A relative one is not to be taken for a URI or a program when it is read again.
	if strings.HasPrefix(path, "|") || strings.Contains(path, ":") && path[0] != '/' {
		path = "./" + path
	}
	if strings.IndexByte(path, 0) >= 0 {
		return "", wrong
	}
	return path, nil
}

// HasPIN says whether the URI gives a PIN, or names a file with it.
func (u URI) HasPIN() bool { return u.PINSource != "" || u.PINValue != nil }

// OfToken is the URI of the token alone, without an object and PINValue.
func (u URI) OfToken() URI {
	u.Object, u.ID, u.Type, u.PINValue = "", nil, "", nil
	return u
}

// String is the URI as RFC 7512 writes it, without PINValue: attributes in one order,
// every byte encoded but those that need it nowhere, and all of an ID.
func (u URI) String() string {
	path := write(u, pathAttributes, ";")
	if query := write(u, queryAttributes, "&"); query != "" {
		return Scheme + path + "?" + query
	}
	return Scheme + path
}

func write(u URI, attributes []attribute, separator string) string {
	var pieces []string
	for _, a := range attributes {
		var value string
		given := false
		switch {
		case a.field != nil:
			value = *a.field(&u)
			given = value != ""
		case a.get != nil:
			value, given = a.get(u)
		}
		if given {
			pieces = append(pieces, a.name+"="+encode(value, a.name == "id", separator == "&"))
		}
	}
	return strings.Join(pieces, separator)
}

// encode encodes a value; all of it, or what needs it. A slash stays in a query.
func encode(value string, all, query bool) string {
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		if !all && (isPlain(c) || query && c == '/') {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
