// Readers of a store take turns, so that fifty `sweep report` at a time leave the processors to the trials: as many
// processes that read at once would each be the equal of the controller. Used by store_read.cpp, by those who only
// read; a controller never waits for a turn.
#pragma once

#include <chrono>
#include <filesystem>
#include <utility>

namespace sweep {

class ReadingTurns {
 public:
  /// So long a reader waits, while another one is stopped or takes its time. Then it reads without a turn, always.
  static constexpr std::chrono::milliseconds kPatience{2000};

  /// Of the store in `folder`. Never fails: where the file system knows no such lock, or the folder may not be opened,
  /// everyone reads at once.
  explicit ReadingTurns(const std::filesystem::path& folder, std::chrono::milliseconds patience = kPatience);
  ~ReadingTurns();
  ReadingTurns(const ReadingTurns&) = delete;
  ReadingTurns& operator=(const ReadingTurns&) = delete;

  /// Waits for a turn and has it while it lives; it ends with the process at the latest. One within another is the same
  /// one. `turns` null: no turn. Requires: no statement is open, or what it reads would keep the journal from being
  /// emptied during the wait.
  class Turn {
   public:
    explicit Turn(ReadingTurns* turns) : turns_(turns) {
      if (turns_) turns_->begin();
    }
    ~Turn() {
      if (turns_) turns_->end();
    }
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;

   private:
    ReadingTurns* turns_;
  };

  bool has_turn() const { return has_turn_; }

 private:
  void begin();
  void end();
  bool take() const;
  void give_up();

  std::chrono::milliseconds patience_;
  int folder_ = -1;  ///< what is locked: that needs no file of its own, and no right to write
  int depth_ = 0;    ///< turns within turns
  bool has_turn_ = false;
};

}  // namespace sweep
