// Memory that is taken once, before training, and given back at once, after it.
#pragma once

#include <cstring>
#include <memory>

#include "sizes.hpp"

// Large blocks come from the system itself where it is known how, so that it has them back at once: an allocator keeps
// some of what is freed. A sanitizer sees more in its own allocator.
#if __has_include(<sys/mman.h>) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <sys/mman.h>
#define PELLUCID_MAPS_MEMORY 1
#else
#define PELLUCID_MAPS_MEMORY 0
#endif

namespace pellucid {

// One block aligned to a cache line, zero at first. Throws std::bad_alloc.
template <class T>
class Buffer {
  public:
    Buffer() = default;
    explicit Buffer(std::size_t count) : count_(count), data_(allocate(count)) {}

    T* data() const { return data_.get(); }
    std::size_t size() const { return count_; }
    T& operator[](std::size_t i) const { return data_.get()[i]; }

  private:
    static constexpr std::size_t alignment = 64;
    static constexpr std::size_t large = 4 * 1024 * 1024;  // bytes; smaller ones are soon wanted again, and large pages help

    static bool is_mapped(std::size_t bytes) { return PELLUCID_MAPS_MEMORY && bytes >= large; }

    struct Free {
        std::size_t bytes = 0;
        void operator()(T* memory) const {
#if PELLUCID_MAPS_MEMORY
            if (is_mapped(bytes)) {
                munmap(memory, bytes);
                return;
            }
#endif
            ::operator delete(memory, std::align_val_t{alignment});
        }
    };

    static std::unique_ptr<T, Free> allocate(std::size_t count) {
        const std::size_t bytes = times(count == 0 ? 1 : count, sizeof(T));
#if PELLUCID_MAPS_MEMORY
        if (is_mapped(bytes)) {
            void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (mapped == MAP_FAILED) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
            madvise(mapped, bytes, MADV_HUGEPAGE);  // a wish: where it is not granted, nothing changes
#endif
            return {static_cast<T*>(mapped), Free{bytes}};
        }
#endif
        void* const memory = ::operator new(bytes, std::align_val_t{alignment});
        std::memset(memory, 0, bytes);
        return {static_cast<T*>(memory), Free{bytes}};
    }

    std::size_t count_ = 0;
    std::unique_ptr<T, Free> data_;
};

}  // namespace pellucid
