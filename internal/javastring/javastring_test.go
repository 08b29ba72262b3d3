package javastring

import "testing"

// What is expected here was printed by Java 17 and 25.
func TestLower(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"My-Key_1", "my-key_1"},
		{"ÄÖÜẞ", "äöüß"},
		{"İX", "i\u0307x"},
		{"I", "i"},
		{"ΟΔΟΣ", "οδος"},
		{"ΟΔΟΣ-ΑΣ", "οδοσ-ας"},
		{"Σ", "σ"},
		{"ΑΣ.", "ας."},
		{"ΑΣ.Α", "ασ.α"},
		{"AΣ_", "aς_"},
		{"AΣ_B", "aσ_b"},
		{"A:ΣB", "a:σb"},
		{"AΣ'B", "aσ'b"},
		{"AΣ2B", "aσ2b"},
		{"A1Σ", "a1ς"},
		{"ΑΣ Α", "ας α"},
		{"😀Σ", "😀σ"},
		{"ς€𐐀", "ς€𐐨"},
		{"日本語", "日本語"},
		{"A\xED\xA0\x80B", "a\xED\xA0\x80b"}, // an unpaired surrogate stays
		{"A\xFFΣ", "a\xFFσ"},
	} {
		if got := Lower(test.in); got != test.want {
			t.Errorf("Lower(%q) = %q, want %q", test.in, got, test.want)
		}
		if got := Lower(test.want); got != test.want {
			t.Errorf("Lower(%q) = %q: not stable", test.want, got)
		}
	}
}

func TestHashCode(t *testing.T) {
	for _, test := range []struct {
		in   string
		want int32
	}{
		{"", 0},
		{"tomcat", -868129468},
		{"ΟΔΟΣ", 28526201},
		{"ΟΔΟΣ-ΑΣ", -579398138},
		{"😀Σ", 54960800},
		{"ς€𐐀", 38467273},
		{"a\xED\xA0\x80b", 1807491},
		{"\xED\xB0\x80", 56320},
		{"x😀", 1888219},
	} {
		if got := int32(HashCode(test.in)); got != test.want {
			t.Errorf("HashCode(%q) = %d, want %d", test.in, got, test.want)
		}
	}
}

func TestCompare(t *testing.T) {
	// In the order of Java's String.compareTo.
	sorted := []string{"", "A", "a", "aa", "a\u00E4", "b", "\u00E4", "\u20AC", "\uD7FF", "😀", "\U0010FFFF", "\uE000", "\uFEFF", "\uFFFF"}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := Compare(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("Compare(%q, %q) = %d", a, b, got)
			}
		}
	}
}
