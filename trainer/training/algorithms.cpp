// See algorithms.h.
#include "trainer/training/algorithms.h"

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "kernels/fast/backend.h"
#include "protocol/algorithms.h"

namespace trainer {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{16} << 20;
constexpr std::size_t kChoicesPerEvent = 50;  // of at most a few hundred bytes: a line has 64 KiB

}  // namespace

std::vector<kernels::fast::Choice> read_algorithms(const std::string& file) {
  std::vector<kernels::fast::Choice> choices;
  if (file.empty()) return choices;
  const core::Json json = core::parse_json(core::read_file(file, kMaxBytes), file);
  if (!json.is_array()) throw core::UserError(file, "is not a list of algorithms");
  for (const core::Json& choice : json) choices.push_back(kernels::fast::Choice::from_json(choice, file));
  return choices;
}

void emit_new_algorithms(kernels::Context& context, EventSink& events) {
  const std::vector<kernels::fast::Choice> choices = kernels::fast::take_choices(context);
  for (std::size_t first = 0; first < choices.size(); first += kChoicesPerEvent) {
    core::Json list = core::Json::array();
    for (std::size_t i = first; i < std::min(first + kChoicesPerEvent, choices.size()); ++i)
      list.push_back(choices[i].to_json());
    events.emit(protocol::OtherEvent{protocol::kAlgorithmsEvent}, {{protocol::kChoices, std::move(list)}});
  }
}

void emit_not_comparable(const kernels::fast::NotRebuilt& error, EventSink& events) {
  events.emit(protocol::OtherEvent{protocol::kNotComparableEvent}, {{protocol::kOperation, error.operation()},
                                                                    {protocol::kRecorded, error.recorded()},
                                                                    {protocol::kPresent, error.present()}});
}

}  // namespace trainer
