// The one file in which Python and the core meet: descriptions in, arrays in place, runs out.
#include <nanobind/nanobind.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "../core/cpus.hpp"
#include "../core/limits.hpp"
#include "../core/population.hpp"
#include "../core/random.hpp"
#include "../core/single.hpp"
#include "arrays.hpp"

namespace pellucid {

namespace {

using Names = std::initializer_list<std::string_view>;

// In the order of the enumerations in core/rules.hpp.
const Names activation_names = {"identity", "logistic", "tanh",     "relu", "leaky_relu", "elu",
                                    "selu",     "softplus", "gelu",     "silu", "mish"};
const Names output_names = {"identity", "logistic", "softmax", "exp", "tanh"};
const Names loss_names = {"squared_error", "absolute_error", "huber", "quantile", "poisson", "log_loss"};
const Names optimizer_names = {"gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"};
const Names schedule_names = {"constant", "invscaling", "adaptive", "step", "exponential", "cosine", "one_cycle",
                              "flat_cosine", "log_cosine"};
const Names embedding_names = {"none", "periodic", "piecewise_linear"};
const Names monitor_names = {"loss", "validation_score", "validation_loss"};
const Names score_names = {"accuracy", "r2", "loss", "custom"};
const Names outcome_names = {"CONVERGED", "ALL_EPOCHS", "TIME_LIMIT", "INTERRUPTED", "STOPPED", "DIVERGED"};

template <class Enumeration>
Enumeration named(Names names, const std::string& name, const char* what) {
    int index = 0;
    for (std::string_view known : names) {
        if (known == name) return static_cast<Enumeration>(index);
        ++index;
    }
    throw nb::value_error(("the native engine knows no " + std::string(what) + " named '" + name + "'.").c_str());
}

// --- descriptions

using LayerTuple = std::tuple<std::size_t, std::string, double, double, bool, bool, double>;
// numbers, passed, kind, width, frequencies, edges, (levels, width) of the categories
using EmbeddingTuple = std::tuple<std::size_t, std::size_t, std::string, std::size_t, std::size_t,
                                  std::vector<std::vector<double>>, std::vector<std::tuple<std::size_t, std::size_t>>>;

Embedding make_embedding(const EmbeddingTuple& from) {
    Embedding embedding;
    std::string kind;
    std::vector<std::tuple<std::size_t, std::size_t>> categories;
    std::tie(embedding.numbers, embedding.passed, kind, embedding.width, embedding.frequencies, embedding.edges,
             categories) = from;
    embedding.kind = named<NumberEmbedding>(embedding_names, kind, "embedding");
    const bool is_piecewise = embedding.kind == NumberEmbedding::piecewise_linear;
    if (is_piecewise && embedding.edges.size() != embedding.numbers) {
        throw nb::value_error("a piecewise-linear embedding must have edges for every number.");
    }
    for (const std::vector<double>& edges : embedding.edges) {
        if (edges.size() < 2) throw nb::value_error("a number must have at least two edges.");
    }
    for (const auto& [levels, width] : categories) embedding.categories.push_back({levels, width, 0});
    return embedding;
}

// members, whether every layer has adapters
using EnsembleTuple = std::tuple<std::size_t, bool>;

Network make_network(std::size_t inputs, const std::vector<LayerTuple>& layers, const std::string& output,
                     const std::optional<EmbeddingTuple>& embedding, bool input_scale,
                     const std::optional<EnsembleTuple>& ensemble, bool bfloat16) {
    Network network;
    network.input_scale = input_scale;
    network.bfloat16 = bfloat16;
    if (embedding) {
        network.embedding = make_embedding(*embedding);
        inputs = network.embedding->features();
    }
    if (layers.empty() || inputs == 0) throw nb::value_error("a network must have an input and a layer.");
    for (const auto& [width, activation, parameter, dropout, layer_norm, parametric, weight_factor] : layers) {
        if (width == 0) throw nb::value_error("a layer must have at least one neuron; got none.");
        const ActivationRule rule{named<Activation>(activation_names, activation, "activation"), parameter};
        Layer layer;
        layer.inputs = inputs;
        layer.outputs = width;
        layer.activation = rule;
        layer.dropout = dropout;
        layer.layer_norm = layer_norm;
        layer.parametric = parametric;
        layer.weight_factor = weight_factor;
        network.layers.push_back(layer);
        inputs = width;
    }
    network.output = named<Output>(output_names, output, "output");
    if (ensemble) {
        network.ensemble.emplace();
        std::tie(network.ensemble->members, network.ensemble->adapts_all) = *ensemble;
        if (network.ensemble->members == 0) throw nb::value_error("an ensemble must have at least one member.");
    }
    network.place();
    return network;
}

template <class T>
void check_numbers(const Network& network) {
    if (network.bfloat16 && sizeof(T) != sizeof(float)) {
        throw nb::value_error("products of bfloat16 numbers sum in float32; the parameters must be of that type.");
    }
}

using LossTuple = std::tuple<std::string, double, bool>;
using OptimizerTuple = std::tuple<std::string, double, double, double, double>;
using ScheduleTuple = std::tuple<std::string, double, double, double>;
// monitor, tolerance, patience, restore best, latest best, milestones
using StoppingTuple =
    std::tuple<std::string, double, std::optional<std::size_t>, bool, bool, std::vector<std::size_t>>;
using FactorsTuple = std::array<double, group_count>;

// Counts up to here are exact as double, and no sum of two of them overflows.
constexpr std::size_t largest_count = std::size_t{1} << 53;

ScheduleRule schedule_of(const ScheduleTuple& schedule) {
    const ScheduleRule rule{named<Schedule>(schedule_names, std::get<0>(schedule), "schedule"), std::get<1>(schedule),
                            std::get<2>(schedule), std::get<3>(schedule)};
    if (rule.kind == Schedule::step && !(rule.second >= 1 && rule.second <= static_cast<double>(largest_count))) {
        throw nb::value_error("a step schedule must count from 1 to 2^53 epochs.");
    }
    return rule;
}

Training make_training(const LossTuple& loss, const OptimizerTuple& optimizer, double learning_rate,
                       const ScheduleTuple& schedule, double l1, double l2, std::optional<double> clip_norm,
                       std::size_t batch_size, std::size_t epochs, bool shuffle, bool mean_reduction,
                       const StoppingTuple& stopping, bool drop_last, const FactorsTuple& rates,
                       const FactorsTuple& decays, const ScheduleTuple& dropout_schedule,
                       const ScheduleTuple& decay_schedule, double average) {
    Training training;
    training.loss = {named<Loss>(loss_names, std::get<0>(loss), "loss"), std::get<1>(loss), std::get<2>(loss)};
    training.optimizer = {named<Optimizer>(optimizer_names, std::get<0>(optimizer), "optimizer"),
                          std::get<1>(optimizer), std::get<2>(optimizer), std::get<3>(optimizer),
                          std::get<4>(optimizer)};
    training.learning_rate = learning_rate;
    training.schedule = schedule_of(schedule);
    training.l1 = l1;
    training.l2 = l2;
    training.clip_norm = clip_norm;
    training.batch_size = batch_size;
    training.epochs = epochs;
    training.shuffle = shuffle;
    training.mean_reduction = mean_reduction;
    training.stopping = {named<Monitor>(monitor_names, std::get<0>(stopping), "monitor"), std::get<1>(stopping),
                         std::get<2>(stopping), std::get<3>(stopping), std::get<4>(stopping), std::get<5>(stopping)};
    training.drop_last = drop_last;
    training.rates = rates;
    training.decays = decays;
    training.dropout_schedule = schedule_of(dropout_schedule);
    training.decay_schedule = schedule_of(decay_schedule);
    training.average = average;
    return training;
}

// --- jobs

using BestTuple = std::tuple<std::optional<double>, std::size_t, std::size_t>;
using StateTuple = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t, BestTuple>;

State state_of(const StateTuple& tuple) {
    const auto& [step, epochs, rows_seen, reductions, best] = tuple;
    return {step, epochs, rows_seen, reductions, {std::get<0>(best), std::get<1>(best), std::get<2>(best)}};
}

StateTuple tuple_of(const State& state) {
    return {state.optimizer_step, state.epochs, state.rows_seen, state.reductions,
            {state.best.value, state.best.stale, state.best.epoch}};
}

// What train() is given for one job; the objects are kept alive by the caller.
struct JobArguments {
    const Network* network;
    const Training* training;
    nb::tuple data;
    nb::object validation;
    std::string score;
    nb::object predictions;
    nb::object parameters;
    nb::object best_parameters;
    bool keeps_state;
    nb::object average;
    nb::list memory;
    nb::object shuffle_key;
    int shuffle_position;
    std::size_t shuffles_before;
    nb::object last_order;
    std::uint64_t dropout_key;
    StateTuple state;
    std::size_t epochs;
};

// What the core's counters and its row orders can hold.
template <class T>
void check_counts(const Job<T>& job) {
    const Training& training = *job.training;
    const std::size_t rows = job.data.rows();
    if (training.shuffle && rows > std::numeric_limits<std::uint32_t>::max()) {
        throw nb::value_error("the native engine shuffles fewer than 2^32 rows; set shuffle=False.");
    }
    const std::size_t steps = training.batch_size == 0 ? 1 : divide_up(rows, training.batch_size);
    for (const std::size_t epochs : {training.epochs, job.epochs, job.state.epochs}) {
        if (epochs > largest_count / std::max(steps, rows)) {
            throw nb::value_error("epochs times rows must be at most 2^53; plan fewer epochs.");
        }
    }
}

void check_position(int position) {
    if (position < 0 || position > static_cast<int>(MersenneTwister::length)) {
        throw nb::value_error("the position in the shuffle key must be from 0 to 624.");
    }
}

template <class T>
Job<T> make_job(JobArguments& from) {
    const Network& network = *from.network;
    check_numbers<T>(network);
    Job<T> job;
    job.network = from.network;
    job.training = from.training;
    job.data = data_of<T>(from.data, network.inputs(), network.outputs());
    job.score = named<Score>(score_names, from.score, "score");
    if (!from.validation.is_none()) {
        job.validation = data_of<T>(nb::cast<nb::tuple>(from.validation), network.inputs(), network.outputs());
        if (job.score == Score::custom) {
            job.predictions =
                matrix_of<T>(from.predictions, "predictions", job.validation->rows(), network.outputs());
        }
    } else if (job.training->stopping.monitor != Monitor::loss) {
        throw nb::value_error("a stopping rule that monitors validation needs validation rows; got none.");
    }
    job.parameters = vector_of<T>(from.parameters, "parameters", network.parameters);
    if (!from.best_parameters.is_none()) {
        job.best_parameters = vector_of<T>(from.best_parameters, "best parameters", network.parameters);
    }
    if (from.average.is_none() != (job.training->average == 0)) {
        throw nb::value_error("a running mean must be given where the training keeps one, and only there.");
    }
    if (!from.average.is_none()) job.average = vector_of<T>(from.average, "average", network.parameters);
    job.keeps_state = from.keeps_state;
    if (job.keeps_state && from.memory.size() != memories_of(from.training->optimizer.kind)) {
        throw nb::value_error("the optimizer's state must have as many arrays as the optimizer remembers.");
    }
    for (std::size_t i = 0; job.keeps_state && i < from.memory.size(); ++i) {
        job.memory[i] = vector_of<T>(from.memory[i], "optimizer state", network.parameters);
    }
    job.shuffle_key = vector_of<std::uint32_t>(from.shuffle_key, "shuffle key", MersenneTwister::length);
    check_position(from.shuffle_position);
    job.shuffle_position = &from.shuffle_position;
    job.shuffles_before = from.shuffles_before;
    if (!from.last_order.is_none() && job.training->shuffle) {
        job.last_order = vector_of<std::int64_t>(from.last_order, "last order", job.data.rows());
    }
    job.dropout_key = from.dropout_key;
    job.state = state_of(from.state);
    job.epochs = from.epochs;
    check_counts(job);
    return job;
}

AnyJob make_any_job(JobArguments& from) {
    Array<float, 1> float32;
    if (nb::try_cast(from.parameters, float32, false)) return make_job<float>(from);
    return make_job<double>(from);
}

// --- calling Python back

// More threads than any machine has are a mistake, or an attack.
std::size_t checked_threads(std::size_t threads) {
    constexpr std::size_t most = 4096;
    if (threads >= 1 && threads <= most) return threads;
    throw nb::value_error(("'threads' must be from 1 to " + std::to_string(most) + "; got " + std::to_string(threads) + ".").c_str());
}

// Makes calls into Python with the GIL held; the first error that is no interrupt ends everything and is kept.
class Python {
  public:
    // True: an interrupt has come.
    bool interrupted() {
        const nb::gil_scoped_acquire gil;
        if (PyErr_CheckSignals() == 0) return false;
        keep_error();
        return true;
    }

    // The answer, or `otherwise` after an error.
    template <class Answer, class Call>
    Answer ask(Conductor& conductor, Answer otherwise, const Call& call) {
        const nb::gil_scoped_acquire gil;
        try {
            return call();
        } catch (nb::python_error& error) {
            error.restore();
        } catch (const std::bad_alloc&) {
            PyErr_NoMemory();
        } catch (const std::exception& error) {
            PyErr_SetString(PyExc_TypeError, error.what());
        }
        keep_error();
        conductor.stop();
        return otherwise;
    }

    // Raises the error that was kept, if any. Needs the GIL.
    void raise_kept() {
        if (error_.is_valid()) {
            PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error_.ptr())), error_.ptr());
            throw nb::python_error();
        }
    }

  private:
    void keep_error() {
        if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
            PyErr_Clear();
            return;
        }
        PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
        PyErr_Fetch(&type, &value, &traceback);
        PyErr_NormalizeException(&type, &value, &traceback);
        if (traceback) PyException_SetTraceback(value, traceback);
        if (!error_.is_valid()) error_ = nb::borrow(value);
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }

    nb::object error_;
};

using RunTuple = std::tuple<StateTuple, std::vector<double>, std::vector<double>, std::vector<double>,
                            std::vector<double>, std::string, bool, int>;

RunTuple tuple_of(const Run& run, int shuffle_position) {
    const History& history = run.history;
    return {tuple_of(run.state), history.loss, history.validation_loss, history.validation_score,
            history.learning_rate, std::string(outcome_names.begin()[static_cast<int>(run.outcome)]),
            run.best_changed, shuffle_position};
}

std::vector<RunTuple> train(std::vector<JobArguments*> arguments, const KernelSet& kernels, std::size_t threads,
                            bool watches_signals, nb::object on_epoch, nb::object score,
                            std::optional<double> time_limit) {
    checked_threads(threads);
    std::vector<AnyJob> jobs;
    for (JobArguments* job : arguments) {
        if (!job) throw nb::type_error("'jobs' must be jobs; got None.");
        jobs.push_back(make_any_job(*job));
    }

    Python python;
    Conductor* conducting = nullptr;
    Callbacks callbacks;
    callbacks.time_limit = time_limit;
    if (watches_signals) callbacks.interrupted = [&] { return python.interrupted(); };
    if (!on_epoch.is_none()) {
        callbacks.on_epoch = [&](const Report& r) {
            return python.ask(*conducting, false, [&] {
                return nb::cast<bool>(on_epoch(r.job, r.epoch, r.loss, r.validation_loss, r.validation_score,
                                               r.learning_rate, r.seconds));
            });
        };
    }
    callbacks.score = [&](std::size_t job) {
        return python.ask(*conducting, 0.0, [&] { return nb::cast<double>(score(job)); });
    };
    Conductor conductor(std::move(callbacks));
    conducting = &conductor;
    std::vector<Run> runs;
    {
        const nb::gil_scoped_release no_gil;
        runs = train_population(jobs, kernels, threads, conductor);
    }
    python.raise_kept();
    std::vector<RunTuple> tuples;
    for (std::size_t i = 0; i < runs.size(); ++i) tuples.push_back(tuple_of(runs[i], arguments[i]->shuffle_position));
    return tuples;
}

// --- NumPy's streams

// How NumPy's MT19937 keeps its state: the words, then the position. Its users check it once, on a stream of their own.
struct NumpyTwister {
    std::uint32_t key[MersenneTwister::length];
    int position;
};

// `capsule` is a bit generator's of NumPy: it holds NumPy's documented bitgen_t, whose first member points to the state.
NumpyTwister& twister_in(nb::handle capsule) {
    void* const bit_generator = PyCapsule_GetPointer(capsule.ptr(), "BitGenerator");
    if (!bit_generator) throw nb::python_error();
    return *static_cast<NumpyTwister*>(*static_cast<void**>(bit_generator));
}

int read_twister(nb::object capsule, nb::object key) {
    const NumpyTwister& twister = twister_in(capsule);
    std::copy_n(twister.key, MersenneTwister::length,
                vector_of<std::uint32_t>(key, "shuffle key", MersenneTwister::length));
    return twister.position;
}

void write_twister(nb::object capsule, nb::object key, int position) {
    check_position(position);
    NumpyTwister& twister = twister_in(capsule);
    std::copy_n(vector_of<std::uint32_t>(key, "shuffle key", MersenneTwister::length), MersenneTwister::length,
                twister.key);
    twister.position = position;
}

// --- single passes

template <class T>
bool forward_typed(const Network& network, nb::handle parameters, nb::handle inputs, nb::handle z,
                   const KernelSet& kernels, std::size_t threads, Conductor& conductor) {
    check_numbers<T>(network);
    const Rows<T> rows = rows_of<T>(inputs, network.inputs());
    const T* const vector = vector_of<const T>(parameters, "parameters", network.parameters);
    T* const to = matrix_of<T>(z, "z", rows.rows(), network.outputs());
    const nb::gil_scoped_release no_gil;
    return predict(network, vector, rows, kernels, threads, conductor, to);
}

void forward(const Network& network, nb::object parameters, nb::object inputs, nb::object z, const KernelSet& kernels,
             std::size_t threads, bool watches_signals) {
    checked_threads(threads);
    Callbacks callbacks;
    bool came = false;  // unlike training, a prediction has nothing to keep: its interrupt is raised
    if (watches_signals) {
        callbacks.interrupted = [&] {
            const nb::gil_scoped_acquire gil;
            return came = came || PyErr_CheckSignals() != 0;
        };
    }
    Conductor conductor(std::move(callbacks));
    Array<const float, 1> float32;
    if (nb::try_cast(parameters, float32, false)) {
        forward_typed<float>(network, parameters, inputs, z, kernels, threads, conductor);
    } else {
        forward_typed<double>(network, parameters, inputs, z, kernels, threads, conductor);
    }
    if (came) throw nb::python_error();
}

// Seven arrays or None, in the order of ShownLayer.

template <class T>
ShownLayer<T> shown_layer(nb::handle layer, std::size_t rows, std::size_t outputs) {
    const nb::tuple arrays = nb::cast<nb::tuple>(layer);
    if (arrays.size() != 7) throw nb::value_error("a shown layer must have seven arrays or None.");
    auto matrix = [&](std::size_t i, std::size_t columns) -> T* {
        return arrays[i].is_none() ? nullptr : matrix_of<T>(arrays[i], "shown layer", rows, columns);
    };
    return {matrix(0, outputs), matrix(1, outputs), matrix(2, outputs), matrix(3, outputs),
            matrix(4, 1),       matrix(5, outputs), matrix(6, outputs)};
}

template <class T>
ShownLoss step_typed(const Network& network, const Training& training, nb::handle parameters, nb::tuple data,
                     Dropout dropout, nb::handle gradients, nb::list shown, nb::handle features,
                     const KernelSet& kernels, std::size_t threads) {
    check_numbers<T>(network);
    const Data<T> rows = data_of<T>(data, network.inputs(), network.outputs());
    const T* const vector = vector_of<const T>(parameters, "parameters", network.parameters);
    T* const to = vector_of<T>(gradients, "gradients", network.parameters);
    std::vector<ShownLayer<T>> layers;
    if (shown.size() != 0 && shown.size() != network.members() * network.layers.size()) {
        throw nb::value_error("shown layers must be none or all.");
    }
    for (std::size_t l = 0; l < shown.size(); ++l) {
        layers.push_back(shown_layer<T>(shown[l], rows.rows(), network.layers[l % network.layers.size()].outputs));
    }
    T* const shown_features =
        features.is_none() ? nullptr : matrix_of<T>(features, "features", rows.rows(), network.features());
    const nb::gil_scoped_release no_gil;
    Conductor conductor({});
    return loss_and_gradients(network, training, vector, rows, dropout, kernels, threads, conductor, to, layers,
                              shown_features);
}

std::tuple<double, double> step(const Network& network, const Training& training, nb::object parameters, nb::tuple data,
                                std::optional<std::tuple<std::uint64_t, std::uint64_t>> dropout, nb::object gradients,
                                nb::list shown, nb::object features, const KernelSet& kernels, std::size_t threads) {
    checked_threads(threads);
    Dropout masks;
    if (dropout) masks = {true, std::get<0>(*dropout), std::get<1>(*dropout)};
    Array<const float, 1> float32;
    const ShownLoss loss =
        nb::try_cast(parameters, float32, false)
            ? step_typed<float>(network, training, parameters, data, masks, gradients, shown, features, kernels,
                                threads)
            : step_typed<double>(network, training, parameters, data, masks, gradients, shown, features, kernels,
                                 threads);
    return {loss.loss, loss.penalty};
}

// --- measuring

double measured_fma_peak(const KernelSet& kernels, const std::string& dtype, double seconds) {
    if (dtype != "float32" && dtype != "float64") throw nb::value_error("'dtype' must be 'float32' or 'float64'.");
    const nb::gil_scoped_release no_gil;
    return dtype == "float32" ? fma_peak(*kernels.float32, seconds) : fma_peak(*kernels.float64, seconds);
}

std::tuple<double, double> measured_bandwidth(const KernelSet& kernels, nb::object values, double seconds) {
    const std::size_t count = array_of<double, 1>(values, "values").shape(0);
    double* const numbers = vector_of<double>(values, "values", count);
    if (count < 384) throw nb::value_error("'values' must have at least 384 numbers.");
    const nb::gil_scoped_release no_gil;
    const Bandwidth bandwidth = memory_bandwidth(*kernels.float64, numbers, count, seconds);
    return {bandwidth.read, bandwidth.triad};
}

}  // namespace

}  // namespace pellucid

NB_MODULE(_native, m) {
    using namespace pellucid;
    using nb::arg;

    m.doc() = "The native engine's core; use pellucid.engines.native.";
    nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::bad_alloc&) {
            PyErr_SetString(PyExc_MemoryError,
                            "the native engine finds no memory for this network and so many rows; "
                            "use smaller layers, smaller batches or fewer jobs at once.");
        } catch (const std::system_error& error) {
            PyErr_SetString(PyExc_RuntimeError, (std::string("the native engine cannot start its threads (") +
                                                 error.what() + "); use fewer.").c_str());
        }
    });
    m.def("usable_cpus", &usable_cpus);
    m.def("possible_isas", &possible_isas);

    nb::class_<KernelSet>(m, "KernelSet").def_ro("name", &KernelSet::name);
    m.def("kernel_set", &kernel_set, arg("name"), nb::rv_policy::reference);

    nb::class_<Network>(m, "Network")
        .def(
            "__init__",
            [](Network* self, std::size_t inputs, const std::vector<LayerTuple>& layers, const std::string& output,
               const std::optional<EmbeddingTuple>& embedding, bool input_scale,
               const std::optional<EnsembleTuple>& ensemble, bool bfloat16) {
                new (self) Network(make_network(inputs, layers, output, embedding, input_scale, ensemble, bfloat16));
            },
            arg("inputs"), arg("layers"), arg("output"), arg("embedding").none(), arg("input_scale"),
            arg("ensemble").none(), arg("bfloat16"))
        .def_ro("parameters", &Network::parameters);
    nb::class_<Training>(m, "Training")
        .def(
            "__init__",
            [](Training* self, const LossTuple& loss, const OptimizerTuple& optimizer, double learning_rate,
               const ScheduleTuple& schedule, double l1, double l2, std::optional<double> clip_norm,
               std::size_t batch_size, std::size_t epochs, bool shuffle, bool mean_reduction,
               const StoppingTuple& stopping, bool drop_last, const FactorsTuple& rates, const FactorsTuple& decays,
               const ScheduleTuple& dropout_schedule, const ScheduleTuple& decay_schedule, double average) {
                new (self) Training(make_training(loss, optimizer, learning_rate, schedule, l1, l2, clip_norm,
                                                  batch_size, epochs, shuffle, mean_reduction, stopping, drop_last,
                                                  rates, decays, dropout_schedule, decay_schedule, average));
            },
            nb::kw_only(), arg("loss"), arg("optimizer"), arg("learning_rate"), arg("schedule"), arg("l1"), arg("l2"),
            arg("clip_norm").none(), arg("batch_size"), arg("epochs"), arg("shuffle"), arg("mean_reduction"),
            arg("stopping"), arg("drop_last"), arg("rates"), arg("decays"), arg("dropout_schedule"),
            arg("decay_schedule"), arg("average"));
    nb::class_<JobArguments>(m, "Job").def(
        "__init__",
        [](JobArguments* self, const Network& network, const Training& training, nb::tuple data, nb::object validation,
           std::string score, nb::object predictions, nb::object parameters, nb::object best_parameters,
           bool keeps_state, nb::object average, nb::list memory, nb::object shuffle_key, int shuffle_position,
           std::size_t shuffles_before, nb::object last_order, std::uint64_t dropout_key, const StateTuple& state,
           std::size_t epochs) {
            new (self) JobArguments{&network,   &training,       data,   validation,  std::move(score),
                                    predictions, parameters,      best_parameters, keeps_state, average, memory, shuffle_key,
                                    shuffle_position, shuffles_before, std::move(last_order), dropout_key, state, epochs};
        },
        nb::kw_only(), arg("network"), arg("training"), arg("data"), arg("validation").none(), arg("score"),
        arg("predictions").none(), arg("parameters"), arg("best_parameters").none(), arg("keeps_state"),
        arg("average").none(), arg("memory"), arg("shuffle_key"),
        arg("shuffle_position"), arg("shuffles_before"), arg("last_order").none(), arg("dropout_key"), arg("state"), arg("epochs"),
        nb::keep_alive<1, 2>(), nb::keep_alive<1, 3>());

    m.def("train", &train, arg("jobs"), arg("kernels"), arg("threads"), arg("watches_signals"),
          arg("on_epoch").none(), arg("score").none(), arg("time_limit").none());
    m.def("read_twister", &read_twister, arg("capsule"), arg("key"));
    m.def("write_twister", &write_twister, arg("capsule"), arg("key"), arg("position"));
    m.def("forward", &forward, arg("network"), arg("parameters"), arg("inputs"), arg("z"), arg("kernels"),
          arg("threads"), arg("watches_signals"));
    m.def("loss_and_gradients", &step, arg("network"), arg("training"), arg("parameters"), arg("data"),
          arg("dropout").none(), arg("gradients"), arg("shown"), arg("features").none(), arg("kernels"), arg("threads"));
    m.def("fma_peak", &measured_fma_peak, arg("kernels"), arg("dtype"), arg("seconds"));
    m.def("memory_bandwidth", &measured_bandwidth, arg("kernels"), arg("values"), arg("seconds"));
}
