#include "team.hpp"

#include <algorithm>
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

    // Makes the worker take part in the team's tasks, as its member of this number.
    void call(Team* team, std::size_t member) {
        team_ = team;
        member_ = member;
        state_.store(State::called, std::memory_order_release);
        state_.notify_one();
    }

    // Returns when the worker is done with them. Where it has not begun, so that others did its share, it is not waited
    // for: the system may have another use for its processor.
    void dismiss() {
        State state = State::called;
        if (state_.compare_exchange_strong(state, State::idle, std::memory_order_acquire)) return;
        while (state == State::working) state = wait_for_change(state_, state);
    }

  private:
    enum class State : unsigned { idle, called, working };

    [[noreturn]] void live() {
        for (;;) {
            wait_for_change(state_, State::idle);
            State state = State::called;
            if (!state_.compare_exchange_strong(state, State::working, std::memory_order_acquire)) continue;
            team_->take_tasks(member_);
            state_.store(State::idle, std::memory_order_release);
            state_.notify_one();
        }
    }

    // Written while the worker is idle, and read while it works.
    Team* team_ = nullptr;
    std::size_t member_ = 0;

    std::atomic<State> state_{State::idle};
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

Team::Team(std::size_t threads) : shares_(threads) {
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

void Team::start_tasks(std::size_t count, std::size_t shares, Call call, const void* context) {
    call_ = call;
    context_ = context;
    for (std::size_t i = 0; i < shares_.size(); ++i) {
        shares_[i].next.store(std::min(i, shares) * count / shares, std::memory_order_relaxed);
        shares_[i].end = std::min(i + 1, shares) * count / shares;
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->call(this, i + 1);
}

void Team::finish() {
    take_tasks(0);
    for (Worker* worker : workers_) worker->dismiss();
}

void Team::take_tasks(std::size_t member) {
    for (std::size_t i = 0; i < shares_.size(); ++i) {
        Share& share = shares_[(member + i) % shares_.size()];
        for (std::size_t task; (task = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;) {
            call_(context_, task);
        }
    }
}

}  // namespace pellucid
