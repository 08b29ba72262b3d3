// Package check gives a verdict on keystores: whether each opens, whether its
// keys can be used, whether its certificates are in order, and who can read
// it. What is wrong is told as a finding.Finding: its cause in a sentence, and the
// command that fixes it.
//
// File looks at one file, Files at any number of files, directories, patterns
// and Tomcat's server.xml, on all processors at once but with its verdicts in
// a stable order and only a few in memory at any time.
//
// Findings of an identity (a private key and its chain) rest on
// identity.Examine. Their severity follows what the certificate is for: what
// keeps TLS clients away is an error in a server's certificate, a warning in
// one that does not say, and nothing in a client's or a CA's.
//
// The package reads files and nothing else: it changes none, connects nowhere
// and asks for no password.
package check

import (
	"slices"
	"time"

	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/internal/jsontime"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// Status is a verdict in a word.
type Status string

const (
	// Healthy: no finding is an error (with Options.Strict: or a warning).
	Healthy Status = "healthy"
	// Faulty: at least one is.
	Faulty Status = "faulty"
	// Unchecked: the file could not be opened, so that it may be anything.
	// Findings say why, and what could be seen even so.
	Unchecked Status = "unchecked"
)

// Password says with which password a keystore opened.
type Password string

const (
	PasswordGiven    Password = "given"    // the one in Options
	PasswordChangeit Password = "changeit" // Java's and Tomcat's default
	PasswordEmpty    Password = "empty"    // of no characters
	PasswordNone     Password = "none"     // the file has none
	PasswordUnknown  Password = "unknown"  // none of these
)

// Verdict is what there is to say about one file.
type Verdict struct {
	Path string `json:"path"`
	// Role says what a server.xml uses the file for, with its place, such
	// as "keystore of the connector on port 8443 (conf/server.xml:95)";
	// empty for a file that was named or found itself.
	Role   string `json:"role,omitempty"`
	Status Status `json:"status"`
	// Type is the format; empty where the file is no keystore.
	Type     store.Type `json:"type,omitempty"`
	Password Password   `json:"password,omitempty"`
	// Entries are in Java's order, those that Java does not see behind.
	Entries []Entry `json:"entries"`
	// Serves is the alias of the key that Tomcat serves: as the server.xml
	// has it that was checked, else where none is named. It is empty where
	// there is no key.
	Serves string `json:"serves,omitempty"`
	// Readers are the programs that may have to read the file; none of a token.
	Readers  []Reader          `json:"readers,omitempty"`
	Findings []finding.Finding `json:"findings"`
}

// Entry is an entry of a keystore.
type Entry struct {
	// Alias is as Java shows it. It is empty for a certificate that
	// stands in a PKCS12 file without being an entry.
	Alias string `json:"alias"`
	// Kind is Java's name of the kind: PrivateKeyEntry, trustedCertEntry
	// or SecretKeyEntry. It is "certificate" for one on a token that is no entry,
	// or whose key is not seen without the PIN.
	Kind string `json:"kind"`
	// Created is when the entry was made; zero where the file does not say,
	// and null in JSON where the year has more than four digits.
	Created jsontime.Time `json:"created,omitzero"`
	// Chain has the entry's own certificate first.
	Chain []x509util.Description `json:"chain,omitempty"`
	// ACME says how that is renewed, where it came by ACME and that is known.
	ACME *Renewal `json:"acme,omitempty"`
}

// Renewal is how a certificate is renewed by ACME.
type Renewal struct {
	CA    string        `json:"ca"`    // as it calls itself, or its host
	Renew jsontime.Time `json:"renew"` // from when on it is renewed
}

// Managed is what is known of a certificate that came by ACME.
type Managed struct {
	identity.ACME
	// ToRun says that the command for a new certificate has still to run.
	ToRun bool
	// Revoked is when it was revoked from here, and Reason why; zero for not.
	Revoked time.Time
	Reason  string
}

// Reader is a program and whether it can read a file.
type Reader struct {
	// Name is "Java", "OpenSSL" or "Windows".
	Name  string `json:"name"`
	Reads bool   `json:"reads"`
	// Since are the releases that can, each with those after it on its
	// line: "8u301, 11.0.12, 12"; empty for all.
	Since string `json:"since,omitempty"`
	// Note is a condition: "with -legacy in OpenSSL 3".
	Note string `json:"note,omitempty"`
}

// Options says how to look at keystores. The zero value is good.
type Options struct {
	// Password opens the keystores. Where it is nil, or does not fit, Java's
	// default changeit is tried, and for PKCS12 the empty password. It is
	// UTF-8 text and stays the caller's.
	Password []byte
	// PasswordSource is a command for the shell that writes the line in which
	// Password stands, for remedies; empty where there is none.
	PasswordSource string
	// KeyPassword opens keys that the keystore's password does not.
	KeyPassword []byte
	// Storepass and Keypass are the words of a command line that give
	// Password and KeyPassword again, such as "-storepass:file", "pw", for
	// remedies. Where they are nil, the command of the remedy asks.
	Storepass, Keypass []string
	// Within makes an error of every certificate that has ended, or ends
	// within this time. Zero or less makes those of keys an error once they have
	// ended, and a warning in the 30 days before.
	Within time.Duration
	// Truststore judges files that are named as the truststore of a program in
	// Java, which has the password only if Password is given.
	Truststore bool
	// Strict makes a keystore with warnings Faulty.
	Strict bool
	// Tomcat is the major version, 7 to 12, that a server.xml is for; zero
	// guesses it from the file.
	Tomcat int
	// Now is the time to judge dates by; zero is the present.
	Now time.Time
	// MaxSize is the size in bytes beyond which a file is not read; zero
	// is 64 MiB.
	MaxSize int64
	// Limits bounds the work for one file; zero is entry.DefaultLimits.
	Limits entry.Limits
	// ACME says what is known of a certificate, as DER, that came by ACME; nil for
	// nothing. It must be safe for concurrent use. A nil function knows none.
	ACME func(leaf []byte) *Managed
	// Tokens are the PKCS #11 tokens among the paths, by their names there. If it is the
	// only one, it also stands for the keystores of the type PKCS11 that a server.xml
	// names; without one those are not opened.
	Tokens map[string]*Token
	// Env gives the value of a variable of the environment, such as CATALINA_OPTS; nil
	// knows none.
	Env func(name string) (value string, ok bool)
	// Lookup gives the value of a property that a server.xml names by
	// ${...}, such as user.home; nil knows none.
	Lookup func(name string) (value string, ok bool)

	size    *entry.Work // of the files that a server.xml may name, in bytes; nil: any
	guesses *entry.Work // how many names of files may be looked for; nil: any
}

// Ends returns when the keystore ceases to do its work: when the first
// certificate in its keys' chains ends. Without keys it is when the first
// trusted certificate ends of those that are valid at the time now; if none
// is, when the last ended.
func (v Verdict) Ends(now time.Time) (end time.Time, ok bool) {
	var keys, valid, past []time.Time
	for _, e := range v.Entries {
		for _, c := range e.Chain {
			switch {
			case e.Kind == entry.PrivateKey.String():
				keys = append(keys, c.NotAfter.Time)
			case c.NotAfter.Before(now):
				past = append(past, c.NotAfter.Time)
			default:
				valid = append(valid, c.NotAfter.Time)
			}
		}
	}
	switch {
	case len(keys) > 0:
		return slices.MinFunc(keys, time.Time.Compare), true
	case len(valid) > 0:
		return slices.MinFunc(valid, time.Time.Compare), true
	case len(past) > 0:
		return slices.MaxFunc(past, time.Time.Compare), true
	}
	return time.Time{}, false
}
