// Package jdk says which JDK release's keytool is followed: its defaults and
// its wording. keytool changed both over time; everything that depends on the
// release asks a Release here, so that the differences stand in one table. An
// Error is what the JDK's classes throw, in their words.
package jdk

import "fmt"

// Release is the feature number of a JDK release, such as 17.
type Release int

// The releases whose keytool has been observed.
const (
	Release17 Release = 17
	Release21 Release = 21
	Release25 Release = 25

	// Default is the current long-term-support release.
	Default = Release25
)

// Parse reads a release as a user names it: "17", "21" or "25". The empty
// string is Default.
func Parse(s string) (Release, error) {
	switch s {
	case "":
		return Default, nil
	case "17":
		return Release17, nil
	case "21":
		return Release21, nil
	case "25":
		return Release25, nil
	}
	return 0, fmt.Errorf("unknown JDK release %q: 17, 21 and 25 are known", s)
}
