#!/bin/sh
# Makes the certificates the tests use again, valid for a hundred years.
# Nothing here protects anything: the private keys are public on purpose.
set -eu
cd "$(dirname "$0")"
days=36500

# authority <name> <common name>
authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days "$days" \
    -keyout "$1-key.pem" -out "$1.pem" -subj "/O=midge tests/CN=$2" \
    -addext "basicConstraints=critical,CA:TRUE" \
    -addext "keyUsage=critical,keyCertSign,cRLSign"
}

# leaf <name> <authority> <subject> <usage> <alternative names> <key option...>
leaf() {
  name=$1 signer=$2 subject=$3 usage=$4 names=$5
  shift 5
  openssl req -new -nodes -sha256 -newkey "$@" \
    -keyout "$name-key.pem" -out "$name.csr" -subj "$subject"
  printf '%s\n' "basicConstraints=CA:FALSE" "keyUsage=digitalSignature" \
    "extendedKeyUsage=$usage" "subjectAltName=$names" >"$name.ext"
  openssl x509 -req -sha256 -days "$days" -in "$name.csr" -extfile "$name.ext" \
    -CA "$signer.pem" -CAkey "$signer-key.pem" -set_serial "0x$(openssl rand -hex 8)" \
    -out "$name.pem"
  rm "$name.csr" "$name.ext"
}

here="DNS:localhost,IP:127.0.0.1,IP:::1"
authority ca "Test authority"
authority other-ca "Another authority"
leaf server ca "/O=midge tests/CN=localhost" serverAuth "$here" rsa:2048
leaf server-ecdsa ca "/O=midge tests/CN=localhost" serverAuth "$here" \
  ec -pkeyopt ec_paramgen_curve:prime256v1
leaf client ca "/O=midge tests/OU=Testing, Unit/CN=derek" clientAuth \
  "email:derek@example.com,DNS:derek.example.com,URI:urn:derek" \
  ec -pkeyopt ec_paramgen_curve:prime256v1
leaf second-client ca "/CN=second" clientAuth "DNS:second.example.com" \
  ec -pkeyopt ec_paramgen_curve:prime256v1
leaf other-client other-ca "/O=midge tests/CN=derek" clientAuth \
  "email:derek@example.com" ec -pkeyopt ec_paramgen_curve:prime256v1
# Servers of a cluster are both ends of TLS, and go by name alone.
authority route-ca "Authority of a cluster"
leaf member route-ca "/O=midge tests/CN=member" serverAuth,clientAuth \
  "DNS:localhost" ec -pkeyopt ec_paramgen_curve:prime256v1
authority other-route-ca "Authority of another cluster"
leaf other-member other-route-ca "/O=midge tests/CN=member" \
  serverAuth,clientAuth "DNS:localhost" ec -pkeyopt ec_paramgen_curve:prime256v1
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 \
  -out unrelated-key.pem
rm ca-key.pem other-ca-key.pem route-ca-key.pem other-route-ca-key.pem
