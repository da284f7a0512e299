// See recorded_steps.h.
#include "trainer/locate/recorded_steps.h"

#include "core/error.h"

namespace trainer {

RecordedSteps RecordedSteps::parse(const std::string& text, const std::string& place) {
  RecordedSteps record;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line_place = place + ":" + std::to_string(++number);
    const protocol::Event event = protocol::Event::parse(std::string_view(text).substr(at, end - at), line_place);
    at = end + 1;
    const auto* trace = std::get_if<protocol::Trace>(&event.body);
    if (!trace) continue;
    if (record.steps_.empty()) record.tensors_ = trace->tensors;
    if (record.tensors_ != trace->tensors) throw core::UserError(line_place, "has other tensors than the lines before");
    const std::size_t width = trace->tensors.size();
    for (std::uint64_t s = 0; s < trace->steps(); ++s) {
      const auto row = trace->weights.begin() + static_cast<std::ptrdiff_t>(s * width);
      record.steps_[trace->from + s] = {trace->batch[s], {row, row + static_cast<std::ptrdiff_t>(width)}};
    }
  }
  if (record.steps_.empty())
    throw core::UserError(place, "holds no trace", "give the recorded trace events, a line each");
  return record;
}

const StepPrints* RecordedSteps::at(std::uint64_t step) const {
  const auto found = steps_.find(step);
  return found == steps_.end() ? nullptr : &found->second;
}

std::uint64_t RecordedSteps::last_before(std::uint64_t step) const {
  const auto next = steps_.lower_bound(step);
  return next == steps_.begin() ? 0 : std::prev(next)->first;
}

}  // namespace trainer
