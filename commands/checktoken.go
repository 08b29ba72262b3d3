package commands

import (
	"context"
	"strings"

	"gokeytool/check"
	"gokeytool/internal/shell"
	"gokeytool/pkcs11"
)

// checkedTokens opens the tokens among the keystores that are to be checked. The PIN of
// -storepass, or of the URI, is tried once; without one only what is public is looked at.
func (s *session) checkedTokens(ctx context.Context, paths []string) (map[string]*check.Token, error) {
	tokens := make(map[string]*check.Token)
	if err := s.checkProviders(); err != nil {
		return nil, err
	}
	for _, path := range paths {
		place, ok, err := s.checkedPlace(path)
		if err != nil {
			return nil, err
		}
		if ok && tokens[path] == nil {
			tokens[path] = s.checkedToken(ctx, place)
		}
	}
	return tokens, nil
}

// checkedPlace is the token that a name stands for: a URI, or NONE with the type PKCS11.
func (s *session) checkedPlace(path string) (tokenPlace, bool, error) {
	if isTokenURI(path) {
		place, err := s.uriPlace(path)
		return place, true, err
	}
	if path != noKeystore {
		return tokenPlace{}, false, nil
	}
	return s.tokenPlace(optional[string]{path, true}, s.opt.storetype.value, s.opt.providername)
}

// checkedToken opens a token to be looked at, and never asks for its PIN.
func (s *session) checkedToken(ctx context.Context, p tokenPlace) *check.Token {
	t := &check.Token{From: shell.Keystore{Path: p.name, Open: s.again("storepass")}, PIN: check.PasswordUnknown}
	fail := func(err error) *check.Token {
		t.Err, t.Remedy = err, strings.Join(s.hints(err), "; ")
		if t.Remedy != "" {
			t.Remedy = shell.Comment(t.Remedy)
		}
		return t
	}
	opened, err := s.findToken(ctx, p)
	if err != nil {
		return fail(err)
	}
	if t.Info, err = opened.CurrentInfo(); err != nil {
		return fail(s.tokenError(p, err))
	}
	hasPIN := s.saidPIN(s.opt.storepass) != nil || p.uri.HasPIN()
	switch {
	case t.Info.Flags&pkcs11.TokenInitialized == 0 || t.Info.Flags&pkcs11.UserPINLocked != 0:
	case t.Info.Flags&pkcs11.LoginRequired == 0:
		t.PIN = check.PasswordNone
	case hasPIN:
		if _, err := s.logIn(opened, p, tokenAccess{pin: s.opt.storepass}); err != nil {
			if now, infoErr := opened.CurrentInfo(); infoErr == nil {
				t.Info = now
			}
			return fail(err)
		}
		t.PIN = check.PasswordGiven
		if now, err := opened.CurrentInfo(); err == nil { // a right PIN gives all tries back
			t.Info = now
		}
	}
	read, device, err := s.readToken(opened, p)
	if err != nil {
		return fail(err)
	}
	t.Store = read
	for _, o := range device.Others() {
		t.Others = append(t.Others, check.Loose{Kind: o.Kind, Label: o.Label, Certificate: o.Certificate})
	}
	return t
}
