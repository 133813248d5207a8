#!/bin/sh
# Reports are opened and computed by LibreOffice in the tests: Calc for workbooks, Impress and Writer for slides and documents.
set -eu
if command -v soffice >/dev/null 2>&1 && command -v pdftoppm >/dev/null 2>&1; then
    exit 0
fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing LibreOffice for the tests of reports ..."
    apt-get update -qq && apt-get install -y -qq --no-install-recommends libreoffice-calc libreoffice-impress libreoffice-writer poppler-utils >/dev/null && exit 0
fi
echo "LibreOffice (soffice) and poppler's pdftoppm are not here; tests of reports that need them are skipped." >&2
exit 1
