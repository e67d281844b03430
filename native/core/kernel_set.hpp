// One instruction set's kernels. Included where kernels are compiled, so it must not bring in any code.
#pragma once

#include "kernels.hpp"

namespace pellucid {

struct KernelSet {
    const char* name;
    const Kernels<float>* float32;
    const Kernels<double>* float64;
};

}  // namespace pellucid
