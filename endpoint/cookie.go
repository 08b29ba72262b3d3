package endpoint

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// defaultCookie is the one of an endpoint that is not told otherwise.
var defaultCookie = Cookie{Name: "JSESSIONID", Path: "/", MaxAge: -1, HTTPOnly: true, Secure: true, SameSite: "Lax"}

// cookieDate is the time of Expires as Tomcat writes it, with the year 1970 for
// a cookie that ends at once.
const cookieDate = "Mon, 02-Jan-2006 15:04:05 GMT"

// check refuses what Tomcat's Rfc6265CookieProcessor would throw an
// IllegalArgumentException for, in each answer that sets the cookie.
func (c *Cookie) check() error {
	if !isToken(c.Name) {
		return fmt.Errorf("endpoint: the name of the session cookie, %q, is not a token (RFC 6265)", c.Name)
	}
	if !isCookieDomain(c.Domain) {
		return fmt.Errorf("endpoint: the domain of the session cookie, %q, is not one (RFC 6265)", c.Domain)
	}
	values := []struct{ name, value string }{{"Path", c.Path}, {"SameSite", c.SameSite}}
	for _, a := range c.Attributes {
		if !isToken(a.Name) {
			return fmt.Errorf("endpoint: %q can't be the name of an attribute of the session cookie: it is not a token", a.Name)
		}
		values = append(values, struct{ name, value string }{a.Name, a.Value})
	}
	for _, v := range values {
		if strings.ContainsFunc(v.value, func(r rune) bool { return r < ' ' || r > '~' || r == ';' }) {
			return fmt.Errorf("endpoint: %s of the session cookie, %q, has characters that can't stand there", v.name, v.value)
		}
	}
	return nil
}

// header is the value of Set-Cookie for a session, as a Tomcat of that major
// release writes it.
func (c *Cookie) header(id string, maxAge int, secure bool, now time.Time, tomcat int) string {
	b := make([]byte, 0, 160)
	b = append(b, c.Name...)
	b = append(b, '=')
	b = append(b, id...)
	if c.Path != "" {
		b = append(append(b, "; Path="...), c.Path...)
	}
	if c.Domain != "" {
		b = append(append(b, "; Domain="...), c.Domain...)
	}
	if maxAge >= 0 {
		b = strconv.AppendInt(append(b, "; Max-Age="...), int64(maxAge), 10)
		// Tomcat goes on to write Expires, for browsers that are gone.
		expires := time.Unix(10, 0)
		if maxAge > 0 {
			expires = now.Add(time.Duration(maxAge) * time.Second)
		}
		b = expires.UTC().AppendFormat(append(b, "; Expires="...), cookieDate)
	}
	if c.HTTPOnly {
		b = append(b, "; HttpOnly"...)
	}
	if c.Secure || secure {
		b = append(b, "; Secure"...)
	}
	if c.SameSite != "" {
		b = append(append(b, "; SameSite="...), c.SameSite...)
	}
	if c.Partitioned {
		b = append(b, "; Partitioned"...)
	}
	for _, a := range c.Attributes {
		b = append(append(b, "; "...), a.Name...)
		if a.Value != "" || tomcat < 11 {
			b = append(append(b, '='), a.Value...)
		}
	}
	return string(b)
}

// setCookie sets the session cookie.
func (s *site) setCookie(w http.ResponseWriter, r *http.Request, id string) {
	w.Header().Add("Set-Cookie", s.cfg.Cookie.header(id, s.cfg.Cookie.MaxAge, s.isSecure(r), s.cfg.Now(), s.cfg.TomcatMajor))
}

// endCookie has the browser forget the session cookie.
func (s *site) endCookie(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Set-Cookie", s.cfg.Cookie.header("", 0, s.isSecure(r), s.cfg.Now(), s.cfg.TomcatMajor))
}

// isToken reports whether a name is a token (RFC 9110, section 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// isCookieDomain is Rfc6265CookieProcessor.validateDomain: labels of letters,
// digits and hyphens, the latter not at an end.
func isCookieDomain(domain string) bool {
	if domain == "" {
		return true
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if !isAlpha(c) && !isDigit(c) && c != '-' {
				return false
			}
		}
	}
	return true
}

func isAlpha(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
