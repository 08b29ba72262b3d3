package store

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"gokeytool/internal/shell"
)

// WrappedSize is how much of a file, in bytes, is looked at for something that
// is wrapped in it.
const WrappedSize = 4 << 20

// The bounds of Unwrap: on layers, on things found, and on the bytes that all
// layers together may come to.
const (
	maxLayers  = 6
	maxWrapped = 20
	maxPeeled  = 8 * WrappedSize
	maxPEM     = 1 << 20 // of a text in PEM whose lines are broken: four times the largest bundles
)

// Wrapped is a keystore, key, certificate or the like that a file holds in a
// wrapping that no program looks into: Base64, JSON, an archive and so on.
type Wrapped struct {
	Content Content // what it is, once it is out
	// Certificates says that there are certificates beside what Content names.
	Certificates bool

	keystore Type     // of a keystore of ours
	layers   []string // phrases, the innermost last: "in Base64"
	steps    []string // a pipeline of shell commands that takes it out
	archive  string   // the member of a zip file, which is read by its name
	name     string   // what it is called where it stands
}

// String is a phrase that fits after "this is".
func (w Wrapped) String() string {
	text := string(w.Content)
	for i := len(w.layers) - 1; i >= 0; i-- {
		if i > 0 && w.layers[i] == w.layers[i-1] {
			text += ", " + w.layers[i] + " twice"
			i--
			continue
		}
		text += ", " + w.layers[i]
	}
	return text
}

// Keystore says whether it is a keystore, of ours or another's.
func (w Wrapped) Keystore() bool {
	return w.keystore != "" || w.Content == BCFKS || w.Content.Type() == BKS || w.Content.Type() == UBER
}

// secret says that the content is for its owner only.
func (w Wrapped) secret() bool { return w.Keystore() || w.Content.Key() }

// Key says whether the content is a private key.
func (c Content) Key() bool {
	switch c {
	case PEMKey, PEMEncryptedKey, DERKey, DEREncryptedKey, OpenSSHKey:
		return true
	}
	return false
}

// Filter is a pipeline of shell commands that reads the file from its standard
// input and writes the content; empty for the member of a zip file.
func (w Wrapped) Filter() string {
	if w.archive != "" {
		return ""
	}
	return strings.Join(w.steps, " | ")
}

// Command is a line for the shell that writes the content of the file of that
// name to a new file in the current directory. A key or keystore becomes
// readable for its owner only.
func (w Wrapped) Command(file string) string {
	var line string
	if w.archive != "" {
		line = "unzip -p " + shell.Quote(shell.File(file)) + " " + shell.Quote(w.archive)
		for _, step := range w.steps {
			line += " | " + step
		}
	} else {
		line = w.steps[0] + " < " + shell.Quote(file)
		for _, step := range w.steps[1:] {
			line += " | " + step
		}
	}
	line += " > " + shell.Quote(w.target())
	if w.secret() {
		return "(umask 077 && " + line + ")"
	}
	return line
}

// target is a name for the content that no file has yet.
func (w Wrapped) target() string {
	extension := w.extension()
	base := strings.TrimSuffix(path.Base(w.name), path.Ext(w.name))
	if given := strings.ToLower(path.Ext(w.name)); slices.Contains([]string{".crt", ".cer", ".key", ".pem"}, given) && w.text() {
		extension = given
	}
	if base == "" || !shell.Plain(base) || strings.HasPrefix(base, "-") || strings.HasPrefix(base, ".") || strings.ContainsAny(base, ":=") {
		base = w.base()
	}
	name := base + extension
	for n := 2; ; n++ {
		if _, err := os.Lstat(name); err != nil {
			return name
		}
		name = base + "-" + strconv.Itoa(n) + extension
	}
}

// text says whether the content is PEM.
func (w Wrapped) text() bool { return strings.HasSuffix(string(w.Content), " in PEM") }

func (w Wrapped) extension() string {
	switch {
	case w.keystore == JKS:
		return ".jks"
	case w.keystore == JCEKS:
		return ".jceks"
	case w.keystore != "":
		return ".p12"
	case w.Keystore():
		return ".bks"
	case w.text():
		return ".pem"
	case w.Content == DERPKCS7:
		return ".p7b"
	}
	return ".der"
}

func (w Wrapped) base() string {
	switch {
	case w.Keystore():
		return "keystore"
	case w.Content.Key():
		return "key"
	case w.Content == PEMRequest || w.Content == DERRequest:
		return "request"
	case w.Content == PEMCRL || w.Content == DERCRL:
		return "crl"
	}
	return "certificate"
}

// with is w with one more layer.
func (w Wrapped) with(layer string, steps ...string) Wrapped {
	w.layers = append(slices.Clip(w.layers), layer)
	w.steps = append(slices.Clip(w.steps), steps...)
	return w
}

// Unwrap finds what a file holds in wrappings. Of the file it needs the first
// WrappedSize bytes. A file that is what it holds has nothing wrapped.
//
// Every command that Wrapped gives was gone through here, so that it comes to
// the content named.
func Unwrap(data []byte) []Wrapped {
	u := unwrapper{budget: maxPeeled}
	u.peel(data, Wrapped{})
	return u.found
}

type unwrapper struct {
	budget int // bytes that are still looked at
	found  []Wrapped
}

// peel takes a layer off, and looks at what comes out.
func (u *unwrapper) peel(data []byte, w Wrapped) {
	u.budget -= len(data)
	if u.budget < 0 || len(u.found) >= maxWrapped || len(data) < 16 {
		return
	}
	if len(w.layers) < maxLayers && u.armor(data, w) {
		return
	}
	if u.take(data, w) || len(w.layers) == maxLayers {
		return
	}
	for _, layer := range []func([]byte, Wrapped) bool{u.mark, u.utf16, u.gzip, u.zip, u.tar} {
		if layer(data, w) {
			return
		}
	}
	if !plainText(data) {
		return
	}
	text := string(data)
	for _, layer := range []func(string, Wrapped) bool{u.json, u.dataURI, u.hex, u.base64, u.brokenPEM} {
		if layer(text, w) {
			return
		}
	}
	u.lines(text, w)
}

// take notes what comes out of all layers, if it is something.
func (u *unwrapper) take(data []byte, w Wrapped) bool {
	what := known(data)
	if what.Content == "" {
		return false
	}
	if len(w.layers) > 0 {
		w.Content, w.keystore, w.Certificates = what.Content, what.keystore, what.Certificates
		u.found = append(u.found, w)
	}
	return true
}

// known says what data is, if it is something that some command reads.
func known(data []byte) (w Wrapped) {
	if t, err := Detect(data); err == nil {
		return Wrapped{Content: Content("a " + string(t) + " keystore"), keystore: t}
	}
	what := identify(data[:min(len(data), detectSize)])
	switch what {
	case PEMCertificate, PEMKey, PEMEncryptedKey, PEMRequest, PEMPKCS7, PEMCRL, OpenSSHKey:
		text, _ := asText(data)
		blocks, ok := readPEM(text)
		if !ok {
			return Wrapped{}
		}
		certificates := slices.ContainsFunc(blocks, func(b pemBlock) bool { return pemContent(b.label) == PEMCertificate })
		return Wrapped{Content: what, Certificates: certificates}
	case DERCertificate, DERKey, DEREncryptedKey, DERRequest, DERPKCS7, DERCRL, BKSv1, BKSv2, UBERv1, BCFKS:
		return Wrapped{Content: what}
	}
	return Wrapped{}
}

// pemBlock is a block of a text in PEM.
type pemBlock struct {
	label string
	der   []byte
}

// readPEM returns the blocks of a text; ok is false where there is none, or one
// that can't be read.
func readPEM(text string) (blocks []pemBlock, ok bool) {
	label, inside := "", false
	var digits []byte
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "-----BEGIN "):
			if inside {
				return nil, false
			}
			label, inside, digits = strings.TrimSuffix(line[len("-----BEGIN "):], "-----"), true, digits[:0]
		case inside && line == "-----END "+label+"-----":
			der, err := base64.StdEncoding.DecodeString(string(digits))
			if err != nil || len(der) == 0 {
				return nil, false
			}
			blocks, inside = append(blocks, pemBlock{label, der}), false
		case inside && !strings.Contains(line, ":"): // else a header
			digits = append(digits, line...)
		}
	}
	return blocks, len(blocks) > 0 && !inside
}

// plainText says whether data may be a text in UTF-8.
func plainText(data []byte) bool {
	return utf8.Valid(data) && !bytes.ContainsFunc(data, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r\f", r) })
}

// armor: a keystore, or a text in PEM, between BEGIN and END, as certutil
// -encode puts it there whatever it is.
func (u *unwrapper) armor(data []byte, w Wrapped) bool {
	text, ok := asText(data)
	if !ok || !strings.Contains(text, "-----BEGIN ") {
		return false
	}
	blocks, ok := readPEM(text)
	if !ok || len(blocks) != 1 {
		return false
	}
	inside := blocks[0].der
	if what := known(inside); !what.Keystore() && !what.text() {
		return false
	}
	steps := []string{`sed -n '/-----BEGIN/,/-----END/p'`, `sed '/-----/d'`, "base64 -d"}
	if strings.Contains(text, "\r") {
		steps = slices.Insert(steps, 0, `tr -d '\r'`)
	}
	u.peel(inside, w.with("in the frame of PEM", steps...))
	return true
}

// mark: a byte order mark in front.
func (u *unwrapper) mark(data []byte, w Wrapped) bool {
	rest, ok := bytes.CutPrefix(data, []byte("\xEF\xBB\xBF"))
	if ok {
		u.peel(rest, w.with("behind a byte order mark", "tail -c +4"))
	}
	return ok
}

// utf16: text as PowerShell writes it.
func (u *unwrapper) utf16(data []byte, w Wrapped) bool {
	from, high, body := "UTF-16", 1, data
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		body = data[2:]
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		high, body = 0, data[2:]
	case len(data) > 3 && data[1] == 0 && data[3] == 0 && data[0] != 0:
		from = "UTF-16LE"
	default:
		return false
	}
	if len(body)%2 != 0 {
		return false
	}
	units := make([]uint16, len(body)/2)
	for i := range units {
		units[i] = uint16(body[2*i+high])<<8 | uint16(body[2*i+1-high])
	}
	text := string(utf16.Decode(units))
	if !plainText([]byte(text)) {
		return false
	}
	u.peel([]byte(text), w.with("in UTF-16", "iconv -f "+from+" -t UTF-8"))
	return true
}

func (u *unwrapper) gzip(data []byte, w Wrapped) bool {
	if !bytes.HasPrefix(data, []byte{0x1F, 0x8B}) {
		return false
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return false
	}
	inside, err := io.ReadAll(io.LimitReader(r, WrappedSize))
	if err == nil {
		u.peel(inside, w.with("compressed by gzip", "gzip -dc"))
	}
	return true
}

// zip: an archive, which unzip takes by its name only.
func (u *unwrapper) zip(data []byte, w Wrapped) bool {
	if !bytes.HasPrefix(data, []byte("PK\x03\x04")) || len(w.layers) > 0 {
		return false
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return true
	}
	for _, f := range r.File[:min(len(r.File), 10*maxWrapped)] {
		if f.Flags&1 != 0 || f.UncompressedSize64 > WrappedSize || strings.ContainsAny(f.Name, `*?[]\`) || strings.HasPrefix(f.Name, "-") {
			continue // encrypted, or a name that unzip takes for a pattern or an option
		}
		m, err := f.Open()
		if err != nil {
			continue
		}
		inside, err := io.ReadAll(io.LimitReader(m, WrappedSize))
		if m.Close(); err != nil {
			continue
		}
		member := w.with("in a zip archive as " + f.Name)
		member.archive, member.name = f.Name, f.Name
		u.peel(inside, member)
	}
	return true
}

func (u *unwrapper) tar(data []byte, w Wrapped) bool {
	if len(data) < 512 || !bytes.HasPrefix(data[257:], []byte("ustar")) {
		return false
	}
	r := tar.NewReader(bytes.NewReader(data))
	for range 10 * maxWrapped {
		h, err := r.Next()
		if err != nil {
			break
		}
		if h.Typeflag != tar.TypeReg || h.Size > WrappedSize {
			continue
		}
		inside, err := io.ReadAll(r)
		if err != nil {
			break
		}
		member := w.with("in a tar archive as "+h.Name, shell.Line("tar", "-xOf", "-", "--", h.Name))
		member.name = h.Name
		u.peel(inside, member)
	}
	return true
}

// json: a string in a JSON file, such as a Kubernetes Secret or what Vault
// answers.
func (u *unwrapper) json(text string, w Wrapped) bool {
	if trimmed := strings.TrimSpace(text); trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' {
		return false
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return false
	}
	of := "a JSON file"
	if top, ok := value.(map[string]any); ok && top["kind"] == "Secret" {
		of = "a Kubernetes Secret"
	}
	u.walkJSON(value, "", "", of, w)
	return true
}

var jqName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// walkJSON looks at the strings below a value; at is jq's path to it, and name
// what it is called.
func (u *unwrapper) walkJSON(value any, at, name, of string, w Wrapped) {
	text := func(text, at string) {
		inside := w.with("in "+at+" of "+of, shell.Line("jq", "-r", at))
		inside.name = name
		u.peel([]byte(text+"\n"), inside)
	}
	switch value := value.(type) {
	case string:
		text(value, cmp.Or(at, "."))
	case []any:
		if list, ok := pemStrings(value); ok { // Vault's ca_chain
			text(strings.Join(list, "\n"), cmp.Or(at, ".")+"[]")
			return
		}
		for i, element := range value {
			u.walkJSON(element, fmt.Sprintf("%s[%d]", cmp.Or(at, "."), i), name, of, w)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			step := "." + key
			if !jqName.MatchString(key) {
				quoted, _ := json.Marshal(key)
				step = "." + string(quoted)
			}
			u.walkJSON(value[key], at+step, key, of, w)
		}
	}
}

// pemStrings are the elements of a list of texts in PEM.
func pemStrings(list []any) (texts []string, ok bool) {
	for _, element := range list {
		text, isText := element.(string)
		if !isText || !strings.Contains(text, "-----BEGIN ") {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, len(texts) > 0
}

// dataURI: what a web page embeds (RFC 2397).
func (u *unwrapper) dataURI(text string, w Wrapped) bool {
	head, value, ok := strings.Cut(text, ",")
	if head = strings.TrimLeft(strings.TrimSpace(head), `"'`); !ok || !strings.HasPrefix(head, "data:") || !strings.HasSuffix(head, ";base64") {
		return false
	}
	return u.base64(value, w.with("in a data URI", `sed '1s/^[^,]*,//'`))
}

// hexLine is a line of a dump: an offset, bytes, and what they are as text.
var hexLine = regexp.MustCompile(`^[0-9A-Fa-f]{5,}:?((?: +[0-9A-Fa-f]{2})+) *(?:[|>].*)?$`)

// xxdLine is a line as xxd prints it.
var xxdLine = regexp.MustCompile(`^[0-9a-fA-F]{8}: ((?:[0-9a-fA-F]{2,4} )+) .*$`)

// hex: bytes in hexadecimal, plain or as xxd, hexdump -C and od print them.
func (u *unwrapper) hex(text string, w Wrapped) bool {
	layer, steps, digits := "in hexadecimal", []string{`sed 's/[0\\]x//g'`, `tr -d ':,[:space:]'`, "xxd -r -p"},
		strings.NewReplacer("0x", "", `\x`, "", ":", "", ",", "").Replace(text)
	if !strings.Contains(text, "x") {
		steps = steps[1:]
	}
	if dump, ok := dumped(text, xxdLine); ok {
		layer, steps, digits = "as a hex dump", []string{"xxd -r"}, dump
	} else if dump, ok := dumped(text, hexLine); ok {
		layer, steps, digits = "as a hex dump", []string{`sed 's/^[0-9A-Fa-f]*:*//;s/[|>].*//'`, "xxd -r -p"}, dump
	}
	data, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		return false
	}
	return u.attempt(data, w.with(layer, steps...))
}

// dumped returns the digits of a dump, all of whose lines but the last, which
// may be an offset, are like that.
func dumped(text string, like *regexp.Regexp) (digits string, ok bool) {
	var b strings.Builder
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		m := like.FindStringSubmatch(strings.TrimRight(line, "\r"))
		if m == nil && (i == 0 || i < len(lines)-1 || strings.ContainsAny(line, " :")) {
			return "", false
		}
		if m != nil {
			b.WriteString(m[1])
		}
	}
	return b.String(), true
}

// attempt is peel that says whether something was found.
func (u *unwrapper) attempt(data []byte, w Wrapped) bool {
	before := len(u.found)
	u.peel(data, w)
	return len(u.found) > before
}

// base64: Base64 in one line or many, in quotation marks or not, in the
// alphabet of URLs or not, padded or not.
func (u *unwrapper) base64(text string, w Wrapped) bool {
	digits := strings.NewReplacer(`"`, "", "'", "", " ", "", "\t", "", "\r", "", "\n", "", "\f", "").Replace(text)
	layer := "in Base64"
	var steps []string
	if strings.ContainsAny(text, `"'`) {
		layer = "in Base64 in quotation marks"
	}
	urls := strings.ContainsAny(digits, "-_")
	unpadded := -len(strings.TrimRight(digits, "=")) & 3
	unpadded -= len(digits) - len(strings.TrimRight(digits, "="))
	if unpadded < 0 || unpadded == 3 {
		return false
	}
	if strings.ContainsAny(text, "\"' \t\r\f") || unpadded > 0 && strings.ContainsAny(text, "\n") {
		steps = append(steps, `tr -d '"\047[:space:]'`)
	}
	if urls {
		steps = append(steps, "tr '_-' '/+'")
		digits = strings.NewReplacer("-", "+", "_", "/").Replace(digits)
		layer += " of the kind for URLs"
	}
	if unpadded > 0 {
		padding := strings.Repeat("=", unpadded)
		steps = append(steps, "sed 's/$/"+padding+"/'")
		digits += padding
	}
	data, err := base64.StdEncoding.DecodeString(digits)
	if err != nil {
		return false
	}
	return u.attempt(data, w.with(layer, append(steps, "base64 -d")...))
}

// pemFrame is what stands around a block.
var pemFrame = regexp.MustCompile(`-----[A-Z0-9 ]+-----`)

// unescape puts other text in the place of backslashes, one or several, and a
// letter behind them.
func unescape(text string, letter byte, by string) string {
	if !strings.Contains(text, `\`+string(letter)) {
		return text
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '\\')
		if i < 0 {
			return b.String() + text
		}
		b.WriteString(text[:i])
		rest := strings.TrimLeft(text[i:], `\`)
		if rest != "" && rest[0] == letter {
			b.WriteString(by)
			text = rest[1:]
			continue
		}
		b.WriteString(text[i : len(text)-len(rest)])
		text = rest
	}
}

// brokenPEM: PEM that has lost its line ends, or has them as the two letters
// \n, as in a variable or in the string of another language.
func (u *unwrapper) brokenPEM(text string, w Wrapped) bool {
	if len(text) > maxPEM || !strings.Contains(text, "-----BEGIN ") {
		return false
	}
	layer, program := "with its line ends lost", ""
	if bare := unescape(text, 'r', ""); bare != text {
		text, program = bare, `gsub(/\\+r/,"");`
	}
	if ended := unescape(text, 'n', "\n"); ended != text {
		layer = `with \n for its line ends`
		text, program = ended, program+`gsub(/\\+n/,"\n")`
		if u.take([]byte(text), w.with(layer, `awk '{`+program+`}1'`)) {
			return true
		}
		program += ";"
	}
	text, program = pemFrame.ReplaceAllString(text, "\n$0\n"), program+`gsub(/-----[A-Z0-9 ]+-----/,"\n&\n")`
	if u.take([]byte(text), w.with(layer, `awk '{`+program+`}1'`, "awk NF")) {
		return true
	}
	var split strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "-----") {
			line = strings.ReplaceAll(line, " ", "\n")
		}
		split.WriteString(line)
	}
	return u.take([]byte(split.String()), w.with(layer, `awk '{`+program+`}1'`, `awk '!/-----/{gsub(/ /,"\n")}NF'`))
}

// assignment is a line of a YAML file or of variables.
var assignment = regexp.MustCompile(`(?s)^(\s*)(?:- )?(?:export )?["']?([^\s"':=]+)["']?\s*([:=])\s*(.*)$`)

// lines: the value of a line, such as a Kubernetes Secret in YAML has it.
func (u *unwrapper) lines(text string, w Wrapped) bool {
	lines := strings.Split(text, "\n")
	secret := strings.Contains(text, "kind: Secret")
	for i := 0; i < len(lines); i++ {
		m := assignment.FindStringSubmatch(lines[i])
		if m == nil {
			continue
		}
		indent, name, separator, value := m[1], m[2], m[3], m[4]
		step := fmt.Sprintf(`sed -n '%ds/^[^:=]*[:=] *//p'`, i+1)
		if _, rest, _ := strings.Cut(lines[i], separator); len(value) < 32 {
			last := i
			for last+1 < len(lines) && (strings.HasPrefix(lines[last+1], indent+" ") || strings.TrimSpace(lines[last+1]) == "" && last+2 < len(lines)) {
				last++
			}
			if last == i || !strings.ContainsAny(strings.TrimSpace(rest), "|>") {
				continue
			}
			value = strings.Join(lines[i+1:last+1], "\n")
			step = fmt.Sprintf(`sed -n '%d,%dp'`, i+2, last+1)
		}
		of := "a YAML file"
		switch {
		case secret:
			of = "a Kubernetes Secret"
		case separator == "=":
			of = "a file of variables"
		}
		inside := w.with(fmt.Sprintf("in %s (line %d) of %s", name, i+1, of), step)
		inside.name = name
		u.attempt([]byte(value+"\n"), inside)
	}
	return len(u.found) > 0
}
