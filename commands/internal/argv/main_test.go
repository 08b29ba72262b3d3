package argv

import (
	"fmt"
	"os"
	"testing"
)

// TestMain lets the test binary stand for the program that the shells' functions
// call.
func TestMain(m *testing.M) {
	if os.Getenv("ARGV_COMPLETE") != "" && len(os.Args) > 1 && os.Args[len(os.Args)-1] == CompletionFlag {
		for _, s := range TableDefault().Complete(os.Args[1 : len(os.Args)-1]) {
			fmt.Println(s)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
