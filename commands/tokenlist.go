package commands

import (
	"encoding/hex"
	"fmt"
	"strings"

	"gokeytool/pkcs11"
	"gokeytool/store/entry"
	"gokeytool/store/token"
	"gokeytool/x509util"
)

// tokenLine is what list says of a token.
func tokenLine(info pkcs11.TokenInfo) string {
	parts := []string{fmt.Sprintf("%q", info.Label)}
	if info.Model != "" || info.Manufacturer != "" {
		parts = append(parts, strings.TrimSpace(info.Model+" of "+info.Manufacturer))
	}
	if info.Serial != "" {
		parts = append(parts, "serial number "+info.Serial)
	}
	if info.Flags&pkcs11.WriteProtected != 0 {
		parts = append(parts, "write-protected")
	}
	return strings.Join(parts, ", ")
}

// keyLine is what list -v says of a key on a token.
func keyLine(a token.Attributes) string {
	parts := []string{"CKA_ID " + idText(a.ID)}
	if a.Label != "" {
		parts = append(parts, fmt.Sprintf("label %q", a.Label))
	}
	is := func(b *bool) bool { return b != nil && *b }
	not := func(b *bool) bool { return b != nil && !*b }
	switch {
	case is(a.Local):
		parts = append(parts, "made on the token")
	case not(a.Local):
		parts = append(parts, "brought onto the token")
	}
	switch {
	case is(a.NeverExtractable):
		parts = append(parts, "never extractable")
	case not(a.Extractable):
		parts = append(parts, "not extractable")
	case is(a.Extractable):
		parts = append(parts, "extractable")
	}
	if not(a.Sensitive) {
		parts = append(parts, "not sensitive")
	}
	if is(a.AlwaysAuthenticate) {
		parts = append(parts, "asks for the PIN each time")
	}
	var uses []string
	for _, use := range []struct {
		may  *bool
		what string
	}{{a.Signs, "sign"}, {a.Decrypts, "decrypt"}, {a.Unwraps, "unwrap"}, {a.Derives, "derive"}} {
		if is(use.may) {
			uses = append(uses, use.what)
		}
	}
	if uses != nil {
		parts = append(parts, "may "+strings.Join(uses, ", "))
	}
	return strings.Join(parts, "; ")
}

// idText is a CKA_ID as it is shown: in hexadecimal.
func idText(id []byte) string {
	if len(id) == 0 {
		return "none"
	}
	return hex.EncodeToString(id)
}

// otherLine says of an object of a token what it is, and why it is no entry.
func otherLine(o token.Other) string {
	called := fmt.Sprintf("%q", o.Label)
	why := "it has no certificate"
	switch {
	case len(o.Certificate) > 0:
		why = "no key of the token belongs to it, and it is not marked as trusted"
		if c, err := x509util.ParseCertificate(o.Certificate); err == nil {
			called = fmt.Sprintf("%q", c.Called())
		}
	case o.Kind == "secret key":
		why = "it has no label"
	}
	return fmt.Sprintf("%s %s (CKA_ID %s): %s", o.Kind, called, idText(o.ID), why)
}

// object names an object of the place's token, by its CKA_ID where its label is none.
func (p tokenPlace) object(o token.Other) string {
	u := p.uri.OfToken()
	if o.Label == "" {
		u.ID = o.ID
	}
	return u.String()
}

// jsonToken is a token as list -json shows it.
type jsonToken struct {
	Label          string      `json:"label"`
	Manufacturer   string      `json:"manufacturer"`
	Model          string      `json:"model"`
	Serial         string      `json:"serial"`
	Slot           uint64      `json:"slot"`
	WriteProtected bool        `json:"writeProtected"`
	PIN            string      `json:"pin"` // ok, fewTries, lastTry or locked
	Others         []jsonOther `json:"others"`
}

// jsonOther is an object of a token that is no entry.
type jsonOther struct {
	Kind    string `json:"kind"` // privateKey, certificate or secretKey
	Label   string `json:"label"`
	ID      string `json:"id"` // CKA_ID in hexadecimal
	Subject string `json:"subject,omitempty"`
}

// jsonTokenKey is a key on a token. What the token does not say is null.
type jsonTokenKey struct {
	ID                 string `json:"id"` // CKA_ID in hexadecimal
	Label              string `json:"label"`
	Local              *bool  `json:"local"` // made on the token
	Sensitive          *bool  `json:"sensitive"`
	Extractable        *bool  `json:"extractable"`
	NeverExtractable   *bool  `json:"neverExtractable"`
	AlwaysAuthenticate *bool  `json:"alwaysAuthenticate"`
}

// tokenJSON describes the keystore's token; nil where it is none.
func (k *keystore) tokenJSON() *jsonToken {
	if k.token == nil {
		return nil
	}
	info := k.token.Info()
	if now, err := k.token.CurrentInfo(); err == nil {
		info = now
	}
	t := &jsonToken{
		Label: info.Label, Manufacturer: info.Manufacturer, Model: info.Model, Serial: info.Serial, Slot: info.Slot,
		WriteProtected: info.Flags&pkcs11.WriteProtected != 0, PIN: "ok", Others: []jsonOther{},
	}
	switch {
	case info.Flags&pkcs11.UserPINLocked != 0:
		t.PIN = "locked"
	case info.Flags&pkcs11.UserPINFinalTry != 0:
		t.PIN = "lastTry"
	case info.Flags&pkcs11.UserPINCountLow != 0:
		t.PIN = "fewTries"
	}
	kinds := map[string]string{"private key": "privateKey", "certificate": "certificate", "secret key": "secretKey"}
	for _, o := range k.device.Others() {
		other := jsonOther{Kind: kinds[o.Kind], Label: o.Label, ID: hex.EncodeToString(o.ID)}
		if c, err := x509util.ParseCertificate(o.Certificate); err == nil {
			other.Subject = c.Subject.String()
		}
		t.Others = append(t.Others, other)
	}
	return t
}

// tokenKeyJSON describes the key of an entry on the keystore's token.
func (k *keystore) tokenKeyJSON(e *entry.Entry) (*jsonTokenKey, error) {
	if k.token == nil || e.Kind == entry.TrustedCertificate {
		return nil, nil
	}
	a, err := k.device.Attributes(e)
	if err != nil {
		return nil, err
	}
	return &jsonTokenKey{
		ID: hex.EncodeToString(a.ID), Label: a.Label, Local: a.Local, Sensitive: a.Sensitive,
		Extractable: a.Extractable, NeverExtractable: a.NeverExtractable, AlwaysAuthenticate: a.AlwaysAuthenticate,
	}, nil
}
