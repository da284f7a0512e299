// What a trial under fast-1 computes by: each operation's choice is made once, or taken from the record, and kept.
// Callers: table.cpp, tests. It opens a library when the first operation wants it: an MLP makes no handle of cuDNN.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/fast/cudnn.h"
#include "kernels/fast/product.h"

namespace kernels::fast {

/// How a product is computed.
struct ProductPlan {
  Algorithm algorithm;
  std::uint64_t workspace_bytes;
};

class Plans {
 public:
  struct Libraries {
    std::function<std::unique_ptr<Cudnn>()> open_cudnn;
    std::function<std::unique_ptr<ProductLibrary>()> open_products;
    /// Whether calls are being written down and not run: no library may be asked then, what it does would end up in
    /// the graph or break it. Empty: never.
    std::function<bool()> is_recording{};
  };

  /// `recorded`: the choices of an earlier run of the trial. An operation that they hold is computed by them or not at
  /// all; one that they do not hold is chosen anew.
  Plans(Libraries libraries, std::vector<Choice> recorded);

  /// Requires: an operation that is recorded into a graph was asked for before. Errors: EnvironmentError; NotRebuilt.
  /// What is returned lives as long as this.
  const ConvolutionPlan& convolution(const Convolution& convolution);
  const ProductPlan& product(const Product& product);
  /// For an operation with an epilogue, which may be done without: null where the library offers nothing, or where the
  /// record has the operation without it.
  const ConvolutionPlan* fused(const Convolution& convolution);
  const ProductPlan* fused(const Product& product);
  /// The library of the products. Requires: product() was called.
  ProductLibrary& products();

  /// The choices, recorded or new, that were first used since this was asked last, in that order.
  std::vector<Choice> take_choices();

 private:
  /// By operation; null: looked for in vain.
  template <class Plan>
  using Known = std::map<std::string, std::unique_ptr<const Plan>>;
  template <class Plan>
  struct Made {
    Choice choice;
    std::unique_ptr<const Plan> plan;
  };

  const Choice* recorded(const std::string& operation) const;
  template <class Operation, class Plan>
  const Plan* find(const Operation& operation, Known<Plan>& known);
  /// By the record where there is one; a null plan where it is done without.
  Made<ConvolutionPlan> make(const Convolution& convolution, const Choice* was);
  Made<ProductPlan> make(const Product& product, const Choice* was);
  Cudnn& cudnn();

  Libraries libraries_;
  std::map<std::string, Choice> recorded_;
  std::unique_ptr<Cudnn> cudnn_;
  std::unique_ptr<ProductLibrary> products_;
  Known<ConvolutionPlan> convolutions_;
  Known<ProductPlan> product_plans_;
  std::vector<Choice> choices_;
};

}  // namespace kernels::fast
