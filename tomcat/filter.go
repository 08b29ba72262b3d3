package tomcat

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"gokeytool/finding"
	"gokeytool/internal/javaregexp"
)

// javaInt is Integer.parseInt.
func javaInt(text string) (int, bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err == nil
}

// proxies reads which proxies are believed: a regular expression until Tomcat 10,
// either that or networks in 11, networks since 12.
func (r *reader) proxies(at *setting, otherwise string, filter bool) string {
	effect, severity := "Tomcat ignores it", finding.Warning
	if filter {
		severity = finding.Error
		effect = strings.TrimPrefix(doesNotStart, ": ")
	}
	text := at.value
	slash := strings.Index(text, "/") > 0
	switch {
	case text == "":
		return ""
	case r.version >= 12 || r.version == 11 && slash:
		for _, network := range strings.Split(text, ",") {
			network = strings.TrimSpace(network)
			_, errNetwork := netip.ParsePrefix(network)
			if _, err := netip.ParseAddr(network); err != nil && errNetwork != nil && network != "" {
				r.say(at, severity, fmt.Sprintf("%q is no address and no network: %s", clip(network, 80), effect), "write networks as 10.0.0.0/8, between commas")
				return otherwise
			}
		}
		return asNetworks(text)
	case slash:
		r.say(at, finding.Warning, fmt.Sprintf("Tomcat %d takes it for a regular expression, which no address matches: networks as 10.0.0.0/8 came with 11", r.version), `write an expression, as 10\.\d{1,3}\.\d{1,3}\.\d{1,3}`)
		return ""
	}
	if err := r.expression(text); errors.Is(err, javaregexp.ErrSyntax) {
		r.say(at, severity, fmt.Sprintf("%v: %s", err, effect), `write an expression, as 10\.\d{1,3}\.\d{1,3}\.\d{1,3}`)
		return otherwise
	} else if err != nil {
		r.say(at, finding.Error, fmt.Sprintf("%v; here no address matches it", err), "write a simpler expression")
		return ""
	}
	if listed(text) {
		r.say(at, finding.Warning, "it is one regular expression for Tomcat: what stands between commas matches no address", "write | in place of each comma")
	}
	return text
}

// listed says that a regular expression has a comma that is no part of a quantifier
// or of a class.
func listed(expression string) bool {
	depth := 0
	for i := 0; i < len(expression); i++ {
		switch expression[i] {
		case '\\':
			i++
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth <= 0 {
				return true
			}
		}
	}
	return false
}

// expression says why a text is no regular expression, which of a text that came
// before is known.
func (r *reader) expression(text string) error {
	err, known := r.expressions[text]
	if !known && len(r.expressions) < maxGuesses {
		if r.expressions == nil {
			r.expressions = make(map[string]error)
		}
		_, err = javaregexp.Compile(text)
		r.expressions[text] = err
	}
	return err
}

// asNetworks writes a list of addresses and networks as one of networks only.
func asNetworks(text string) string {
	var list []string
	for _, network := range strings.Split(text, ",") {
		if network = strings.TrimSpace(network); network == "" {
			continue
		}
		if addr, err := netip.ParseAddr(network); err == nil {
			network += "/" + strconv.Itoa(addr.BitLen())
		}
		list = append(list, network)
	}
	return strings.Join(list, ",")
}

// filters reads the filters that add headers to answers or that tell who asks, in
// the order of their mappings.
func (r *reader) filters(a *Application, web *webXML) {
	classOf := func(f *filterDefinition) string {
		if f == nil || f.class == nil {
			return ""
		}
		return f.class.value
	}
	// A filter is started though nothing is mapped to it.
	read := make(map[string]func())
	for i := range web.filters {
		f := &web.filters[i]
		switch classOf(f) {
		case securityFilter:
			headers := r.securityHeaders(f)
			read[f.name] = func() { a.Headers = a.Headers.add(headers) }
		case remoteIPFilter:
			for j := range f.parameters {
				at := &f.parameters[j]
				if _, _, ok := remoteIPFilterParameters.find(at.name); !ok {
					remedy := "remove it"
					if meant := r.nearest(at.name, remoteIPFilterParameters.names(r.version)); meant != "" {
						remedy = fmt.Sprintf("is %s meant?", meant)
					}
					r.say(at, finding.Warning, "RemoteIpFilter has no such init-param, and ignores it", remedy)
				}
			}
			ip := r.remoteIP(f.parameters, true)
			read[f.name] = func() { a.RemoteIP = append(a.RemoteIP, ip) }
		default:
			r.nearFilter(f)
		}
	}
	mapped := make(map[string]bool)
	for _, servlets := range []bool{false, true} { // Tomcat takes those of URLs first
		for i := range web.mappings {
			m := &web.mappings[i]
			add := read[m.name]
			if add == nil || servlets == (len(m.patterns) > 0) {
				continue
			}
			switch {
			case m.wrong, len(m.patterns) == 0 && len(m.servlets) == 0: // that was said
			case !m.requests:
				r.about(m.element, finding.Warning, "it has no dispatcher REQUEST: what browsers ask for does not pass this filter", "add <dispatcher>REQUEST</dispatcher>")
			case !m.everything:
				r.about(m.element, finding.Info, "it is mapped to a part of the application only; here that is taken for none", "map it to /*")
			case !mapped[m.name]:
				add()
			}
			mapped[m.name] = true
		}
	}
	for i := range web.filters {
		f := &web.filters[i]
		if read[f.name] != nil && !mapped[f.name] {
			r.about(f.element, finding.Warning, "no filter-mapping leads to it, and no request passes it", fmt.Sprintf("map %s to /*", clip(f.name, 80)))
		}
	}
}

// nearFilter reports a class that is nearly one that is read.
func (r *reader) nearFilter(f *filterDefinition) {
	if f.class == nil {
		return
	}
	simple := f.class.value[strings.LastIndexByte(f.class.value, '.')+1:]
	for _, class := range []string{securityFilter, remoteIPFilter} {
		if strings.HasSuffix(class, "."+simple) || strings.HasPrefix(f.class.value, "org.apache.catalina.") && strings.EqualFold(f.class.value, class) {
			r.say(f.class, finding.Error, fmt.Sprintf("there is no class %s", clip(f.class.value, 200))+doesNotStart+` ("ClassNotFoundException")`, "write "+class)
		}
	}
}

// add is what two filters set, of which the second comes later.
func (h *SecurityHeaders) add(later *SecurityHeaders) *SecurityHeaders {
	if h == nil {
		return later
	}
	sum := *h
	if later.HSTS != "" {
		sum.HSTS = later.HSTS
	}
	if later.FrameOptions != "" {
		sum.FrameOptions = later.FrameOptions
	}
	sum.NoSniff = sum.NoSniff || later.NoSniff
	sum.XSSProtection = sum.XSSProtection || later.XSSProtection
	return &sum
}

// securityHeaders reads a HttpHeaderSecurityFilter. Any init-param that is wrong
// keeps the application from starting.
func (r *reader) securityHeaders(f *filterDefinition) *SecurityHeaders {
	const fails = doesNotStart + ` ("The property [%s] is not defined for filters of type [` + securityFilter + `]")`
	for i := range f.parameters {
		at := &f.parameters[i]
		since, until, ok := securityFilterParameters.find(at.name)
		switch {
		case !ok:
			remedy := "remove it"
			if meant := r.nearest(at.name, securityFilterParameters.names(r.version)); meant != "" {
				remedy = fmt.Sprintf("is %s meant?", meant)
			}
			r.say(at, finding.Error, "the filter has no such init-param"+fmt.Sprintf(fails, at.name), remedy)
		case r.version < since || r.version > until:
			r.say(at, finding.Error, fmt.Sprintf("Tomcat %d no longer has this init-param", r.version)+fmt.Sprintf(fails, at.name), "remove it")
		}
	}
	list := f.parameters
	h := new(SecurityHeaders)
	if r.boolean(list.get("hstsEnabled"), true) {
		seconds := 0
		if at := list.get("hstsMaxAgeSeconds"); at != nil {
			n, ok := javaInt(at.value)
			if !ok {
				r.say(at, finding.Error, fmt.Sprintf("%q is not a number of seconds", at.value)+fmt.Sprintf(fails, at.name), "write digits, as 31536000")
			}
			if n < 0 {
				r.say(at, finding.Warning, "Tomcat takes 0 for it", "write a positive number")
			}
			seconds = max(n, 0)
		}
		h.HSTS = "max-age=" + strconv.Itoa(seconds)
		if r.boolean(list.get("hstsIncludeSubDomains"), false) {
			h.HSTS += ";includeSubDomains"
		}
		if r.boolean(list.get("hstsPreload"), false) {
			h.HSTS += ";preload"
		}
		if seconds == 0 {
			r.about(f.element, finding.Warning, "max-age=0 has browsers forget that the site is served by HTTPS only", "set the init-param hstsMaxAgeSeconds, as to 31536000, or hstsEnabled to false")
		}
	}
	// What is wrong with the option counts even where it is not sent.
	if option := r.frameOptions(list, fails); r.boolean(list.get("antiClickJackingEnabled"), true) {
		h.FrameOptions = option
	}
	h.NoSniff = r.boolean(list.get("blockContentTypeSniffingEnabled"), true)
	if r.version < 11 {
		// The default became false in 8.5.90, 9.0.76 and 10.1.10.
		h.XSSProtection = r.boolean(list.get("xssProtectionEnabled"), r.version < 10)
	}
	return h
}

// frameOptions is the value of X-Frame-Options.
func (r *reader) frameOptions(list settings, fails string) string {
	option := list.get("antiClickJackingOption")
	uri := list.get("antiClickJackingUri")
	if uri != nil && strings.ContainsFunc(uri.value, func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune("<>\"{}|\\^`", c) }) {
		r.say(uri, finding.Error, fmt.Sprintf("%q is no URI", uri.value)+fmt.Sprintf(fails, uri.name), "write it as https://example.com/")
		uri = nil
	}
	if option == nil {
		return "DENY"
	}
	switch name := strings.ToUpper(option.value); name {
	case "DENY", "SAMEORIGIN":
		return name
	case "ALLOW-FROM":
		if uri == nil {
			r.say(option, finding.Error, `it needs the init-param antiClickJackingUri: Tomcat sends "ALLOW-FROM null" or, in its newest releases, does not start the application ("Null value for anti click jacking URI")`, "add it, or write SAMEORIGIN")
			return name + " null"
		}
		return name + " " + uri.value
	}
	r.say(option, finding.Error, fmt.Sprintf("%q is no value of X-Frame-Options", option.value)+fmt.Sprintf(fails, option.name), "write DENY, SAMEORIGIN or ALLOW-FROM")
	return "DENY"
}
