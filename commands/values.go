package commands

// choose returns the value of an option of the command as the table writes it. The
// error is that of a value that is not in the table. An empty one is in it where
// nothing given means the same.
func (s *session) choose(option, value string) (string, error) {
	return s.table.Choose(s.req.Command, option, value)
}
