package x509util

import (
	"strconv"
	"time"
)

// Day shows an instant in text that keytool knows nothing of:
// "2026-11-22 01:09 UTC".
func Day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// Span shows a length of time in the unit that fits, rounded down: "89 days",
// "1 hour", "3 years".
func Span(d time.Duration) string {
	unit := func(n int, name string) string {
		if n == 1 {
			return "1 " + name
		}
		return strconv.Itoa(n) + " " + name + "s"
	}
	const day = 24 * time.Hour
	switch {
	case d >= 3*365*day:
		return unit(int(d/day/365), "year")
	case d >= 2*day:
		return unit(int(d/day), "day")
	case d >= 2*time.Hour:
		return unit(int(d.Hours()), "hour")
	}
	return unit(int(d.Minutes()), "minute")
}
