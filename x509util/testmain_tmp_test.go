package x509util

import "encoding/pem"

func pemBody(data []byte) ([]byte, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errKey
	}
	return block.Bytes, nil
}
