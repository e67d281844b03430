// How many processors this process may use.
#pragma once

#include <cstddef>

namespace pellucid {

// At least 1: the processors in this process's affinity mask, no more than its control group's quota allows.
std::size_t usable_cpus();

}  // namespace pellucid
