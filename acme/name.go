package acme

// Name is a name that is to be certified.
type Name struct {
	Text string // as the CA has it: A-labels in lower case, "*." before a wildcard, or an IP address
	IP   bool
}

// ParseNames are the names that a user typed: DNS names, also internationalised
// ones and wildcards, and IP addresses, each once and in their order.
func ParseNames(hosts []string) ([]Name, error) { return nil, errUnfinished }
