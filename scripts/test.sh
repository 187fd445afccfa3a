#!/usr/bin/env bash
# All tests, in two groups at once: those that mostly wait for processes of their own, and the rest. Fails when one of them fails.
set -uo pipefail
cd "$(dirname "$0")/.."
waiting=(tests/wechat tests/runtime tests/hotline tests/faults tests/contracts tests/desk)
rest=()
for folder in tests/*/; do
  folder=${folder%/}
  [[ " ${waiting[*]} " != *" $folder "* && -n $(find "$folder" -name 'test_*.py' -print -quit) ]] && rest+=("$folder")
done
log=$(mktemp)
trap 'rm -f "$log"' EXIT
.venv/bin/python -m pytest "${waiting[@]}" >"$log" 2>&1 &
second=$!
.venv/bin/python -m pytest "${rest[@]}"
first_result=$?
wait "$second"
second_result=$?
cat "$log"
exit $((first_result | second_result))
