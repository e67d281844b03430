// Many jobs: whole jobs to threads while there are enough, else one after the other, each by all threads.
#pragma once

#include <variant>
#include <vector>

#include "conductor.hpp"
#include "isa.hpp"

namespace pellucid {

using AnyJob = std::variant<Job<float>, Job<double>>;

// Trains every job; run i belongs to job i. Interrupted, jobs that have not begun yield empty runs.
// Throws std::bad_alloc, or std::system_error where no thread can be started.
std::vector<Run> train_population(std::vector<AnyJob>& jobs, const KernelSet& kernels, std::size_t threads,
                                  Conductor& conductor);

}  // namespace pellucid
