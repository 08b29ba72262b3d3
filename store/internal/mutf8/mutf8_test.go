package mutf8

import "testing"

func TestBothWays(t *testing.T) {
	tests := []struct {
		name    string
		text    string
		encoded string
	}{
		{"empty", "", ""},
		{"ascii", "tomcat", "tomcat"},
		{"NUL", "a\x00b", "a\xC0\x80b"},
		{"two bytes", "é", "\xC3\xA9"},
		{"three bytes", "鍵", "\xE9\x8D\xB5"},
		{"replacement character", "\uFFFD", "\xEF\xBF\xBD"},
		{"emoji", "🔑x", "\xED\xA0\xBD\xED\xB4\x91x"},
		{"last character", "\U0010FFFF", "\xED\xAF\xBF\xED\xBF\xBF"},
		{"high surrogate alone", "\xED\xA0\xBDx", "\xED\xA0\xBDx"},
		{"low surrogate alone", "x\xED\xB4\x91", "x\xED\xB4\x91"},
		{"low before high", "\xED\xB4\x91\xED\xA0\xBD", "\xED\xB4\x91\xED\xA0\xBD"},
		{"high before emoji", "\xED\xA0\xBD🔑", "\xED\xA0\xBD\xED\xA0\xBD\xED\xB4\x91"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Append([]byte(">"), tt.text); string(got) != ">"+tt.encoded {
				t.Errorf("Append = % X, want % X", got, tt.encoded)
			}
			if got := Len(tt.text); got != len(tt.encoded) {
				t.Errorf("Len = %d, want %d", got, len(tt.encoded))
			}
			if got, n := Decode([]byte(tt.encoded)); got != tt.text || n != len(tt.encoded) {
				t.Errorf("Decode = %q, %d, want %q, %d", got, n, tt.text, len(tt.encoded))
			}
		})
	}
}

func TestDecodeLenient(t *testing.T) {
	tests := []struct{ name, encoded, want string }{
		{"bare NUL", "a\x00b", "a\x00b"},
		{"overlong letter", "\xC1\x81", "A"},
		{"overlong in three bytes", "\xE0\x81\x81", "A"},
		{"standard UTF-8 emoji", "\xF0\x9F\x94\x91", "🔑"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, n := Decode([]byte(tt.encoded)); got != tt.want || n != len(tt.encoded) {
				t.Errorf("Decode = %q, %d, want %q", got, n, tt.want)
			}
		})
	}
}

func TestDecodeInvalid(t *testing.T) {
	tests := []struct {
		name    string
		encoded string
		at      int
	}{
		{"continuation byte", "ab\x80", 2},
		{"cut after one of two", "a\xC3", 1},
		{"cut after two of three", "\xE9\x8D", 0},
		{"letter for a continuation", "\xC3A", 0},
		{"cut after a surrogate", "\xED\xA0\xBD\xED", 3},
		{"beyond the last character", "\xF4\x90\x80\x80", 0},
		{"overlong in four bytes", "\xF0\x80\x80\x80", 0},
		{"FF", "x\xFF", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, n := Decode([]byte(tt.encoded)); got != "" || n != tt.at {
				t.Errorf("Decode = %q, %d, want it to break at %d", got, n, tt.at)
			}
		})
	}
}

func TestAppendInvalid(t *testing.T) {
	const want = "\xEF\xBF\xBD"
	if got := Append(nil, "\xFF"); string(got) != want || Len("\xFF") != len(want) {
		t.Errorf("Append = % X, Len = %d, want U+FFFD", got, Len("\xFF"))
	}
}

// What decodes encodes to a form that decodes to the same text, and the
// encoded form of text is as long as Len says.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "tomcat", "a\xC0\x80b", "\xED\xA0\xBD\xED\xB4\x91", "\xED\xB4\x91", "\xF0\x9F\x94\x91", "\xC1\x81", "\xFF"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, n := Decode(b)
		if n < len(b) {
			if s != "" {
				t.Fatalf("text %q beside an error", s)
			}
			return
		}
		again := Append(nil, s)
		if len(again) != Len(s) {
			t.Fatalf("Len(%q) = %d, but %d bytes appended", s, Len(s), len(again))
		}
		back, n := Decode(again)
		if back != s || n != len(again) {
			t.Fatalf("%q came back as %q", s, back)
		}
		for _, c := range again {
			if c == 0 || c >= 0xF0 {
				t.Fatalf("not modified UTF-8: % X", again)
			}
		}
	})
}
