package argv

// TableDefault is the table of the program. It is made anew at each call.
func TableDefault() *Table { return &Table{} }
