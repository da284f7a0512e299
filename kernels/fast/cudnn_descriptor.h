// cuDNN's functions, and a descriptor of its backend API with an owner. Included by cudnn.cpp alone: everybody else
// includes cudnn.h, which needs no header of NVIDIA.
#pragma once

#include <cudnn_graph.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "kernels/fast/library.h"

#ifndef SWEEP_CUDNN_LIBRARY
#define SWEEP_CUDNN_LIBRARY ""  // where CMake found it; the loader's own search comes first
#endif

namespace kernels::fast {

/// The few functions of cuDNN that are used.
struct Api {
  Library library{"cudnn", {"libcudnn.so.9", SWEEP_CUDNN_LIBRARY}};
  decltype(&cudnnGetVersion) version = nullptr;
  decltype(&cudnnGetErrorString) words = nullptr;
  decltype(&cudnnCreate) create_handle = nullptr;
  decltype(&cudnnDestroy) destroy_handle = nullptr;
  decltype(&cudnnSetStream) set_stream = nullptr;
  decltype(&cudnnBackendCreateDescriptor) create = nullptr;
  decltype(&cudnnBackendDestroyDescriptor) destroy = nullptr;
  decltype(&cudnnBackendSetAttribute) set = nullptr;
  decltype(&cudnnBackendGetAttribute) get = nullptr;
  decltype(&cudnnBackendFinalize) finalize = nullptr;
  decltype(&cudnnBackendExecute) execute = nullptr;

  Api() {
    library.find("cudnnGetVersion", version);
    library.find("cudnnGetErrorString", words);
    library.find("cudnnCreate", create_handle);
    library.find("cudnnDestroy", destroy_handle);
    library.find("cudnnSetStream", set_stream);
    library.find("cudnnBackendCreateDescriptor", create);
    library.find("cudnnBackendDestroyDescriptor", destroy);
    library.find("cudnnBackendSetAttribute", set);
    library.find("cudnnBackendGetAttribute", get);
    library.find("cudnnBackendFinalize", finalize);
    library.find("cudnnBackendExecute", execute);
    if (version() / 10000 != CUDNN_MAJOR)
      throw core::EnvironmentError("cudnn", "is version " + std::to_string(version()),
                                   "version " + std::to_string(CUDNN_MAJOR) + " is needed");
  }
};

inline const Api& api() {
  static const Api opened;
  return opened;
}

/// Throws what `status` means, unless it is success. `operation`: what the call is about.
inline void require(cudnnStatus_t status, const std::string& operation, const char* call) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  throw core::EnvironmentError("cudnn", operation + ": " + call + ": " + api().words(status),
                               "use numerics portable, or another precision");
}

/// A descriptor with its owner. `about` is the operation, for messages.
class Descriptor {
 public:
  Descriptor(cudnnBackendDescriptorType_t type, std::string about) : about_(std::move(about)) {
    require(api().create(type, &handle_), about_, "cudnnBackendCreateDescriptor");
  }
  Descriptor(Descriptor&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), about_(std::move(other.about_)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(about_, other.about_);
    return *this;
  }
  ~Descriptor() {
    if (handle_ != nullptr) (void)api().destroy(handle_);
  }

  template <class T>
  Descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, const std::vector<T>& values) {
    require(api().set(handle_, name, type, static_cast<std::int64_t>(values.size()), values.data()), about_,
            "cudnnBackendSetAttribute");
    return *this;
  }
  template <class T>
  Descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, T value) {
    return set(name, type, std::vector<T>{value});
  }
  Descriptor& set(cudnnBackendAttributeName_t name, const Descriptor& value) {
    return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, value.handle_);
  }
  Descriptor& set(cudnnBackendAttributeName_t name, const std::vector<Descriptor>& values) {
    std::vector<cudnnBackendDescriptor_t> handles;
    for (const Descriptor& one : values) handles.push_back(one.handle_);
    return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, handles);
  }

  cudnnStatus_t try_finalize() { return api().finalize(handle_); }
  Descriptor& finalize() {
    require(try_finalize(), about_, "cudnnBackendFinalize");
    return *this;
  }

  /// The elements of an attribute, at most `most`.
  template <class T>
  std::vector<T> get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t most) const {
    std::vector<T> values(static_cast<std::size_t>(most));
    std::int64_t count = 0;
    require(api().get(handle_, name, type, most, &count, values.data()), about_, "cudnnBackendGetAttribute");
    values.resize(static_cast<std::size_t>(std::min(count, most)));
    return values;
  }
  std::int64_t number(cudnnBackendAttributeName_t name) const {
    const auto values = get<std::int64_t>(name, CUDNN_TYPE_INT64, 1);
    return values.empty() ? 0 : values.front();
  }
  std::string text(cudnnBackendAttributeName_t name) const {
    std::int64_t bytes = 0;
    require(api().get(handle_, name, CUDNN_TYPE_CHAR, 0, &bytes, nullptr), about_, "cudnnBackendGetAttribute");
    const auto characters = get<char>(name, CUDNN_TYPE_CHAR, bytes);
    const std::string text(characters.begin(), characters.end());
    return text.substr(0, text.find('\0'));
  }
  /// Fills `into`, made empty by the caller, with the descriptors of an attribute; how many there are.
  std::size_t descriptors(cudnnBackendAttributeName_t name, std::vector<Descriptor>& into) const {
    std::vector<cudnnBackendDescriptor_t> handles;
    for (const Descriptor& one : into) handles.push_back(one.handle_);
    std::int64_t count = 0;
    require(api().get(handle_, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<std::int64_t>(handles.size()), &count,
                      handles.data()),
            about_, "cudnnBackendGetAttribute");
    return static_cast<std::size_t>(std::min<std::int64_t>(count, static_cast<std::int64_t>(into.size())));
  }

  cudnnBackendDescriptor_t handle() const { return handle_; }
  const std::string& about() const { return about_; }

 private:
  cudnnBackendDescriptor_t handle_ = nullptr;
  std::string about_;
};

inline std::vector<Descriptor> empty_descriptors(cudnnBackendDescriptorType_t type, const std::string& about,
                                                 std::size_t count) {
  std::vector<Descriptor> made;
  for (std::size_t i = 0; i < count; ++i) made.emplace_back(type, about);
  return made;
}

}  // namespace kernels::fast
