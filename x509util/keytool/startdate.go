package keytool

import (
	"strings"
	"time"

	"gokeytool/jdk"
)

// ParseStartDate reads the value of keytool's -startdate in the location of
// now: either ([+-]n[ymdHMS])+, which moves now from left to right, or
// [yyyy/mm/dd] [HH:MM:SS], in which a part left out is that of now. Errors are *jdk.Error with Java's text.
//
// It follows Java's calendar: adding months or years keeps the day of the month
// where the month has it and takes the last one else; days keep the time of
// day; hours, minutes and seconds are exact durations; month 13, day 0 or hour
// 25 roll over. A local time that clocks skip is taken by the offset before,
// one that they repeat is the second. Years before 1583 are those of the
// Gregorian calendar, not of the Julian one as in Java.
func ParseStartDate(s string, now time.Time) (time.Time, error) {
	if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") {
		return moveDate(s, now)
	}
	var date, clock string
	switch {
	case len(s) == 19 && s[10] == ' ':
		date, clock = s[:10], s[11:]
	case len(s) == 10:
		date = s
	case len(s) == 8:
		clock = s
	default:
		return time.Time{}, ErrStartDate
	}
	year, month, day := now.Date()
	hour, minute, second := now.Clock()
	nanos := now.Nanosecond()
	if date != "" {
		n, ok := digitGroups(date, "dddd/dd/dd")
		if !ok {
			return time.Time{}, ErrStartDate
		}
		year, month, day = n[0], time.Month(n[1]), n[2]
	}
	if clock != "" {
		n, ok := digitGroups(clock, "dd:dd:dd")
		if !ok {
			return time.Time{}, ErrStartDate
		}
		hour, minute, second, nanos = n[0], n[1], n[2], 0
	}
	return localTime(year, month, day, hour, minute, second, nanos, now.Location()), nil
}

// ErrStartDate is the error of a text that is neither a date nor a time, nor steps
// from now.
var ErrStartDate = jdk.IOError("Illegal startdate value")

// digitGroups reads the numbers in s, which must have the form of pattern,
// where d stands for a digit.
func digitGroups(s, pattern string) (groups [3]int, ok bool) {
	g := 0
	for i := range len(pattern) {
		switch c := s[i]; {
		case pattern[i] != 'd':
			if c != pattern[i] {
				return groups, false
			}
			g++
		case c < '0' || c > '9':
			return groups, false
		default:
			groups[g] = 10*groups[g] + int(c-'0')
		}
	}
	return groups, true
}

// moveDate applies ([+-]n[ymdHMS])+ to t.
func moveDate(s string, t time.Time) (time.Time, error) {
	for s != "" {
		if s[0] != '+' && s[0] != '-' {
			return time.Time{}, ErrStartDate
		}
		digits := len(s) - 1 - len(strings.TrimLeft(s[1:], "0123456789"))
		if digits == 0 {
			return time.Time{}, ErrStartDate
		}
		n, err := jdk.ParseInt(s[1 : 1+digits])
		if err != nil {
			return time.Time{}, err
		}
		if len(s) == 1+digits {
			return time.Time{}, ErrStartDate
		}
		if s[0] == '-' {
			n = -n
		}
		switch s[1+digits] {
		case 'y':
			t = addMonths(t, 12*n)
		case 'm':
			t = addMonths(t, n)
		case 'd':
			t = addDays(t, n)
		case 'H':
			t = addSeconds(t, 3600*int64(n))
		case 'M':
			t = addSeconds(t, 60*int64(n))
		case 'S':
			t = addSeconds(t, int64(n))
		default:
			return time.Time{}, ErrStartDate
		}
		s = s[2+digits:]
	}
	return t, nil
}

func addMonths(t time.Time, n int) time.Time {
	year, month, day := t.Date()
	first := time.Date(year, month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	hour, minute, second := t.Clock()
	return localTime(first.Year(), first.Month(), min(day, last), hour, minute, second, t.Nanosecond(), t.Location())
}

func addDays(t time.Time, n int) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return localTime(year, month, day+n, hour, minute, second, t.Nanosecond(), t.Location())
}

// addSeconds is t.Add for more seconds than a time.Duration holds.
func addSeconds(t time.Time, n int64) time.Time {
	return time.Unix(t.Unix()+n, int64(t.Nanosecond())).In(t.Location())
}

// localTime is time.Date with Java's choice where the clock of a place has the
// time twice or not at all.
func localTime(year int, month time.Month, day, hour, minute, second, nanos int, loc *time.Location) time.Time {
	wall := time.Date(year, month, day, hour, minute, second, nanos, time.UTC)
	offsetAt := func(t time.Time) time.Duration {
		_, seconds := t.In(loc).Zone()
		return time.Duration(seconds) * time.Second
	}
	// The offsets before and after any change that is near.
	before, after := offsetAt(wall.Add(-24*time.Hour)), offsetAt(wall.Add(24*time.Hour))
	if t := wall.Add(-after); offsetAt(t) == after {
		return t.In(loc)
	}
	return wall.Add(-before).In(loc)
}
