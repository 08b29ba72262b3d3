package commands

import (
	"fmt"
	"net/netip"
	"strings"
)

// parseHost is an IP address or a DNS name, in lower case; its first label may
// be "*".
func parseHost(name string) (string, error) {
	if address, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return address.WithZone("").Unmap().String(), nil
	}
	host := strings.ToLower(strings.TrimSuffix(name, "."))
	if err := checkHost(strings.TrimPrefix(host, "*.")); err != nil {
		return "", withHint(fmt.Errorf("-host %q is no host name or IP address", name), err.Error())
	}
	return host, nil
}
