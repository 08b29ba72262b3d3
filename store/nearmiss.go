package store

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gokeytool/store/entry"
)

// NearMiss is how the password that opens a keystore differs from one that
// does not.
type NearMiss struct {
	// Filter is a command for the shell that makes the right password of the
	// wrong one, both with a line end; empty where nothing is made of it.
	Filter string
	// End is what follows the password beyond what a line can hold: "\n" or
	// "\r\n", where that has become part of it.
	End string

	text     string // with %s for the one given
	password []byte
}

// Describe says what the right password is to the one given, which it calls by
// that name: "the password given without the blanks around it".
func (m NearMiss) Describe(given string) string { return fmt.Sprintf(m.text, given) }

// The work that looking for a NearMiss may be: iterations of key derivations,
// and bytes to be hashed.
const (
	nearMissIterations = 2_000_000
	nearMissBytes      = 256 << 20
)

// FindNearMiss looks for a password that opens something and is nearly the one
// given, with so many tries at most.
func FindNearMiss(given []byte, tries int, opens func(password []byte) bool) (NearMiss, bool) {
	list := nearMisses(given)
	for _, m := range list[:min(max(tries, 0), len(list))] {
		if opens(m.password) {
			return m, true
		}
	}
	return NearMiss{}, false
}

// NearMiss looks for a password that opens the keystore and is nearly the one
// that was given, as they come from files, variables and other programs. It is
// false where there is none, and where the file was not opened for another
// reason. The work is bounded: of a file that asks for much, few are tried.
func (e *OpenError) NearMiss() (NearMiss, bool) {
	if !errors.Is(e.Err, entry.ErrPassword) || e.options.Password == nil {
		return NearMiss{}, false
	}
	return FindNearMiss(e.options.Password, e.tries(), e.opens)
}

// Opens says whether the keystore opens with a password.
func (e *OpenError) Opens(password []byte) bool {
	return errors.Is(e.Err, entry.ErrPassword) && e.tries() > 0 && e.opens(password)
}

// Tried says whether a password is the one that was given.
func (e *OpenError) Tried(password []byte) bool {
	return e.options.Password != nil && password != nil && bytes.Equal(password, e.options.Password)
}

func (e *OpenError) opens(password []byte) bool {
	if e.near == nil {
		e.near = entry.NewWork(nearMissIterations, 0, e.options.Limits.Work)
	}
	o := e.options
	o.Password, o.ReadOnly = password, false // to read only may use up the data
	if o.Limits == (entry.Limits{}) {
		o.Limits = entry.DefaultLimits
	}
	o.Limits.Work = e.near
	_, err := Decode(e.Path, e.data, o)
	return err == nil
}

// tries is how often the file may be opened, by its size. Its iterations are
// counted as they come.
func (e *OpenError) tries() int { return nearMissBytes / max(len(e.data), 1) }

// nearMisses are the passwords that a given one may stand for, the likeliest
// first, each once.
func nearMisses(given []byte) []NearMiss {
	var list []NearMiss
	add := func(password []byte, how, filter string) {
		if bytes.Equal(password, given) || slices.ContainsFunc(list, func(m NearMiss) bool { return bytes.Equal(m.password, password) }) {
			return
		}
		if !strings.Contains(how, "%s") {
			how = "%s " + how
		}
		m := NearMiss{text: how, Filter: filter, password: password}
		for _, end := range []string{"\r\n", "\n"} {
			if m.End == "" && bytes.HasSuffix(password, []byte(end)) {
				m.End = end
			}
		}
		list = append(list, m)
	}
	text := string(given)
	around := func(before, behind string) []byte { return []byte(before + text + behind) }
	trim := `sed 's/^[[:space:]]*//;s/[[:space:]]*$//'`

	if len(given) > 0 {
		add(around("", "\n"), `and a line end behind it, as "echo" has put it there`, "cat")
		add(bytes.TrimRight(given, "\r\n"), "without the line end behind it", `tr -d '\r\n'`)
	}
	add(bytes.TrimSpace(given), "without the blanks around it", trim)
	for _, quote := range []string{`"`, "'", "`"} {
		if len(text) > 2 && strings.HasPrefix(text, quote) && strings.HasSuffix(text, quote) {
			add(given[1:len(given)-1], "without the quotation marks around it", `sed 's/^.//;s/.$//'`)
		}
	}
	if bare, ok := bytes.CutPrefix(given, []byte("\xEF\xBB\xBF")); ok {
		add(bare, "without the byte order mark before it", "tail -c +4")
	}
	if bare := stripped(given); len(bare) > 0 {
		filter := ""
		if !bytes.ContainsAny(bare, "\"'`") && !bytes.Contains(bare, []byte("\xEF")) {
			filter = `LC_ALL=C tr -d '"\047\140\357\273\277' | ` + trim
		}
		add(bare, "without the marks, blanks and quotation marks around it", filter)
	}
	if bare, ok := strings.CutSuffix(text, `\r\n`); ok {
		add([]byte(bare), `without the letters \r\n at its end`, `sed 's/\\r\\n$//'`)
	} else if bare, ok := strings.CutSuffix(text, `\n`); ok {
		add([]byte(bare), `without the letters \n at its end`, `sed 's/\\n$//'`)
	}
	if decoded, ok := decodedPassword(stripped(given)); ok {
		filter := trim + " | base64 -d"
		if !bytes.Equal(stripped(given), bytes.TrimSpace(given)) {
			filter = `tr -cd 'A-Za-z0-9+/=' | base64 -d`
		}
		add(bytes.TrimRight(decoded, "\r\n"), "decoded from Base64", filter)
		add(decoded, "decoded from Base64, with the line end that is in it", filter)
	}
	if name, value, ok := cutAssignment(text); ok && name != "" {
		add([]byte(value), "without the name before it", `sed 's/^[^=:]*[=:] *//'`)
		add(stripped([]byte(value)), "without the name before it and the quotation marks around it", `sed 's/^[^=:]*[=:] *//;s/^.//;s/.$//'`)
	}
	if !utf8.Valid(given) {
		latin := make([]rune, len(given))
		for i, b := range given {
			latin[i] = rune(b)
		}
		add([]byte(string(latin)), "read as Latin-1, not as UTF-8", "iconv -f ISO-8859-1 -t UTF-8")
	}
	if misread, ok := misreadUTF8(text); ok {
		add(misread, "read as UTF-8, not as Latin-1", "iconv -f UTF-8 -t ISO-8859-1")
	} else if utf8.Valid(given) && !ascii(given) {
		latin := make([]rune, len(given))
		for i, b := range given {
			latin[i] = rune(b)
		}
		add([]byte(string(latin)), "as it is where its UTF-8 is read as Latin-1", "iconv -f ISO-8859-1 -t UTF-8")
	}
	if plain := html.UnescapeString(text); plain != text {
		add([]byte(plain), "with the characters that entities such as &amp; in it stand for", "")
	}
	if escaped := xmlEscape.Replace(text); escaped != text {
		add([]byte(escaped), "with entities such as &amp; in the place of characters", "")
	}
	if len(given) == 0 {
		add([]byte("changeit"), "changeit, the default of Java and Tomcat, in place of %s", "")
		return list
	}

	add(around("", " "), "and a blank behind it", `sed 's/$/ /'`)
	add(around(" ", ""), "and a blank before it", `sed 's/^/ /'`)
	add(around("", "\r\n"), "and a line end of Windows behind it", "cat")
	add(around("", "\r"), "and a carriage return behind it, of a file from Windows", `sed "s/$/$(printf '\r')/"`)
	add(around(`"`, `"`), "in quotation marks", `sed 's/^/"/;s/$/"/'`)
	add(around("'", "'"), "in simple quotation marks", `sed "s/^/'/;s/\$/'/"`)
	add(around("\xEF\xBB\xBF", ""), "with a byte order mark before it", `sed "s/^/$(printf '\357\273\277')/"`)
	add(around("", `\n`), `and the letters \n behind it`, `sed 's/$/\\n/'`)
	encoded := func(password []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(password)) }
	add(encoded(given), "in Base64", `tr -d '\n' | base64 | tr -d '\n'`)
	add(encoded(around("", "\n")), `in Base64, with a line end within as "echo" puts it there`, `base64 | tr -d '\n'`)
	add(append(encoded(given), '\n'), "in Base64, and a line end behind it", `tr -d '\n' | base64 | tr -d '\n'`)
	add(append(encoded(around("", "\n")), '\n'), "in Base64, with a line end within and behind it", `base64 | tr -d '\n'`)
	if ascii(given) {
		add(bytes.ToLower(given), "in lower case", `tr '[:upper:]' '[:lower:]'`)
		add(bytes.ToUpper(given), "in upper case", `tr '[:lower:]' '[:upper:]'`)
		add(bytes.Map(swapCase, given), "with capitals for small letters and the other way about, as with Caps Lock", `tr 'A-Za-z' 'a-zA-Z'`)
		add(append(bytes.ToUpper(given[:1]), given[1:]...), "with a capital first", `awk '{print toupper(substr($0,1,1)) substr($0,2)}'`)
		add(append(bytes.ToLower(given[:1]), given[1:]...), "with a small letter first", `awk '{print tolower(substr($0,1,1)) substr($0,2)}'`)
	}
	add([]byte("changeit"), "changeit, the default of Java and Tomcat, in place of %s", "")
	add([]byte{}, "the empty password in place of %s", "")
	return list
}

// xmlEscape writes a text as it stands in an attribute of XML.
var xmlEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")

// misreadUTF8 are the characters of a text as bytes, where that is UTF-8 beyond ASCII: the
// text has been read as Latin-1 then.
func misreadUTF8(text string) ([]byte, bool) {
	var b []byte
	for _, r := range text {
		if r > 0xff {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, utf8.ValidString(text) && utf8.Valid(b) && !ascii(b)
}

// stripped is a password without what may come around it.
func stripped(password []byte) []byte {
	return bytes.TrimFunc(bytes.TrimPrefix(password, []byte("\xEF\xBB\xBF")), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("\"'`\uFEFF", r)
	})
}

// decodedPassword decodes a password that is Base64 of a text.
func decodedPassword(password []byte) ([]byte, bool) {
	decoded, err := base64.StdEncoding.DecodeString(string(password))
	return decoded, err == nil && len(decoded) > 0 && utf8.Valid(decoded)
}

// cutAssignment cuts a line as name=value and name: value.
func cutAssignment(text string) (name, value string, ok bool) {
	i := strings.IndexAny(text, "=:")
	if i < 0 {
		return "", "", false
	}
	return text[:i], strings.TrimLeft(text[i+1:], " "), true
}

func ascii(text []byte) bool {
	return !slices.ContainsFunc(text, func(b byte) bool { return b >= utf8.RuneSelf })
}

func swapCase(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}

// Export is a line for bash that puts the right password into a variable.
// Source is a command that writes the wrong one.
func (m NearMiss) Export(variable, source string) string {
	if m.Filter == "" {
		return ""
	}
	if m.Filter != "cat" {
		source += " | " + m.Filter
	}
	end := ""
	if m.End != "" {
		end = "$'" + strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(m.End) + "'"
	}
	return fmt.Sprintf(`export %s="$(%s)"%s`, variable, source, end)
}
