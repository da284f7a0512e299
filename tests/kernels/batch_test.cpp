// What makes a batch on the CPU: its order and its rows. And the table itself: memory, contexts, errors.
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/permutation.h"
#include "tests/kernels/cpu_contexts.h"

using kernels::cpu_backend;
using tests::Array;
using tests::cpu_contexts;

TEST_CASE("shuffle_indices gives any part of an epoch's order, and an epoch takes each sample once") {
  for (kernels::Context* context : cpu_contexts()) {
    for (std::uint32_t n : {1u, 2u, 1000u, 4097u}) {
      Array<std::uint32_t> whole(n), part(n), next(n);
      const auto shuffle = [&](Array<std::uint32_t>& out, std::uint32_t epoch, std::uint32_t first) {
        kernels::StepState state{};
        state.epoch = epoch;
        state.first = first;
        cpu_backend().shuffle_indices(*context, out.data(), n, 99, &state, n - first);
      };
      shuffle(whole, 4, 0);
      shuffle(part, 4, n / 2);
      shuffle(next, 5, 0);
      std::vector<std::uint32_t> order = whole.values();
      for (std::uint32_t i = 0; i < n; ++i) CHECK(order[i] == core::permute(i, n, 99, 4, 3u << 24));
      CHECK(std::equal(order.begin() + n / 2, order.end(), part.data()));
      if (n > 2) CHECK(next.values() != order);
      std::sort(order.begin(), order.end());
      for (std::uint32_t i = 0; i < n; ++i) CHECK(order[i] == i);
    }
  }
}

TEST_CASE("gather_rows and gather_labels copy what the indices name") {
  for (int columns : {1, 10, 784}) {
    const std::vector<float> source = tests::random_floats(static_cast<std::size_t>(50 * columns), 12);
    std::vector<std::int32_t> classes(50 * 3);
    for (int i = 0; i < 50 * 3; ++i) classes[static_cast<std::size_t>(i)] = i * i;
    std::vector<std::uint32_t> indices(131);
    for (std::uint32_t i = 0; i < indices.size(); ++i) indices[i] = i * 17 % 50;
    const Array<float> source_array(source);
    const Array<std::int32_t> classes_array(classes);
    const Array<std::uint32_t> indices_array(indices);
    for (kernels::Context* context : cpu_contexts()) {
      Array<float> rows(indices.size() * static_cast<std::size_t>(columns));
      Array<std::int32_t> labels(indices.size() * 3), single(indices.size());
      cpu_backend().gather_rows(*context, rows.data(), source_array.data(), indices_array.data(), 131, columns);
      cpu_backend().gather_labels(*context, labels.data(), classes_array.data(), indices_array.data(), 131, 3);
      cpu_backend().gather_labels(*context, single.data(), classes_array.data(), indices_array.data(), 131, 1);
      for (std::size_t i = 0; i < indices.size(); ++i) {
        CHECK(single.data()[i] == classes[indices[i]]);
        CHECK(std::equal(labels.data() + i * 3, labels.data() + i * 3 + 3, classes.data() + indices[i] * 3));
        const auto width = static_cast<std::size_t>(columns);
        CHECK(std::equal(rows.data() + i * width, rows.data() + (i + 1) * width, source.data() + indices[i] * width));
      }
    }
  }
}

TEST_CASE("gather_pixels gives each byte of a row the number that its channel has for it") {
  constexpr int kSamples = 50, kCount = 131;
  for (const auto& [columns, channels] : {std::pair{1, 1}, {784, 1}, {75, 3}, {24, 8}}) {
    const auto width = static_cast<std::size_t>(columns), group = static_cast<std::size_t>(channels);
    std::vector<std::uint8_t> bytes(kSamples * width);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 89 + i / 251);
    const std::vector<float> numbers = tests::random_floats(group * kernels::kBytes, 13);
    std::vector<std::uint32_t> part(20), chosen(kCount);  // a part of the samples, and a batch of that
    for (std::uint32_t i = 0; i < part.size(); ++i) part[i] = 49 - 2 * i;
    for (std::uint32_t i = 0; i < chosen.size(); ++i) chosen[i] = i * 7 % 20;
    const Array<std::uint8_t> source(bytes);
    const Array<float> values(numbers);
    const Array<std::uint32_t> rows(part), indices(chosen);
    const auto expected = [&](std::size_t row, std::size_t column) {
      return numbers[column % group * kernels::kBytes + bytes[row * width + column]];
    };
    for (kernels::Context* context : cpu_contexts()) {
      Array<float> batch(kCount * width), all(part.size() * width);
      cpu_backend().gather_pixels(*context, batch.data(), source.data(), rows.data(), indices.data(), kCount, columns,
                                  values.data(), channels);
      cpu_backend().gather_pixels(*context, all.data(), source.data(), rows.data(), nullptr,
                                  static_cast<int>(part.size()), columns, values.data(), channels);
      for (std::size_t i = 0; i < kCount; ++i)
        for (std::size_t j = 0; j < width; ++j) REQUIRE(batch.data()[i * width + j] == expected(part[chosen[i]], j));
      for (std::size_t i = 0; i < part.size(); ++i)
        for (std::size_t j = 0; j < width; ++j) REQUIRE(all.data()[i * width + j] == expected(part[i], j));
    }
  }
}

TEST_CASE("memory of the CPU back end is never null, aligned to 64 bytes, and goes through copies unchanged") {
  kernels::Context& context = *cpu_contexts().front();
  for (std::size_t bytes : {0u, 1u, 100u, 100000u}) {
    void* memory = cpu_backend().allocate(context, bytes);
    REQUIRE(memory != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(memory) % 64 == 0);
    const std::vector<char> text(bytes, 'x');
    std::vector<char> back(bytes, ' ');
    cpu_backend().copy_to_device(context, memory, text.data(), bytes);
    cpu_backend().copy_to_host(context, back.data(), memory, bytes);
    CHECK(back == text);
    cpu_backend().set_zero(context, memory, bytes);
    cpu_backend().synchronize(context);
    cpu_backend().copy_to_host(context, back.data(), memory, bytes);
    CHECK(back == std::vector<char>(bytes, '\0'));
    cpu_backend().release(context, memory);
  }
}

TEST_CASE("memory that the machine does not have is OutOfMemory, at once or in parts") {
  const auto context = kernels::make_cpu_context(1);
  const auto refusal = [&](std::size_t bytes) -> std::string {
    try {
      cpu_backend().release(*context, cpu_backend().allocate(*context, bytes));
    } catch (const kernels::OutOfMemory& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  const std::size_t present =
      static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::string has = " are held already and the machine has " + std::to_string(present);
  CHECK(refusal(std::numeric_limits<std::size_t>::max() / 4) ==
        "cpu: allocate: no memory for 4611686018427387903 bytes, 0" + has);
  constexpr std::size_t kPart = std::size_t{64} << 20;
  void* const held = cpu_backend().allocate(*context, kPart);
  CHECK(
      refusal(present - kPart / 2).starts_with("cpu: allocate: no memory for " + std::to_string(present - kPart / 2)));
  cpu_backend().release(*context, held);
  CHECK(refusal(present + 1).ends_with(" bytes, 0" + has));
}

TEST_CASE("a CPU context describes its processor, instruction set and threads") {
  const auto context = kernels::make_cpu_context(2, kernels::CpuIsa::kAvx2);
  const std::string text = describe_device(*context);
  CHECK(kernels::cpu_isa(*context) == kernels::CpuIsa::kAvx2);
  CHECK(text.find(", avx2, 2 threads") != std::string::npos);
  CHECK(text.front() != ',');
  CHECK(kernels::cpu_isa(*kernels::make_cpu_context(1)) != kernels::CpuIsa::kBest);
}

TEST_CASE("memory that is not there is told with the name of the tensor that wanted it") {
  const auto context = kernels::make_cpu_context(1);
  try {
    const kernels::Buffer<float> all(cpu_backend(), *context, std::size_t{1} << 50, "head.weight of 10×256");
    FAIL("there was memory for it");
  } catch (const kernels::OutOfMemory& error) {
    CHECK(std::string(error.what())
              .starts_with("head.weight of 10×256: cpu: allocate: no memory for 4503599627370496 bytes"));
  }
}
