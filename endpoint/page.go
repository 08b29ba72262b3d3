package endpoint

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gokeytool/finding"
	"gokeytool/identity"
	"gokeytool/internal/console"
	"gokeytool/x509util"
)

//go:embed page.html
var pageSource string

// page is the parsed page and its security policy, made when first asked for.
var page = sync.OnceValue(func() struct {
	*template.Template
	policy string
} {
	t := template.Must(template.New("page").Funcs(template.FuncMap{
		"date": func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"day":  func(t time.Time) string { return t.UTC().Format("2 January 2006") },
		"join": strings.Join,
	}).Parse(pageSource))
	// The one style sheet stands in the page; nothing else is let in.
	_, rest, _ := strings.Cut(pageSource, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return struct {
		*template.Template
		policy string
	}{t, "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}
})

// pageData is what the page shows.
type pageData struct {
	tlsFacts
	Context string // the path below which the links are
	// Forwarded says that proxies make another request of it for applications.
	Forwarded bool
	Chain     []chainLink
	Findings  finding.Checks
	Others    []entryFacts // that could be served
	Verdict   string       // "good", "soon" or "bad": the worst of the findings
}

// chainLink is a certificate of the chain, with what the page makes of it.
type chainLink struct {
	x509util.Description
	Role string
	// Elapsed of Life is how much of its validity is over, in days.
	Elapsed, Life int
	State         string // "good", "soon" or "bad"
	Left          string
}

func (s *site) showPage(w http.ResponseWriter, r *http.Request) {
	c := connOf(r.Context())
	if r.ProtoMajor > 1 && s.tls.hasEnded(c.session) {
		// The redirect after an invalidation can be faster than the word
		// that the connection is at its end. The page is for the next one.
		http.Redirect(w, r, s.home(), http.StatusTemporaryRedirect)
		return
	}
	now := s.cfg.Now()
	session, ok := s.session(w, r)
	if !ok {
		return
	}
	data := pageData{tlsFacts: s.describeTLS(r, c, session, s.cfg.TomcatMajor), Context: s.cfg.ContextPath, Verdict: "good"}
	data.Forwarded = data.Request != s.look(r).facts()
	for i, facts := range data.Certificates {
		data.Chain = append(data.Chain, newChainLink(facts, i, len(data.Certificates), now))
	}
	for _, check := range c.identity.examine(now) {
		switch {
		case !check.OK():
			data.Verdict = "bad"
		case !check.Warn():
			continue
		case data.Verdict == "good":
			data.Verdict = "soon"
		}
		if slices.ContainsFunc(data.Findings, func(c finding.Finding) bool { return c.Remedy == check.Remedy }) {
			check.Remedy = "" // one is enough
		}
		data.Findings = append(data.Findings, check)
	}
	for _, h := range s.hosts.Load().all {
		for _, id := range h.identities {
			if id.leaf != c.identity.leaf {
				data.Others = append(data.Others, s.describeEntry(h, id))
			}
		}
	}
	var out bytes.Buffer
	// A certificate may have a name that turns the text around it.
	if err := page().Execute(console.NewWriter(&out).Lines(), data); err != nil {
		s.cfg.Logger.Error("page", "error", err)
		http.Error(w, "the page can't be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", page().policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.Write(out.Bytes())
}

func newChainLink(facts x509util.Description, i, n int, now time.Time) chainLink {
	link := chainLink{Description: facts, State: "good", Role: "intermediate CA"}
	selfIssued := facts.Subject == facts.Issuer
	switch {
	case i == 0 && selfIssued:
		link.Role = "self-signed"
	case i == 0:
		link.Role = "server"
	case selfIssued:
		link.Role = "root CA"
	}
	days := func(d time.Duration) int { return int(d.Hours() / 24) }
	link.Life = max(1, days(facts.NotAfter.Sub(facts.NotBefore.Time)))
	link.Elapsed = min(max(0, days(now.Sub(facts.NotBefore.Time))), link.Life)
	switch left := facts.NotAfter.Sub(now); {
	case now.Before(facts.NotBefore.Time):
		link.State, link.Left = "bad", "not valid for another "+x509util.Span(facts.NotBefore.Sub(now))
	case left < 0:
		link.State, link.Left = "bad", "expired "+x509util.Span(-left)+" ago"
	case left < identity.ExpiresSoon:
		link.State, link.Left = "soon", x509util.Span(left)+" left"
	default:
		link.Left = x509util.Span(left) + " left"
	}
	return link
}
