// Loss and score of a data set, row by row in order, in float64.
#pragma once

#include <cmath>
#include <vector>

#include "network.hpp"
#include "rows.hpp"

namespace pellucid {

struct Validation {
    double loss = 0.0;
    double score = 0.0;
};

// Takes in predictions panel by panel, always in the same order.
template <class T>
class Validator {
  public:
    Validator(const Network& network, const Data<T>& data, Score score);

    // Starts an epoch.
    void begin();
    // Takes in the rows first, first + 1, … of the data set; prediction and targets are panels (outputs, panel_rows).
    void add(std::size_t first, std::size_t count, std::size_t panel_rows, const T* prediction, const T* targets,
             const T* losses);
    // Ends it. The score of a custom one is 0.
    Validation finish() const;

  private:
    bool is_right(const T* prediction, const T* targets, std::size_t panel_rows) const;
    void add_residuals(const T* prediction, const T* targets, std::size_t panel_rows, double weight);
    double accuracy() const;
    double r2() const;

    const Data<T>& data_;
    const Score score_;
    const Output output_;
    std::vector<double> spread_;    // Σ w (y - mean)², per output
    std::vector<double> residual_;  // Σ w (y - prediction)², per output
    double weight_ = 0.0;
    double loss_ = 0.0;
    double right_ = 0.0;
    bool is_finite_ = true;
};

}  // namespace pellucid
