#!/bin/sh
# Tests of `--ssh` log in to a real sshd on this machine. Debian and Ubuntu get it from their packages.
set -eu
have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }
if have sshd && have ssh && have ssh-keygen; then
    :
elif command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing OpenSSH for the tests of --ssh ..."
    # The package would start a server for the whole machine; the tests start their own, on loopback, for seconds.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] && policy= || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"; }
    trap '[ -z "$policy" ] || rm -f "$policy"' EXIT
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-server openssh-client; } >/dev/null
else
    echo "error: sshd, ssh and ssh-keygen are needed for the tests of --ssh; install OpenSSH." >&2
    exit 1
fi
# A server that root starts wants this folder, whatever its configuration says.
[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
