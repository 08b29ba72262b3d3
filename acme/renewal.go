package acme

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"gokeytool/acme/state"
)

// How often a CA is asked when to renew (RFC 9773, section 4.3.2).
const (
	minAsk     = time.Minute
	usualAsk   = 6 * time.Hour // where it does not say
	maxAsk     = 24 * time.Hour
	askAfterNo = time.Hour // where it did not answer
)

// Renewal asks the CA when a certificate, as DER, is to be renewed; its answer is
// kept in the Origin (which the caller saves) and asked for again when it says. Where
// the CA says nothing it is when a third of the certificate's life is left, or half
// of one that lives for less than ten days. Only a certificate that cannot be read
// is an error.
func (c *Client) Renewal(ctx context.Context, leaf []byte, o *state.Origin) (Renewal, error) {
	cert, err := x509.ParseCertificate(leaf)
	if err != nil {
		return Renewal{}, err
	}
	if now := c.cfg.Now(); c.dir.RenewalInfo != "" && !now.Before(o.AskAgain) {
		c.askWhen(c.begin(ctx, 0), cert, o, now)
	}
	return Planned(leaf, o)
}

// askWhen asks the CA when to renew.
func (c *Client) askWhen(ctx context.Context, cert *x509.Certificate, o *state.Origin, now time.Time) {
	id, err := certificateID(cert)
	if err != nil {
		return
	}
	var info renewalInfo
	var answered call
	err = c.get(ctx, "asking when to renew", strings.TrimSuffix(c.dir.RenewalInfo, "/")+"/"+id, &info, &answered)
	at, ok := info.at(cert)
	if err != nil || !ok {
		if ctx.Err() == nil {
			o.AskAgain = now.Add(askAfterNo).UTC()
		}
		return
	}
	ask := usualAsk
	if answered.retryAfter > 0 {
		ask = min(max(answered.retryAfter, minAsk), maxAsk)
	}
	o.RenewAt, o.AskAgain, o.Explanation = at, now.Add(ask).UTC(), info.explanation()
}

// renewalInfo is what a CA says about a certificate (RFC 9773, section 4.2).
type renewalInfo struct {
	Window struct {
		Start time.Time `json:"start"`
		End   time.Time `json:"end"`
	} `json:"suggestedWindow"`
	ExplanationURL string `json:"explanationURL"`
}

// at is a time in the window, by chance as the CA wishes, but always the same for a
// certificate: each run would be another throw of the dice otherwise. The last
// twentieth of the certificate's life is left for what may go wrong. A window that is
// none before that is not ok.
func (i *renewalInfo) at(cert *x509.Certificate) (at time.Time, ok bool) {
	start, end := i.Window.Start, i.Window.End
	if start.IsZero() || !end.After(start) {
		return time.Time{}, false
	}
	if last := cert.NotAfter.Add(-cert.NotAfter.Sub(cert.NotBefore) / 20); end.After(last) {
		end = last
	}
	if !end.After(start) {
		return time.Time{}, false
	}
	sum := sha256.Sum256(cert.Raw)
	part := float64(binary.BigEndian.Uint32(sum[:])) / (1 << 32)
	seconds := part * (float64(end.Unix()) - float64(start.Unix()))
	return time.Unix(start.Unix()+int64(seconds), 0).UTC(), true
}

// explanation is a page to be shown, if it is one.
func (i *renewalInfo) explanation() string {
	u, err := url.Parse(i.ExplanationURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || len(i.ExplanationURL) > maxProblemText {
		return ""
	}
	return u.String()
}

// Planned is when a certificate, as DER, is to be renewed by what is known without
// asking the CA. The origin may be nil.
func Planned(leaf []byte, o *state.Origin) (Renewal, error) {
	cert, err := x509.ParseCertificate(leaf)
	if err != nil {
		return Renewal{}, err
	}
	if o != nil && !o.RenewAt.IsZero() {
		return Renewal{At: o.RenewAt, Why: "the CA says so (ARI)", Explanation: o.Explanation}, nil
	}
	const short = 10 * 24 * time.Hour
	life := cert.NotAfter.Sub(cert.NotBefore)
	if life < short {
		return Renewal{At: cert.NotAfter.Add(-life / 2), Why: "half of its life is over"}, nil
	}
	return Renewal{At: cert.NotAfter.Add(-life / 3), Why: "a third of its life is left"}, nil
}

// certificateID names a certificate to its CA (RFC 9773, section 4.1).
func certificateID(cert *x509.Certificate) (string, error) {
	if len(cert.AuthorityKeyId) == 0 {
		return "", errors.New("the certificate does not say by which key it was issued")
	}
	serial, err := asn1.Marshal(cert.SerialNumber)
	if err != nil {
		return "", err
	}
	var raw asn1.RawValue
	if _, err := asn1.Unmarshal(serial, &raw); err != nil {
		return "", fmt.Errorf("serial number: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode(cert.AuthorityKeyId) + "." + encode(raw.Bytes), nil
}
