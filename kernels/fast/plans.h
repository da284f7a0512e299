// What a trial under fast-1 computes by: each operation's choice is made once, or taken from the record, and kept.
// Callers: cuda_fast.cpp, tests. It opens a library when the first operation wants it: an MLP makes no handle of cuDNN.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/fast/cudnn.h"
#include "kernels/fast/product.h"

namespace kernels::fast {

class Plans {
 public:
  struct Libraries {
    std::function<std::unique_ptr<Cudnn>()> open_cudnn;
    std::function<std::unique_ptr<ProductLibrary>()> open_products;
  };
  struct ProductPlan {
    Algorithm algorithm;
    std::uint64_t workspace_bytes;
  };

  /// `recorded`: the choices of an earlier run of the trial. An operation that they hold is computed by them or not at
  /// all; one that they do not hold is chosen anew.
  Plans(Libraries libraries, std::vector<Choice> recorded);

  /// Errors: EnvironmentError; NotRebuilt. What is returned lives as long as this.
  const ConvolutionPlan& convolution(const Convolution& convolution);
  const ProductPlan& product(const Product& product);
  /// For a product with an epilogue, which may be done without: null where the library offers no algorithm, or where
  /// the record has the product without it.
  const ProductPlan* fused(const Product& product);
  /// The library of the products. Requires: product() was called.
  ProductLibrary& products();

  /// The choices, recorded or new, that were first used since this was asked last, in that order.
  std::vector<Choice> take_choices();

 private:
  const Choice* recorded(const std::string& operation) const;
  const ProductPlan& keep(const Product& product, Choice choice);
  Cudnn& cudnn();

  Libraries libraries_;
  std::map<std::string, Choice> recorded_;
  std::unique_ptr<Cudnn> cudnn_;
  std::unique_ptr<ProductLibrary> products_;
  std::map<std::string, std::unique_ptr<ConvolutionPlan>> convolution_plans_;
  std::map<std::string, std::optional<ProductPlan>> product_plans_;  ///< nothing: looked for in vain
  std::vector<Choice> choices_;
};

}  // namespace kernels::fast
