// Package text has what sentences for people are made of.
package text

import (
	"fmt"
	"strings"
)

// Elide joins a list with commas; of more than most it gives the first ones,
// and how many more there are.
func Elide(list []string, most int) string {
	if n := len(list); n > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), n-most)
	}
	return strings.Join(list, ", ")
}
