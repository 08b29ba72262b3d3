package keytool

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
)

// TestStartDate compares with what keytool made of -startdate values, recorded
// in testdata/startdates.txt: time zone, the time then (Unix seconds), value,
// result.
func TestStartDate(t *testing.T) {
	data, err := os.ReadFile("testdata/startdates.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) < 300 {
		t.Fatalf("only %d recorded lines", len(lines))
	}
	for _, line := range lines {
		fields := strings.Split(line, "\t")
		zone, input, want := fields[0], fields[2], fields[3]
		t.Run(zone+" "+input, func(t *testing.T) {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Skip(err)
			}
			seconds, _ := strconv.ParseInt(fields[1], 10, 64)
			date, err := ParseStartDate(input, time.Unix(seconds, 0).In(loc))
			got := strconv.FormatInt(date.Unix(), 10)
			if javaErr, ok := errors.AsType[*jdk.Error](err); ok {
				got = "!" + javaErr.Class + ": " + javaErr.Text
			} else if err != nil {
				t.Fatalf("not an *Error: %v", err)
			}
			if got != want {
				t.Errorf("got %s (%s), want %s", got, date, want)
			}
		})
	}
}

// FuzzParseStartDate demands that errors are Java's, and that a date that was
// read in full says what was written where the clock doesn't change.
func FuzzParseStartDate(f *testing.F) {
	for line := range strings.Lines(string(testtool.ReadFile(f, "testdata/startdates.txt"))) {
		f.Add(strings.Split(line, "\t")[2])
	}
	now := time.Date(2026, 11, 21, 20, 32, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		date, err := ParseStartDate(s, now)
		if err != nil {
			if _, ok := errors.AsType[*jdk.Error](err); !ok {
				t.Fatalf("not an *Error: %v", err)
			}
			return
		}
		if want, err := time.Parse("2006/01/02 15:04:05", s); err == nil && !date.Equal(want) {
			t.Fatalf("%q is %s", s, date)
		}
	})
}
