#!/usr/bin/env bash
# Resolves requirements/*.in anew and writes the hashed locks, without any registry's address in them.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
.venv/bin/python -m venv "$tool"
"$tool/bin/pip" install --quiet 'pip-tools==7.4.1' 'pip<25'
for name in run test queue cluster; do
  "$tool/bin/pip-compile" --quiet --generate-hashes --allow-unsafe --strip-extras \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
    --output-file "requirements/$name.txt" "requirements/$name.in"
done
