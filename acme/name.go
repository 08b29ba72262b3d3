package acme

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Name is a name that is to be certified.
type Name struct {
	Text string // as the CA has it: A-labels in lower case, "*." before a wildcard, or an IP address
	IP   bool
}

// maxNames is how many names a certificate may have: what Let's Encrypt and most CAs
// that say it have as their limit.
const maxNames = 100

// NameError says why something cannot be certified as a name.
type NameError struct {
	Text   string // as typed
	Reason string
}

func (e *NameError) Error() string {
	return fmt.Sprintf("%q cannot be certified: %s", e.Text, e.Reason)
}

// labels turns internationalised names into what DNS has, as browsers do (UTS #46,
// non-transitional), and checks them as names of hosts.
var labels = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true),
	idna.BidiRule(), idna.ValidateLabels(true), idna.CheckJoiners(true), idna.VerifyDNSLength(true),
	idna.CheckHyphens(false)) // some names have two as their third and fourth character, and are no A-labels

// ParseNames are the names that a user typed: DNS names, also internationalised
// ones and wildcards, and IP addresses, each once and in their order. The error is a
// *NameError if it is one name's.
func ParseNames(hosts []string) ([]Name, error) {
	var names []Name
	for _, host := range hosts {
		name, err := parseName(host)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("there is no name to be certified")
	case len(names) > maxNames:
		return nil, fmt.Errorf("there are %d names, and a certificate can have %d", len(names), maxNames)
	}
	return names, nil
}

func parseName(typed string) (Name, error) {
	refuse := func(format string, args ...any) (Name, error) {
		return Name{}, &NameError{typed, fmt.Sprintf(format, args...)}
	}
	text := typed
	if text == "" {
		return refuse("it is empty")
	}
	if !utf8.ValidString(text) {
		return refuse("it is not UTF-8")
	}
	if u, err := url.Parse(text); err == nil && u.Scheme != "" && u.Host != "" {
		return refuse("it is a URL; give the name alone: %s", u.Hostname())
	}
	if bracketed, ok := strings.CutPrefix(text, "["); ok {
		text = strings.TrimSuffix(bracketed, "]")
	}
	if ip, err := netip.ParseAddr(text); err == nil {
		switch ip = ip.Unmap(); {
		case ip.Zone() != "":
			return refuse("an address with a zone means something on one machine only")
		case ip.IsUnspecified() || ip.IsMulticast():
			return refuse("it is not the address of a host")
		}
		return Name{ip.String(), true}, nil
	}
	if text != typed {
		return refuse("what is in brackets is not an IP address")
	}
	if host, port, ok := strings.Cut(text, ":"); ok && port != "" && strings.Trim(port, "0123456789") == "" {
		return refuse("it has a port; give the name alone: %s", host)
	}
	base, wildcard := strings.CutPrefix(text, "*.")
	if strings.Contains(base, "*") {
		return refuse("a wildcard is \"*.\" before a name, and stands for one label")
	}
	ascii, err := labels.ToASCII(strings.TrimSuffix(base, "."))
	if err == nil {
		for label := range strings.SplitSeq(ascii, ".") {
			if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
				err = errLabel
			}
		}
	}
	if err != nil {
		return refuse("%s", nameReason(base, err))
	}
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if strings.Trim(last, "0123456789") == "" {
		return refuse("it looks like an IP address, and is none")
	}
	if wildcard {
		if len(ascii) > 253-len("*.") {
			return refuse("it is longer than the 253 characters that DNS allows")
		}
		if !strings.Contains(ascii, ".") {
			return refuse("no CA certifies all names of a top-level domain")
		}
		ascii = "*." + ascii
	}
	return Name{ascii, false}, nil
}

var errLabel = errors.New("a label is empty, or begins or ends with a hyphen")

// nameReason says in words what a name is refused for.
func nameReason(name string, err error) string {
	for _, c := range name {
		if c <= ' ' || c == 0x7f {
			return "it has a space or a control character in it"
		}
		if c == '_' {
			return "names of hosts have no underscore (CA/Browser Forum)"
		}
		if c < 0x80 && !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.') {
			return fmt.Sprintf("%q is in no name of a host", c)
		}
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		switch {
		case label == "":
			return "it has an empty label: two dots with nothing between, or one at its beginning"
		case label[0] == '-' || label[len(label)-1] == '-':
			return fmt.Sprintf("the label %q begins or ends with a hyphen", label)
		case strings.HasPrefix(strings.ToLower(label), "xn--"):
			return fmt.Sprintf("%q is not the A-label of an internationalised name: %v", label, err)
		case len(label) > 63:
			return "a label is longer than the 63 characters that DNS allows"
		}
	}
	if len(name) > 253 {
		return "it is longer than the 253 characters that DNS allows"
	}
	return err.Error()
}

// bare is a name without the "*." of a wildcard: what is proved.
func (n Name) bare() string { return strings.TrimPrefix(n.Text, "*.") }

// identifierType is what ACME calls the kind of name (RFC 8555, section 9.7.7; RFC 8738).
func (n Name) identifierType() string {
	if n.IP {
		return "ip"
	}
	return "dns"
}

// texts are the names as the CA has them.
func texts(names []Name) []string {
	var list []string
	for _, n := range names {
		list = append(list, n.Text)
	}
	return list
}
