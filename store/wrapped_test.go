package store

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"gokeytool/internal/testtool"
	"gokeytool/store/entry"
)

// wrappedContents are files to be wrapped, by name.
func wrappedContents(t testing.TB) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	all := notKeystores(t)
	for _, what := range []Content{PEMCertificate, PEMKey, PEMEncryptedKey, PEMRequest, PEMPKCS7, PEMCRL,
		DERCertificate, DERKey, DERRequest, DERPKCS7, DERCRL, BKSv2} {
		files[string(what)] = all[what][0]
	}
	for _, typ := range []Type{JKS, JCEKS, PKCS12} {
		s := New(typ)
		must(t, s.SetCertificate("a", entry.X509(realCertificate(t)), created))
		data, err := s.Bytes([]byte("changeit"))
		must(t, err)
		files[string(typ)] = data
	}
	return files
}

func lines(text string, width int, end string) string {
	var b strings.Builder
	for len(text) > width {
		b.WriteString(text[:width] + end)
		text = text[width:]
	}
	return b.String() + text + end
}

func utf16le(text string, mark bool) []byte {
	var b bytes.Buffer
	if mark {
		b.Write([]byte{0xFF, 0xFE})
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		b.Write([]byte{byte(unit), byte(unit >> 8)})
	}
	return b.Bytes()
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func hexdump(t testing.TB, data []byte, program string, args ...string) []byte {
	cmd := testtool.Command(t, "", testtool.Look(t, program), args...)
	cmd.Stdin = bytes.NewReader(data)
	return []byte(testtool.Stdout(t, cmd))
}

// wrappings wrap anything.
func wrappings(t testing.TB) map[string]func([]byte) []byte {
	b64 := base64.StdEncoding.EncodeToString
	url := base64.URLEncoding.EncodeToString
	quoted := func(s string) string { q, _ := json.Marshal(s); return string(q) }
	text := func(f func([]byte) string) func([]byte) []byte {
		return func(d []byte) []byte { return []byte(f(d)) }
	}
	return map[string]func([]byte) []byte{
		"Base64 in a line":           text(b64),
		"Base64 in a line, ended":    text(func(d []byte) string { return b64(d) + "\n" }),
		"Base64 in lines":            text(func(d []byte) string { return lines(b64(d), 76, "\n") }),
		"Base64 in lines of Windows": text(func(d []byte) string { return lines(b64(d), 64, "\r\n") }),
		"Base64, indented":           text(func(d []byte) string { return "  " + lines(b64(d), 64, "\n  ") }),
		"Base64 twice":               text(func(d []byte) string { return b64([]byte(b64(d))) }),
		"Base64 twice in lines":      text(func(d []byte) string { return lines(b64([]byte(lines(b64(d), 76, "\n"))), 76, "\n") }),
		"quoted Base64":              text(func(d []byte) string { return `"` + b64(d) + `"` }),
		"Base64 quoted simply":       text(func(d []byte) string { return `'` + b64(d) + "'\n" }),
		"Base64 of URLs":             text(url),
		"Base64 of URLs, bare":       text(func(d []byte) string { return strings.TrimRight(url(d), "=") + "\n" }),
		"Base64 without padding":     text(func(d []byte) string { return lines(strings.TrimRight(b64(d), "="), 76, "\n") }),
		"data URI":                   text(func(d []byte) string { return "data:application/x-pkcs12;base64," + b64(d) }),
		"quoted data URI":            text(func(d []byte) string { return `"data:;base64,` + b64(d) + `"` + "\n" }),
		"mark and Base64":            text(func(d []byte) string { return "\xEF\xBB\xBF" + b64(d) + "\r\n" }),
		"UTF-16 of Base64":           func(d []byte) []byte { return utf16le(b64(d)+"\r\n", true) },
		"UTF-16 without mark":        func(d []byte) []byte { return utf16le(b64(d)+"\r\n", false) },
		"gzip":                       gzipped,
		"gzip in Base64":             text(func(d []byte) string { return b64(gzipped(d)) }),
		"hexadecimal":                text(func(d []byte) string { return hex.EncodeToString(d) + "\n" }),
		"hexadecimal in lines":       text(func(d []byte) string { return lines(strings.ToUpper(hex.EncodeToString(d)), 60, "\r\n") }),
		"hexadecimal with colons":    text(func(d []byte) string { return strings.ReplaceAll(fmt.Sprintf("% x", d), " ", ":") }),
		"hexadecimal with blanks":    text(func(d []byte) string { return fmt.Sprintf("% X", d) }),
		"hexadecimal of Postgres":    text(func(d []byte) string { return `\x` + hex.EncodeToString(d) }),
		"hexadecimal of C":           text(func(d []byte) string { return strings.ReplaceAll(fmt.Sprintf("% #x", d), " ", ", ") }),
		"xxd":                        func(d []byte) []byte { return hexdump(t, d, "xxd") },
		"hexdump":                    func(d []byte) []byte { return hexdump(t, d, "hexdump", "-C", "-v") },
		"od":                         func(d []byte) []byte { return hexdump(t, d, "od", "-A", "x", "-v", "-t", "x1z") },
		"JSON":                       text(func(d []byte) string { return `{"a": {"x": 1}, "the \"data\"": [null, ` + quoted(b64(d)) + `]}` }),
		"Secret in JSON":             text(func(d []byte) string { return `{"kind":"Secret","data":{"tls.crt":` + quoted(b64(d)) + `}}` }),
		"Secrets in JSON": text(func(d []byte) string {
			return `{"kind":"List","items":[{"kind":"Secret","data":{"tls.crt":` + quoted(b64(d)) + `}}]}`
		}),
		"list in JSON": text(func(d []byte) string { return `[` + quoted(b64(d)) + `]` }),
		"Secret in YAML": text(func(d []byte) string {
			return "kind: Secret\ndata:\n  ca.crt: e30=\n  tls.crt: " + b64(d) + "\ntype: Opaque\n"
		}),
		"Secret of Windows": text(func(d []byte) string { return "kind: Secret\r\ndata:\r\n  tls.crt: \"" + b64(d) + "\"\r\n" }),
		"block in YAML":     text(func(d []byte) string { return "a: b\nbinary: !!binary |\n  " + lines(b64(d), 70, "\n  ") + "\nb: c\n" }),
		"variable":          text(func(d []byte) string { return "A=b\nexport KEYSTORE_BASE64=" + b64(d) + "\nB=c\n" }),
		"quoted variable":   text(func(d []byte) string { return "KEYSTORE='" + b64(d) + "'\n" }),
		"frame of PEM":      func(d []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "PKCS12", Bytes: d}) },
		"certutil -encode": text(func(d []byte) string {
			return "-----BEGIN CERTIFICATE-----\r\n" + lines(b64(d), 64, "\r\n") + "-----END CERTIFICATE-----\r\n"
		}),
		"zip": func(d []byte) []byte {
			var b bytes.Buffer
			w := zip.NewWriter(&b)
			for name, data := range map[string][]byte{"read me.txt": []byte("Thank you for your order."), "my files/it's a.crt": d} {
				f, _ := w.Create(name)
				f.Write(data)
			}
			w.Close()
			return b.Bytes()
		},
		"tar":             func(d []byte) []byte { return tarred(d) },
		"tar, compressed": func(d []byte) []byte { return gzipped(tarred(d)) },
	}
}

func tarred(d []byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "it's/a.crt", Mode: 0o600, Size: int64(len(d)), Typeflag: tar.TypeReg})
	w.Write(d)
	w.Close()
	return b.Bytes()
}

// textWrappings wrap what is text.
func textWrappings() map[string]func(string) string {
	quoted := func(s string) string { q, _ := json.Marshal(s); return string(q) }
	literal := func(s, end string) string { return strings.ReplaceAll(s, "\n", end) }
	return map[string]func(string) string{
		`\n`:               func(s string) string { return literal(s, `\n`) },
		`\r\n`:             func(s string) string { return literal(s, `\r\n`) + "\n" },
		`\\n`:              func(s string) string { return literal(s, `\\n`) },
		`\n in a variable`: func(s string) string { return "A=b\nTLS_KEY=\"" + literal(s, `\n`) + "\"\n" },
		`\n in YAML`:       func(s string) string { return "a: b\ntls: \"" + literal(s, `\n`) + "\"\nb: c\n" },
		"spaces":           func(s string) string { return literal(s, " ") },
		"spaces in quotes": func(s string) string { return `KEY="` + literal(s, " ") + "\"\r\n" },
		"nothing":          func(s string) string { return literal(s, "") },
		"a table of Vault": func(s string) string {
			return "Key            Value\n---            -----\ncertificate    " + s + "serial         1\n"
		},
		"JSON":         func(s string) string { return `{"data":{"certificate":` + quoted(s) + `,"serial_number":"1a:2b"}}` },
		"JSON in JSON": func(s string) string { return `{"SecretString":` + quoted(`{"key":`+quoted(s)+`}`) + `}` },
		"list in JSON": func(s string) string { return `{"data":{"ca_chain":[` + quoted(s) + `,` + quoted(s) + `]}}` },
		`\n in JSON`:   func(s string) string { return `{"key":` + quoted(literal(s, `\n`)) + `}` },
		`\n in Base64`: func(s string) string { return base64.StdEncoding.EncodeToString([]byte(literal(s, `\n`))) },
	}
}

// TestUnwrap wraps files in every way, finds them, and has a shell take them out
// by the line that is printed. With UNWRAP=all each way has every sort of file.
func TestUnwrap(t *testing.T) {
	bash := testtool.Look(t, "bash")
	for _, program := range []string{"jq", "xxd", "unzip", "tar", "gzip", "iconv", "base64"} {
		testtool.Look(t, program)
	}
	contents, wrappings := wrappedContents(t), wrappings(t)
	t.Chdir(t.TempDir())
	unwrap := func(t *testing.T, wrapped, content []byte, want Content) {
		t.Helper()
		found := Unwrap(wrapped)
		if len(found) == 0 {
			t.Fatalf("nothing is found in %.200q", wrapped)
		}
		if found[0].Content != want {
			t.Errorf("found %s, not %s", found[0], want)
		}
		const name = "it's a file"
		if err := os.WriteFile(name, wrapped, 0o600); err != nil {
			t.Fatal(err)
		}
		line, target := found[0].Command(name), found[0].target()
		if out, err := exec.Command(bash, "-c", line).CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		got, err := os.ReadFile(target)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		defer os.Remove(target)
		if what := known(got); what.Content != want {
			t.Errorf("%s: it is %q", line, what.Content)
		}
		if !found[0].text() && !bytes.Equal(bytes.TrimRight(got, "\n"), bytes.TrimRight(content, "\n")) {
			t.Errorf("%s: other content", line)
		}
		if found[0].text() {
			wantBlocks, _ := readPEM(string(content))
			blocks, ok := readPEM(string(got))
			if !ok || !bytes.Equal(blocks[0].der, wantBlocks[0].der) {
				t.Errorf("%s: other content\n%s", line, got)
			}
		}
		if info, err := os.Stat(target); err == nil && found[0].secret() && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v", line, info.Mode())
		}
		if filter := found[0].Filter(); filter != "" {
			cmd := exec.Command(bash, "-c", filter)
			cmd.Stdin = bytes.NewReader(wrapped)
			if out, err := cmd.Output(); err != nil || !bytes.Equal(out, got) {
				t.Errorf("%s: %v", filter, err)
			}
		}
	}
	for name, content := range contents {
		if known(content).Content == "" {
			t.Errorf("%s is not known", name)
		}
		if found := Unwrap(content); len(found) > 0 {
			t.Errorf("%s is said to be %s", name, found[0])
		}
	}
	// one sort of text and one of the others for each wrapping, or all
	names := func(text bool) []string {
		list := slices.DeleteFunc(slices.Sorted(maps.Keys(contents)), func(name string) bool { return strings.HasSuffix(name, "PEM") != text })
		if os.Getenv("UNWRAP") == "all" {
			return list
		}
		i := rand.IntN(len(list))
		return list[i : i+1]
	}
	for how, wrap := range wrappings {
		for _, name := range append(names(false), names(true)...) {
			content := contents[name]
			what := known(content)
			if how == "certutil -encode" && !what.Keystore() && !what.text() || how == "frame of PEM" && !what.Keystore() {
				continue
			}
			t.Run(name+"/"+how, func(t *testing.T) { unwrap(t, wrap(content), content, what.Content) })
		}
	}
	for how, wrap := range textWrappings() {
		for _, name := range names(true) {
			content := contents[name]
			t.Run(name+"/"+how, func(t *testing.T) { unwrap(t, []byte(wrap(string(content))), content, known(content).Content) })
		}
	}
}

// TestUnwrapBounds: what is hostile costs little, and what is nothing is not
// taken for something.
func TestUnwrapBounds(t *testing.T) {
	bomb := gzipped(make([]byte, 64<<20))
	deep := []byte("MII")
	for range 12 {
		deep = []byte(base64.StdEncoding.EncodeToString(deep))
	}
	random := make([]byte, 1<<20)
	for i := range random {
		random[i] = byte(rand.IntN(256))
	}
	for name, data := range map[string][]byte{
		"bomb": bomb, "bomb in Base64": []byte(base64.StdEncoding.EncodeToString(bomb)), "deep": deep, "random": random,
		"random in Base64": []byte(base64.StdEncoding.EncodeToString(random)),
		"brackets":         bytes.Repeat([]byte("["), 1<<20),
		"lines":            bytes.Repeat([]byte("a: |\n b\n"), 1<<18),
		"begins":           bytes.Repeat([]byte("-----BEGIN A-----\n"), 1<<18),
		"backslashes":      append([]byte("-----BEGIN A-----"), bytes.Repeat([]byte(`\`), 1<<19)...),
		"quotes":           bytes.Repeat([]byte(`"`), 1<<20),
		"zeros":            make([]byte, 1<<20),
		"a password":       []byte("supersecret-and-long-enough"),
		"empty":            nil,
	} {
		t.Run(name, func(t *testing.T) {
			if found := Unwrap(data); len(found) > 0 {
				t.Errorf("%s", found[0])
			}
		})
	}
}

func FuzzUnwrap(f *testing.F) {
	for _, wrap := range textWrappings() {
		f.Add([]byte(wrap("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, found := range Unwrap(data) {
			if found.Command("file") == "" || found.String() == "" {
				t.Error("no words")
			}
		}
	})
}
