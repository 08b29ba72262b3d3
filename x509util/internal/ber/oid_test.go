package ber

import "testing"

// The text of each common object identifier is that of its content.
func TestCommonOID(t *testing.T) {
	for _, want := range []string{
		"2.5.4.3", "2.5.4.6", "2.5.4.7", "2.5.4.8", "2.5.4.10", "2.5.4.11",
		"2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.31", "2.5.29.32", "2.5.29.35", "2.5.29.37",
		"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12",
		"1.2.840.10045.2.1", "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3",
	} {
		content, err := OIDContent(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := commonOID([]byte(content)); got != want {
			t.Errorf("%s is %q", want, got)
		}
	}
}
