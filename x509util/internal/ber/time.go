package ber

import (
	"time"

	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/jdk"
)

// Time reads a UTCTime or GeneralizedTime as Java does: two-digit years from
// 1950 on, seconds and fractions optional, offsets, days up to 31 in every
// month. tag says which of the two it is read as.
func (v Value) Time(tag casn1.Tag) (time.Time, error) {
	kind, years := "UTC", 2
	switch {
	case tag == casn1.GeneralizedTime:
		kind, years = "Generalized", 4
		if len(v.Body) < 13 {
			return time.Time{}, jdk.IOError("DER Generalized Time length error")
		}
	case len(v.Body) < 11 || len(v.Body) > 17:
		return time.Time{}, jdk.IOError("DER UTC Time length error")
	}
	s := timeScanner{v.Body, kind, nil}
	year := s.digits(years)
	if years == 2 {
		if year < 50 {
			year += 100
		}
		year += 1900
	}
	month, day := s.digits(2), s.digits(2)
	hour, minute := s.digits(2), s.digits(2)
	second, millis := 0, 0
	// Java wants seconds before an offset; they are as dispensable as before "Z".
	if len(s.rest) > 2 && s.rest[0] != '+' && s.rest[0] != '-' {
		second = s.digits(2)
		if years == 4 && len(s.rest) > 0 && (s.rest[0] == '.' || s.rest[0] == ',') {
			millis = s.fraction()
		}
	}
	if s.err != nil {
		return time.Time{}, s.err
	}
	if month == 0 || day == 0 || month > 12 || day > 31 || hour >= 24 || minute >= 60 || second >= 60 {
		return time.Time{}, jdk.IOError("Parse " + kind + " time, invalid format")
	}
	offset := s.offset()
	if s.err != nil {
		return time.Time{}, s.err
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, millis*int(time.Millisecond), time.UTC)
	return t.Add(-offset), nil
}

// AnyTime reads a UTCTime or a GeneralizedTime.
func (v Value) AnyTime() (time.Time, error) {
	if v.Tag != casn1.UTCTime && v.Tag != casn1.GeneralizedTime {
		return time.Time{}, jdk.IOError("DerValue.getGeneralizedTime, not a GeneralizedTime: " + v.TagText())
	}
	return v.Time(v.Tag)
}

// CheckTime returns Java's error where a time is in a form that it doesn't
// read: where seconds lack, only "Z" may follow.
func (v Value) CheckTime() error {
	minutes, kind := 10, "UTC"
	if v.Tag == casn1.GeneralizedTime {
		minutes, kind = 12, "Generalized"
	}
	if len(v.Body) > minutes+2 && (v.Body[minutes] == '+' || v.Body[minutes] == '-') {
		return jdk.IOError("Parse " + kind + " time, invalid format")
	}
	_, err := v.Time(v.Tag)
	return err
}

type timeScanner struct {
	rest []byte
	kind string
	err  error
}

func (s *timeScanner) fail(what string) {
	if s.err == nil {
		s.err = jdk.IOError("Parse " + s.kind + " time, " + what)
	}
}

func (s *timeScanner) digits(n int) int {
	value := 0
	for range n {
		if len(s.rest) == 0 || s.rest[0] < '0' || s.rest[0] > '9' {
			s.fail("invalid format")
			return 0
		}
		value = 10*value + int(s.rest[0]-'0')
		s.rest = s.rest[1:]
	}
	return value
}

// fraction reads a point or comma and the digits after it, in milliseconds.
func (s *timeScanner) fraction() int {
	s.rest = s.rest[1:]
	millis, scale, n := 0, 100, 0
	for len(s.rest) > 0 && s.rest[0] != 'Z' && s.rest[0] != '+' && s.rest[0] != '-' {
		millis += scale * s.digits(1)
		scale /= 10
		n++
		if s.err != nil {
			return 0
		}
	}
	switch {
	case n == 0:
		s.fail("empty fractional part")
	case len(s.rest) == 0:
		s.fail("invalid fractional part")
	}
	return millis
}

// offset reads "Z", "+hhmm" or "-hhmm" and the end.
func (s *timeScanner) offset() time.Duration {
	if len(s.rest) != 1 && len(s.rest) != 5 {
		s.fail("invalid offset")
		return 0
	}
	sign := s.rest[0]
	s.rest = s.rest[1:]
	switch {
	case sign == 'Z' && len(s.rest) == 0:
		return 0
	case sign == 'Z':
		s.fail("invalid format")
	case sign != '+' && sign != '-':
		s.fail("garbage offset")
	case len(s.rest) != 4:
		s.fail("invalid offset")
	}
	hours, minutes := s.digits(2), s.digits(2)
	if hours >= 24 || minutes >= 60 {
		s.fail(string(sign) + "hhmm")
	}
	d := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if sign == '-' {
		return -d
	}
	return d
}
