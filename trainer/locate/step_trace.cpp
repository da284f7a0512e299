// See step_trace.h.
#include "trainer/locate/step_trace.h"

#include <algorithm>

#include "kernels/fingerprint_formula.h"

namespace trainer {
namespace {

constexpr char kUpdateOp[] = "optimizer_update", kRates[] = "rates", kRatesLabel[] = "optimizer_update.rates";

// layers.0.weight → layers.0
std::string scope_of(const std::string& tensor) { return tensor.substr(0, tensor.rfind('.')); }

std::string joined(const std::string& a, const std::string& b) { return a.empty() || b.empty() ? a + b : a + "." + b; }

bool is_loss(const std::string& op) { return op == "softmax_cross_entropy" || op == "regression_loss"; }

std::string batch_name(const std::string& op) {
  if (op == "gather_labels") return "batch.labels";
  if (op == "augment_rows") return "batch.augmented";
  return op == "indices" ? "batch.indices" : "batch.samples";
}

}  // namespace

std::uint64_t digest_of(const std::vector<std::uint32_t>& bits, bool is_float) {
  std::vector<std::uint32_t> words = bits;
  for (std::uint32_t& word : words)
    if (is_float) word = core::portable::canonical_bits(core::portable::float_of(word));
  return kernels::fingerprint_range(words.data(), 0, static_cast<int>(words.size()), 0);
}

void StepTrace::watch(Training& training) {
  known_.clear();
  begin();
  const auto columns = [](const Parameter& p) { return static_cast<std::size_t>(p.shape.back()); };
  for (Parameter& p : training.network().parameters()) {
    known_[p.value.data()] = {p.name, false, columns(p)};
    if (p.is_trained()) known_[p.gradient.data()] = {p.name, true, columns(p)};
  }
  for (Parameter& s : training.network().states()) known_[s.value.data()] = {s.name, false, columns(s)};
}

void StepTrace::begin(std::optional<std::size_t> keep) {
  phase_ = Phase::kBatch;
  scope_.clear();
  entries_.clear();
  keep_ = keep;
  kept_.clear();
}

// Which part of the step an op opens.
void StepTrace::move_on(const std::string& op) {
  const bool gathers = op == "indices" || op.starts_with("gather_") || op == "augment_rows";
  if (phase_ == Phase::kBatch && !gathers) phase_ = Phase::kForward;
  if (op == kUpdateOp || op == "sum_of_squares") phase_ = Phase::kUpdate;
}

const StepTrace::Known* StepTrace::known_among(std::initializer_list<const void*> near) const {
  for (const void* pointer : near)
    if (const auto found = known_.find(pointer); found != known_.end()) return &found->second;
  return nullptr;
}

void StepTrace::wrote(const kernels::Written& written, std::initializer_list<const void*> near) {
  const std::string op = written.op;
  move_on(op);
  Entry entry{{"", written.is_float, written.rows, written.columns, 0}, phase_, "", joined(op, written.what)};
  const Known* known = known_among({written.data});
  if (!known) known = known_among(near);
  const bool is_itself = known_among({written.data}) != nullptr;
  if (known && phase_ != Phase::kUpdate) scope_ = scope_of(known->name);
  if (phase_ == Phase::kBatch) {
    entry.tensor.name = batch_name(op);
  } else if (is_loss(op)) {
    entry.tensor.name = joined("loss", written.what);
  } else if (phase_ == Phase::kUpdate) {
    const std::string what = op == kUpdateOp ? written.what : op;
    // The rates are the step's, and told again with every tensor.
    if (what == kRates &&
        std::any_of(entries_.begin(), entries_.end(), [](const Entry& e) { return e.label == kRatesLabel; }))
      return;
    entry.tensor.name = joined(joined("update", known ? known->name : ""), what);
    if (known && written.count() > 1)
      entry.tensor = {entry.tensor.name, true, written.count() / known->columns, known->columns, 0};
  } else if (is_itself) {
    entry.tensor.name = joined(known->is_gradient ? "gradient" : "forward", known->name);
    entry.scope = scope_;
  } else if (known || phase_ == Phase::kForward) {
    entry.scope = scope_;
  }
  add(std::move(entry), written.data);
  if (is_loss(op) && written.what == std::string("gradient")) phase_ = Phase::kBackward;
}

void StepTrace::add(Entry entry, const void* data) {
  std::vector<std::uint32_t> bits(entry.tensor.rows * entry.tensor.columns);
  ops_.copy_to_host(context_, bits.data(), data, bits.size() * sizeof(std::uint32_t));
  entry.tensor.digest = digest_of(bits, entry.tensor.is_float);
  if (keep_ == entries_.size()) kept_ = std::move(bits);
  entries_.push_back(std::move(entry));
}

std::vector<TracedTensor> StepTrace::tensors() const {
  std::vector<TracedTensor> named;
  // An op of the backward pass that tells no scope comes before those of its layer that do.
  std::string next;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (!entry->scope.empty()) next = entry->scope;
    TracedTensor tensor = entry->tensor;
    if (tensor.name.empty()) {
      const std::string scope = entry->scope.empty() && entry->phase == Phase::kBackward ? next : entry->scope;
      tensor.name = joined(joined(entry->phase == Phase::kForward ? "forward" : "backward", scope), entry->label);
    }
    named.insert(named.begin(), std::move(tensor));
  }
  std::map<std::string, int> seen;
  for (TracedTensor& tensor : named)
    if (const int times = ++seen[tensor.name]; times > 1) tensor.name += "#" + std::to_string(times);
  return named;
}

std::uint64_t StepTrace::digest() const {
  std::uint64_t all = entries_.size();
  for (const Entry& entry : entries_)
    all = kernels::fingerprint_scramble(all ^ kernels::fingerprint_scramble(entry.tensor.digest));
  return all;
}

}  // namespace trainer
