// What one line of output says: the scanners behind PrintedMetrics, each a pure function of the text. None of them
// knows which metric is wanted, except that a name may be asked for literally.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sweep {

/// The line as a terminal would leave it, cut to `longest` bytes: no escape sequences, control characters as spaces,
/// and of what carriage returns separate the last part that is not blank.
std::string terminal_text(std::string_view line, std::size_t longest);

/// A number at the beginning of a text, and how many bytes it takes.
struct PrintedNumber {
  double value = 0;
  std::size_t length = 0;
};

/// Decimal notation with an optional sign and exponent, or nan, inf, infinity in any case, to the last digit as
/// printed. Nothing for what is beyond a double (1e999), and for a word that only begins like one (info, 12s).
std::optional<PrintedNumber> scan_number(std::string_view text);

/// As scan_number(); also a number in the wrapping that NumPy, PyTorch and JAX print: np.float64(0.5), tensor(0.5, …).
std::optional<PrintedNumber> scan_value(std::string_view text);

/// Whether a number may end where `rest` begins: 0.5, and 0.5) and 91% do; 1.2.3, 3/10, 12s, 10:30 and 0,91 do not.
bool number_ends_before(std::string_view rest);

using FoundValue = std::function<void(std::string_view name, double value)>;

/// The object at the first '{' of the text, where nothing but it follows: JSON, also with NaN and Infinity, or a dict
/// as Python prints it. Calls `found` for its numbers, nested names joined by dots; false, and no call that counts,
/// where there is no such object. Lists, strings, booleans and null are passed over.
bool scan_object(std::string_view text, const FoundValue& found);

/// Every name, `separator`, number. `counts` says of a name that its value may be written 3/10 (3 counts).
void scan_pairs(std::string_view text, char separator, const std::function<bool(std::string_view)>& counts,
                const FoundValue& found);

/// The number behind `name`, looked for letter by letter: for a name that scan_pairs() cannot see because of its spaces
/// or other characters. The last one on the line.
std::optional<double> scan_literal(std::string_view text, std::string_view name, char separator);

/// Whether scan_pairs() can see this name.
bool is_pair_name(std::string_view name);

}  // namespace sweep
