package keytool

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// LoadZone returns the time zone that Java uses where the environment variable
// TZ is tz: a name of the time zone database, "GMT+3" (which is east of
// Greenwich), or a POSIX rule such as "CET-1CEST", of which Java heeds only the
// first offset. An empty tz is the zone that the system is set to. What Java
// doesn't know is GMT. (Java's own three-letter names, such as "PST", which it
// warns of, count as not known.)
//
// The zone has the name by which JavaDate finds Java's name for it, which
// time.Local hasn't.
func LoadZone(tz string) *time.Location {
	tz = strings.TrimPrefix(strings.TrimPrefix(tz, ":"), "posix/")
	if tz == "" {
		tz = systemZone()
	}
	if strings.Contains(zoneNames, "|"+tz+"|") {
		if loc, err := time.LoadLocation(tz); err == nil {
			return loc
		}
	}
	end := strings.IndexAny(tz, "+-0123456789")
	if strings.HasPrefix(tz, "<") { // a name of any characters
		end = strings.IndexByte(tz, '>') + 1
	}
	if end <= 0 {
		return gmt
	}
	offset, ok := zoneOffset(tz[end:])
	if !ok || offset == 0 {
		return gmt
	}
	sign := -1 // POSIX counts westwards
	if tz[:end] == "GMT" {
		sign = 1
	}
	offset *= sign
	return time.FixedZone(offsetName(time.Unix(0, 0).In(time.FixedZone("", offset))), offset)
}

var gmt = time.FixedZone("GMT", 0)

// zoneOffset reads "[+-]h[h][:mm]" at the beginning of s, in seconds.
func zoneOffset(s string) (seconds int, ok bool) {
	sign := 1
	switch {
	case strings.HasPrefix(s, "-"):
		sign = -1
		s = s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	end := strings.IndexFunc(s, func(c rune) bool { return (c < '0' || c > '9') && c != ':' })
	if end < 0 {
		end = len(s)
	}
	hours, minutes, _ := strings.Cut(s[:end], ":")
	h, err := strconv.Atoi(hours)
	if err != nil || h > 23 {
		return 0, false
	}
	m := 0
	if minutes != "" {
		if m, err = strconv.Atoi(minutes); err != nil || m > 59 {
			return 0, false
		}
	}
	return sign * (3600*h + 60*m), true
}

// systemZone returns the name of the zone that the system is set to, "" if it
// can't be told.
func systemZone() string {
	if target, err := os.Readlink("/etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(target, "zoneinfo/"); ok {
			return name
		}
	}
	if name, err := os.ReadFile("/etc/timezone"); err == nil {
		return strings.TrimSpace(string(name))
	}
	if name := time.Now().Location().String(); name != "Local" {
		return name
	}
	return ""
}
