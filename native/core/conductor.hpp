// The thread that called, and what only it may do: look for interrupts and call back.
//
// Work may run on other threads meanwhile. They ask the conductor's thread to make a call for them, and wait.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "training.hpp"

namespace pellucid {

// One finished epoch of one job.
struct Report {
    std::size_t job = 0;
    std::size_t epoch = 0;
    double loss = 0.0;
    std::optional<double> validation_loss;
    std::optional<double> validation_score;
    double learning_rate = 0.0;
    double seconds = 0.0;
};

// What the caller offers; each may be empty. None may throw.
struct Callbacks {
    std::function<bool()> interrupted;              // asked every 50 ms or so; true: leave off
    std::function<bool(const Report&)> on_epoch;    // true: end this job
    std::function<double(std::size_t job)> score;   // of the job's predictions
    std::optional<double> time_limit;               // seconds for the whole call
};

class Conductor {
  public:
    explicit Conductor(Callbacks callbacks);

    // Asked by any thread between pieces of work: true means to drop everything.
    bool wants_to_stop();
    void stop() { stop_.store(true, std::memory_order_relaxed); }

    bool listens() const { return static_cast<bool>(callbacks_.on_epoch); }
    bool report(const Report& report);
    double score(std::size_t job);

    double seconds() const;
    bool is_out_of_time() const { return callbacks_.time_limit && seconds() > *callbacks_.time_limit; }

    // Serves the other threads until `is_done`, which they announce with `wake`.
    void conduct(const std::function<bool()>& is_done);
    void wake();

  private:
    using Clock = std::chrono::steady_clock;

    void on_own_thread(const std::function<void()>& call);
    void ask_for_interrupts();

    Callbacks callbacks_;
    const std::thread::id owner_ = std::this_thread::get_id();
    const Clock::time_point began_ = Clock::now();
    Clock::time_point asked_ = began_;
    std::atomic<bool> stop_{false};

    std::mutex mutex_;
    std::condition_variable changed_;
    std::mutex one_request_;                        // held by the thread whose request is pending
    const std::function<void()>* request_ = nullptr;
};

}  // namespace pellucid
