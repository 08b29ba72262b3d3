package identity

import (
	"crypto/x509"
)

// subjectNames lists the alternative names in keytool's notation of -ext san.
func subjectNames(c *x509.Certificate) []string {
	list := []string{}
	for _, name := range c.DNSNames {
		list = append(list, "dns:"+name)
	}
	for _, ip := range c.IPAddresses {
		list = append(list, "ip:"+ip.String())
	}
	for _, email := range c.EmailAddresses {
		list = append(list, "email:"+email)
	}
	for _, uri := range c.URIs {
		list = append(list, "uri:"+uri.String())
	}
	return list
}
