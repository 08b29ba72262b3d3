package keytool

import (
	"testing"
	"time"
)

// The wanted texts are what keytool 17 and 25 print under each TZ.
func TestLoadZone(t *testing.T) {
	moment := time.Date(2025, time.July, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ tz, want string }{
		{"UTC", "Tue Jul 01 12:00:00 UTC 2025"},
		{"GMT", "Tue Jul 01 12:00:00 GMT 2025"},
		{"Z", "Tue Jul 01 12:00:00 GMT 2025"},
		{"UCT", "Tue Jul 01 12:00:00 UTC 2025"},
		{"Etc/UTC", "Tue Jul 01 12:00:00 UTC 2025"},
		{":Europe/Paris", "Tue Jul 01 14:00:00 CEST 2025"},
		{"posix/Europe/Rome", "Tue Jul 01 14:00:00 CEST 2025"},
		{"europe/paris", "Tue Jul 01 12:00:00 GMT 2025"},
		{"CET-1CEST", "Tue Jul 01 13:00:00 GMT+01:00 2025"},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "Tue Jul 01 13:00:00 GMT+01:00 2025"},
		{"<+03>-3", "Tue Jul 01 15:00:00 GMT+03:00 2025"},
		{"GMT+3", "Tue Jul 01 15:00:00 GMT+03:00 2025"},
		{"GMT-5:30", "Tue Jul 01 06:30:00 GMT-05:30 2025"},
		{"UTC+2", "Tue Jul 01 10:00:00 GMT-02:00 2025"},
		{"EST5EDT", "Tue Jul 01 08:00:00 EDT 2025"},
		{"PST8PDT", "Tue Jul 01 05:00:00 PDT 2025"},
		{"Asia/Dubai", "Tue Jul 01 16:00:00 GMT+04:00 2025"},
		{"Foo/Bar", "Tue Jul 01 12:00:00 GMT 2025"},
		{"localtime", "Tue Jul 01 12:00:00 GMT 2025"},
		{"America/New_York ", "Tue Jul 01 12:00:00 GMT 2025"},
		{"../../etc/passwd", "Tue Jul 01 12:00:00 GMT 2025"},
		{"<", "Tue Jul 01 12:00:00 GMT 2025"},
		{"+", "Tue Jul 01 12:00:00 GMT 2025"},
		{"GMT+99", "Tue Jul 01 12:00:00 GMT 2025"},
	} {
		t.Run(tt.tz, func(t *testing.T) {
			if got := JavaDate(moment, LoadZone(tt.tz)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
	if loc := LoadZone(""); loc.String() == "Local" {
		t.Error("the system's zone has no name")
	}
}
