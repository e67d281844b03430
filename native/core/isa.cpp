#include "isa.hpp"

#include <stdexcept>

namespace pellucid {

namespace baseline { extern const KernelSet kernel_set; }
#ifdef PELLUCID_X86
namespace avx2 { extern const KernelSet kernel_set; }
namespace avx512 { extern const KernelSet kernel_set; }
namespace avx512bf16 { extern const KernelSet kernel_set; }
#endif

namespace {

std::vector<const KernelSet*> possible_sets() {
    std::vector<const KernelSet*> sets;
#ifdef PELLUCID_X86
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    if (has_avx512 && __builtin_cpu_supports("avx512bf16")) sets.push_back(&avx512bf16::kernel_set);
    if (has_avx512) sets.push_back(&avx512::kernel_set);
    if (has_avx2) sets.push_back(&avx2::kernel_set);
#endif
    sets.push_back(&baseline::kernel_set);
    return sets;
}

}  // namespace

std::vector<std::string> possible_isas() {
    std::vector<std::string> names;
    for (const KernelSet* set : possible_sets()) names.emplace_back(set->name);
    return names;
}

const KernelSet& kernel_set(const std::string& name) {
    std::string known;
    for (const KernelSet* set : possible_sets()) {
        if (name == set->name) return *set;
        known += std::string(known.empty() ? "" : ", ") + "'" + set->name + "'";
    }
    throw std::invalid_argument("the instruction set must be one that this processor has (" + known + "); got '" + name + "'.");
}

}  // namespace pellucid
