// A job's whole training: epochs of batches, each batch a step; validation, patience and the best network in between.
#pragma once

#include "conductor.hpp"
#include "isa.hpp"
#include "mixture.hpp"
#include "step.hpp"
#include "validation.hpp"

namespace pellucid {

template <class T>
class Trainer {
  public:
    // Takes all memory that training needs. Everything passed must outlive the trainer.
    Trainer(std::size_t index, Job<T>& job, const Kernels<T>& kernels, Team& team, Conductor& conductor);

    // Trains until done or interrupted.
    Run train();

  private:
    std::optional<Outcome> epoch();
    std::optional<double> visit_all_rows(double learning_rate);
    std::optional<Outcome> end_epoch(double loss, double learning_rate);
    std::optional<Outcome> out_of_patience();
    bool failed_milestone() const;
    bool validate();
    bool tell();
    void take_memory();
    bool draw_earlier_orders();
    void shuffle();
    void observe(double value);
    double monitored() const;
    bool is_finite() const;
    Progress progress(std::size_t batch) const;
    double learning_rate(std::size_t batch) const;
    T* trained() const { return job_.average ? job_.average : job_.parameters; }

    const std::size_t index_;
    Job<T>& job_;
    const Training& training_;
    const Kernels<T>& kernels_;
    Conductor& conductor_;
    const std::size_t rows_;
    const std::size_t batch_size_;
    const std::size_t steps_an_epoch_;
    Workspace<T> workspace_;
    Pass<T> pass_;
    Step<T> step_;
    Mixture<T> mixture_;
    std::optional<Validator<T>> validator_;
    Buffer<T> own_memory_[2], own_best_;  // where the job's state is not kept
    T *memory_[2], *best_parameters_;
    Buffer<std::uint32_t> order_;
    MersenneTwister twister_{nullptr, 0};  // of the order of the rows, if they are shuffled
    Run run_;
};

}  // namespace pellucid
