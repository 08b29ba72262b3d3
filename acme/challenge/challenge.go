// Package challenge has what puts the proofs of ACME where a CA looks for them: an
// HTTP listener, a directory that a running server serves, a TLS listener, a
// command that sets DNS records.
//
// What comes from the CA is not believed: a token that is not what RFC 8555,
// section 8.1, says names no file, no path of a URL and no variable.
package challenge

import (
	"fmt"
	"net/netip"
	"strings"

	"gokeytool/acme"
)

// Path is what the paths of http-01 begin with (RFC 8555, section 8.3).
const Path = "/.well-known/acme-challenge/"

// Protocol is that of the handshakes of tls-alpn-01 (RFC 8737, section 6.2).
const Protocol = "acme-tls/1"

// maxToken is how long a token may be. Those of CAs have 43 characters at most.
const maxToken = 256

// check says why a proof is not put anywhere: it is of a method that the solver
// does not know, or what the CA has sent for it is not what it has to be.
func check(p acme.Proof, methods ...acme.Method) error {
	known := false
	for _, m := range methods {
		known = known || p.Method == m
	}
	if !known {
		return fmt.Errorf("%s is not proved by %s here", p.Name, p.Method)
	}
	if !isToken(p.Token) {
		return fmt.Errorf("the CA's token for %s is not one: %.40q", p.Name, p.Token)
	}
	if !strings.HasPrefix(p.KeyAuthorization, p.Token+".") || !isToken(p.KeyAuthorization[len(p.Token)+1:]) {
		return fmt.Errorf("what is to prove %s is not made of the CA's token", p.Name)
	}
	return nil
}

// isToken says whether a text is one in base64url (RFC 4648, section 5), without
// padding, as tokens and the digests of keys are.
func isToken(text string) bool {
	if text == "" || len(text) > maxToken {
		return false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// serverName is the name that a CA sends in a handshake of tls-alpn-01: for an IP
// address that of its reverse zone (RFC 8738, section 6).
func serverName(name string, ip bool) (string, error) {
	if !ip {
		return canonical(name), nil
	}
	address, err := netip.ParseAddr(name)
	if err != nil || address.Zone() != "" {
		return "", fmt.Errorf("%s is not an IP address", name)
	}
	address = address.Unmap()
	bytes := address.AsSlice()
	var labels strings.Builder
	for i := len(bytes) - 1; i >= 0; i-- {
		if address.Is4() {
			fmt.Fprintf(&labels, "%d.", bytes[i])
		} else {
			fmt.Fprintf(&labels, "%x.%x.", bytes[i]&0xf, bytes[i]>>4)
		}
	}
	if address.Is4() {
		return labels.String() + "in-addr.arpa", nil
	}
	return labels.String() + "ip6.arpa", nil
}

// canonical is a DNS name as it is compared.
func canonical(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}
