// See npy.h.
#include "trainer/data/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <string_view>
#include <utility>

#include "core/error.h"

namespace trainer {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxDimensions = 8;

// The header's dictionary, as far as such headers go: words, strings and one tuple.
class HeaderReader {
 public:
  HeaderReader(std::string_view bytes, std::size_t at, std::size_t end, const std::string& place)
      : text_(bytes.substr(0, end)), at_(at), place_(place) {}

  std::string_view descr;
  bool fortran = false;
  std::vector<std::size_t> shape;

  void read() {
    expect('{');
    bool has_descr = false, has_order = false, has_shape = false;
    while (peek() != '}') {
      const std::size_t begin = at_;
      const std::string_view key = string();
      expect(':');
      if (key == "descr" && !std::exchange(has_descr, true))
        descr = string();
      else if (key == "fortran_order" && !std::exchange(has_order, true))
        fortran = truth();
      else if (key == "shape" && !std::exchange(has_shape, true))
        shape = tuple();
      else
        refuse(begin, "descr, fortran_order and shape, each once");
      if (peek() == ',')
        ++at_;
      else if (peek() != '}')
        refuse(at_, "',' or '}'");
    }
    ++at_;
    if (!has_descr || !has_order || !has_shape) refuse(at_, "descr, fortran_order and shape, each once");
    if (peek() != '\0') refuse(at_, "nothing behind the dictionary");
  }

 private:
  [[noreturn]] void refuse(std::size_t at, const char* expected) const {
    throw core::UserError(place_, fmt::format("the .npy header is wrong at byte {}, expected {}", at, expected));
  }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void expect(char c) {
    const char word[] = {'\'', c, '\'', '\0'};
    if (peek() != c) refuse(at_, word);
    ++at_;
  }
  std::string_view string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') refuse(at_, "a string");
    const std::size_t begin = at_ + 1, end = text_.find(quote, begin);
    if (end == std::string_view::npos) refuse(at_, "a string that ends");
    at_ = end + 1;
    return text_.substr(begin, end - begin);
  }
  bool truth() {
    peek();
    for (const std::string_view word : {"True", "False"})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    refuse(at_, "True or False");
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> sizes;
    expect('(');
    while (peek() != ')') {
      std::size_t size = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (error != std::errc() || sizes.size() == kMaxDimensions) refuse(at_, "a tuple of at most 8 sizes");
      at_ = static_cast<std::size_t>(end - text_.data());
      sizes.push_back(size);
      if (peek() == ',')
        ++at_;
      else if (peek() != ')')
        refuse(at_, "',' or ')'");
    }
    ++at_;
    return sizes;
  }

  std::string_view text_;
  std::size_t at_;
  const std::string& place_;
};

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

}  // namespace

NpyArray::NpyArray(std::string bytes, std::string place) : bytes_(std::move(bytes)), place_(std::move(place)) {
  const std::string_view text = bytes_;
  if (!text.starts_with(kMagic)) throw core::UserError(place_, "does not begin as .npy files do (93 'NUMPY')");
  const auto cut_off = [&] {
    return core::UserError(place_, fmt::format("ends at byte {}, within the .npy header", text.size()));
  };
  if (text.size() < 10) throw cut_off();
  const int version = static_cast<unsigned char>(text[6]);
  if (version < 1 || version > 3)
    throw core::UserError(place_, fmt::format("is .npy version {}, versions 1 to 3 are known", version));
  const std::size_t length_bytes = version == 1 ? 2 : 4, header = 8 + length_bytes;
  if (text.size() < header) throw cut_off();
  const std::uint64_t length = little_endian(text.substr(8, length_bytes));
  if (length > text.size() - header) throw cut_off();
  begin_ = header + length;
  read_header(header, begin_);
  count_elements();
}

void NpyArray::read_header(std::size_t begin, std::size_t end) {
  HeaderReader reader(bytes_, begin, end, place_);
  reader.read();
  fortran_ = reader.fortran;
  shape_ = std::move(reader.shape);
  const std::string_view type = reader.descr;
  const bool known = type.size() == 3 && std::string_view("<>|=").find(type[0]) != std::string_view::npos &&
                     std::string_view("fiub").find(type[1]) != std::string_view::npos &&
                     std::string_view("1248").find(type[2]) != std::string_view::npos;
  if (known) {
    order_ = type[0];
    kind_ = type[1];
    item_bytes_ = static_cast<std::size_t>(type[2] - '0');
  }
  if (!known || (kind_ == 'f' && item_bytes_ < 4) || (kind_ == 'b' && item_bytes_ != 1))
    throw core::UserError(place_, "holds elements of type '" + std::string(type.substr(0, 40)) + "'",
                          "f4, f8, i1 to i8, u1 to u8 and b1 are known; convert it with astype");
}

// No allocation before this: a header may claim what it likes.
void NpyArray::count_elements() {
  const std::size_t follow = bytes_.size() - begin_, items = follow / item_bytes_;
  std::size_t wanted = 1;
  bool fits = follow % item_bytes_ == 0;
  for (const std::size_t size : shape_) {
    if (size == 0) throw core::UserError(place_, "has the shape " + shape_text() + ", no element");
    fits = fits && wanted <= items / size;
    wanted = fits ? wanted * size : 0;
  }
  if (!fits || wanted != items)
    throw core::UserError(place_, fmt::format("the header says shape {} of {}, but {} bytes follow it", shape_text(),
                                              type_text(), follow));
  count_ = wanted;
}

std::string NpyArray::shape_text() const {
  return fmt::format("({}{})", fmt::join(shape_, ", "), shape_.size() == 1 ? "," : "");
}

std::string NpyArray::type_text() const { return fmt::format("{}{}{}", order_, kind_, item_bytes_); }

std::size_t NpyArray::offset_of(std::size_t index) const {
  std::size_t place = index;
  if (fortran_) {  // the first dimension is fastest there
    std::size_t stride = count_;
    place = 0;
    for (std::size_t i = shape_.size(); i-- > 0;) {
      stride /= shape_[i];
      place += index % shape_[i] * stride;
      index /= shape_[i];
    }
  }
  return begin_ + place * item_bytes_;
}

std::uint64_t NpyArray::bits(std::size_t index) const {
  std::array<char, 8> item{};
  const std::size_t offset = offset_of(index);
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), item_bytes_, item.begin());
  if (order_ == '>') std::reverse(item.begin(), item.begin() + static_cast<std::ptrdiff_t>(item_bytes_));
  return little_endian(std::string_view(item.data(), item_bytes_));
}

double NpyArray::number(std::size_t index) const {
  const std::uint64_t raw = bits(index);
  if (kind_ == 'f')
    return item_bytes_ == 4 ? std::bit_cast<float>(static_cast<std::uint32_t>(raw)) : std::bit_cast<double>(raw);
  if (kind_ == 'u') return static_cast<double>(raw);
  return static_cast<double>(*whole(index));
}

std::optional<std::int64_t> NpyArray::whole(std::size_t index) const {
  core::check(is_whole(), "a float is asked for as an integer");
  const std::uint64_t raw = bits(index);
  if (kind_ == 'b') return raw != 0;
  if (kind_ == 'u') return raw > INT64_MAX ? std::nullopt : std::optional(static_cast<std::int64_t>(raw));
  const int unused = 64 - 8 * static_cast<int>(item_bytes_);
  return static_cast<std::int64_t>(raw << unused) >> unused;  // carries the sign up
}

}  // namespace trainer
