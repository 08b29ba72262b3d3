package tomcat

import (
	"crypto/tls"
	"slices"
	"strings"
)

// protocols are those that Tomcat knows, under the names that it and Java use.
var protocols = [...]struct {
	name    string
	version uint16 // in TLS; zero for those that crypto/tls has not
	inAll   bool   // part of Tomcat's "all"
}{
	{"SSLv2", 0, false},
	{"SSLv2Hello", 0, true},
	{"SSLv3", 0, false},
	{"TLSv1", tls.VersionTLS10, true},
	{"TLSv1.1", tls.VersionTLS11, true},
	{"TLSv1.2", tls.VersionTLS12, true},
	{"TLSv1.3", tls.VersionTLS13, true},
}

// maxUnknown bounds the names of a list that are kept to be reported.
const maxUnknown = 16

// nameAll stands for the protocols that are inAll, in any case.
const nameAll = "all"

// ProtocolList is what a list of protocols stands for.
type ProtocolList struct {
	// Versions are those that crypto/tls has, lowest first. Those that only
	// "all" stands for, and today's Java refuses, TLSv1 and TLSv1.1, are
	// not among them, but in Withheld.
	Versions []uint16
	// Withheld are versions that only "all" stands for.
	Withheld []uint16
	// Refused are names that Tomcat knows and crypto/tls has not, SSLv3,
	// SSLv2Hello and SSLv2, where the list spells them out.
	Refused []string
	// Unknown are names that Tomcat does not know either. It ignores them,
	// and does not start where nothing is left.
	Unknown []string
	// Unsigned are names that follow others without "+" or "-". Tomcat
	// adds them with a warning that a sign may be missing.
	Unsigned []string
}

// ParseProtocols reads a list of protocols as Tomcat's SSLHostConfig does: names
// separated by "+" (add), "-" (remove) or ",", and "all". Case matters, except
// in "all". What is not listed is not enabled.
func ParseProtocols(list string) ProtocolList {
	var p ProtocolList
	var named, byAll [len(protocols)]bool
	for first := true; len(list) > 0; {
		token := list
		if end := strings.IndexAny(list[1:], "+-,"); end >= 0 {
			token = list[:end+1]
		}
		list = list[len(token):]
		sign := byte(0)
		token = strings.TrimSpace(token)
		if token != "" && strings.IndexByte("+-,", token[0]) >= 0 {
			sign, token = token[0], strings.TrimSpace(token[1:])
		}
		if token == "" {
			continue
		}
		if sign != '+' && sign != '-' && !first && len(p.Unsigned) < maxUnknown {
			p.Unsigned = append(p.Unsigned, token)
		}
		first = false
		if strings.EqualFold(token, nameAll) {
			for i := range protocols {
				if protocols[i].inAll {
					byAll[i] = sign != '-'
					named[i] = named[i] && sign != '-'
				}
			}
			continue
		}
		i := 0
		for i < len(protocols) && protocols[i].name != token {
			i++
		}
		switch {
		case i < len(protocols):
			named[i] = sign != '-'
			byAll[i] = byAll[i] && sign != '-'
		case sign == '-':
			p.Unknown = slices.DeleteFunc(p.Unknown, func(n string) bool { return n == token })
		case len(p.Unknown) < maxUnknown && !slices.Contains(p.Unknown, token):
			p.Unknown = append(p.Unknown, token)
		}
	}
	for i, known := range protocols {
		switch {
		case known.version == 0:
			if named[i] {
				p.Refused = append(p.Refused, known.name)
			}
		case named[i], byAll[i] && known.version >= tls.VersionTLS12:
			p.Versions = append(p.Versions, known.version)
		case byAll[i]:
			p.Withheld = append(p.Withheld, known.version)
		}
	}
	return p
}

// protocolName is Tomcat's name of a TLS version.
func protocolName(version uint16) string {
	for _, p := range protocols {
		if p.version == version {
			return p.name
		}
	}
	return tls.VersionName(version)
}

// protocolNames are Tomcat's names of TLS versions, between commas.
func protocolNames(versions []uint16) string {
	names := make([]string, len(versions))
	for i, v := range versions {
		names[i] = protocolName(v)
	}
	return strings.Join(names, ", ")
}
