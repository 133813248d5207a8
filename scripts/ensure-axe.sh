#!/bin/sh
# The browser tests ask axe-core whether the pages can be used by everybody. It is fetched once, into .axe/, and never into the repository.
set -eu
cd "$(dirname "$0")/.."
version=4.14.1
[ -f ".axe/axe-$version.js" ] && exit 0
command -v npm >/dev/null 2>&1 || { echo "npm is not here: the accessibility tests will be skipped"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if (cd "$folder" && npm pack --silent "axe-core@$version" >/dev/null && tar -xzf axe-core-*.tgz package/axe.min.js); then
    mkdir -p .axe
    mv "$folder/package/axe.min.js" ".axe/axe-$version.js"
else
    echo "axe-core could not be fetched: the accessibility tests will be skipped"
fi
