package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"gokeytool/jdk"
	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// JavaError returns what Java's keytool says of an error in opening, using or
// saving a keystore: the exception's class and its text, as they stand after
// "keytool error: ". It is false where that is not known. The text is the
// first line that scripts look for; what the matter is, err says better.
//
// JDK 17 and 25 say the same in all that is known here, except for algorithms of
// PKCS12 that they don't know.
func JavaError(err error, release jdk.Release) (text string, ok bool) {
	switch e := err.(type) {
	case *OpenError:
		return e.java()
	case *KeyError:
		return e.java()
	case *SaveError:
		if protection, ok := errors.AsType[*pkcs12.ProtectionError](e.Err); ok {
			return protection.Java(release), true
		}
		return e.java()
	case *NoEntryError:
		return fmt.Sprintf("java.lang.Exception: Alias <%s> does not exist", e.Alias), true
	case *EntryExistsError:
		return fmt.Sprintf("java.lang.Exception: Destination alias <%s> already exists", e.Alias), true
	case *KindError:
		if e.Want == entry.TrustedCertificate {
			return "java.security.KeyStoreException: Cannot overwrite own certificate", true
		}
		return fmt.Sprintf("java.lang.Exception: Alias <%s> has no key", e.Alias), true
	case *pkcs12.SecretAlgorithmError:
		return "java.security.KeyStoreException: Key protection algorithm not found: " +
			"java.security.NoSuchAlgorithmException: unrecognized algorithm name: " + e.Algorithm, true
	case *pkcs12.ProtectionError:
		return e.Java(release), true
	case *NoSecretKeysError:
		return "java.security.KeyStoreException: Cannot store non-PrivateKeys", true
	case *UnknownTypeError:
		return fmt.Sprintf("java.security.KeyStoreException: %s not found", strings.ToUpper(e.Name)), true
	case *fs.PathError:
		if e.Op == "lock" {
			return (&SaveError{Path: e.Path, Err: &fs.PathError{Op: "open", Err: e.Err}}).java()
		}
		// Of Open: whatever the reason for which it cannot be read.
		return "java.lang.Exception: Keystore file does not exist: " + e.Path, true
	}
	if err == entry.ErrNoPassword { // of a key; a SaveError has come before
		return "java.security.KeyStoreException: password can't be null", true
	}
	if inner := errors.Unwrap(err); inner != nil {
		return JavaError(inner, release)
	}
	return "", false
}

// What Java says of a file.
const (
	eof          = "java.io.EOFException"
	invalid      = "java.io.IOException: Invalid keystore format"
	unrecognized = "java.security.KeyStoreException: Unrecognized keystore format. Please load it with a specified type"
	tampered     = "java.io.IOException: Keystore was tampered with, or password was incorrect"
	incorrect    = "java.io.IOException: keystore password was incorrect"
	unverified   = "java.io.IOException: Integrity check failed: java.security.UnrecoverableKeyException: Failed PKCS12 integrity checking"
	integrity    = "java.io.IOException: KeyStore integrity check failed." // BouncyCastle's
)

// encryptedDataOID is PKCS #7's EncryptedData (1.2.840.113549.1.7.6) in DER.
var encryptedDataOID = []byte{0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x06}

// java is what Java says of a file that it does not open either. Of the types
// JKS and PKCS12 each opens the other's files too, but says of one that is
// broken what its own format has to say.
func (e *OpenError) java() (string, bool) {
	text, ok := e.javaText()
	if !ok && errors.Is(e.Err, entry.ErrDamaged) {
		// Where Java stops within the file is not known, only that it does.
		return "java.io.IOException: " + e.Err.Error(), true
	}
	return text, ok
}

func (e *OpenError) javaText() (string, bool) {
	if len(e.data) == 0 {
		return "java.lang.Exception: Keystore file exists, but is empty: " + e.Path, true
	}
	if errors.Is(e.Err, entry.ErrPassword) && opensAs(e.Type, e.options.Type) {
		switch e.Type {
		case PKCS12:
			// Java decrypts what is encrypted before it checks the MAC. In a file
			// of keys without certificates there is none: keys stay as they are.
			if !bytes.Contains(e.data, encryptedDataOID) {
				return unverified, true
			}
			return incorrect, true
		case BKS, UBER:
			return integrity, true
		}
		return tampered, true
	}
	password := e.options.Password != nil
	switch e.options.Type {
	case JKS, CaseExactJKS, JCEKS:
		return javaJKS(e.data, e.options.Type, password)
	case PKCS12:
		if text, _ := javaJKS(e.data, JKS, password); text == tampered {
			return text, true
		}
		return javaPKCS12(e.data)
	}
	switch {
	case e.Type == JKS, e.Type == JCEKS:
		return javaJKS(e.data, e.Type, password)
	case e.Type == PKCS12 && len(e.data) >= 24 && e.data[1] >= 0x80:
		return javaPKCS12(e.data)
	}
	// Java tells PKCS12 by its first 24 bytes, and never with a short length.
	return unrecognized, true
}

// opensAs says whether Java opens a file of that format where it is asked for
// the declared one.
func opensAs(format, declared Type) bool {
	switch declared {
	case JKS, PKCS12:
		return format == JKS || format == PKCS12
	case CaseExactJKS:
		return format == CaseExactJKS
	case JCEKS:
		return format == JCEKS
	}
	return true
}

// javaJKS follows Java through a JKS or JCEKS file to where it stops.
func javaJKS(data []byte, t Type, password bool) (string, bool) {
	r := javaReader{data: data}
	magic, version := r.uint32(), r.uint32()
	if r.short {
		return eof, true
	}
	if magic != 0xFEEDFEED && (magic != 0xCECECECE || t != JCEKS) || version != 1 && version != 2 {
		return invalid, true
	}
	count, text, known := walkJKS(&r, t, version)
	if text != "" || !known {
		return text, known
	}
	switch {
	case r.short, len(r.data) < digestSize:
		return eof, true
	case count < 0, password:
		return tampered, true // what was read has another digest
	}
	return "", false
}

// walkJKS goes through the entries of a JKS or JCEKS file as Java does, after
// the magic number and the version, and returns how many it has. It ends with a
// text where Java does; known is false where Java's way is not known.
func walkJKS(r *javaReader, t Type, version uint32) (count int32, text string, known bool) {
	certificate := func() {
		if version == 2 {
			r.skip(int64(r.uint16())) // the type
		}
		r.skip(int64(r.uint32()))
	}
	count = int32(r.uint32())
	for n := count; n > 0 && !r.short; n-- {
		tag := r.uint32()
		if !r.short && tag != 1 && tag != 2 {
			if tag == 3 && t == JCEKS {
				return count, "", false // a serialised object
			}
			return count, fmt.Sprintf("java.io.IOException: Unrecognized keystore entry: %d", int32(tag)), true
		}
		r.skip(int64(r.uint16())) // alias
		r.skip(8)                 // date
		if tag == 2 {
			certificate()
			continue
		}
		r.skip(int64(r.uint32()))
		for n := r.uint32(); int32(n) > 0 && !r.short; n-- {
			certificate()
		}
	}
	return count, "", true
}

// javaReader reads as java.io.DataInputStream does.
type javaReader struct {
	data    []byte
	short   bool  // the data has ended
	missing int64 // bytes, where it ended
}

func (r *javaReader) skip(n int64) []byte {
	if n > int64(len(r.data)) {
		if !r.short {
			r.missing = n - int64(len(r.data))
		}
		r.short, r.data = true, nil
		return make([]byte, 8)
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *javaReader) uint16() uint16 { return binary.BigEndian.Uint16(r.skip(2)) }
func (r *javaReader) uint32() uint32 { return binary.BigEndian.Uint32(r.skip(4)) }

// javaPKCS12 follows Java through the beginning of a PKCS12 file: the outer
// SEQUENCE and the version number.
func javaPKCS12(data []byte) (string, bool) {
	const class = "java.io.IOException: "
	if data[0]&0x1F == 0x1F {
		return class + "Tag number over 30 is not supported", true
	}
	if len(data) < 2 {
		return class + "Short read of DER length", true
	}
	body, length := data[2:], uint32(data[1])
	if data[1] == 0x80 {
		return "", false
	}
	if n := int(data[1] & 0x7F); data[1] > 0x80 {
		const getLength = class + "DerInputStream.getLength(): "
		if n > 4 {
			return fmt.Sprintf("%slengthTag=%d, too big.", getLength, n), true
		}
		var octets [4]byte
		for i := range n {
			octets[4-n+i] = 0xFF // what is read beyond the end
			if i < len(body) {
				octets[4-n+i] = body[i]
			}
		}
		length = binary.BigEndian.Uint32(octets[:])
		switch {
		case octets[4-n] == 0:
			return getLength + "Redundant length bytes found", true
		case int32(length) < 0:
			return getLength + "Invalid length bytes", true
		case length <= 127:
			return getLength + "Should use short form for length", true
		}
		body = body[min(n, len(body)):]
	}
	if uint64(length) > uint64(len(body)) {
		return eof, true
	}
	body = body[:length]
	if tag := data[0]; tag != 0x30 && tag != 0x31 {
		return fmt.Sprintf("%stoDerInputStream rejects tag type %d", class, int8(tag)), true
	}
	switch {
	case len(body) < 2:
		return class + "Too short", true
	case body[0]&0x1F == 0x1F:
		return class + "Tag number over 30 is not supported", true
	case body[1] == 0x80:
		return "", false
	case body[1] > 0x84:
		return class + "Invalid lenByte", true
	}
	tag, length, body := body[0], uint32(body[1]), body[2:]
	if n := int(length & 0x7F); length > 0x80 {
		if length = 0; len(body) < n {
			return class + "Not enough length bytes", true
		}
		for _, b := range body[:n] {
			length = length<<8 | uint32(b)
		}
		body = body[n:]
	}
	switch {
	case int32(length) < 0:
		return class + "Invalid length bytes", true
	case uint64(length) > uint64(len(body)):
		return eof + ": not enough content", true
	case tag != 2:
		return fmt.Sprintf("%sDerValue.getBigIntegerInternal, not expected %d", class, int8(tag)), true
	case length == 0:
		return class + "Invalid encoding: zero length Int value", true
	case length > 1 || body[0] != 3:
		return class + "PKCS12 keystore not in version 3 format", true
	}
	return "", false
}

// java is what Java says of a key that does not open.
func (e *KeyError) java() (string, bool) {
	const class = "java.security.UnrecoverableKeyException: "
	if odd, ok := errors.AsType[*pkcs12.NotForJavaError](e.Err); ok {
		return class + odd.Says, true
	}
	if !errors.Is(e.Err, entry.ErrPassword) {
		return "", false
	}
	const padding = "Given final block not properly padded. Such issues can arise if a bad key is used during decryption."
	switch e.Type {
	case JCEKS:
		return class + padding, true
	case PKCS12:
		return class + "Get Key failed: " + padding, true
	}
	return class + "Cannot recover key", true
}

// java is what Java says of a file that cannot be written.
func (e *SaveError) java() (string, bool) {
	if errors.Is(e.Err, entry.ErrNoPassword) {
		return "java.lang.IllegalArgumentException: password can't be null", true
	}
	errno, ok := errors.AsType[syscall.Errno](e.Err)
	if !ok {
		return "", false
	}
	// As strerror(3) writes it.
	reason := errno.Error()
	reason = strings.ToUpper(reason[:1]) + reason[1:]
	if pe, ok := errors.AsType[*fs.PathError](e.Err); ok && pe.Op == "open" {
		return fmt.Sprintf("java.io.FileNotFoundException: %s (%s)", e.Path, reason), true
	}
	return "java.io.IOException: " + reason, true
}
