// Names of checkpoints by a template such as {epoch:02d}-{val_accuracy:.4f}. Callers: the controller, which refuses a
// wrong one in a sweep file, and the trainer, which names the best epochs of a trial by it. It touches no file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace protocol {

/// What a name may tell of a checkpoint.
struct NameFields {
  std::uint64_t step = 0;
  std::uint64_t epoch = 0;
  std::map<std::string, double> metrics{};
};

class NameTemplate {
 public:
  /// `text`: letters, digits and any of "._-+=", with {step}, {epoch} (both with :d, :5d or :05d) and {METRIC} (with
  /// :.4f or :.4e) for the metrics listed. Errors: UserError that names `place` and what is wrong with it.
  NameTemplate(std::string_view text, const std::vector<std::string>& metrics, std::string_view place);

  /// A metric that the epoch did not have is "none". At most 210 bytes.
  std::string render(const NameFields& fields) const;

 private:
  struct Part {
    std::string text;    ///< as it stands, where field is empty
    std::string field;   ///< step, epoch, or a metric
    std::string format;  ///< for fmt, braces included
  };
  std::vector<Part> parts_;
};

}  // namespace protocol
