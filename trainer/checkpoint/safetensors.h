// Named float tensors in one byte string: the safetensors format, read by PyTorch, JAX and others. Callers:
// checkpoint.cpp. It touches no file.
//
// Source: https://github.com/huggingface/safetensors, section Format: 8 bytes, lowest first: the length of a JSON
// header; the header {"name": {"dtype": "F32", "shape": […], "data_offsets": [begin, end]}, …, "__metadata__": {text:
// text}}, padded with spaces so that the data begins at a multiple of 8; then the data, lowest byte first, without
// gaps.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace trainer {

struct NamedTensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::vector<float> values;

  bool operator==(const NamedTensor&) const = default;
};

struct TensorFile {
  std::map<std::string, std::string> metadata;
  std::vector<NamedTensor> tensors;  ///< in the order of their data
};

std::string write_safetensors(const TensorFile& file);

/// Errors: UserError that names `place` and what is wrong: cut off, a header that is no JSON, offsets that do not meet.
TensorFile read_safetensors(std::string_view bytes, std::string_view place);

}  // namespace trainer
