// Package commands is the command line of gokeytool: one file a command.
package commands
