package x509util

import "time"

// JavaDate formats t as Java's Date.toString does in English: "Sat Nov 21
// 20:32:05 UTC 2026", with Java's name of the zone. nil is UTC.
func JavaDate(t time.Time, loc *time.Location) string { return "" }

// MediumDate formats t as keytool -list does: "Nov 21, 2026". nil is UTC.
func MediumDate(t time.Time, loc *time.Location) string { return "" }
