package terminal

// whenStopped has nothing to do: no program is stopped.
func whenStopped(before, after func()) (end func()) { return func() {} }
