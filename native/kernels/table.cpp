// The table of kernels of one instruction set. Compiled once for each, with PELLUCID_ISA its name.
#include "../core/kernel_set.hpp"
#include "activations.hpp"
#include "dense.hpp"
#include "dropout.hpp"
#include "embeddings.hpp"
#include "gather.hpp"
#include "layer_norm.hpp"
#include "limits.hpp"
#include "losses.hpp"
#include "optimizers.hpp"
#include "pairs.hpp"
#include "shuffle.hpp"
#include "sparse.hpp"
#include "sums.hpp"

#define PELLUCID_NAME_OF(isa) #isa
#define PELLUCID_NAME(isa) PELLUCID_NAME_OF(isa)

namespace pellucid::PELLUCID_ISA {

constexpr PairKernels pair_kernels = {
    .pair_features = pair_features,
    .pair_rows = pair_rows,
    .turn = turn_pairs,
    .packed_size = packed_pairs_size,
    .pack_forward = pack_pairs_forward,
    .pack_backward = pack_pairs_backward,
    .dense_forward = dense_forward_pairs,
    .dense_backward_inputs = dense_backward_inputs_pairs,
    .dense_backward_weights = dense_backward_weights_pairs,
};

template <class T>
constexpr Kernels<T> kernels = {
    .panel_rows = panel_rows<T>,
    .tile_outputs = most_tile_rows,
    .packed_size = packed_size<T>,
    .shuffle = shuffle,
    .gather = gather<T>,
    .scatter = scatter<T>,
    .pack_weights = pack_weights<T>,
    .dense_forward = dense_forward<T>,
    .dense_forward_row = dense_forward_row<T>,
    .dense_backward_inputs = dense_backward_inputs<T>,
    .turn = turn<T>,
    .dense_backward_weights = dense_backward_weights<T>,
    .sparse_forward = sparse_forward<T>,
    .sparse_backward_weights = sparse_backward_weights<T>,
    .pairs = sizeof(T) == sizeof(float) ? &pair_kernels : nullptr,
    .is_narrow = is_narrow<T>,
    .dense_backward_bias = dense_backward_bias<T>,
    .activate = activate<T>,
    .activate_backward = activate_backward<T>,
    .multiply = multiply<T>,
    .dropout_mask = dropout_mask<T>,
    .layer_norm_forward = layer_norm_forward<T>,
    .layer_norm_backward = layer_norm_backward<T>,
    .layer_norm_gradients = layer_norm_gradients<T>,
    .bend_activation = bend_activation<T>,
    .bend_row = bend_row<T>,
    .embed_number = embed_number<T>,
    .embed_number_backward = embed_number_backward<T>,
    .embed_category = embed_category<T>,
    .embed_category_backward = embed_category_backward<T>,
    .scale_weights = scale_weights<T>,
    .unscale_gradient = unscale_gradient<T>,
    .adapt_weights = adapt_weights<T>,
    .adapt_gradient = adapt_gradient<T>,
    .output_activate = output_activate<T>,
    .loss_rows = loss_rows<T>,
    .loss_delta = loss_delta<T>,
    .finish_gradient = finish_gradient<T>,
    .update = update<T>,
    .average = average<T>,
    .sum_of_squares = sum_of_squares<T>,
    .sum_of_sizes = sum_of_sizes<T>,
    .dot_product = dot_product<T>,
    .all_finite = all_finite<T>,
    .multiply_add_flops = multiply_add_flops<T>,
    .multiply_adds = multiply_adds<T>,
    .read_all = read_all<T>,
    .triad = triad<T>,
};

extern const KernelSet kernel_set;
const KernelSet kernel_set = {PELLUCID_NAME(PELLUCID_ISA), &kernels<float>, &kernels<double>};

}  // namespace pellucid::PELLUCID_ISA
