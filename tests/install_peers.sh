#!/usr/bin/env bash
# Installs the independent programs that the tests speak to: Node.js with npm (an SMPP library of others), Perl with
# its module Net::SMPP, Kannel, tshark (its SMPP dissector), and Chromium. Does nothing for those that are there. Needs root
# only when one is missing.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # Kannel's programs are there

missing=()
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
command -v tshark >/dev/null || missing+=(tshark)
command -v bearerbox >/dev/null && command -v smsbox >/dev/null || missing+=(kannel)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium chromium-l10n)
perl -MNet::SMPP -MJSON::PP -e1 2>/dev/null || missing+=(libnet-smpp-perl perl)
[ "${#missing[@]}" -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "install these programs first: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || { echo "not installed, root is needed: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo -n)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
