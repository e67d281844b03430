#!/bin/sh
# Builds the core with sanitizers and runs its tests:
#
#     native/sanitize.sh                        addresses and undefined behaviour, then threads
#     native/sanitize.sh address,undefined      one of them
set -eu
cd "$(dirname "$0")/.."
for sanitizers in ${1:-address,undefined thread}; do
    build="build/sanitize-$(echo "$sanitizers" | tr , -)"
    cmake -S native -B "$build" -DPELLUCID_TESTS=ON -DPELLUCID_MODULE=OFF -DPELLUCID_SANITIZE="$sanitizers"
    cmake --build "$build" --parallel 2
    ctest --test-dir "$build" --output-on-failure
done
