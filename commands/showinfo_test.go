package commands

import (
	"strings"
	"testing"

	"gokeytool/jdk"
)

func TestShowinfo(t *testing.T) {
	for release, want := range map[jdk.Release]bool{jdk.Release17: true, jdk.Release25: false} {
		u := newUnit(t, nil)
		u.release = release
		if err := showinfo(t.Context(), u.session, showinfoOptions{tls: true}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(u.out.String(), "TLS_RSA_WITH_AES_256_GCM_SHA384\n"); got != want {
			t.Errorf("JDK %d: RSA key exchange is enabled: %t", release, got)
		}
	}
	if err := showinfo(t.Context(), newUnit(t, nil).session, showinfoOptions{}); err == nil || err.Error() != "showinfo needs to know what to show" {
		t.Errorf("got %v", err)
	}
}
