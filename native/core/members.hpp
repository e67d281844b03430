// The members of an ensemble, each seen as the plain network that it is: parameters out of the shared ones, and its
// gradient back into theirs. A network without an ensemble is its own only member, and nothing is copied.
#pragma once

#include <vector>

#include "arena.hpp"
#include "kernels.hpp"
#include "network.hpp"

namespace pellucid {

template <class T>
class Members {
  public:
    // Everything passed must outlive it.
    Members(const Network& network, const Kernels<T>& kernels);

    std::size_t count() const { return network_.members(); }

    // Parameters of member m, valid until the next call.
    const T* of(std::size_t member, const T* parameters);

    // Adds a member's gradient, which is overwritten, to the mean over the members.
    void add_gradient(std::size_t member, const T* parameters, T* gradient, T* gradients) const;

  private:
    // A piece of a member's vector, and where in the network's it comes from.
    struct Piece {
        std::size_t own = 0, shared = 0, count = 0;
        bool is_of_each = false;  // the network has one for each member
        std::size_t from(std::size_t member) const { return shared + (is_of_each ? member * count : 0); }
    };

    void pair(std::size_t own, std::size_t shared, std::size_t count, bool is_of_each = false);
    Piece weights(std::size_t layer) const;
    const T* input_adapters(std::size_t layer, std::size_t member, const T* parameters) const;
    const T* output_adapters(std::size_t layer, std::size_t member, const T* parameters) const;

    const Network& network_;
    const Kernels<T>& kernels_;
    std::vector<Piece> pieces_;  // all but the weights
    Buffer<T> own_;
};

}  // namespace pellucid
