package pkcs12

import (
	"slices"
	"testing"

	"gokeytool/store/entry"
)

func TestEncryptionAlgorithms(t *testing.T) {
	for name, test := range map[string]struct {
		params Params
		want   []string
	}{
		"default":      {Default, []string{aes256}},
		"java8":        {Java8, []string{desede, rc2}},
		"legacy":       {Legacy, []string{desede}},
		"passwordless": {Passwordless, []string{aes256}}, // its keys are encrypted
	} {
		t.Run(name, func(t *testing.T) {
			data := encode(t, sample(t, test.params), "changeit")
			for _, password := range []string{"changeit", ""} {
				if password == "" && test.params.CertAlgorithm != None {
					continue
				}
				f := decode(t, data, password)
				if got := EncryptionAlgorithms(f); !slices.Equal(got, test.want) {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}
		})
	}
	t.Run("without the password", func(t *testing.T) {
		f, err := Decode(encode(t, sample(t, Java8), "changeit"), nil, entry.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := EncryptionAlgorithms(f); !slices.Contains(got, rc2) {
			t.Errorf("got %q, want %q among them", got, rc2)
		}
	})
	t.Run("new file", func(t *testing.T) {
		if got := EncryptionAlgorithms(NewFile(Default)); len(got) > 0 {
			t.Errorf("got %q", got)
		}
	})
}
