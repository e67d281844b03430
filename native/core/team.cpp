#include "team.hpp"

#include <mutex>
#include <new>
#include <thread>

#ifndef _WIN32
#include <pthread.h>
#endif

namespace pellucid {

namespace {

// Turns of a waiting loop before a thread goes to sleep: some fifty microseconds, longer than one works alone in a step.
constexpr int spins_before_sleep = 5000;

// Waits until `value` differs from `old`: at first awake, then asleep.
template <class T>
T wait_for_change(const std::atomic<T>& value, T old) {
    for (int spin = 0; spin < spins_before_sleep; ++spin) {
        const T now = value.load(std::memory_order_acquire);
        if (now != old) return now;
        pause_briefly();
    }
    value.wait(old, std::memory_order_acquire);
    return value.load(std::memory_order_acquire);
}

}  // namespace

void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// A thread that works for one team after another, and sleeps in between.
class Worker {
  public:
    Worker() {
        std::thread([this] { live(); }).detach();
    }

    // Makes the worker run the team's tasks once.
    void call(Team* team) {
        team_ = team;
        calls_.fetch_add(1, std::memory_order_release);
        calls_.notify_one();
    }

    // Returns when the worker has done so. Waits for the worker, not for the team: workers are never destroyed.
    void wait() const {
        const unsigned calls = calls_.load(std::memory_order_relaxed);
        for (unsigned done = done_.load(std::memory_order_acquire); done != calls;) done = wait_for_change(done_, done);
    }

  private:
    [[noreturn]] void live() {
        for (unsigned seen = 0;;) {
            seen = wait_for_change(calls_, seen);
            team_->take_tasks();
            done_.store(seen, std::memory_order_release);
            done_.notify_one();
        }
    }

    Team* team_ = nullptr;
    std::atomic<unsigned> calls_{0};
    std::atomic<unsigned> done_{0};
};

namespace {

// Workers without a team. Never destroyed: its threads sleep until the process ends.
class Pool {
  public:
    static Pool& get() {
        alignas(Pool) static unsigned char memory[sizeof(Pool)];
        static Pool* pool = make(memory);
        return *pool;
    }

    Worker* borrow() {
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) {
            idle_.reserve(++workers_);  // so that give_back cannot fail
            return new Worker;
        }
        Worker* const worker = idle_.back();
        idle_.pop_back();
        return worker;
    }

    void give_back(Worker* worker) noexcept {
        const std::lock_guard lock(mutex_);
        idle_.push_back(worker);
    }

  private:
    static Pool* make(void* memory) {
#ifndef _WIN32
        // A forked child has none of its parent's threads: it starts with an empty pool.
        pthread_atfork(nullptr, nullptr, [] { new (&get()) Pool; });
#endif
        return new (memory) Pool;
    }

    std::mutex mutex_;
    std::vector<Worker*> idle_;
    std::size_t workers_ = 0;
};

}  // namespace

Team::Team(std::size_t threads) {
    workers_.reserve(threads);
    try {
        while (workers_.size() + 1 < threads) workers_.push_back(Pool::get().borrow());
    } catch (...) {
        for (Worker* worker : workers_) Pool::get().give_back(worker);
        throw;
    }
}

Team::~Team() {
    for (Worker* worker : workers_) Pool::get().give_back(worker);
}

void Team::start_tasks(std::size_t count, Call call, const void* context) {
    call_ = call;
    context_ = context;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    for (Worker* worker : workers_) worker->call(this);
}

void Team::wait() {
    for (Worker* worker : workers_) worker->wait();
}

void Team::take_tasks() {
    for (;;) {
        const std::size_t task = next_.fetch_add(1, std::memory_order_relaxed);
        if (task >= count_) return;
        call_(context_, task);
    }
}

}  // namespace pellucid
