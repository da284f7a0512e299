// One attempt outside of a sweep's loop, on the same path; see attempt.h.
#include "sweep/dispatch/attempt.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <csignal>
#include <exception>

#include "core/error.h"
#include "core/remedy.h"
#include "protocol/files.h"
#include "sweep/dispatch/demands.h"
#include "sweep/dispatch/life.h"
#include "sweep/launch/local.h"

namespace sweep {
namespace {

namespace asio = boost::asio;

Slot slot_for(const protocol::TrialDocument& document) {
  return {document.gpu.empty() ? "cpu:0" : document.gpu + "/0", document.device, document.gpu};
}

AttemptRequest with_absolute_paths(AttemptRequest request) {
  request.folder = std::filesystem::absolute(request.folder).lexically_normal();
  request.checkpoints = std::filesystem::absolute(request.checkpoints).lexically_normal();
  return request;
}

// The first signal asks, the second kills.
void pass_signals(asio::signal_set& signals, AttemptControl& control, double grace_s) {
  signals.async_wait([&, grace_s](const boost::system::error_code& error, int) {
    if (error) return;
    control.stop(control.stopped() ? 0 : grace_s);
    pass_signals(signals, control, grace_s);
  });
}

}  // namespace

std::filesystem::path attempt_folder(const std::filesystem::path& runs, const std::string& trial,
                                     const std::string& sweep, std::uint32_t attempt) {
  return runs / protocol::kTrialsFolder / trial / sweep / ("attempt-" + std::to_string(attempt));
}

AttemptRequest make_attempt(const Prepared& prepared, const PlannedTrial& trial, std::filesystem::path folder,
                            std::filesystem::path checkpoints) {
  AttemptRequest request;
  request.document = trial_document(prepared, trial);
  const Resources& resources = prepared.spec().resources;
  request.limits = {resources.timeout_s, resources.stall_timeout_s};
  request.grace_s = resources.grace_s;
  request.memory_bytes = resources.memory_mb.value_or(0) << 20;
  if (const auto& builtin = prepared.trainer.builtin) {
    request.argv = {builtin->executable.string()};
    request.trainer = builtin->identity;
    request.wants_checkpoint_folder = false;
  }
  if (const auto& program = prepared.trainer.program) {
    ProgramStart start = start_of(*program, trial, folder);
    request.argv = std::move(start.argv);
    request.environment = std::move(start.environment);
    request.files = std::move(start.files);
    request.working_folder = program->folder;
    request.read_metrics = program->program.read_metrics;
    const Keep& keep = prepared.spec().keep;
    request.wants_checkpoint_folder = keep.last != Keep::Last::kNone || keep.best > 0;
  }
  request.folder = std::move(folder);
  request.checkpoints = std::move(checkpoints);
  return request;
}

AttemptResult run_attempt(const AttemptRequest& given, const OnEvents& on_events) try {
  require_open_files(1);
  const AttemptRequest request = with_absolute_paths(given);
  const SystemClock clock;
  const Slot slot = slot_for(request.document);
  auto made = std::make_unique<asio::io_context>(1);
  LocalLauncher launcher(made->get_executor(), {slot});
  const std::unique_ptr<asio::io_context> context = std::move(made);  // ends before the launcher, and processes with it
  if (!launcher.acquire(slot))
    throw core::EnvironmentError(slot.name, "is not free, " + launcher.why_not(slot).text,
                                 "wait for it, or use --device cpu");

  AttemptControl control;
  asio::signal_set signals(*context, SIGINT, SIGTERM, SIGHUP);
  pass_signals(signals, control, request.grace_s);
  asio::steady_timer limit(*context);
  if (request.stop_after_s) {
    limit.expires_after(
        std::chrono::duration_cast<asio::steady_timer::duration>(std::chrono::duration<double>(*request.stop_after_s)));
    limit.async_wait([&](const boost::system::error_code& error) {
      if (!error) control.stop(request.grace_s);
    });
  }
  AttemptResult result;
  std::exception_ptr failure;
  asio::co_spawn(*context, live(launcher, clock, request, on_events, control),
                 [&](std::exception_ptr thrown, AttemptResult ended) {
                   failure = thrown;
                   result = std::move(ended);
                   result.process.reset();  // not after the context
                   context->stop();
                 });
  context->run();
  result.process.reset();  // before the context that it stands on
  if (failure) std::rethrow_exception(failure);
  return result;
} catch (const boost::system::system_error& error) {  // Asio's, of a system call
  throw core::EnvironmentError("attempt", error.what(), std::string(core::remedy_for(error.code().value())));
}

}  // namespace sweep
