// The engine's own threads: one pool of workers, from which a training borrows a team.
//
// A team splits work into tasks. Each thread begins with its own share of them, the same one whenever there are as many
// tasks, so that what it wrote lies in its own cache; who is done helps the others. So chance has a hand in which thread
// takes which task, and no result may depend on it.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

namespace pellucid {

class Worker;

// A caller and the workers it has borrowed. Used by one thread at a time; gives its workers back when it ends.
class Team {
  public:
    // A team of `threads` in all, the calling one included. Throws std::system_error where a thread cannot start.
    explicit Team(std::size_t threads);
    ~Team();
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    std::size_t threads() const { return workers_.size() + 1; }

    // Calls work(task) once for every task from 0 to count - 1 and returns when all are done. `work` must not throw.
    template <class Work>
    void run(std::size_t count, const Work& work) {
        run_if(true, count, work);
    }

    // The same, by the calling thread alone unless sharing the work is worth it.
    template <class Work>
    void run_if(bool worth_it, std::size_t count, const Work& work) {
        if (!worth_it || workers_.empty() || count < 2) {
            for (std::size_t task = 0; task < count; ++task) work(task);
            return;
        }
        start_tasks(count, threads(), call_of<Work>, &work);
        finish();
    }

    // Sets the workers to the tasks, in their order, and returns; `work` must live until `finish` has returned.
    template <class Work>
    void start(std::size_t count, const Work& work) {
        start_tasks(count, 1, call_of<Work>, &work);
    }

    // Takes part in what is left of the tasks; returns when all are done.
    void finish();

  private:
    friend class Worker;
    using Call = void (*)(const void* context, std::size_t task);

    // Successive tasks, of which a thread takes one after another.
    struct alignas(64) Share {
        std::atomic<std::size_t> next{0};
        std::size_t end = 0;
    };

    template <class Work>
    static void call_of(const void* context, std::size_t task) {
        (*static_cast<const Work*>(context))(task);
    }

    void start_tasks(std::size_t count, std::size_t shares, Call call, const void* context);
    void take_tasks(std::size_t member);

    std::vector<Worker*> workers_;
    std::vector<Share> shares_;  // of each thread, the calling one's first; some may be empty
    Call call_ = nullptr;
    const void* context_ = nullptr;
};

// Gives way while waiting for something that comes soon.
void pause_briefly();

}  // namespace pellucid
