#!/bin/sh
# Builds the core and the Python module with GCC's sanitizers, and runs the core's tests and the engines' Python tests:
#
#     native/sanitize.sh                              addresses and undefined behaviour, then threads
#     native/sanitize.sh address,undefined            one of them
#     native/sanitize.sh address,undefined --quick    fewer of the Python tests
#
# The Python tests need the packages that they import, but no installed Pellucid: one with the sanitized module is put
# together in the build folder.
set -eu
cd "$(dirname "$0")/.."
both="address,undefined thread"
python=$(command -v python || command -v python3)
# What crosses from Python into the core, and its threads. The parity tests run the same C++ on more formulas.
quick="tests/engines/test_native_arrays.py tests/engines/test_native_memory.py tests/engines/test_native_training.py"

python_tests() (  # sanitizers, build folder, pytest's arguments...
    sanitizers=$1 package=$PWD/$2/python
    shift 2
    runtimes=
    for name in $(echo "$sanitizers" | sed 's/address/asan/; s/undefined/ubsan/; s/thread/tsan/; s/,/ /g'); do
        runtimes="$runtimes $(g++ -print-file-name="lib$name.so")"
    done
    # Python itself is not built with sanitizers: their runtimes must be there before it, and the C++ library, whose
    # exceptions they watch. Python frees little of its memory when it ends, so leaks cannot be told from that.
    LD_PRELOAD="$runtimes $(g++ -print-file-name=libstdc++.so)"
    # What is too large for malloc is an error of Python's. One test forks, and its child starts threads of its own.
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
    TSAN_OPTIONS=die_after_fork=0:allocator_may_return_null=1
    OPENBLAS_NUM_THREADS=1  # NumPy's own threads synchronise unseen by the thread sanitizer
    # -S: an installed package may not come before this one.
    PYTHONPATH="$package:$("$python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')"
    export LD_PRELOAD ASAN_OPTIONS TSAN_OPTIONS OPENBLAS_NUM_THREADS PYTHONPATH
    "$python" -S -c 'import sys; from pellucid.engines import _native; assert _native.__file__.startswith(sys.argv[1])' \
        "$package"
    "$python" -S -m pytest -n0 -q --capture=sys "$@"  # what a sanitizer says goes past sys
)

only=
for argument; do [ "$argument" != --quick ] || only=$quick; done
for sanitizers in ${1:-$both}; do
    build="build/sanitize-$(echo "$sanitizers" | tr , -)"
    cmake -G Ninja -S native -B "$build" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1 \
        -DPELLUCID_SANITIZE="$sanitizers" -DPELLUCID_TESTS=ON -DPELLUCID_MODULE=ON -DPython_EXECUTABLE="$python"
    cmake --build "$build" --parallel 2
    ctest --test-dir "$build" --output-on-failure
    rm -rf "$build/python"
    cmake --install "$build" --prefix "$build/python"
    cp -R src/pellucid "$build/python/"
    # shellcheck disable=SC2086
    python_tests "$sanitizers" "$build" ${only:-tests/engines}
done
