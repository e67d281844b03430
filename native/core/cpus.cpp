#include "cpus.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace pellucid {

namespace {

std::size_t cpus_by_affinity() {
#ifdef __linux__
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (sched_getaffinity(0, sizeof(mask), &mask) == 0) return static_cast<std::size_t>(CPU_COUNT(&mask));
#endif
    return std::thread::hardware_concurrency();
}

// The quota in processors, or infinity. Version 2 writes "quota period" or "max period" into one file.
double quota_v2() {
    std::ifstream file("/sys/fs/cgroup/cpu.max");
    std::string quota;
    double period = 0;
    if (!(file >> quota >> period) || quota == "max" || period <= 0) return HUGE_VAL;
    return std::strtod(quota.c_str(), nullptr) / period;
}

// Version 1 has two files, and a quota of -1 for none.
double quota_v1() {
    std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    double quota = -1, period = 0;
    if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0) return HUGE_VAL;
    return quota / period;
}

}  // namespace

std::size_t usable_cpus() {
    static const double quota = std::min(quota_v2(), quota_v1());  // opening the files takes longer than a small task
    std::size_t count = std::max<std::size_t>(1, cpus_by_affinity());
    if (quota < static_cast<double>(count)) count = static_cast<std::size_t>(std::max(1.0, std::ceil(quota)));
    return count;
}

}  // namespace pellucid
