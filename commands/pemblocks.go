package commands

import (
	"bytes"
	"encoding/pem"

	"gokeytool/store/entry"
	"gokeytool/store/pkcs12"
)

// keyBlock is a private key as a block of PEM, encrypted if there is a password.
func keyBlock(key entry.Key, password []byte) (*pem.Block, error) {
	if password == nil {
		return &pem.Block{Type: "PRIVATE KEY", Bytes: key.PKCS8}, nil
	}
	sealed, err := pkcs12.Seal(key, password, nil)
	if err != nil {
		return nil, err
	}
	return &pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: sealed}, nil
}

// pemOf are certificates in PEM.
func pemOf(chain [][]byte) []byte {
	var out bytes.Buffer
	for _, der := range chain {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // a buffer takes all
	}
	return out.Bytes()
}

// pemCertificates are the certificates of a file in PEM.
func pemCertificates(data []byte) (list [][]byte) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return list
		}
		if block.Type == "CERTIFICATE" {
			list = append(list, block.Bytes)
		}
	}
}
