//go:build !unix

package machine

// User is the one as whom Tomcat runs.
type User struct{ Name, Home, Owns string }

// RunsAs is not ok: nothing tells it on this system.
func RunsAs(string) (User, bool) { return User{}, false }

// Unreadable is not ok: there are no permission bits on this system.
func (User) Unreadable(string) (Cause, bool) { return Cause{}, false }
