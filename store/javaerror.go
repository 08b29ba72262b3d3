package store

import "gokeytool/jdk"

// JavaError returns what Java's keytool of that release says of an error in
// opening, using or saving a keystore: the exception's class and text, as they
// stand after "keytool error: ". It is false where that is not known.
func JavaError(err error, rel jdk.Release) (text string, ok bool) {
	return "", false
}
