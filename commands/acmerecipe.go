package commands

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gokeytool/acme"
	"gokeytool/x509util/keys"
)

// acmeRecipe is how a certificate comes, as the options say it: their values by
// name. It is kept with the certificate, so that it is renewed in the same way.
// Files in it are absolute, and no password is in it.
type acmeRecipe map[string][]string

// acmeRecipeOptions are the options that are kept, in the order of a line. Those in
// acmeRecipeFiles name files.
var (
	acmeRecipeOptions = []string{"host", "serverxml", "connector", "tomcat", "certfile", "keyfile", "directory", "caFile", "profile", "preferredChain",
		"via", "address", "webroot", "hook", "cleanupHook", "keyalg", "groupname", "keysize", "reusekey", "within", "exec"}
	acmeRecipeFiles = []string{"serverxml", "certfile", "keyfile", "caFile", "webroot"}
)

// acmeReplaced are, by option, those that no longer hold when it gets another value.
var acmeReplaced = map[string][]string{
	"serverxml": {"connector", "tomcat", "certfile", "keyfile"},
	"certfile":  {"keyfile", "serverxml", "connector", "tomcat"},
	"directory": {"caFile", "profile", "preferredChain"},
	"via":       {"address", "webroot", "hook", "cleanupHook"},
	"address":   {"webroot", "hook", "cleanupHook"},
	"webroot":   {"via", "address", "hook", "cleanupHook"},
	"hook":      {"address", "webroot", "cleanupHook"},
	"keyalg":    {"groupname", "keysize", "reusekey"},
	"groupname": {"keyalg", "keysize", "reusekey"},
	"keysize":   {"keyalg", "groupname", "reusekey"},
}

// readACMERecipe takes what a line says for the recipe.
func readACMERecipe(l line) acmeRecipe {
	r := make(acmeRecipe)
	for _, name := range acmeRecipeOptions {
		switch {
		case !l.has(name):
		case name == "reusekey":
			r[name] = []string{"true"}
		case slices.Contains(acmeRecipeFiles, name) && l.String(name) != "":
			r[name] = []string{absolute(l.String(name))}
		case l.req.List(name) != nil:
			r[name] = slices.Clone(l.req.List(name))
		}
	}
	return r
}

// over is the recipe, completed by an older one: what is given again takes the place
// of what was, and an empty value takes it away.
func (r acmeRecipe) over(old acmeRecipe) acmeRecipe {
	merged := maps.Clone(old)
	if merged == nil {
		merged = make(acmeRecipe)
	}
	for name, values := range r {
		if slices.Equal(values, old[name]) {
			continue
		}
		for _, other := range acmeReplaced[name] {
			delete(merged, other)
		}
	}
	maps.Copy(merged, r)
	maps.DeleteFunc(merged, func(_ string, values []string) bool { return len(values) == 0 || len(values) == 1 && values[0] == "" })
	return merged
}

// one is the value of an option that has one; empty where it was not given.
func (r acmeRecipe) one(name string) string {
	if len(r[name]) == 0 {
		return ""
	}
	return r[name][0]
}

// forTarget is what a line says for one of its targets.
func (r acmeRecipe) forTarget(t acmeTarget) acmeRecipe {
	recipe := maps.Clone(r)
	if len(t.hosts) > 0 {
		recipe["host"] = t.hosts
	}
	if t.kind != "" {
		recipe["keyalg"] = []string{t.kind}
		delete(recipe, map[string]string{"EC": "keysize", "RSA": "groupname"}[t.kind])
	}
	return recipe
}

// words are the recipe as options of a line.
func (r acmeRecipe) words() (words []string) {
	for _, name := range acmeRecipeOptions {
		for _, value := range r[name] {
			words = append(words, "-"+name)
			if name != "reusekey" {
				words = append(words, value)
			}
		}
	}
	return words
}

// method is how the names are proved: that of -via, or the one that the other
// options are for. The error is that of options that contradict each other.
func (r acmeRecipe) method() (acme.Method, error) {
	method := acme.Method(r.one("via"))
	hook, webroot, address := r.one("hook") != "", r.one("webroot") != "", r.one("address") != ""
	switch {
	case method == "" && hook:
		method = acme.DNS01
	case method == "":
		method = acme.HTTP01
	}
	switch {
	case method == acme.DNS01 && !hook:
		return method, withHint(errors.New("-via dns-01 needs -hook"), "it names the command that sets the TXT record, and -cleanupHook the one that removes it: they get the environment of certbot's manual hooks")
	case method == acme.DNS01 && (webroot || address):
		return method, errors.New("-webroot and -address are for http-01 and tls-alpn-01, not for dns-01")
	case method == acme.TLSALPN01 && (webroot || hook):
		return method, errors.New("with tls-alpn-01 the CA is answered by this program alone: -webroot and -hook do not go with it")
	}
	return method, nil
}

// names are those to be certified, fit for the method.
func (r acmeRecipe) names(method acme.Method) ([]acme.Name, error) {
	names, err := acme.ParseNames(r["host"])
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		switch {
		case strings.HasPrefix(name.Text, "*.") && method != acme.DNS01:
			return nil, withHint(fmt.Errorf("%s: a wildcard is proved by dns-01 alone", name.Text),
				"-via dns-01 -hook COMMAND has a command set the record _acme-challenge."+strings.TrimPrefix(name.Text, "*."))
		case name.IP && method == acme.DNS01:
			return nil, withHint(fmt.Errorf("%s: an IP address is not proved by dns-01", name.Text), "-via http-01 or tls-alpn-01 proves it")
		}
	}
	return names, nil
}

// keySpec is what key a new certificate gets. given is false where the options say
// nothing, and it is the default.
func (r acmeRecipe) keySpec() (spec keys.Spec, given bool, err error) {
	alg, group, size := r.one("keyalg"), r.one("groupname"), r.one("keysize")
	given = alg != "" || group != "" || size != ""
	switch {
	case alg == "" && size != "":
		alg = "RSA"
	case alg == "":
		alg = "EC"
	}
	switch {
	case strings.EqualFold(alg, "EC"):
		spec = keys.Spec{Algorithm: "EC", Group: group}
		if n, err := strconv.Atoi(size); size != "" && err == nil {
			if spec.Group, err = keys.CurveForSize(n); err != nil {
				return spec, given, err
			}
		}
		if spec.Group == "" {
			spec.Group = "secp256r1"
		}
		if !slices.ContainsFunc(acmeCurves, func(c string) bool { return strings.EqualFold(c, spec.Group) }) {
			return spec, given, withHint(fmt.Errorf("-groupname %s: no CA certifies keys on this curve", spec.Group), "secp256r1 and secp384r1 are taken by all")
		}
	case strings.EqualFold(alg, "RSA"):
		spec = keys.Spec{Algorithm: "RSA", Size: acmeRSA}
		if size != "" {
			if spec.Size, err = strconv.Atoi(size); err != nil || spec.Size < 2048 || spec.Size > 8192 {
				return spec, given, withHint(fmt.Errorf("-keysize %s: no CA certifies such RSA keys", size), "2048, 3072 and 4096 are taken by all")
			}
		}
		if group != "" {
			return spec, given, errors.New("-groupname is for -keyalg EC")
		}
	default:
		return spec, given, withHint(fmt.Errorf("-keyalg %s: public CAs certify EC and RSA keys alone", alg), "leave -keyalg out for EC, or give RSA for clients of before 2010")
	}
	return spec, given, nil
}

// acmeCurves are those that CAs certify (CA/Browser Forum, Baseline Requirements,
// section 6.1.5), and acmeRSA how many bits an RSA key has by default.
var acmeCurves = []string{"secp256r1", "secp384r1", "secp521r1"}

const acmeRSA = 3072

// sameKind says whether a public key, as SubjectPublicKeyInfo, is of the kind.
func sameKind(spec keys.Spec, spki []byte) bool {
	is, err := keys.SpecOf(spki)
	if err != nil || !strings.EqualFold(is.Algorithm, spec.Algorithm) {
		return false
	}
	return is.Size == spec.Size && strings.EqualFold(is.Group, spec.Group)
}

// within is how much of the certificate's life is left when it is renewed at the
// latest; zero where nothing is said.
func (r acmeRecipe) within() (time.Duration, error) {
	value := r.one("within")
	return lookAhead(optional[string]{value, value != ""})
}
