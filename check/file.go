package check

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"gokeytool/finding"
	"gokeytool/internal/atomicfile"
	"gokeytool/internal/shell"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
	"gokeytool/tomcat"
)

const (
	// defaultMaxSize is the size in bytes beyond which a file is not read: ten
	// times the largest trust stores.
	defaultMaxSize = 64 << 20
	// headSize is how much of a file store.Detect needs to see.
	headSize = 4096
)

// changeit is the password of Java's own trust store, and the one that Tomcat
// takes where none is configured.
const changeit = "changeit"

// use says what a file is for, beyond what it says itself.
type use struct {
	role   string
	named  bool // by who asked, so that it must be a keystore
	server bool // its keys are a TLS server's
	trust  bool // its certificates are to verify clients'
	java   bool // it is the truststore of a program in Java
	only   bool // no other password than the one given is tried

	hosts       []string            // names the served certificate has to be good for
	certificate *tomcat.Certificate // what a server.xml says of it; empty without one
	connector   *tomcat.Connector   // to which that belongs; empty without one
	tls         *tomcat.SSLHost     // and the host of it; nil without one
	file        configuredFile      // where it names the file; empty without one
}

// examination is the making of a verdict.
type examination struct {
	use
	Verdict
	o          Options
	store      *store.Store
	token      *Token          // nil for a file
	password   []byte          // that opened the store; nil if none did
	serves     *tomcat.Served  // what the connector serves of it; nil without one
	apart      map[string]bool // aliases of the keys that KeyPassword opens
	keys       map[string]*keyEntry
	subjects   map[string]bool // see trustedSubjects
	signatures *entry.Work     // what verifying them may cost; see verifiable
	unverified bool            // it was more
	costly     bool            // keys are not opened: together they would take too long
	doubtful   bool            // the store opens with any password, and a key with none of those tried
	refusing   []jdk.Release   // of Java that a certificate keeps from opening the file
	pool       *Pool           // of the store; nil until it is needed
	adopted    map[string]bool // certificates that are in chains which Java does not find
}

// keystore is the file as remedies name it.
func (x *examination) keystore() shell.Keystore {
	if x.token != nil {
		return x.token.From
	}
	k := shell.Keystore{Path: x.Path}
	switch {
	case x.Password == PasswordGiven && len(x.password) > 0:
		k.Open = slices.Clone(x.o.Storepass)
	case x.Password != PasswordNone && x.password != nil && len(x.password) == 0:
		k.Open = []string{"-storepass", ""} // no secret, and not to be typed
	}
	if n := x.o.Limits.MaxIterations; n > entry.DefaultLimits.MaxIterations {
		k.Open = append(k.Open, "-maxIterations", strconv.Itoa(n))
	}
	return k
}

// key is the file as remedies name it that open the key of an alias.
func (x *examination) key(alias string) shell.Keystore {
	k := x.keystore()
	if x.apart[alias] {
		k.Keypass = x.o.Keypass
	}
	return k
}

// File looks at the keystore in a file. It never fails: what went wrong is a
// finding. A ctx that has ended is one of them.
func File(ctx context.Context, path string, o Options) Verdict {
	if err := ctx.Err(); err != nil {
		x := newExamination(path, o, use{})
		x.unreadable(err)
		return x.finish()
	}
	v, _ := examineFile(path, o, named(o))
	return v
}

// named is the use of a file that was named by who asked.
func named(o Options) use {
	return use{named: true, java: o.Truststore, only: o.Truststore && o.Password != nil}
}

// newExamination begins the verdict on a file.
func newExamination(path string, o Options, u use) *examination {
	if o.MaxSize <= 0 {
		o.MaxSize = defaultMaxSize
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if u.certificate == nil {
		u.certificate = new(tomcat.Certificate)
	}
	if u.connector == nil {
		u.connector = new(tomcat.Connector)
	}
	return &examination{o: o, use: u, Verdict: Verdict{Path: path, Role: u.role, Password: PasswordUnknown}}
}

// examineFile makes the verdict on a file. A file that need not be a keystore,
// and is not by its content, has none.
func examineFile(path string, o Options, u use) (v Verdict, ok bool) {
	x := newExamination(path, o, u)
	x.elsewhere(path)
	if x.absent(path) {
		return x.finish(), true
	}
	data, mode, err := read(path, x.o.MaxSize, u.named)
	switch {
	case err != nil && !u.named && errors.Is(err, errNoKeystore):
		return Verdict{}, false
	case err != nil && !errors.Is(err, errNoKeystore):
		x.unreadable(err)
	case !x.o.size.Take(len(data)):
		x.beyond("", errors.New("the files that are named together are too large"))
	default:
		x.examine(data, mode)
	}
	return x.finish(), true
}

// examine looks at the content of a file.
func (x *examination) examine(data []byte, mode fs.FileMode) {
	if content := atomicfile.Settled(data); len(content) != len(data) {
		x.find(finding.Warning, "interrupted-write", "", "a process was killed while it wrote the file: what is read here is whole, but Java may not open it",
			shell.Keystore{Path: x.Path, Open: x.o.Storepass}.Line([]string{"list"}))
		data = content
	}
	if x.open(data); x.store != nil {
		x.look()
		x.fileMode(mode)
	}
}

// errNoKeystore says that a file is no keystore by its content.
var errNoKeystore = errors.New("not a keystore")

// read reads a file whole if it begins as a keystore does. Otherwise it returns
// its beginning, for store.Decode to say what it is, and errNoKeystore. With
// named set, for a file that must be a keystore, keys and certificates in PEM,
// DER or PKCS #7 count as one, and the beginning is long enough for store.Unwrap.
func read(path string, maxSize int64, named bool) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	if info.Size() == 0 { // as all files of procfs are, some of which block
		return nil, 0, errNoKeystore
	}
	f, err := atomicfile.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	head := make([]byte, min(info.Size(), headSize))
	n, err := io.ReadFull(f, head)
	head = head[:n]
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, 0, err
	}
	if _, err := store.Detect(head); err != nil && !foreign(err, named) {
		if !named {
			return head, 0, errNoKeystore
		}
		rest := bytes.NewBuffer(head)
		_, err := rest.ReadFrom(io.LimitReader(f, store.WrappedSize-int64(n)))
		return rest.Bytes(), 0, cmp.Or(err, errNoKeystore)
	}
	if info.Size() > maxSize {
		return nil, 0, fmt.Errorf("%w: its %d bytes are more than the %d that are read", entry.ErrLimit, info.Size(), maxSize)
	}
	var data bytes.Buffer
	data.Grow(int(info.Size()) + bytes.MinRead)
	data.Write(head)
	// A file may grow while it is read.
	_, err = data.ReadFrom(io.LimitReader(f, maxSize-int64(n)))
	return data.Bytes(), info.Mode(), err
}

// foreign says whether store.Detect found what Java by itself does not take for
// a keystore, but we do: BouncyCastle's, and where plain is set also keys and
// certificates that are no secret to anybody.
func foreign(err error, plain bool) bool {
	e, ok := errors.AsType[*store.NotKeystoreError](err)
	return ok && e.What.Type() != "" && (plain || !e.What.Type().Unprotected())
}

// find adds a finding. No command here changes a file of a type that is only
// read, whatever would fix a keystore.
func (x *examination) find(s finding.Severity, id, alias, text, remedy string) {
	if x.Type.Foreign() && strings.HasPrefix(remedy, "gokeytool ") && id != "password" && id != "limit" && id != "foreign-format" && id != "store-type" {
		remedy = ""
	}
	x.Findings = append(x.Findings, finding.Finding{ID: id, Severity: s, Alias: alias, Text: text, Remedy: remedy})
}

// finish sums up.
func (x *examination) finish() Verdict {
	v := x.Verdict
	if v.Status == "" {
		v.Status = Healthy
		for _, f := range v.Findings {
			if f.Severity == finding.Error || f.Severity == finding.Warning && x.o.Strict {
				v.Status = Faulty
			}
		}
	}
	if v.Entries == nil {
		v.Entries = []Entry{}
	}
	if v.Findings == nil {
		v.Findings = []finding.Finding{}
	}
	slices.SortStableFunc(v.Findings, func(a, b finding.Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	return v
}

// unreadable: the file system gives nothing to look at.
func (x *examination) unreadable(err error) {
	x.Status = Unchecked
	text, remedy := "the file can't be read: "+cause(err), ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		text = "the file does not exist"
		if x.role != "" {
			text += ": Java says FileNotFoundException"
		}
		if x.java {
			text += ": Java says nothing, and takes its own cacerts in its place (Java 8: an empty truststore)"
			remedy = shell.Comment("a path that is not from the root starts at the directory in which Java is started")
		}
	case errors.Is(err, fs.ErrPermission):
		remedy = shell.Note(shell.Line("ls", "-l", shell.File(x.Path)), "shows who may")
	case errors.Is(err, entry.ErrLimit):
		x.find(finding.Error, "limit", "", cause(err), "")
		return
	}
	x.find(finding.Error, "unreadable", "", text, remedy)
}

// cause is what an error says beside the path, which the verdict has.
func cause(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}

// open decodes the store with the first password that fits; failing all, as
// far as that is possible without one.
func (x *examination) open(data []byte) {
	var failed, given error
	var doubtful *store.Store // opened, as with any password, though a key does not
	for _, p := range x.passwords(data) {
		s, err := store.Decode(x.Path, data, store.Options{Password: p.text, Limits: x.o.Limits, Foreign: true})
		if errors.Is(err, entry.ErrPassword) {
			if failed = err; p.name == PasswordGiven {
				given = err
			}
			continue
		}
		if err != nil {
			x.undecodable(err)
			return
		}
		if !x.opensKeys(s, p.text) {
			if doubtful == nil {
				doubtful, x.password, x.Password = s, p.text, p.name
			}
			continue
		}
		x.store, x.password, x.Password = s, p.text, p.name
		break
	}
	if x.store == nil && doubtful != nil {
		x.store, x.doubtful = doubtful, true
	}
	if x.store == nil {
		x.Status = Unchecked
		x.wrongPassword(cmp.Or(given, failed))
		s, err := store.Decode(x.Path, data, store.Options{Limits: x.o.Limits, Foreign: true})
		if err != nil {
			if opened, ok := errors.AsType[*store.OpenError](failed); ok {
				x.Type = opened.Type
			}
			return
		}
		x.store = s
	}
	x.Type = x.store.Type()
	if p, ok := x.store.Params(); ok && x.password != nil && p.MACAlgorithm == pkcs12.None && p.CertAlgorithm == pkcs12.None {
		x.Password = PasswordNone
	}
	if x.Type.Unprotected() {
		x.Password = PasswordNone // except for its keys
	}
}

// opensKeys says whether a password is that of a store that it has opened: a
// PKCS12 file may have neither a MAC nor encrypted certificates, and opens with
// any; then its first key tells.
func (x *examination) opensKeys(s *store.Store, password []byte) bool {
	if s.Confirmed() {
		return true
	}
	for _, e := range s.Entries() {
		if e.Kind == entry.TrustedCertificate {
			continue
		}
		key, err := s.KeyOf(e, password)
		key.Wipe()
		if errors.Is(err, entry.ErrPassword) && x.o.KeyPassword != nil {
			key, err = s.KeyOf(e, x.o.KeyPassword)
			key.Wipe()
		}
		return !errors.Is(err, entry.ErrPassword)
	}
	return true
}

// candidate is a password to try.
type candidate struct {
	text []byte
	name Password
}

// passwords are those to try, in order.
func (x *examination) passwords(data []byte) []candidate {
	var list []candidate
	if x.o.Password != nil {
		list = append(list, candidate{x.o.Password, PasswordGiven})
		if x.only {
			return list
		}
	}
	if string(x.o.Password) != changeit {
		list = append(list, candidate{[]byte(changeit), PasswordChangeit})
	}
	// Only PKCS12 files are seen with an empty password.
	if t, err := store.Detect(data); err == nil && t == store.PKCS12 && (x.o.Password == nil || len(x.o.Password) > 0) {
		list = append(list, candidate{[]byte{}, PasswordEmpty})
	}
	return list
}

// wrongPassword: no password fits.
func (x *examination) wrongPassword(err error) {
	if x.java && x.o.Password == nil {
		x.Status = "" // as Java opens it: see truststore
		return
	}
	java := "Java says: keystore password was incorrect"
	if opened, ok := errors.AsType[*store.OpenError](err); ok && opened.Type != store.PKCS12 {
		java = "Java says: Keystore was tampered with, or password was incorrect"
		if opened.Type.Foreign() {
			java = "Java says: KeyStore integrity check failed."
		}
	}
	remedy := shell.Line("gokeytool", "check", shell.File(x.Path), "-storepass:file", "PASSWORDFILE")
	if opened, ok := errors.AsType[*store.OpenError](err); ok && x.o.Password != nil && (x.named || x.only) {
		if damage, ok := opened.Damage(); ok {
			x.damaged(damage)
			return
		}
	}
	miss, near := x.nearMiss(err)
	switch {
	case near && x.only && !x.java:
		x.passwordFails(miss.Describe("that password"), java)
	case near:
		if line := miss.Export("PASSWORD", x.o.PasswordSource); line != "" && x.o.PasswordSource != "" {
			remedy = line + " && " + shell.Line("gokeytool", "check", shell.File(x.Path), "-storepass:env", "PASSWORD")
		}
		x.find(finding.Error, "password", "", "the password given does not open it; it opens with "+miss.Describe("that password")+"; "+java, remedy)
	case x.java:
		x.find(finding.Error, "password", "", "the file is whole, but the password given does not open it, or its content was changed; "+java,
			shell.Line("gokeytool", "check", "-truststore", shell.File(x.Path), "-storepass:file", "PASSWORDFILE"))
	case x.only:
		x.passwordFails("", java)
	case x.o.Password != nil:
		x.find(finding.Error, "password", "", "the file is whole, but neither the password given nor changeit opens it, or its content was changed; "+java, remedy)
	default:
		x.find(finding.Error, "password", "", "it needs its password: changeit, Java's default, does not open it", remedy)
	}
}

// nearMiss looks for a password near the one given that opens a file which was
// named. Of a whole directory it would take too long.
func (x *examination) nearMiss(err error) (store.NearMiss, bool) {
	opened, ok := errors.AsType[*store.OpenError](err)
	if !ok || x.o.Password == nil || !x.named && !x.only {
		return store.NearMiss{}, false
	}
	return opened.NearMiss()
}

// undecodable: not a keystore, or a broken one.
func (x *examination) undecodable(err error) {
	x.Status = Unchecked
	opened, ok := errors.AsType[*store.OpenError](err)
	if ok {
		x.Type, err = opened.Type, opened.Err
	}
	if other, ok := errors.AsType[*store.NotKeystoreError](err); ok {
		if found := opened.Wrapped(); len(found) > 0 {
			w := found[max(0, slices.IndexFunc(found, store.Wrapped.Keystore))]
			x.find(finding.Error, "not-a-keystore", "", "this is no keystore: it holds "+w.String(), w.Command(x.Path))
			return
		}
		if damage, ok := opened.Damage(); ok {
			x.find(finding.Error, "not-a-keystore", "", "this is "+string(other.What)+", and no keystore; the file is damaged: "+damage.Cause, cmp.Or(damage.Command(x.Path), binaryCopy))
			return
		}
		x.find(finding.Error, "not-a-keystore", "", "this is "+string(other.What)+", and no keystore", notKeystore(other.What, x.Path))
		return
	}
	if damage, ok := opened.Damage(); ok && errors.Is(err, entry.ErrDamaged) {
		x.damaged(damage)
		return
	}
	switch {
	case errors.Is(err, entry.ErrUnsupported):
		x.find(finding.Error, "unsupported", "", "it uses what can't be read here: "+err.Error(), "")
	case errors.Is(err, entry.ErrLimit):
		x.beyond("", err)
	default:
		x.find(finding.Error, "damaged", "", "the file is damaged: "+err.Error(), binaryCopy)
	}
}

// beyond: the file, or the key of an alias, asks for more than it gets.
func (x *examination) beyond(alias string, err error) {
	x.Status = Unchecked
	remedy := ""
	if e, ok := errors.AsType[*entry.FormatError](err); ok && e.Enough > 0 {
		k := x.keystore()
		k.Open = x.o.Storepass
		remedy = shell.Note(k.Operand([]string{"check", "-maxIterations", strconv.Itoa(e.Enough)}), "if the file is to be trusted, and there is time")
	}
	x.find(finding.Error, "limit", alias, "it asks for more than is reasonable: "+err.Error(), remedy)
}

// affordable says whether the keys are to be opened: not where the file asks for
// so much work that nobody would wait for it. A connector opens one of them.
func (x *examination) affordable() {
	if err := x.store.CheckCost(); err != nil && x.password != nil && !x.trust {
		x.costly = true
		if !x.server {
			x.beyond("", err)
		}
	}
}

// damaged: it is known what has happened to the file.
func (x *examination) damaged(d store.Damage) {
	x.find(finding.Error, "damaged", "", "the file is damaged: "+d.Cause, cmp.Or(d.Command(x.Path), binaryCopy))
}

// binaryCopy is for files that a transfer has spoilt.
const binaryCopy = "# fetch it again or take the backup; keystores must be copied as binary files"

// notKeystore says what to do with a file that is something else.
func notKeystore(what store.Content, path string) string {
	switch what {
	case store.PEMCertificate, store.DERCertificate, store.PEMPKCS7, store.DERPKCS7:
		return shell.Line("gokeytool", "import", "-bundle", path, "-keystore", "KEYSTORE")
	case store.PEMRequest, store.DERRequest:
		return shell.Line("gokeytool", "printcertreq", "-file", path)
	case store.PEMCRL, store.DERCRL:
		return shell.Line("gokeytool", "printcrl", "-file", path)
	case store.PEMKey, store.PEMEncryptedKey, store.DERKey, store.DEREncryptedKey:
		return shell.Line("gokeytool", "import", "-keyfile", path, "-file", "CERTIFICATE", "-alias", "ALIAS", "-keystore", "KEYSTORE")
	case store.LFSPointer:
		return shell.Line("git", "-C", filepath.Dir(path), "lfs", "pull", "--include", filepath.Base(path))
	case store.Mangled:
		return binaryCopy
	}
	return ""
}

// fileMode: a file with keys that any user can read.
func (x *examination) fileMode(mode fs.FileMode) {
	if runtime.GOOS == "windows" || mode.Perm()&0o004 == 0 {
		return
	}
	for _, e := range x.store.Entries() {
		if e.Kind != entry.TrustedCertificate {
			x.find(finding.Warning, "file-mode", "", fmt.Sprintf("every user of this machine can read the file (mode %04o), and it holds keys", mode.Perm()),
				shell.Line("chmod", "o-rwx", shell.File(x.Path)))
			return
		}
	}
}
