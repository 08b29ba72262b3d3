// Package signedjar reads who signed a JAR file, and verifies it as Java does:
// the signature over each signature file (META-INF/*.SF), that one's digests
// of the manifest, and the manifest's of the files (JAR File Specification,
// "Signed JAR File"; sun.security.util.SignatureFileVerifier).
//
// That a certificate is trusted is not looked at.
package signedjar

import (
	"archive/zip"
	"bytes"
	"crypto"
	_ "crypto/md5"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// Signer is one who signed files of a JAR.
type Signer struct {
	Chain []*x509util.Certificate // the signer's own first
	// Timestamp is the chain of whoever vouches for Time, if anyone does.
	Timestamp []*x509util.Certificate
	Time      time.Time
}

// ErrFormat is wrapped by the errors for files that are no JAR.
var ErrFormat = errors.New("not a JAR file")

// VerifyError says that a JAR is not what was signed, or that this can't be
// verified here: then it wraps a *keys.UnsupportedError.
type VerifyError struct {
	Text  string // Java's
	cause error
}

func (e *VerifyError) Error() string { return e.Text }
func (e *VerifyError) Unwrap() error { return e.cause }

func refuse(format string, args ...any) error {
	return &VerifyError{Text: fmt.Sprintf(format, args...)}
}

// Limits: Java bounds the files in META-INF as well, and reads entries one by
// one without a bound; a zip bomb ends here. All files of META-INF together may be
// four of the largest; all others as large as the JAR many times over.
const (
	maxMetaFile = 16 << 20
	maxMeta     = 4 * maxMetaFile
	minContent  = 512 << 20
	maxRatio    = 50 // of what is hashed to the JAR's size: classes shrink to a half
	maxContent  = 16 << 30
	maxSigners  = 1000
)

// Signers returns the signers of the JAR's files in the order in which keytool
// shows them: by the first file each signed, then by the order of their
// signatures in the JAR; none if the JAR is not signed. Weak algorithms that
// Java ignores in running a JAR count here, as they do for keytool. A file that
// was changed after it was signed is a *VerifyError.
func Signers(r io.ReaderAt, size int64) ([]*Signer, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	j := &jar{archive: archive, meta: maxMeta, content: min(max(minContent, maxRatio*min(size, maxContent)), maxContent)}
	if err := j.readManifest(); err != nil || j.manifest == nil {
		return nil, err
	}
	if err := j.readSignatures(); err != nil || len(j.signatures) == 0 {
		return nil, err
	}
	return j.verifyFiles()
}

type jar struct {
	archive    *zip.Reader
	manifest   *manifest
	signatures []*signature
	// How many bytes of META-INF may yet be read, and of others be hashed.
	meta, content int64
}

// signature is a signature file that was verified, and what it covers.
type signature struct {
	signer  *Signer
	entries map[string]bool
}

func inMeta(name string) bool { return strings.HasPrefix(strings.ToUpper(name), "META-INF/") }

func (j *jar) readManifest() error {
	for _, f := range j.archive.File {
		if strings.EqualFold(f.Name, "META-INF/MANIFEST.MF") {
			data, err := j.readMeta(f)
			if err != nil {
				return err
			}
			j.manifest, err = parseManifest(data)
			return err
		}
	}
	return nil
}

func (j *jar) readMeta(f *zip.File) ([]byte, error) {
	file, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, f.Name, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxMetaFile+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, f.Name, err)
	}
	if len(data) > maxMetaFile {
		return nil, fmt.Errorf("%s is larger than 16 MiB", f.Name)
	}
	if j.meta -= int64(len(data)); j.meta < 0 {
		return nil, errors.New("the files in META-INF are larger than 64 MiB together")
	}
	return data, nil
}

// readSignatures verifies the signature files, in the order of the blocks in
// the JAR.
func (j *jar) readSignatures() error {
	files := make(map[string]*zip.File)
	for _, f := range j.archive.File {
		if name := strings.ToUpper(f.Name); inMeta(name) && path.Dir(name) == "META-INF" && path.Ext(name) == ".SF" {
			files[strings.TrimSuffix(name, ".SF")] = f
		}
	}
	for _, f := range j.archive.File {
		name := strings.ToUpper(f.Name)
		base := strings.TrimSuffix(name, path.Ext(name))
		sf := files[base]
		switch path.Ext(name) {
		case ".RSA", ".DSA", ".EC":
		default:
			continue
		}
		if sf == nil || path.Dir(name) != "META-INF" {
			continue
		}
		if len(j.signatures) == maxSigners {
			return errors.New("more than 1000 signatures")
		}
		block, err := j.readMeta(f)
		if err != nil {
			return err
		}
		content, err := j.readMeta(sf)
		if err != nil {
			return err
		}
		s, err := j.verifySignature(base, content, block)
		if err != nil {
			return err
		}
		j.signatures = append(j.signatures, s)
	}
	return nil
}

// verifySignature verifies a signature block over its signature file, and the
// latter's digests of the manifest.
func (j *jar) verifySignature(name string, content, block []byte) (*signature, error) {
	signed, err := x509util.ParseSignedData(block)
	if err != nil || len(signed.Signers) == 0 {
		return nil, refuse("cannot verify signature block file %s", name)
	}
	info := &signed.Signers[0] // Java heeds the first
	signer := new(Signer)
	if signer.Chain, err = signed.Verify(info, content); err == nil {
		signer.Time, signer.Timestamp, err = info.Timestamp()
	}
	if err != nil {
		return nil, &VerifyError{"cannot verify signature block file " + name, err}
	}
	sf, err := parseManifest(content)
	if err != nil {
		return nil, err
	}
	s := &signature{signer: signer, entries: make(map[string]bool)}
	whole, _ := compareDigest(sf.main, "-Digest-Manifest", j.manifest.raw)
	if !whole {
		main, found := compareDigest(sf.main, "-Digest-Manifest-Main-Attributes", j.manifest.rawMain)
		if found && !main {
			return nil, refuse("Invalid signature file digest for Manifest main attributes")
		}
	}
	for _, section := range sf.sections {
		entry, ok := j.manifest.byName[section.name]
		if !ok {
			if whole {
				continue
			}
			return nil, refuse("no manifest section for signature file entry %s", section.name)
		}
		if !whole {
			same, found := compareDigest(section.attributes, "-Digest", entry.raw)
			if !found {
				continue
			}
			if !same {
				return nil, refuse("invalid %s signature file digest for %s", firstDigest(section.attributes), section.name)
			}
		}
		s.entries[section.name] = true
	}
	return s, nil
}

// verifyFiles compares each file that somebody signed with the manifest, and
// gathers who did.
func (j *jar) verifyFiles() ([]*Signer, error) {
	var signers []*Signer
	for _, f := range j.archive.File {
		entry, ok := j.manifest.byName[f.Name]
		if !ok || strings.HasSuffix(f.Name, "/") {
			continue
		}
		var by []*Signer
		for _, s := range j.signatures {
			if s.entries[f.Name] {
				by = append(by, s.signer)
			}
		}
		if len(by) == 0 {
			continue
		}
		if err := j.verifyFile(f, entry); err != nil {
			return nil, err
		}
		for _, signer := range by {
			if !slices.ContainsFunc(signers, signer.same) {
				signers = append(signers, signer)
			}
		}
	}
	return signers, nil
}

// verifyFile compares a file with its digests in the manifest. What is hashed
// counts once for each algorithm.
func (j *jar) verifyFile(f *zip.File, entry *section) error {
	type check struct {
		name string
		want []byte
	}
	var checks []check
	hashes := make(map[string]hash.Hash)
	var writers []io.Writer
	for _, a := range entry.attributes {
		name, ok := cutSuffixFold(a.name, "-Digest")
		newHash := hashByName(name)
		if !ok || newHash == nil {
			continue
		}
		want, err := base64.StdEncoding.DecodeString(a.value)
		if err != nil {
			return refuse("%s digest error for %s", name, f.Name)
		}
		if algorithm := strings.ToUpper(name); hashes[algorithm] == nil {
			hashes[algorithm] = newHash()
			writers = append(writers, hashes[algorithm])
		}
		checks = append(checks, check{name, want})
	}
	file, err := f.Open()
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrFormat, f.Name, err)
	}
	defer file.Close()
	n, err := io.Copy(io.MultiWriter(writers...), io.LimitReader(file, j.content+1))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrFormat, f.Name, err)
	}
	if j.content -= n * int64(max(1, len(writers))); j.content < 0 {
		return errors.New("what its files hold is too much for a JAR of this size")
	}
	for _, c := range checks {
		if !bytes.Equal(hashes[strings.ToUpper(c.name)].Sum(nil), c.want) {
			return refuse("%s digest error for %s", c.name, f.Name)
		}
	}
	return nil
}

// compareDigest looks in the attributes for digests of data whose names end
// in suffix. found is false if there is none that is known.
func compareDigest(attributes []attribute, suffix string, data []byte) (same, found bool) {
	for _, a := range attributes {
		name, ok := cutSuffixFold(a.name, suffix)
		newHash := hashByName(name)
		if !ok || newHash == nil {
			continue
		}
		h := newHash()
		h.Write(data)
		want, err := base64.StdEncoding.DecodeString(a.value)
		if err != nil || !bytes.Equal(h.Sum(nil), want) {
			return false, true
		}
		same, found = true, true
	}
	return same, found
}

func firstDigest(attributes []attribute) string {
	for _, a := range attributes {
		if name, ok := cutSuffixFold(a.name, "-Digest"); ok {
			return name
		}
	}
	return ""
}

func cutSuffixFold(s, suffix string) (string, bool) {
	if len(s) < len(suffix) || !strings.EqualFold(s[len(s)-len(suffix):], suffix) {
		return "", false
	}
	return s[:len(s)-len(suffix)], true
}

// hashByName returns the hash of Java's name for a message digest, nil if it is
// not known.
func hashByName(name string) func() hash.Hash {
	switch strings.ToUpper(name) {
	case "MD2":
		return keys.NewMD2
	case "MD5":
		return crypto.MD5.New
	case "SHA", "SHA1", "SHA-1":
		return crypto.SHA1.New
	case "SHA-224":
		return crypto.SHA224.New
	case "SHA-256":
		return crypto.SHA256.New
	case "SHA-384":
		return crypto.SHA384.New
	case "SHA-512":
		return crypto.SHA512.New
	case "SHA-512/224":
		return crypto.SHA512_224.New
	case "SHA-512/256":
		return crypto.SHA512_256.New
	case "SHA3-224":
		return crypto.SHA3_224.New
	case "SHA3-256":
		return crypto.SHA3_256.New
	case "SHA3-384":
		return crypto.SHA3_384.New
	case "SHA3-512":
		return crypto.SHA3_512.New
	}
	return nil
}

// same says whether two signers are the same, by certificates and time.
func (s *Signer) same(t *Signer) bool {
	equal := func(a, b *x509util.Certificate) bool { return bytes.Equal(a.Raw, b.Raw) }
	return s.Time.Equal(t.Time) && slices.EqualFunc(s.Chain, t.Chain, equal) &&
		slices.EqualFunc(s.Timestamp, t.Timestamp, equal)
}
