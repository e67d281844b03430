// Memory that is taken once, before training, and given back at once, after it.
#pragma once

#include <cstring>
#include <memory>

#include "sizes.hpp"

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

    struct Free {
        void operator()(T* memory) const { ::operator delete(memory, std::align_val_t{alignment}); }
    };

    static T* allocate(std::size_t count) {
        const std::size_t bytes = times(count == 0 ? 1 : count, sizeof(T));
        T* memory = static_cast<T*>(::operator new(bytes, std::align_val_t{alignment}));
        std::memset(static_cast<void*>(memory), 0, bytes);
        return memory;
    }

    std::size_t count_ = 0;
    std::unique_ptr<T, Free> data_;
};

}  // namespace pellucid
