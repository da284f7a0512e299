// What the two programs agree on about fast-1, where the libraries of a GPU choose how something is computed: the
// trainer says what was chosen, and a replay is given it. docs/trial-protocol.md describes it.
#pragma once

namespace protocol {

/// The numerics of a trial document; in an identity an object of this one key, with the class of device.
inline constexpr char kFastNumerics[] = "fast-1";

/// A file with a JSON array of choices that the trainer is to compute by; empty or not there: it chooses.
inline constexpr char kEnvAlgorithms[] = "SWEEP_ALGORITHMS";
inline constexpr char kAlgorithmsFile[] = "algorithms.json";  ///< of that file, in an attempt's folder

/// The event with choices that were first used since the one before, and its field.
inline constexpr char kAlgorithmsEvent[] = "algorithms";
inline constexpr char kChoices[] = "choices";
inline constexpr char kOperation[] = "operation";  ///< of a choice: what is computed, by content

/// The event that a recorded choice cannot be computed by here, and its fields beside kOperation.
inline constexpr char kNotComparableEvent[] = "not_comparable";
inline constexpr char kRecorded[] = "recorded";
inline constexpr char kPresent[] = "present";

}  // namespace protocol
