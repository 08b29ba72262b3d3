package x509util

// Reply is a certificate reply made into a chain.
type Reply struct {
	Chain   []*Certificate // leaf first
	Trusted bool           // its root is one of the trusted certificates
}

// ChainFromCertificate builds the chain of a reply that is one certificate.
func ChainFromCertificate(reply *Certificate, trusted []*Certificate) ([]*Certificate, error) {
	return nil, errNotYet
}

// ChainFromReply orders a reply of several certificates.
func ChainFromReply(alias string, reply []*Certificate, spki []byte, trusted []*Certificate) (Reply, error) {
	return Reply{}, errNotYet
}
