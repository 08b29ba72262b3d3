package commands

import (
	"context"
	"math/big"
	"strconv"
	"strings"

	"gokeytool/x509util"
)

type gencrlOptions struct {
	issuance
	ids []string // SERIAL or SERIAL:REASON
}

func readGencrl(l line) gencrlOptions {
	return gencrlOptions{readIssuance(l), l.StringSlice("id")}
}

// gencrl makes a CRL of the serial numbers that -id gives.
func gencrl(ctx context.Context, s *session, o gencrlOptions) error {
	if err := s.openKeystore(ctx, access{file: s.opt.file}); err != nil {
		return err
	}
	if err := openable(s.opt.file); err != nil {
		return err
	}
	alias := s.aliasOrDefault()
	if _, err := s.ks.certificate(alias); err != nil {
		return err
	}
	start, err := s.startDate(o.start)
	if err != nil {
		return err
	}
	end, err := x509util.EndDate(start, o.days)
	if err != nil {
		return err
	}
	issuer, err := s.openIssuer(s.ks, alias, s.ks.keypass)
	if err != nil {
		return err
	}
	sigalg, err := s.signatureAlgorithm(o.sigalg, issuer.signer)
	if err != nil {
		return errUnderivable()
	}
	revoked := make([]x509util.Revocation, len(o.ids))
	for i, id := range o.ids {
		if revoked[i], err = parseRevocation(id); err != nil {
			return err
		}
	}
	der, err := x509util.CreateCRL(x509util.CRLTemplate{
		Issuer: issuer.name, ThisUpdate: start, NextUpdate: end, Revoked: revoked,
	}, issuer.signer, sigalg, s.release)
	if err != nil {
		return err
	}
	out := der
	if s.opt.rfc {
		out = x509util.EncodePEM("X509 CRL", der, s.release)
	}
	if err := s.writeOutput(s.opt.file.value, out); err != nil {
		return err
	}
	list, err := x509util.ParseCRL(der)
	if err != nil {
		return err
	}
	s.warn(s.judge().CRL("The generated CRL", list, issuer.certificate.SPKI)...)
	s.warnOfFormat()
	return nil
}

// parseRevocation reads the value of -id: SERIAL or SERIAL:REASON, both
// decimal.
func parseRevocation(id string) (x509util.Revocation, error) {
	number, reason, given := strings.Cut(id, ":")
	// Java reads the reason first.
	var r x509util.Revocation
	if given {
		n, err := strconv.ParseInt(reason, 10, 32)
		if err != nil {
			return r, java("java.lang.NumberFormatException", javaInputString(reason))
		}
		if n <= 0 {
			return r, failf("Reason code must be positive")
		}
		r.Reason = int(n)
	}
	var err error
	r.Serial, err = parseJavaInteger(number)
	return r, err
}

func javaInputString(s string) string { return `For input string: "` + s + `"` }

// maxSerialDigits bounds serial numbers, of which RFC 5280 allows 49 digits.
const maxSerialDigits = 1000

// parseJavaInteger reads a decimal number as Java's BigInteger does, with its
// errors.
func parseJavaInteger(text string) (*big.Int, error) {
	fail := func(reason string) (*big.Int, error) { return nil, java("java.lang.NumberFormatException", reason) }
	digits := text
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	if strings.ContainsAny(digits, "+-") {
		return fail("Illegal embedded sign character")
	}
	if digits == "" {
		return fail("Zero length BigInteger")
	}
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		return new(big.Int), nil
	}
	if len(digits) > maxSerialDigits {
		return fail("BigInteger would overflow supported range")
	}
	// Java converts nine digits at a time, the first group having the rest, and
	// names the group that is none.
	for size := (len(digits)-1)%9 + 1; digits != ""; size = 9 {
		group := digits[:size]
		if strings.Trim(group, "0123456789") != "" {
			return fail(javaInputString(group))
		}
		digits = digits[size:]
	}
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return fail(javaInputString(text))
	}
	return n, nil
}
