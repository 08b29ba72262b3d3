// Package jsontime writes points in time into JSON, in UTC and in the form of RFC
// 3339, whatever a file from anywhere says. time.Time refuses years beyond 0 to
// 9999, and with one such date a whole document.
package jsontime

import "time"

// Time is a point in time, null in JSON where it is zero, which is not known, or
// where RFC 3339 has no form for it.
type Time struct{ time.Time }

// New is a point in time for JSON.
func New(t time.Time) Time { return Time{t.UTC()} }

// Fits says whether RFC 3339 has a form for a point in time.
func Fits(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 0 && year <= 9999
}

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() || !Fits(t.Time) {
		return []byte("null"), nil
	}
	return t.UTC().MarshalJSON()
}

// UnmarshalJSON implements json.Unmarshaler: null is the zero time.
func (t *Time) UnmarshalJSON(text []byte) error {
	return t.Time.UnmarshalJSON(text)
}
