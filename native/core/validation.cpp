#include "validation.hpp"

#include <limits>

namespace pellucid {

template <class T>
Validator<T>::Validator(const Network& network, const Data<T>& data, Score score)
    : data_(data), score_(score), output_(network.output), spread_(network.outputs()), residual_(network.outputs()) {
    const DenseRows<T>& y = data.targets;
    const RowRange rows = data.all();
    std::vector<double> mean(spread_.size());
    for (std::size_t i = 0; i < rows.count; ++i) weight_ += data.weight(rows[i]);
    for (std::size_t i = 0; i < rows.count; ++i) {
        const T* const of = y.data + rows[i] * y.stride;
        for (std::size_t j = 0; j < mean.size(); ++j) mean[j] += data.weight(rows[i]) * of[j] / weight_;
    }
    for (std::size_t i = 0; i < rows.count; ++i) {
        for (std::size_t j = 0; j < mean.size(); ++j) {
            const double off = y.data[rows[i] * y.stride + j] - mean[j];
            spread_[j] += data.weight(rows[i]) * off * off;
        }
    }
}

template <class T>
void Validator<T>::begin() {
    residual_.assign(residual_.size(), 0.0);
    loss_ = right_ = 0.0;
    is_finite_ = true;
}

template <class T>
void Validator<T>::add(std::size_t first, std::size_t count, std::size_t panel_rows, const T* prediction,
                       const T* targets, const T* losses) {
    for (std::size_t r = 0; r < count; ++r) {
        const double weight = data_.weight(data_.all()[first + r]);
        loss_ += static_cast<double>(losses[r]) * weight;
        for (std::size_t j = 0; j < residual_.size(); ++j) {
            is_finite_ = is_finite_ && std::isfinite(prediction[j * panel_rows + r]);
        }
        if (score_ == Score::accuracy) {
            right_ += is_right(prediction + r, targets + r, panel_rows) ? weight : 0.0;
        } else if (score_ == Score::r2) {
            add_residuals(prediction + r, targets + r, panel_rows, weight);
        }
    }
}

// Softmax: the most probable class, the first of equals. Otherwise each output against ½.
template <class T>
bool Validator<T>::is_right(const T* prediction, const T* targets, std::size_t panel_rows) const {
    std::size_t likeliest = 0, true_class = 0;
    bool all_equal = true;
    for (std::size_t j = 0; j < residual_.size(); ++j) {
        const T p = prediction[j * panel_rows], y = targets[j * panel_rows];
        if (p > prediction[likeliest * panel_rows]) likeliest = j;
        if (y > targets[true_class * panel_rows]) true_class = j;
        all_equal = all_equal && (p > T(0.5)) == (y > T(0.5));
    }
    return output_ == Output::softmax ? likeliest == true_class : all_equal;
}

template <class T>
void Validator<T>::add_residuals(const T* prediction, const T* targets, std::size_t panel_rows, double weight) {
    for (std::size_t j = 0; j < residual_.size(); ++j) {
        const T off = targets[j * panel_rows] - prediction[j * panel_rows];
        residual_[j] += weight * static_cast<double>(off * off);
    }
}

template <class T>
Validation Validator<T>::finish() const {
    const double loss = weight_ != 0 ? loss_ / weight_ : 0.0;
    if (score_ == Score::loss) return {loss, -loss};
    if (score_ == Score::custom) return {loss, 0.0};
    const double score = score_ == Score::accuracy ? accuracy() : r2();
    return {loss, is_finite_ ? score : std::numeric_limits<double>::quiet_NaN()};
}

template <class T>
double Validator<T>::accuracy() const {
    return right_ / weight_;
}

// The mean over the outputs of 1 - residual / spread; 1 or 0 for a constant target that is met or not.
template <class T>
double Validator<T>::r2() const {
    double sum = 0.0;
    for (std::size_t j = 0; j < residual_.size(); ++j) {
        sum += spread_[j] > 0 ? 1 - residual_[j] / spread_[j] : (residual_[j] == 0 ? 1.0 : 0.0);
    }
    return sum / static_cast<double>(residual_.size());
}

template class Validator<float>;
template class Validator<double>;

}  // namespace pellucid
