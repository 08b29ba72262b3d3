package commands

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"gokeytool/commands/internal/argv"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
	"gokeytool/x509util/keytool"
)

// requestable are the extensions that our own style asks a CA for because the
// entry's certificate has them, and grants because a request has them:
// SubjectAlternativeName, KeyUsage and ExtendedKeyUsage (RFC 5280, section
// 4.2.1). keytool asks for and grants what -ext says, and nothing else.
var requestable = map[string]string{"2.5.29.17": "san", "2.5.29.15": "ku", "2.5.29.37": "eku"}

// noExtensions is the value of -ext that leaves them out.
const noExtensions = "none"

// withoutNone are the values of -ext, and whether one of them is "none", which
// only our own style knows.
func withoutNone(style argv.Style, specs []string) (rest []string, none bool) {
	if style == argv.Keytool {
		return specs, false
	}
	for _, spec := range specs {
		if strings.EqualFold(spec, noExtensions) {
			none = true
		} else {
			rest = append(rest, spec)
		}
	}
	return rest, none
}

// certifiedNames are the alternative names of a certificate or a request, the first few
// of many, or where there are none its subject.
func certifiedNames(subject x509util.Name, extensions []x509util.Extension) string {
	var names []string
	for _, name := range x509util.ExtensionNames(extensions) {
		for _, kind := range []string{"dns:", "ip:"} {
			name = strings.TrimPrefix(name, kind)
		}
		names = append(names, name)
	}
	switch {
	case len(names) > 0:
		return text.Elide(names, 6)
	case subject.IsEmpty():
		return "no name"
	}
	return subject.String()
}

// grants are the values of -ext with which a request is certified. In our own
// style the names and usages that it asks for are granted unless -ext says which
// are; but not the right to sign certificates where -ext does not make a CA.
func grants(style argv.Style, specs []string, requested []x509util.Extension) []string {
	rest, none := withoutNone(style, specs)
	says := func(prefix string) bool {
		return slices.ContainsFunc(specs, func(spec string) bool { return strings.HasPrefix(strings.ToLower(spec), prefix) })
	}
	if style == argv.Keytool || none || says("honored") {
		return rest
	}
	var granted []string
	for _, e := range requested {
		name := requestable[e.OID.String()]
		signs := name == "ku" && slices.Contains(x509util.KeyUsages(e.Value), "keyCertSign")
		if name != "" && (!signs || says("bc") || says("basicconstraints")) {
			granted = append(granted, name)
		}
	}
	if granted == nil {
		return rest
	}
	return append([]string{"honored=" + strings.Join(granted, ",")}, rest...)
}

// parseRequest reads a certificate request and checks that whoever made it has
// the key. The word marks the lines around it for keytool's errors. A request whose
// signature can't be verified comes with an *unverifiedRequestError in our own style.
func (s *session) parseRequest(name string, data []byte, word string) (*x509util.Request, error) {
	request, err := s.readRequest(name, data, word)
	return request, about(name, err)
}

func (s *session) readRequest(name string, data []byte, word string) (*x509util.Request, error) {
	request, err := x509util.ParseRequest(data)
	var input *x509util.InputError
	if errors.As(err, &input) {
		said := cmp.Or(keytool.UnreadableRequestError(data, word, s.release), java("java.io.IOException", "Too short"))
		return nil, withHint(said, s.whatFile(name, data, forRequest, err)...)
	}
	if err != nil {
		return nil, err
	}
	if err := keytool.CriticalError(request, s.release); err != nil {
		return nil, withHint(err, unreadableHint)
	}
	if err := request.CheckSignature(); err != nil {
		return request, s.requestError(name, err)
	}
	return request, nil
}

// unverifiedRequestError says that the signature of a request is of a kind that
// can't be verified here.
type unverifiedRequestError struct{ text string }

func (e *unverifiedRequestError) Error() string { return e.text }

// requestError says what is wrong with the signature of a request.
func (s *session) requestError(name string, err error) error {
	_, unsupported := errors.AsType[*keys.UnsupportedError](err)
	switch {
	case !unsupported:
		return withHint(java("java.security.SignatureException", "Invalid PKCS #10 signature"),
			"the request was changed after it was signed, or signed with another key than the one in it")
	case !s.ownStyle():
		return s.unusable("Invalid PKCS #10 signature", err)
	}
	return withHint(&unverifiedRequestError{"the signature of the request " + x509util.CantVerify(err)}, "OpenSSL may know it: "+shell.Line("openssl", "x509", "-req", "-in", cmp.Or(name, "REQUEST"), "-CA", "CACERT", "-CAkey", "CAKEY", "-days", "90", "-out", "CERTIFICATE"))
}
