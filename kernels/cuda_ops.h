// The ops of the CUDA back end, declared with the contracts of ops.h, and the one table that lists them. Defined in the
// *_cuda.cu files; used by cuda_backend.cu and, compiled for the host, by the emulated back end of the tests.
#pragma once

#include "kernels/backends.h"
#include "kernels/launch.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {

decltype(ops::gemm) gemm;
decltype(ops::next_step) next_step;
decltype(ops::store_row) store_row;
decltype(ops::shuffle_indices) shuffle_indices;
decltype(ops::gather_rows) gather_rows;
decltype(ops::gather_pixels) gather_pixels;
decltype(ops::augment_rows) augment_rows;
decltype(ops::gather_labels) gather_labels;
decltype(ops::bias_activation) bias_activation;
decltype(ops::activation_backward) activation_backward;
decltype(ops::dropout) dropout;
decltype(ops::column_sum) column_sum;
decltype(ops::conv2d) conv2d;
decltype(ops::conv2d_data) conv2d_data;
decltype(ops::conv2d_filter) conv2d_filter;
decltype(ops::max_pool2d) max_pool2d;
decltype(ops::max_pool2d_backward) max_pool2d_backward;
decltype(ops::average_pool2d) average_pool2d;
decltype(ops::average_pool2d_backward) average_pool2d_backward;
decltype(ops::batch_norm) batch_norm;
decltype(ops::batch_norm_evaluate) batch_norm_evaluate;
decltype(ops::batch_norm_backward) batch_norm_backward;
decltype(ops::softmax_cross_entropy) softmax_cross_entropy;
decltype(ops::rank_labels) rank_labels;
decltype(ops::regression_loss) regression_loss;
decltype(ops::add) add;
decltype(ops::embed) embed;
decltype(ops::embed_backward) embed_backward;
decltype(ops::layer_norm) layer_norm;
decltype(ops::layer_norm_backward) layer_norm_backward;
decltype(ops::attention) attention;
decltype(ops::attention_backward) attention_backward;
decltype(ops::initialise) initialise;
decltype(ops::sum_of_squares) sum_of_squares;
decltype(ops::sum_of_squares_all) sum_of_squares_all;
decltype(ops::clip_gradients) clip_gradients;
decltype(ops::optimizer_update) optimizer_update;
decltype(ops::optimizer_update_all) optimizer_update_all;
decltype(ops::fingerprint) fingerprint;
decltype(ops::batch_fingerprint) batch_fingerprint;

/// `table` (name and memory) with every op filled in.
inline Backend with_ops(Backend table) {
  table.gemm = gemm;
  table.next_step = next_step;
  table.store_row = store_row;
  table.shuffle_indices = shuffle_indices;
  table.gather_rows = gather_rows;
  table.gather_pixels = gather_pixels;
  table.augment_rows = augment_rows;
  table.gather_labels = gather_labels;
  table.bias_activation = bias_activation;
  table.activation_backward = activation_backward;
  table.dropout = dropout;
  table.column_sum = column_sum;
  table.conv2d = conv2d;
  table.conv2d_data = conv2d_data;
  table.conv2d_filter = conv2d_filter;
  table.max_pool2d = max_pool2d;
  table.max_pool2d_backward = max_pool2d_backward;
  table.average_pool2d = average_pool2d;
  table.average_pool2d_backward = average_pool2d_backward;
  table.batch_norm = batch_norm;
  table.batch_norm_evaluate = batch_norm_evaluate;
  table.batch_norm_backward = batch_norm_backward;
  table.softmax_cross_entropy = softmax_cross_entropy;
  table.rank_labels = rank_labels;
  table.regression_loss = regression_loss;
  table.add = add;
  table.embed = embed;
  table.embed_backward = embed_backward;
  table.layer_norm = layer_norm;
  table.layer_norm_backward = layer_norm_backward;
  table.attention = attention;
  table.attention_backward = attention_backward;
  table.initialise = initialise;
  table.sum_of_squares = sum_of_squares;
  table.sum_of_squares_all = sum_of_squares_all;
  table.clip_gradients = clip_gradients;
  table.optimizer_update = optimizer_update;
  table.optimizer_update_all = optimizer_update_all;
  table.fingerprint = fingerprint;
  table.batch_fingerprint = batch_fingerprint;
  return table;
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
