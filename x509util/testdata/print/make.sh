#!/bin/sh
# Makes the certificates, requests and CRLs of this folder with openssl, the
# keytool of two JDKs and make.go, and then the goldens: what the keytools
# print. Private keys are thrown away.
#
#	./make.sh <home of JDK 17> <home of JDK 25>
set -eu
[ $# = 2 ] || { echo "usage: make.sh <JDK 17> <JDK 25>" >&2; exit 2; }
jdk17=$1 jdk25=$2
cd "$(dirname "$0")"
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f ./*.der ./*.csr ./*.crl ./*.txtar
go run make.go

# Keys and signatures by openssl: name, what makes the key, how it signs.
cd "$work"
self() {
	name=$1 sign=$2
	shift 2
	openssl genpkey "$@" -out key.pem 2>/dev/null
	# shellcheck disable=SC2086
	openssl req -new -x509 -key key.pem $sign -subj "/CN=$name" -days 3650 -outform DER -out "$here/$name.der"
}
rsa='-algorithm RSA -pkeyopt rsa_keygen_bits'
self rsa-512-md5 -md5 $rsa:512
self rsa-768-sha1 -sha1 $rsa:768
self rsa-1024-sha1 -sha1 $rsa:1024
self rsa-2048-sha1 -sha1 $rsa:2048
self rsa-2048-sha224 -sha224 $rsa:2048
self rsa-2048-sha512-256 -sha512-256 $rsa:2048
self rsa-2048-sha3-256 -sha3-256 $rsa:2048
self rsa-4096-sha512 -sha512 $rsa:4096
self rsa-ripemd160 -ripemd160 $rsa:2048
self rsa-pss-signature '-sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:40' $rsa:2048
self rsa-pss-key '' -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024
self rsa-pss-key-params -sha256 -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 \
	-pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32
self ed25519 '' -algorithm ED25519
self ed448 '' -algorithm ED448
for curve in secp112r1 prime192v1 secp224r1 prime256v1 secp384r1 secp521r1 secp256k1 prime239v1 sect163k1 sect571r1 \
	brainpoolP256r1 brainpoolP512r1 brainpoolP384t1 c2tnb191v1; do
	self "ec-$curve" -sha256 -algorithm EC -pkeyopt ec_paramgen_curve:$curve -pkeyopt ec_param_enc:named_curve
done
self ec-SM2 -sm3 -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -pkeyopt ec_param_enc:named_curve
self ec-explicit -sha256 -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -pkeyopt ec_param_enc:explicit
self ec-sha1 -sha1 -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1
self ec-sha3 -sha3-384 -algorithm EC -pkeyopt ec_paramgen_curve:secp384r1
for bits in 1024 2048; do
	openssl dsaparam -out dsa.pem $bits 2>/dev/null
	self dsa-$bits -sha256 -paramfile dsa.pem
	self dsa-$bits-sha1 -sha1 -paramfile dsa.pem
done

# Keys that can't sign, and every extension that openssl knows by name.
openssl req -new -newkey rsa:2048 -nodes -keyout ca.pem -x509 -subj "/C=DE/O=Example/CN=CA" -out ca.crt 2>/dev/null
cp "$here/extensions.cnf" .
issue() {
	openssl x509 -req -in request.pem -CA ca.crt -CAkey ca.pem -set_serial "$2" -days 730 \
		-extfile extensions.cnf -extensions "$3" -outform DER -out "$here/$1.der" 2>/dev/null
}
for algorithm in X25519 X448; do
	openssl genpkey -algorithm $algorithm -out key.pem
	openssl req -new -newkey rsa:2048 -nodes -keyout other.pem -subj "/CN=$algorithm" -out request.pem 2>/dev/null
	openssl pkey -in key.pem -pubout -out public.pem
	openssl x509 -req -in request.pem -CA ca.crt -CAkey ca.pem -set_serial 7 -days 730 -force_pubkey public.pem \
		-outform DER -out "$here/$algorithm.der" 2>/dev/null
done
openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out dh.pem
openssl genpkey -paramfile dh.pem -out key.pem
openssl pkey -in key.pem -pubout -out public.pem
openssl x509 -req -in request.pem -CA ca.crt -CAkey ca.pem -set_serial 7 -days 730 -force_pubkey public.pem \
	-outform DER -out "$here/dh.der" 2>/dev/null
openssl req -new -newkey rsa:2048 -nodes -keyout other.pem -subj "/CN=server.example/emailAddress=a@example.com" -out request.pem 2>/dev/null
issue openssl-server 0x0102030405060708090a server
issue openssl-ca 255 authority
issue openssl-names 0x80000000000000000000000000000000000000 names
issue openssl-odd 1 odd

# Requests.
ask() {
	name=$1
	shift
	openssl req -new -nodes -keyout key.pem -config extensions.cnf -out "$here/$name.csr" "$@" 2>/dev/null
}
ask request-openssl -newkey rsa:2048 -section request
ask request-md5 -newkey rsa:1024 -md5 -section request_plain
ask request-sha1 -newkey rsa:2048 -sha1 -section request_plain
ask request-ec -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -section request_plain
ask request-attributes -newkey rsa:2048 -section request_attributes

# CRLs.
: >index.txt
echo 01 >crlnumber
revoke() { printf 'R\t%s\t%s\t%s\tunknown\t/CN=x\n' 300101000000Z "$1" "$2" >>index.txt; }
list() {
	name=$1
	shift
	openssl ca -config extensions.cnf -name crl_ca -gencrl -keyfile ca.pem -cert ca.crt -crldays 30 "$@" -out crl.pem 2>/dev/null
	openssl crl -in crl.pem -outform DER -out "$here/$name.crl"
}
list crl-empty -md sha256
serial=126
for reason in unspecified keyCompromise CACompromise affiliationChanged superseded cessationOfOperation certificateHold removeFromCRL; do
	serial=$((serial + 1))
	revoke 250101000000Z,$reason "$(printf '%02X' $serial)"
done
revoke 250101000000Z,holdInstruction,holdInstructionReject A0
revoke 250101000000Z,keyTime,20240101000000Z A1B2C3D4E5F60708090A0B0C0D0E0F10
revoke 250101000000Z A2
list crl-reasons -md sha256 -crlexts crl_extensions
list crl-sha1 -md sha1
list crl-md5 -md md5
list crl-pss -md sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20

# keytool's own.
pair() {
	home=$1 name=$2
	shift 2
	rm -f ks.p12
	"$home/bin/keytool" -genkeypair -keystore ks.p12 -storepass changeit -alias a -dname "CN=$name, OU=Java, O=Example, C=US" "$@" 2>/dev/null
	"$home/bin/keytool" -exportcert -keystore ks.p12 -storepass changeit -alias a -file "$here/$name.der" 2>/dev/null
}
all='-ext BC:c=ca:true,pathlen:3 -ext KU:c=dig,keyCertSign,cRLSign,kA -ext EKU=serverAuth,clientAuth,codeSigning,timeStamping,1.2.3.4
	-ext SAN=dns:localhost,ip:127.0.0.1,ip:::1,email:a@b.example,uri:https://example.com/a?b=c,oid:1.2.3
	-ext IAN=dns:issuer.example -ext AIA=ocsp:uri:http://ocsp.example/,caIssuers:uri:http://ca.example/ca.cer
	-ext SIA=caRepository:uri:http://repo.example/,timeStamping:uri:http://ts.example/ -ext CRL=uri:http://crl.example/a.crl
	-ext 1.2.3.4.5=0102030405060708090a0b0c0d0e0f1011121314 -ext 1.2.3.4.6:c='
# shellcheck disable=SC2086
for home in "$jdk17" "$jdk25"; do
	release=25
	[ "$home" = "$jdk17" ] && release=17
	pair "$home" keytool-$release-all -keyalg RSA -validity 36500 $all
	"$home/bin/keytool" -certreq -keystore ks.p12 -storepass changeit -alias a $all -file "$here/keytool-$release.csr" 2>/dev/null
	"$home/bin/keytool" -gencrl -keystore ks.p12 -storepass changeit -alias a -id 5 -id 7:2 -id 81985529216486895:10 -file "$here/keytool-$release.crl" 2>/dev/null
done
pair "$jdk25" keytool-dsa -keyalg DSA
pair "$jdk25" keytool-pss -keyalg RSASSA-PSS
for set in ML-DSA-44 ML-DSA-65 ML-DSA-87; do
	pair "$jdk25" keytool-$set -keyalg $set
done

# What the keytools print.
cd "$here"
"$jdk17/bin/java" --add-opens java.base/sun.security.tools.keytool=ALL-UNNAMED Goldens.java UTC ./*.der ./*.csr ./*.crl >keytool17.txtar
"$jdk25/bin/java" --add-opens java.base/sun.security.tools.keytool=ALL-UNNAMED Goldens.java UTC ./*.der ./*.csr ./*.crl >keytool25.txtar
zones=America/Los_Angeles,Asia/Kolkata,Europe/Berlin,America/Sao_Paulo,Europe/Dublin
dated="dates-*.der keytool-17-all.der openssl-odd.der keytool-17.crl"
# shellcheck disable=SC2086
for release in 17 25; do
	home=$jdk25
	[ $release = 17 ] && home=$jdk17
	"$home/bin/java" --add-opens java.base/sun.security.tools.keytool=ALL-UNNAMED Goldens.java $zones $dated >>keytool$release.txtar
done
