package commands

import "context"

// identitydb was to import the identities of JDK 1.1. No keytool of today
// reads them any more: it looks whether the file is there, and says that it
// found nothing.
func identitydb(ctx context.Context, s *session) error {
	if err := s.openKeystore(ctx, access{creates: true}); err != nil {
		return err
	}
	if s.opt.file.given {
		if _, err := s.readInput(s.opt.file.value); err != nil {
			return err
		}
	}
	s.Stderr.Print("No entries from identity database added\n")
	s.warnOfFormat()
	return nil
}
