// See line_pipe.h.
#include "sweep/launch/line_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "protocol/event.h"

namespace sweep {
namespace {

constexpr std::size_t kReadAtOnce = 1 << 20;

}  // namespace

LinePipe::LinePipe(boost::asio::any_io_executor executor, Descriptor read_end, KeptOutput* keep)
    : executor_(std::move(executor)), pipe_(std::move(read_end)), keep_(keep) {
  ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
}

void LinePipe::wait(std::function<void()> ready) {
  if (waits_ || at_end_) return;
  if (!waiting_) make_waiting();
  waits_ = true;
  waiting_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this, ready = std::move(ready)](const boost::system::error_code&) {
                         waits_ = false;
                         ready();
                       });
}

void LinePipe::make_waiting() {
  boost::asio::posix::stream_descriptor made(executor_);
  boost::system::error_code error;
  made.assign(pipe_.get(), error);
  if (error) throw core::EnvironmentError("pipe", std::string("cannot be waited for: ") + std::strerror(error.value()));
  pipe_.release();
  waiting_.emplace(std::move(made));
}

void LinePipe::read() {
  char block[65536];
  for (std::size_t total = 0; !at_end_ && total < kReadAtOnce;) {
    const ssize_t got = ::read(waiting_ ? waiting_->native_handle() : pipe_.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;  // nothing more for now
    if (got == 0) at_end_ = true;
    const auto count = static_cast<std::size_t>(got);
    if (keep_ != nullptr) keep_->add({block, count});
    if (gives_lines_) buffer_.append(block, count);
    if (count < sizeof block) return;  // it is empty now, or at its end
    total += count;
  }
}

std::vector<std::string> LinePipe::take_lines() {
  std::vector<std::string> lines;
  std::size_t from = 0;
  for (std::size_t end; (end = buffer_.find('\n', from)) != std::string::npos; from = end + 1) {
    if (!std::exchange(skips_, false) && end > from)
      lines.emplace_back(buffer_, from, std::min(end - from, protocol::kMaxEventBytes + 1));
  }
  buffer_.erase(0, from);
  if (buffer_.size() > protocol::kMaxEventBytes) {
    buffer_.resize(protocol::kMaxEventBytes + 1);
    std::string beginning = std::exchange(buffer_, {});
    if (!std::exchange(skips_, true)) lines.push_back(std::move(beginning));
  }
  return lines;
}

std::string LinePipe::take_rest() {
  std::string rest = std::exchange(buffer_, {});
  return std::exchange(skips_, false) ? std::string() : rest;
}

void LinePipe::close() {
  pipe_.reset();
  boost::system::error_code ignored;
  if (waiting_) waiting_->close(ignored);
}

}  // namespace sweep
