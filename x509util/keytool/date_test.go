package keytool

import (
	"bufio"
	"compress/gzip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"gokeytool/jdk"
	"gokeytool/x509util"
)

// TestJavaDate compares with Date.toString in every time zone, recorded of two
// JDKs by testdata/zones/make.go.
func TestJavaDate(t *testing.T) {
	for rel, name := range map[jdk.Release]string{jdk.Release17: "dates17.tsv.gz", jdk.Release25: "dates25.tsv.gz"} {
		t.Run(name, func(t *testing.T) {
			file, err := os.Open("testdata/zones/" + name)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			unzipped, err := gzip.NewReader(file)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for lines := bufio.NewScanner(unzipped); lines.Scan(); {
				zone, rest, _ := strings.Cut(lines.Text(), "\t")
				moment, want, _ := strings.Cut(rest, "\t")
				seconds, err := strconv.ParseInt(moment, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				if zone == "WET" && seconds < 1e9 || zone == "America/Coyhaique" ||
					zone == "Africa/Windhoek" && (seconds < 0 || seconds > 2e9) ||
					(zone == "Africa/Casablanca" || zone == "Africa/El_Aaiun") && seconds > 4e9 {
					continue // the JDKs' own time zone data differs
				}
				loc, err := time.LoadLocation(zone)
				if err != nil {
					continue // one of Java's own, such as "SystemV/AST4"
				}
				n++
				p := Printer{Release: rel, Location: loc}
				if got := p.Date(time.Unix(seconds, 0)); got != want {
					t.Errorf("%s %d: %s; Java: %s", zone, seconds, got, want)
				}
			}
			if n < 11000 {
				t.Errorf("only %d dates compared", n)
			}
		})
	}
}

func TestDates(t *testing.T) {
	moment := time.Date(2026, time.November, 21, 20, 32, 5, 0, time.UTC)
	load := func(name string) *time.Location {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return loc
	}
	for _, tt := range []struct {
		name         string
		t            time.Time
		loc          *time.Location
		java, medium string
	}{
		{"UTC", moment, nil, "Sat Nov 21 20:32:05 UTC 2026", "Nov 21, 2026"},
		{"one digit", moment.AddDate(0, 0, -20), time.UTC, "Sun Nov 01 20:32:05 UTC 2026", "Nov 1, 2026"},
		{"next day", moment, load("Asia/Tokyo"), "Sun Nov 22 05:32:05 JST 2026", "Nov 22, 2026"},
		{"no name", moment, load("Asia/Dubai"), "Sun Nov 22 00:32:05 GMT+04:00 2026", "Nov 22, 2026"},
		{"fixed", moment, time.FixedZone("", -12600), "Sat Nov 21 17:02:05 GMT-03:30 2026", "Nov 21, 2026"},
		{"fixed without offset", moment, time.FixedZone("", 0), "Sat Nov 21 20:32:05 GMT 2026", "Nov 21, 2026"},
		{"fixed with name", moment, time.FixedZone("XYZ", 3600), "Sat Nov 21 21:32:05 XYZ 2026", "Nov 21, 2026"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := JavaDate(tt.t, tt.loc); got != tt.java {
				t.Errorf("JavaDate: %q, want %q", got, tt.java)
			}
			if got := MediumDate(tt.t, tt.loc); got != tt.medium {
				t.Errorf("MediumDate: %q, want %q", got, tt.medium)
			}
		})
	}
	old := Printer{Release: jdk.Release17, Location: load("Asia/Dubai")}
	if got, want := old.Date(moment), "Sun Nov 22 00:32:05 GST 2026"; got != want {
		t.Errorf("JDK 17: %q, want %q", got, want)
	}
}

func TestDayAndSpan(t *testing.T) {
	at := time.Date(2026, 11, 22, 3, 9, 59, 0, time.FixedZone("", 7200))
	if got := x509util.Day(at); got != "2026-11-22 01:09 UTC" {
		t.Error(got)
	}
	for d, want := range map[time.Duration]string{
		0: "0 minutes", 90 * time.Second: "1 minute", 119 * time.Minute: "119 minutes", 2 * time.Hour: "2 hours", 47 * time.Hour: "47 hours",
		48 * time.Hour: "2 days", 3*365*24*time.Hour - 1: "1094 days", 3 * 365 * 24 * time.Hour: "3 years",
	} {
		if got := x509util.Span(d); got != want {
			t.Errorf("%v: %s, not %s", d, got, want)
		}
	}
}
