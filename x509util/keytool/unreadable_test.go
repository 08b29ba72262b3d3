package keytool

import (
	"testing"

	"gokeytool/jdk"
)

// The differential tests compare these and many more with keytool.
func TestUnreadableError(t *testing.T) {
	for _, tt := range []struct {
		name, input string
		want17      string
		want25      string // empty: the same
	}{
		{"empty", "", "", ""},
		{"text", "hello\n", "No certificate data found", ""},
		{"cut-off DER", "0\x82\x10\x00abc", "java.io.IOException: Incomplete BER/DER data", ""},
		{"cut-off PEM", "-----BEGIN CERTIFICATE-----\nAAAA", "java.io.IOException: Incomplete data", "No certificate data found"},
		{"hyphens", "<p>-----</p>\n", "No certificate data found", "java.io.IOException: Incomplete header"},
		{"not base64", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
			"java.io.IOException: java.lang.IllegalArgumentException: Input byte[] should at least have 2 bytes for base64 bytes", ""},
		{"not DER", "-----BEGIN X-----\nAAAA\n-----END X-----\n", "Unable to initialize, java.io.IOException: extra data at the end", ""},
		{"private key", "-----BEGIN PRIVATE KEY-----\nMAkCAQAwAAQBAAAA\n-----END PRIVATE KEY-----\n",
			"Unable to initialize, java.io.IOException: extra data at the end", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for release, want := range map[jdk.Release]string{jdk.Release17: tt.want17, jdk.Release25: tt.want25} {
				if want == "" {
					want = tt.want17
				}
				got := ""
				if err := UnreadableError([]byte(tt.input), release); err != nil {
					got = err.Error()
				}
				if got != want {
					t.Errorf("JDK %v: got %q, want %q", release, got, want)
				}
			}
		})
	}
}

// FuzzUnreadableError: whatever the input, an error is one in Java's words.
func FuzzUnreadableError(f *testing.F) {
	f.Add([]byte("-----BEGIN X-----\nMAA=\n-----END X-----\n"))
	f.Add([]byte("0\x80\x30\x00\x30\x00\x03\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, release := range []jdk.Release{jdk.Release17, jdk.Release25} {
			for _, err := range []error{
				UnreadableError(data, release), UnreadableCRLError(data, release), UnreadableRequestError(data, "", release),
			} {
				if _, ok := err.(*jdk.Error); err != nil && !ok {
					t.Errorf("%T: %v", err, err)
				}
			}
		}
	})
}
