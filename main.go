// Command gokeytool is keytool without Java, plus the endpoint that proves
// that a keystore works.
//
// keytool makes RSA keys of less than 1024 bits where it is told to, with a
// warning; so must we.
//
//go:debug rsa1024min=0
package main

import (
	"os"

	"gokeytool/commands"
)

func main() {
	os.Exit(commands.Main(os.Args, commands.System()))
}
