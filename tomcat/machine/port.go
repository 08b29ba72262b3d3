package machine

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"gokeytool/finding"
	"gokeytool/tomcat"
)

// Net is what of a machine decides on which ports and addresses a program can
// listen.
type Net struct {
	// Reserved is the first port that needs no privileges; zero where none does.
	Reserved int
	// Addresses are those of the machine's interfaces; nil where they are not known.
	Addresses []netip.Addr
}

// reserved is the first port that needs no privileges on Unix unless the kernel was
// told otherwise.
const reserved = 1024

// Here is what is known of this machine. On Linux the kernel's
// net.ipv4.ip_unprivileged_port_start says from which port on none needs privileges.
func Here() Net {
	n := Net{Reserved: reserved}
	switch runtime.GOOS {
	case "windows":
		n.Reserved = 0
	case "linux":
		if data, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); err == nil {
			if first, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil {
				n.Reserved = first
			}
		}
	}
	if list, err := net.InterfaceAddrs(); err == nil {
		for _, a := range list {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil {
				n.Addresses = append(n.Addresses, prefix.Addr().Unmap())
			}
		}
	}
	return n
}

// Privileged says that a port needs privileges in many places, and whether it does
// here. It is not ok for a port that needs none anywhere.
func (n Net) Privileged(port int) (Cause, bool) {
	if port < 1 || port >= max(reserved, n.Reserved) {
		return Cause{}, false
	}
	c := Cause{
		Text:   fmt.Sprintf("ports below %d are for root: Tomcat as another user says \"java.net.BindException: Permission denied\", and does not start this connector", max(reserved, n.Reserved)),
		Remedy: Unprivileged(port),
	}
	if port >= n.Reserved {
		c.Text += ". Here the kernel gives it to anybody"
		if n.Reserved > 0 || runtime.GOOS == "linux" {
			c.Text += fmt.Sprintf(" (net.ipv4.ip_unprivileged_port_start is %d)", n.Reserved)
		}
	}
	return c, true
}

// Unprivileged says how Tomcat gets a port below 1024 without running as root.
func Unprivileged(port int) string {
	high := port + 8000
	return fmt.Sprintf("do not run Tomcat as root for it: write AmbientCapabilities=CAP_NET_BIND_SERVICE into the [Service] section of its systemd unit, or start it with jsvc or authbind, "+
		"or listen on %d with proxyPort=\"%d\" and lead the port there: iptables -t nat -A PREROUTING -p tcp --dport %d -j REDIRECT --to-ports %d", high, port, port, high)
}

// Elsewhere says that an address is none of this machine's. It is not ok for those
// that are, for names of hosts, and where the machine's are not known.
func (n Net) Elsewhere(address string) (Cause, bool) {
	ip, err := netip.ParseAddr(strings.Trim(address, "[]"))
	if err != nil || n.Addresses == nil {
		return Cause{}, false
	}
	if ip = ip.Unmap().WithZone(""); ip.IsUnspecified() || ip.IsLoopback() || slices.Contains(n.Addresses, ip) {
		return Cause{}, false
	}
	var own []string
	for _, a := range n.Addresses {
		if !a.IsLoopback() && !a.IsLinkLocalUnicast() && len(own) < 8 {
			own = append(own, a.String())
		}
	}
	c := Cause{
		Text:   fmt.Sprintf("%s is no address of this machine: Tomcat says here \"java.net.BindException: Cannot assign requested address\", and does not start this connector", ip),
		Remedy: "leave address out for all addresses",
	}
	if len(own) > 0 {
		c.Remedy += ", or write one of this machine's: " + strings.Join(own, ", ")
	}
	return c, true
}

// Connector says what keeps Tomcat on this machine from the port and the address of
// a connector.
func (n Net) Connector(c *tomcat.Connector) (findings []finding.Finding) {
	say := func(attribute string, cause Cause, ok bool) {
		if ok {
			findings = append(findings, finding.Finding{
				Severity: finding.Warning, Text: cause.Text, Remedy: cause.Remedy,
				At: finding.Place{Line: c.Line, Element: "Connector", Attribute: attribute, Connector: c.Line},
			})
		}
	}
	cause, ok := n.Privileged(c.Port)
	say("port", cause, ok)
	cause, ok = n.Elsewhere(c.Address)
	say("address", cause, ok)
	return findings
}
