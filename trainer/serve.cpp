// See serve.h.
#include "trainer/serve.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "core/error.h"
#include "protocol/outcome.h"

namespace trainer {
namespace {

constexpr char kPlace[] = "assignment";

class Orders {
 public:
  explicit Orders(const Service& service) : service_(service) {}

  // The next line; nothing: there is none, or nobody wants it.
  std::optional<std::string> next() {
    char block[65536];
    for (;;) {
      if (const std::size_t end = text_.find('\n'); end != std::string::npos) {
        std::string line = text_.substr(0, end);
        text_.erase(0, end + 1);
        return line;
      }
      if (text_.size() > 2 * protocol::kMaxTrialDocumentBytes)
        throw core::UserError(kPlace, "the line is too long for a trial document");
      const ssize_t got = service_.stop_requested() ? 0 : ::read(service_.orders, block, sizeof block);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw core::EnvironmentError(kPlace, std::string("cannot be read: ") + std::strerror(errno));
      if (got == 0) return std::nullopt;
      text_.append(block, static_cast<std::size_t>(got));
    }
  }

 private:
  const Service& service_;
  std::string text_;
};

}  // namespace

int serve(const Service& service) {
  Workspace workspace(Workspace::For::kManyTrials);
  Orders orders(service);
  const std::string done = std::string(protocol::kWorkerDone) + "\n";
  while (const std::optional<std::string> line = orders.next()) {
    const int code = service.train(protocol::Assignment::from_line(*line, kPlace), workspace, done);
    if (code != protocol::kTrainerCompleted) return code;
    workspace.trial_ended();
  }
  return protocol::kTrainerCompleted;
}

}  // namespace trainer
