#!/bin/sh
# Makes the golden help screens from real keytools:
#
#	testdata/golden.sh 17 /path/to/jdk-17/bin/keytool
#	testdata/golden.sh 25 /path/to/jdk-25/bin/keytool
#
# help/RELEASE/general.txt is what "keytool -help" prints on the standard error,
# help/RELEASE/COMMAND.txt what "keytool -COMMAND -help" prints there.
set -eu
release=$1 keytool=$2
dir=$(dirname "$0")/help/$release
mkdir -p "$dir"
"$keytool" -help 2>"$dir/general.txt"
commands=$(sed -n 's/^ -\([a-z]*\) .*/\1/p' "$dir/general.txt")
for c in $commands gencrl identitydb keyclone selfcert; do
	"$keytool" "-$c" -help 2>"$dir/$c.txt"
done
