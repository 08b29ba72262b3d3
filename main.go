// Command gokeytool is keytool without Java, plus the endpoint that proves
// that a keystore works.
package main

import (
	"os"

	"gokeytool/commands"
)

//go:debug rsa1024min=0

func main() {
	os.Exit(commands.Main(os.Args, commands.System()))
}
