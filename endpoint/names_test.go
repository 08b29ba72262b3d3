package endpoint

import (
	"crypto/tls"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		protocolName(tls.VersionTLS10):        "TLSv1",
		protocolName(0x0300):                  "SSLv3",
		protocolName(0x7f1c):                  "0x7F1C",
		protocolName(0x2a2a):                  "GREASE 0x2A2A",
		suiteName(tls.TLS_AES_128_GCM_SHA256): "TLS_AES_128_GCM_SHA256",
		suiteName(0x00ff):                     "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
		suiteName(0xc024):                     "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
		suiteName(0x1a2a):                     "0x1A2A",
		groupName(tls.X25519MLKEM768):         "X25519MLKEM768",
		groupName(tls.CurveP384):              "secp384r1",
		groupName(0x0102):                     "ffdhe4096",
		groupName(0x0105):                     "0x0105",
		groupName(0xfafa):                     "GREASE 0xFAFA",
		schemeName(tls.PSSWithSHA384):         "rsa_pss_rsae_sha384",
		schemeName(0x080b):                    "rsa_pss_pss_sha512",
		schemeName(0x0905):                    "mldsa65",
		schemeName(0x0303):                    "ecdsa_sha224",
		schemeName(0x0402):                    "dsa_sha256",
		schemeName(0x0700):                    "0x0700",
		schemeName(0xfe00):                    "0xFE00",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if name := suiteName(suite.ID); name != suite.Name {
			t.Errorf("%s is called %s", suite.Name, name)
		}
		want := 128
		switch {
		case strings.Contains(suite.Name, "256_GCM"), strings.Contains(suite.Name, "256_CBC"), strings.Contains(suite.Name, "CHACHA20"):
			want = 256
		case strings.Contains(suite.Name, "3DES"):
			want = 168
		}
		if got := keySize(suite.ID); got != want {
			t.Errorf("%s: %d bits, want %d", suite.Name, got, want)
		}
	}
}
