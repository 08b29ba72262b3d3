package commands

import (
	"strings"
	"testing"

	"gokeytool/x509util"
)

func TestExpectedFingerprint(t *testing.T) {
	digits := strings.Repeat("0aB", 21) + "c"
	colons := x509util.FormatFingerprint([]byte("\x0a\xb0\xab\x0a\xb0\xab\x0a\xb0\xab\x0a\xb0\xab\x0a\xb0\xab\x0a\xb0\xab\x0a\xb0\xab\x0a\xb0\xab\x0a\xb0\xab\x0a\xb0\xab\x0a\xbc"))
	for _, text := range []string{
		digits, colons, strings.ToLower(colons), " " + digits[:20] + "\n" + digits[20:],
		"SHA256 Fingerprint=" + colons, "sha256 fingerprint=" + colons, "SHA-256: " + digits,
	} {
		got, err := trustOptions{fingerprint: given(text)}.expectedFingerprint()
		if err != nil || got != colons {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	if got, err := (trustOptions{}).expectedFingerprint(); got != "" || err != nil {
		t.Errorf("without the option: %s, %v", got, err)
	}
	for text, hint := range map[string]string{
		"":                       "",
		digits[1:]:               "",
		strings.Repeat("00", 20): "this is a SHA-1",
		"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=": "in Base64 it may be the pin of a public key",
		strings.Repeat("0:", 63) + "0":                 "",
	} {
		_, err := trustOptions{fingerprint: given(text)}.expectedFingerprint()
		if err == nil || !strings.HasSuffix(err.Error(), "is no SHA-256: it has 64 hexadecimal digits, with colons between or without") {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if hints := newUnit(t, nil).hints(err); hint != "" && (len(hints) != 1 || !strings.HasPrefix(hints[0], hint)) {
			t.Errorf("%q: hints %q", text, hints)
		}
	}
}

func TestConfirm(t *testing.T) {
	leaf, root := certificateIn(t, keyed(t, "a"), "a"), certificateIn(t, keyed(t, "b"), "b")
	chain := []*x509util.Certificate{leaf, root}
	sum := func(c *x509util.Certificate) string { return x509util.Fingerprint(c.Raw, "SHA-256") }
	if err := confirm(sum(root), root, chain); err != nil {
		t.Error(err)
	}
	err := confirm(sum(leaf), root, chain)
	if err == nil {
		t.Fatal("another fingerprint is taken")
	}
	if hints := newUnit(t, nil).hints(err); !strings.HasSuffix(hints[len(hints)-1], ": -leaf trusts it") {
		t.Errorf("hints %q", hints)
	}
}
