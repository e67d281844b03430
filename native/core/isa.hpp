// The instruction sets that this build knows, and the choice among them.
#pragma once

#include <string>
#include <vector>

#include "kernel_set.hpp"

namespace pellucid {

template <class T>
const Kernels<T>& kernels_of(const KernelSet& set) {
    if constexpr (sizeof(T) == sizeof(float)) {
        return *set.float32;
    } else {
        return *set.float64;
    }
}

// Names of the sets that this processor can run, the best first.
std::vector<std::string> possible_isas();

// The named set. Throws std::invalid_argument, naming the possible ones, if this processor cannot run it.
const KernelSet& kernel_set(const std::string& name);

}  // namespace pellucid
