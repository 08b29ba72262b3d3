package keytool

import (
	"net/netip"
	"strconv"

	"gokeytool/x509util/internal/ber"
)

// print appends the names as Java lists are printed.
func (n generalNames) print(t *text) { t.generalNames(n, "[", ", ", "]") }

// generalNames appends names with text before, between and after them.
func (t *text) generalNames(names generalNames, before, between, after string) {
	t.add(before)
	for i, name := range names {
		if i > 0 {
			t.add(between)
		}
		name.print(t)
	}
	t.add(after)
}

func (n otherName) print(t *text) {
	t.add("Other-Name: Unrecognized ObjectIdentifier: ")
	t.add(string(n))
}

func (n rfc822Name) print(t *text) {
	t.add("RFC822Name: ")
	t.untrusted(string(n))
}

func (n dnsName) print(t *text) {
	t.add("DNSName: ")
	t.untrusted(string(n))
}

func (x400Address) print(t *text) { t.add("X400Address: <DER-encoded value>") }

func (n directoryName) print(t *text) { t.untrusted(n.String()) }

func (n ediPartyName) print(t *text) {
	t.add("EDIPartyName: ")
	if n.assigner != nil {
		t.add("  nameAssigner = ")
		t.untrusted(*n.assigner)
		t.add(",")
	}
	t.add("  partyName = ")
	if n.party == nil {
		t.add("null")
	} else {
		t.untrusted(*n.party)
	}
}

func (n uriName) print(t *text) {
	t.add("URIName: ")
	t.untrusted(string(n))
}

// print appends an address, or a network with its mask (IPv4) or the length of
// its prefix (IPv6).
func (a ipAddress) print(t *text) {
	t.add("IPAddress: ")
	if len(a) <= 8 {
		t.ipv4(a[:4])
		if len(a) == 8 {
			t.add("/")
			t.ipv4(a[4:])
		}
		return
	}
	start := len(t.buf)
	t.ipv6(a[:16])
	if len(a) == 16 {
		return
	}
	prefix := 0
	for prefix < 128 && ber.BitSet(a[16:], 128, prefix) {
		prefix++
	}
	for i := prefix; i < 128; i++ {
		if ber.BitSet(a[16:], 128, i) { // Java shows what it can't name
			t.buf = t.buf[:start]
			t.hexDump(a)
			return
		}
	}
	t.add("/")
	t.int(prefix)
}

func (n oidName) print(t *text) {
	t.add("OIDName: ")
	t.add(string(n))
}

func (t *text) ipv4(b []byte) { t.buf = netip.AddrFrom4([4]byte(b)).AppendTo(t.buf) }

// ipv6 appends eight groups without "::", as Java's Inet6Address does; an IPv4
// address within IPv6 as the IPv4 address, as InetAddress.getByAddress does.
func (t *text) ipv6(b []byte) {
	if a := netip.AddrFrom16([16]byte(b)); a.Is4In6() {
		t.buf = a.Unmap().AppendTo(t.buf)
		return
	}
	for i := 0; i < 16; i += 2 {
		if i > 0 {
			t.add(":")
		}
		t.buf = strconv.AppendUint(t.buf, uint64(b[i])<<8|uint64(b[i+1]), 16)
	}
}
