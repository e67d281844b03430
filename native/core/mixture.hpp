// What an ensemble predicts: weighted sums z whose prediction is the mean of the members' predictions. They are found by
// logarithms of sums of exponentials, so that probabilities may be as small as they like.
#pragma once

#include "members.hpp"
#include "pass.hpp"

namespace pellucid {

template <class T>
class Mixture {
  public:
    // For blocks of at most so many rows. Everything passed must outlive it.
    Mixture(const Network& network, const Kernels<T>& kernels, std::size_t rows);

    // Call it whenever the parameters have changed. The pass is that of a member.
    void use(Pass<T>& pass, const T* parameters);

    // Weighted sums of the block's rows, (rows, outputs), into z.
    void predict(Pass<T>& pass, const Rows<T>& rows, RowRange block, T* z);

    // Runs a block to predictions and losses, in the pass's workspace. False: interrupted.
    bool evaluate(Pass<T>& pass, const Objective<T>& objective, RowRange block);

  private:
    void add(std::size_t rows);
    void finish(std::size_t rows, T* z) const;

    const Network& network_;
    Members<T> members_;
    const T* parameters_ = nullptr;
    Buffer<T> z_, mixed_;            // (rows, outputs)
    Buffer<double> first_, second_;  // (rows, outputs): sums, or logarithms of sums of exponentials
};

}  // namespace pellucid
