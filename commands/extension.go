package commands

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gokeytool/store"
)

// extensions are the ends of file names that say what is in the file. Others
// (.keystore, .crt, .cer, .key, .csr) are given to files of more than one kind.
var extensions = map[string]store.Type{
	".p12": store.PKCS12, ".pfx": store.PKCS12, ".pkcs12": store.PKCS12,
	".jks": store.JKS, ".jceks": store.JCEKS, ".bks": store.BKS, ".ubr": store.UBER, ".uber": store.UBER,
	".pem": store.PEM, ".der": store.DER, ".p7b": store.PKCS7, ".p7c": store.PKCS7,
}

// typeOfName is the format that the name of a file speaks of, empty if it speaks
// of none.
func typeOfName(name string) store.Type { return extensions[strings.ToLower(filepath.Ext(name))] }

// typesOf are the formats that names may give to such content, the best first;
// none if it has no name of its own.
func typesOf(data []byte) []store.Type {
	t, err := store.Detect(data)
	if err == nil {
		return []store.Type{t}
	}
	e, ok := errors.AsType[*store.NotKeystoreError](err)
	switch {
	case !ok:
		return nil
	case e.What == store.PEMPKCS7:
		return []store.Type{store.PEM, store.PKCS7}
	case e.What == store.DERPKCS7:
		return []store.Type{store.PKCS7, store.DER}
	case strings.HasSuffix(string(e.What), " in PEM"), e.What == store.PEMOther:
		return []store.Type{store.PEM}
	case strings.HasSuffix(string(e.What), " in DER"), e.What == store.DEROther:
		return []store.Type{store.DER}
	}
	return nil
}

// warnOfName says that a file which was written is not what its name says.
func (s *session) warnOfName(name string, is ...store.Type) {
	says := typeOfName(name)
	if says == "" || len(is) == 0 || slices.Contains(is, says) {
		return
	}
	text := fmt.Sprintf("%s: its name says %s, but it is %s", name, says, is[0])
	if remedy := s.asNamed(says, is[0]); remedy != "" {
		text += ": " + remedy
	}
	s.hint(text)
}

// asNamed is how the command writes what the name of its file says.
func (s *session) asNamed(says, is store.Type) string {
	switch {
	case s.req.Has("to"), s.req.Has("format"), s.req.Has("profile"), s.req.Has("storetype"):
		return "" // it was asked for
	case s.ks != nil && s.ks.created && says.Foreign():
		return "such files are not written as keystores"
	case s.ks != nil && s.ks.created:
		return "-" + s.ks.option("storetype") + " " + strings.ToLower(string(says)) + " makes it what its name says"
	case says == store.PEM && is == store.DER && s.documents("rfc"):
		return "-rfc writes PEM"
	case says == store.DER && is == store.PEM && s.opt.rfc:
		return "without -rfc it is DER"
	case s.documents("format") && !says.Foreign():
		return "-format " + map[store.Type]string{store.PKCS12: "p12", store.JKS: "jks"}[says] + " writes a keystore"
	case s.documents("format") && says == store.PKCS7:
		return "-format p7b writes PKCS7"
	}
	return ""
}
