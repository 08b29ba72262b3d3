package testtool

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gokeytool/jdk"
)

//go:embed Oracle.java
var oracle []byte

// Java is a Java process that answers questions, each in about a millisecond,
// until the test ends. Not for use by several goroutines at once.
type Java struct {
	t       testing.TB
	in      io.Writer
	out     *bufio.Reader
	stderr  *strings.Builder
	Release jdk.Release
}

// JavaEntry is an entry of a keystore as Java sees it.
type JavaEntry struct {
	Alias string
	Kind  string   // "key", "trusted" or "secret"
	Chain []string // the SHA-256 of each certificate in hexadecimal, the leaf first
}

// StartJava starts the Java of a release, by default with the time zone UTC.
// The release is one of those that Keytools returns.
func StartJava(t testing.TB, release jdk.Release, options ...string) *Java {
	t.Helper()
	tool, ok := Keytools(t)[release]
	if !ok {
		Missing(t, fmt.Sprintf("JDK %d", release))
	}
	args := append([]string{"-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC", "-Duser.language=en", "-Dfile.encoding=UTF-8",
		"--add-exports=java.base/sun.security.tools.keytool=ALL-UNNAMED"}, options...)
	cmd := exec.Command(filepath.Join(filepath.Dir(tool), "java"), append(args, "-cp", oracleClasses(t), "Oracle")...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	j := &Java{t: t, stderr: new(strings.Builder), Release: release}
	cmd.Stderr = j.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	j.in, j.out = in, bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return j
}

// oracleClasses returns the directory of Oracle.java, compiled for all releases. It is
// made once for all packages, and again when the source has changed: for a single
// test it would take more time than the questions.
func oracleClasses(t testing.TB) string {
	t.Helper()
	tools := Keytools(t)
	oldest := slices.Min(slices.Collect(maps.Keys(tools)))
	sum := sha256.Sum256(oracle)
	dir := filepath.Join(toolDir, fmt.Sprintf("oracle-%d-%x", oldest, sum[:8]))
	if _, err := os.Stat(filepath.Join(dir, "Oracle.class")); err == nil {
		return dir
	}
	if err := os.MkdirAll(toolDir, 0o755); err != nil {
		t.Fatal(err)
	}
	made, err := os.MkdirTemp(toolDir, "oracle-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(made)
	source := filepath.Join(made, "Oracle.java")
	if err := os.WriteFile(source, oracle, 0o600); err != nil {
		t.Fatal(err)
	}
	Run(t, filepath.Join(filepath.Dir(tools[oldest]), "javac"), "-d", made,
		"--add-exports=java.base/sun.security.tools.keytool=ALL-UNNAMED", source)
	// Another test may have been as quick.
	if err := os.Rename(made, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	return dir
}

// ask puts a question and returns the words of the answer. They are those of
// the exceptions, from the outermost to its last cause, if ok is false.
func (j *Java) ask(words ...string) (answer []string, ok bool) {
	j.t.Helper()
	for i, word := range words {
		words[i] = base64.StdEncoding.EncodeToString([]byte(word))
	}
	if _, err := io.WriteString(j.in, strings.Join(words, " ")+"\n"); err != nil {
		j.t.Fatalf("Java has ended: %v\n%s", err, j.stderr)
	}
	line, err := j.out.ReadString('\n')
	if err != nil {
		j.t.Fatalf("Java has ended: %v\n%s", err, j.stderr)
	}
	for word := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), " ") {
		text, err := base64.StdEncoding.DecodeString(word)
		if err != nil {
			j.t.Fatalf("Java answered %q: %v", line, err)
		}
		answer = append(answer, string(text))
	}
	return answer[1:], answer[0] == "ok"
}

// Certificate returns the exceptions that CertificateFactory.generateCertificate
// throws on an input, from the outermost to its last cause; none if it reads it.
func (j *Java) Certificate(data []byte) (exceptions []string) {
	j.t.Helper()
	answer, ok := j.ask("certificate", string(data))
	if ok {
		return nil
	}
	return answer
}

// Certificates is Certificate for generateCertificates.
func (j *Java) Certificates(data []byte) (exceptions []string) {
	j.t.Helper()
	answer, ok := j.ask("certificates", string(data))
	if ok {
		return nil
	}
	return answer
}

// Keystore loads a keystore and returns its entries in Java's order, or the
// exceptions.
func (j *Java) Keystore(storeType, file, password string) (entries []JavaEntry, exceptions []string) {
	j.t.Helper()
	answer, ok := j.ask("keystore", storeType, file, password)
	if !ok {
		return nil, answer
	}
	for _, line := range answer {
		if line == "" { // an empty keystore
			continue
		}
		fields := strings.Split(line, "\t")
		entries = append(entries, JavaEntry{Alias: fields[0], Kind: fields[1], Chain: fields[2:]})
	}
	return entries, nil
}

// JavaContents is a keystore as a program in Java finds it.
type JavaContents struct {
	Entries []JavaContent // in Java's order
	Trusted []string      // the SHA-256 of each certificate that its TrustManager accepts, sorted
}

// JavaContent is an entry of JavaContents.
type JavaContent struct {
	JavaEntry
	// Key is "ok", the algorithm, and of a secret key its bytes in hexadecimal,
	// where the keystore's password opens it; else the exception.
	Key string
}

// Contents loads a keystore from memory and returns what is in it, or the
// exceptions.
func (j *Java) Contents(storeType string, data []byte, password string) (c JavaContents, exceptions []string) {
	j.t.Helper()
	answer, ok := j.ask("contents", storeType, string(data), password)
	if !ok {
		return c, answer
	}
	c.Entries = j.contents(answer[:len(answer)-1])
	c.Trusted = strings.Split(answer[len(answer)-1], "\t")[1:]
	slices.Sort(c.Trusted)
	c.Trusted = slices.Compact(c.Trusted)
	return c, nil
}

// Key returns a key of a keystore, its algorithm and Key.getEncoded, or the
// exceptions. The algorithm is "null" where there is no key.
func (j *Java) Key(storeType, file, password, alias, keyPassword string) (algorithm string, encoded []byte, exceptions []string) {
	j.t.Helper()
	answer, ok := j.ask("key", storeType, file, password, alias, keyPassword)
	if !ok {
		return "", nil, answer
	}
	if len(answer) == 1 {
		return answer[0], nil, nil
	}
	encoded, err := hex.DecodeString(answer[1])
	if err != nil {
		j.t.Fatal(err)
	}
	return answer[0], encoded, nil
}

// Validate has Java's TLS judge a chain in DER, the leaf first, when a root is
// trusted. The purpose is "server" or "client", or "any" for the path only. It
// returns the exceptions; none if the chain is good.
func (j *Java) Validate(purpose string, root []byte, chain ...[]byte) (exceptions []string) {
	j.t.Helper()
	words := []string{"validate", purpose, string(root)}
	for _, der := range chain {
		words = append(words, string(der))
	}
	answer, ok := j.ask(words...)
	if ok {
		return nil
	}
	return answer
}

// Token is what Java finds in a PKCS #11 token, in the manner of Contents, or the
// exceptions. The configuration is that of its provider. A private key has "ok" only if
// its signature was verified. Words that follow change the token first: "set", an alias,
// an algorithm, a key (PKCS #8, or a secret) and its certificates; or "delete" and an alias.
func (j *Java) Token(configuration, pin string, words ...string) (entries []JavaContent, exceptions []string) {
	j.t.Helper()
	answer, ok := j.ask(append([]string{"token", configuration, pin}, words...)...)
	if !ok {
		return nil, answer
	}
	return j.contents(answer[:len(answer)-1]), nil
}

// contents are the entries of an answer, a word each.
func (j *Java) contents(answer []string) (entries []JavaContent) {
	j.t.Helper()
	for _, line := range answer {
		fields := strings.Split(line, "\t")
		alias, err := hex.DecodeString(fields[0])
		if err != nil {
			j.t.Fatal(err)
		}
		entries = append(entries, JavaContent{JavaEntry{Alias: string(alias), Kind: fields[1], Chain: fields[3:]}, fields[2]})
	}
	return entries
}

// PKCS11Config is what Java's provider for PKCS #11 reads in a configuration: its
// name, library, slot, slotListIndex, handleStartupErrors (1 is halt),
// keyStoreCompatibilityMode and whether it is for NSS, then its templates; or the
// exceptions. Java is to be started with PKCS11ConfigOptions.
func (j *Java) PKCS11Config(argument string) (config, exceptions []string) {
	j.t.Helper()
	answer, ok := j.ask("pkcs11config", argument)
	if !ok {
		return nil, answer
	}
	return answer[:len(answer)-1], nil
}

// PKCS11ConfigOptions are the options of Java for PKCS11Config.
var PKCS11ConfigOptions = []string{
	"--add-opens=jdk.crypto.cryptoki/sun.security.pkcs11=ALL-UNNAMED", "--add-opens=jdk.crypto.cryptoki/sun.security.pkcs11.wrapper=ALL-UNNAMED",
}

// Keytool runs a command of keytool inside the process, and returns all that it
// prints. Files are named absolutely: the process stays in its directory. A
// usage error ends the process, and with it the test.
func (j *Java) Keytool(input string, args ...string) (output string, ok bool) {
	j.t.Helper()
	answer, ok := j.ask(append([]string{"keytool", input}, args...)...)
	if ok {
		return answer[0], true
	}
	return answer[1], false
}
