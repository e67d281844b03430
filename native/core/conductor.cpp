#include "conductor.hpp"

#include <utility>

namespace pellucid {

namespace {
constexpr std::chrono::milliseconds asks_every{50};
}

Conductor::Conductor(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

bool Conductor::wants_to_stop() {
    if (std::this_thread::get_id() == owner_) ask_for_interrupts();
    return stop_.load(std::memory_order_relaxed);
}

void Conductor::ask_for_interrupts() {
    const Clock::time_point now = Clock::now();
    if (now - asked_ < asks_every) return;
    asked_ = now;
    if (callbacks_.interrupted && callbacks_.interrupted()) stop();
}

double Conductor::seconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

bool Conductor::report(const Report& report) {
    bool ends = false;
    on_own_thread([&] { ends = callbacks_.on_epoch(report); });
    return ends;
}

double Conductor::score(std::size_t job) {
    double score = std::numeric_limits<double>::quiet_NaN();
    on_own_thread([&] { score = callbacks_.score(job); });
    return score;
}

void Conductor::on_own_thread(const std::function<void()>& call) {
    if (std::this_thread::get_id() == owner_) return call();
    const std::lock_guard one(one_request_);
    std::unique_lock lock(mutex_);
    request_ = &call;
    changed_.notify_all();
    changed_.wait(lock, [&] { return request_ == nullptr; });
}

void Conductor::conduct(const std::function<bool()>& is_done) {
    std::unique_lock lock(mutex_);
    while (!is_done()) {
        changed_.wait_for(lock, asks_every, [&] { return request_ != nullptr || is_done(); });
        if (request_) {
            lock.unlock();
            (*request_)();
            lock.lock();
            request_ = nullptr;
            changed_.notify_all();
        }
        lock.unlock();
        ask_for_interrupts();
        lock.lock();
    }
}

void Conductor::wake() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
}

}  // namespace pellucid
