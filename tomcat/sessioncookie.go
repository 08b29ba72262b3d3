package tomcat

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"gokeytool/finding"
)

// trackingNames are the names of SessionTrackingMode.
var trackingNames = map[string]TrackingModes{"COOKIE": TrackingCookie, "URL": TrackingURL, "SSL": TrackingSSL}

// tracking reads by what sessions are tracked: tracking-mode in web.xml, or URLs
// and, unless the Context says otherwise, cookies.
func (r *reader) tracking(s *Sessions, ctx *context, web *webXML, tls bool) {
	s.Tracking = TrackingURL
	cookies := ctx.list.get("cookies")
	supported := TrackingURL
	if r.boolean(cookies, true) {
		s.Tracking |= TrackingCookie
		supported |= TrackingCookie
	}
	if tls {
		supported |= TrackingSSL
	}
	if len(web.tracking) == 0 {
		return
	}
	s.Tracking = 0
	const unsupported = `: Tomcat does not start the application ("The session tracking mode [%s] requested for context [%s] is not supported by that context")`
	for i := range web.tracking {
		at := &web.tracking[i]
		mode := trackingNames[at.value]
		s.Tracking |= mode
		switch {
		case mode&supported != 0:
		case mode == TrackingSSL:
			r.say(at, finding.Error, fmt.Sprintf("no connector of the Service has SSLEnabled"+unsupported, at.value, ctx.app.name.path), `set SSLEnabled="true" on one, or use COOKIE`)
		default:
			r.say(at, finding.Error, fmt.Sprintf("the Context says cookies=%q"+unsupported, cookies.value, at.value, ctx.app.name.path), "remove cookies from the Context")
		}
	}
	if s.Tracking&TrackingSSL != 0 && s.Tracking != TrackingSSL {
		at := &web.tracking[slices.IndexFunc(web.tracking, func(b setting) bool { return b.value == "SSL" })]
		r.say(at, finding.Error, fmt.Sprintf("there is another mode beside it: Tomcat does not start the application (\"The session tracking modes requested for context [%s] included SSL and at least one other mode. SSL may not be configured with other modes.\")", ctx.app.name.path), "remove the others")
	}
}

// cookie reads what is said of the session cookie: the Context before web.xml
// (SessionConfig, ApplicationSessionCookieConfig).
func (r *reader) cookie(a *Application, ctx *context, web *webXML) {
	c := &a.Cookie
	*c = Cookie{Name: "JSESSIONID", MaxAge: -1}
	fromWeb := func(key string) *setting {
		for i := range web.cookie {
			if web.cookie[i].key == key {
				return &web.cookie[i]
			}
		}
		return nil
	}
	// first is the setting that counts: that of the Context unless it is empty.
	first := func(own *setting, other *setting) *setting {
		if own != nil && own.value != "" || other == nil {
			return own
		}
		return other
	}
	if at := first(ctx.list.get("sessionCookieName"), web.cookieName); at != nil && at.value != "" {
		c.Name = at.value
		if i := strings.IndexFunc(at.value, func(x rune) bool {
			return x <= ' ' || x > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, x)
		}); i >= 0 || at.value[0] == '$' && r.version < 10 {
			r.say(at, finding.Error, fmt.Sprintf("%q is no name of a cookie: Tomcat gives an error 500 where a session begins (\"Cookie name [%s] is a reserved token\" or \"invalid\"); here it is JSESSIONID", at.value, at.value), "write letters and digits")
			c.Name = "JSESSIONID"
		}
	}
	c.Path = escapePath(a.Path)
	if at := first(ctx.list.get("sessionCookiePath"), fromWeb("path")); at != nil && at.value != "" {
		c.Path = r.cookiePart(at, c.Path)
		if c.Path == at.value && c.Path[0] != '/' {
			r.say(at, finding.Warning, "it does not begin with /: browsers take the path of the page for it", "begin it with /")
		}
	}
	if r.boolean(ctx.list.get("sessionCookiePathUsesTrailingSlash"), false) && !strings.HasSuffix(c.Path, "/") {
		c.Path += "/"
	}
	c.Path = cmp.Or(c.Path, "/")
	domain := fromWeb("domain")
	if own := ctx.list.get("sessionCookieDomain"); own != nil { // also where it is empty
		domain = own
	}
	if domain != nil {
		c.Domain = strings.ToLower(r.cookieDomain(domain, ctx))
	}
	if at := fromWeb("max-age"); at != nil {
		c.MaxAge = max(r.integer(at, -1), -1)
	}
	if at := fromWeb("secure"); at != nil {
		c.Secure = r.boolean(at, false)
	}
	own := ctx.list.get("useHttpOnly")
	c.HTTPOnly = r.boolean(own, true)
	if at := fromWeb("http-only"); at != nil {
		set := r.boolean(at, false)
		if c.HTTPOnly && !set {
			r.say(at, finding.Info, "the Context's useHttpOnly is true, so that the cookie is HttpOnly", `set useHttpOnly="false" on the Context if it is not to be`)
		}
		c.HTTPOnly = c.HTTPOnly || set
	}
	r.cookieProcessor(c, ctx)
	r.cookieAttributes(c, web)
	if c.SameSite == "None" && !c.Secure {
		if e := ctx.last("CookieProcessor"); e != nil {
			r.about(e, finding.Info, "browsers take SameSite=None only with Secure, which Tomcat sets where the request is secure", "")
		}
	}
}

// escapePath is the path of a context as Tomcat writes it into a cookie.
func escapePath(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// cookiePart is a part of a cookie, and otherwise where it has characters with
// which Tomcat makes none.
func (r *reader) cookiePart(at *setting, otherwise string) string {
	if i := strings.IndexFunc(at.value, func(x rune) bool { return x < ' ' || x > '~' || x == ';' }); i >= 0 {
		r.say(at, finding.Error, fmt.Sprintf("%q has characters that do not belong in a cookie: Tomcat gives an error 500 where a session begins (\"An invalid ... was specified for this cookie\")", at.value), "write it without them")
		return otherwise
	}
	return at.value
}

// cookieDomain reads a domain, as the class that writes cookies takes it.
func (r *reader) cookieDomain(at *setting, ctx *context) string {
	legacy := r.version < 8
	if e := ctx.last("CookieProcessor"); e != nil && r.version < 10 {
		legacy = legacy || strings.HasSuffix(value(e, "className"), ".LegacyCookieProcessor")
	}
	if legacy {
		return r.cookiePart(at, "")
	}
	for _, label := range strings.Split(at.value, ".") {
		valid := label != "" && label[0] != '-' && label[len(label)-1] != '-' && strings.IndexFunc(label, func(x rune) bool {
			return !(x >= 'a' && x <= 'z' || x >= 'A' && x <= 'Z' || x >= '0' && x <= '9' || x == '-')
		}) < 0
		if !valid && at.value != "" {
			r.say(at, finding.Error, fmt.Sprintf("%q is no domain, which has neither a dot before it nor a port: Tomcat gives an error 500 where a session begins (\"An invalid domain [%s] was specified for this cookie\")", at.value, at.value), "write it as example.com")
			return ""
		}
	}
	return at.value
}

// The classes that write cookies.
const (
	rfc6265Cookies = "org.apache.tomcat.util.http.Rfc6265CookieProcessor"
	legacyCookies  = "org.apache.tomcat.util.http.LegacyCookieProcessor"
)

// cookieProcessor reads a CookieProcessor, and usePartitioned of the Context.
func (r *reader) cookieProcessor(c *Cookie, ctx *context) {
	use := ctx.list.get("usePartitioned")
	partitioned := use != nil && r.version >= 10 && r.boolean(use, false)
	c.Partitioned = partitioned
	e := ctx.last("CookieProcessor")
	if e == nil || r.version < 8 {
		return
	}
	list := r.settings(e, "")
	switch class := r.className(e, rfc6265Cookies); {
	case class == rfc6265Cookies:
		r.known(list, cookieProcessorAttributes)
	case class == legacyCookies && r.version < 10:
		r.known(list, legacyCookieProcessorAttributes)
	default:
		r.missingClass(e, class, rfc6265Cookies, nameList{rfc6265Cookies, legacyCookies + "@-9"})
	}
	if at := list.get("sameSiteCookies"); at != nil {
		switch strings.ToLower(at.value) {
		case "unset":
		case "none", "lax", "strict":
			c.SameSite = strings.ToUpper(at.value[:1]) + strings.ToLower(at.value[1:])
		default:
			r.say(at, finding.Warning, fmt.Sprintf("%q is unknown: Tomcat sets no SameSite (\"Unknown setting [%s], must be one of: unset, none, lax, strict.\")", at.value, at.value), "write unset, none, lax or strict")
		}
	}
	if at := list.get("partitioned"); at != nil {
		own := r.boolean(at, false)
		if r.version == 10 {
			if own && !partitioned {
				r.say(at, finding.Warning, "for the session cookie the Context's usePartitioned counts, which is false", `set usePartitioned="true" on the Context`)
			}
			return
		}
		c.Partitioned = c.Partitioned || own
	}
}

// cookieAttributes reads the attributes of cookie-config that have no element.
func (r *reader) cookieAttributes(c *Cookie, web *webXML) {
	more := make(map[string]CookieAttribute)
	for i := range web.cookie {
		at := &web.cookie[i]
		switch at.key {
		case "path", "domain", "comment", "max-age", "secure", "http-only":
			continue
		}
		value := r.cookiePart(at, "")
		if value != at.value {
			continue
		}
		switch at.key {
		case "samesite":
			c.SameSite = value
		case "partitioned":
			// Tomcat 10.1 takes true, its successors the empty text.
			c.Partitioned = strings.EqualFold(value, "true") && r.version == 10 || value == "" && r.version > 10
		default:
			more[at.key] = CookieAttribute{at.name, value}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(more)) {
		c.Attributes = append(c.Attributes, more[key])
	}
}
