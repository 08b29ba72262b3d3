// Package text has what sentences for people are made of: lists that end where
// nobody would read on, and numbers with their words.
package text

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Elide joins a list with commas; of more than most it gives the first ones,
// and how many more there are: "a, b and 3 more".
func Elide(list []string, most int) string {
	if n := len(list); n > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), n-most)
	}
	return strings.Join(list, ", ")
}

// First is Elide where "and" would be read as part of a name: "a, b, 3 more".
func First(list []string, most int) string {
	if n := len(list); n > most {
		list = append(slices.Clone(list[:most]), fmt.Sprintf("%d more", n-most))
	}
	return strings.Join(list, ", ")
}

// Quote returns names in double quotes, as Go writes a string.
func Quote(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	return quoted
}

// Count is a number with the words that fit it: "1 key has", "1234 keys have".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// CountGrouped is Count with the digits in groups: "1,234 keys have".
func CountGrouped(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Group(n) + " " + many
}

// Group writes a number with a comma before each three digits, as Java's
// MessageFormat does in English.
func Group[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}
