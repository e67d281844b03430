#include "population.hpp"

#include <exception>

#include "trainer.hpp"

namespace pellucid {

namespace {

Run untouched(const AnyJob& any) {
    Run run;
    run.state = std::visit([](const auto& job) { return job.state; }, any);
    return run;
}

template <class T>
Run train_job(std::size_t index, Job<T>& job, const KernelSet& kernels, Team& team, Conductor& conductor) {
    return Trainer<T>(index, job, kernels_of<T>(kernels), team, conductor).train();
}

Run train_any(std::size_t index, AnyJob& any, const KernelSet& kernels, Team& team, Conductor& conductor) {
    if (conductor.wants_to_stop()) return untouched(any);
    return std::visit([&](auto& job) { return train_job(index, job, kernels, team, conductor); }, any);
}

// Each job by one worker; this thread conducts.
std::vector<Run> train_side_by_side(std::vector<AnyJob>& jobs, const KernelSet& kernels, std::size_t threads,
                                    Conductor& conductor) {
    std::vector<Run> runs(jobs.size());
    std::atomic<std::size_t> left{jobs.size()};
    std::exception_ptr error;
    std::mutex error_mutex;
    auto train = [&](std::size_t index) {
        try {
            Team alone(1);
            runs[index] = train_any(index, jobs[index], kernels, alone, conductor);
        } catch (...) {
            const std::lock_guard lock(error_mutex);
            error = std::current_exception();
            conductor.stop();
        }
        if (left.fetch_sub(1) == 1) conductor.wake();
    };
    Team team(threads + 1);
    team.start(jobs.size(), train);
    conductor.conduct([&] { return left.load() == 0; });
    team.finish();
    if (error) std::rethrow_exception(error);
    return runs;
}

}  // namespace

std::vector<Run> train_population(std::vector<AnyJob>& jobs, const KernelSet& kernels, std::size_t threads,
                                  Conductor& conductor) {
    if (threads > 1 && jobs.size() >= threads) return train_side_by_side(jobs, kernels, threads, conductor);
    Team team(threads);
    std::vector<Run> runs;
    for (std::size_t i = 0; i < jobs.size(); ++i) runs.push_back(train_any(i, jobs[i], kernels, team, conductor));
    return runs;
}

}  // namespace pellucid
