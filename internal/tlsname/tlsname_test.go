package tlsname

import (
	"crypto/tls"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		Protocol(tls.VersionTLS10):        "TLSv1",
		Protocol(0x0300):                  "SSLv3",
		Protocol(0x7f1c):                  "0x7F1C",
		Protocol(0x2a2a):                  "GREASE 0x2A2A",
		Suite(tls.TLS_AES_128_GCM_SHA256): "TLS_AES_128_GCM_SHA256",
		Suite(0x00ff):                     "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
		Suite(0xc024):                     "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
		Suite(0x1a2a):                     "0x1A2A",
		Group(tls.X25519MLKEM768):         "X25519MLKEM768",
		Group(tls.CurveP384):              "secp384r1",
		Group(0x0102):                     "ffdhe4096",
		Group(0x0105):                     "0x0105",
		Group(0xfafa):                     "GREASE 0xFAFA",
		Scheme(tls.PSSWithSHA384):         "rsa_pss_rsae_sha384",
		Scheme(0x080b):                    "rsa_pss_pss_sha512",
		Scheme(0x0905):                    "mldsa65",
		Scheme(0x0303):                    "ecdsa_sha224",
		Scheme(0x0402):                    "dsa_sha256",
		Scheme(0x0700):                    "0x0700",
		Scheme(0xfe00):                    "0xFE00",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if name := Suite(suite.ID); name != suite.Name {
			t.Errorf("%s is called %s", suite.Name, name)
		}
		want := 128
		switch {
		case strings.Contains(suite.Name, "256_GCM"), strings.Contains(suite.Name, "256_CBC"), strings.Contains(suite.Name, "CHACHA20"):
			want = 256
		case strings.Contains(suite.Name, "3DES"):
			want = 168
		}
		if got := KeySize(suite.ID); got != want {
			t.Errorf("%s: %d bits, want %d", suite.Name, got, want)
		}
	}
}
