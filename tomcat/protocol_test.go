package tomcat

import (
	"strings"
	"testing"
)

func TestParseProtocols(t *testing.T) {
	for _, c := range []struct {
		list, versions                       string
		withheld, refused, unknown, unsigned string
	}{
		{list: "all", versions: "TLSv1.2, TLSv1.3", withheld: "TLSv1, TLSv1.1"},
		{list: " ALL ", versions: "TLSv1.2, TLSv1.3", withheld: "TLSv1, TLSv1.1"},
		{list: "TLSv1+TLSv1.1+TLSv1.2", versions: "TLSv1, TLSv1.1, TLSv1.2"},
		{list: "TLSv1.2,TLSv1.3", versions: "TLSv1.2, TLSv1.3", unsigned: "TLSv1.3"},
		{list: "TLSv1.3, TLSv1.2", versions: "TLSv1.2, TLSv1.3", unsigned: "TLSv1.2"},
		{list: "+TLSv1.3 -TLSv1", versions: "TLSv1.3"},
		{list: "all -TLSv1 -TLSv1.1", versions: "TLSv1.2, TLSv1.3"},
		{list: "all-TLSv1.2", versions: "TLSv1.3", withheld: "TLSv1, TLSv1.1"},
		{list: "all,TLSv1", versions: "TLSv1, TLSv1.2, TLSv1.3", withheld: "TLSv1.1", unsigned: "TLSv1"},
		{list: "TLSv1.1+all", versions: "TLSv1.1, TLSv1.2, TLSv1.3", withheld: "TLSv1"},
		{list: "+all-all+TLSv1.2", versions: "TLSv1.2"},
		{list: "+SSLv3-all", refused: "SSLv3"},
		{list: "-TLSv1.2+TLSv1.2", versions: "TLSv1.2"},
		{list: "TLSv1.2+TLSv1.2", versions: "TLSv1.2"},
		{list: "SSLv2Hello,SSLv3,TLSv1.2", versions: "TLSv1.2", refused: "SSLv2Hello, SSLv3", unsigned: "SSLv3, TLSv1.2"},
		{list: "SSLv3+TLSv1", versions: "TLSv1", refused: "SSLv3"},
		{list: "tlsv1.2", unknown: "tlsv1.2"},
		{list: "TLS", unknown: "TLS"},
		{list: "TLSv1.2 TLSv1.3", unknown: "TLSv1.2 TLSv1.3"},
		{list: "TLS+TLSv1.2-TLS", versions: "TLSv1.2"},
		{list: "TLSv1.0", unknown: "TLSv1.0"},
		{list: ""},
		{list: " , + - "},
	} {
		t.Run(c.list, func(t *testing.T) {
			p := ParseProtocols(c.list)
			for _, x := range []struct{ what, got, want string }{
				{"versions", protocolNames(p.Versions), c.versions},
				{"withheld", protocolNames(p.Withheld), c.withheld},
				{"refused", strings.Join(p.Refused, ", "), c.refused},
				{"unknown", strings.Join(p.Unknown, ", "), c.unknown},
				{"unsigned", strings.Join(p.Unsigned, ", "), c.unsigned},
			} {
				if x.got != x.want {
					t.Errorf("%s: %q, want %q", x.what, x.got, x.want)
				}
			}
		})
	}
}

func FuzzParseProtocols(f *testing.F) {
	for _, list := range []string{"all", "TLSv1+TLSv1.1+TLSv1.2", "+TLSv1.3 -TLSv1", "TLSv1.2,TLSv1.3", "-all,,+-SSLv3", "tls"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		p := ParseProtocols(list)
		// Spelt out with signs, the versions mean the same.
		q := ParseProtocols(strings.ReplaceAll(protocolNames(p.Versions), ", ", "+"))
		if got, want := protocolNames(q.Versions), protocolNames(p.Versions); got != want || len(q.Unknown) > 0 {
			t.Fatalf("%q: %s, spelt out %s", list, want, got)
		}
	})
}
