// html_pages FOLDER: writes the sample pages, for the browser tests.
#include <cstdio>
#include <fstream>

#include "tests/sweep/html/pages.h"

namespace {

// Conditions as they mean on the command line: the page must let the same rows through, in order.
core::Json conditions() {
  core::Json all = core::Json::array();
  for (const char* condition :
       {"optimizer=adam and learning_rate<1e-3", "optimizer in (adam, 'sgd') and not width=64", "rank<=10",
        "outcome!=completed", "augment.crop=3", "augment.crop!=3", "epochs=20", "epochs>20",
        "value>=0.9 or dropout<0.1", "val_accuracy<0.9 and (width=128 or width=1024)", "replicate=0 and seed>150",
        "attempts>1", "train_loss<0.25", "trial in (7f3a9c0000000003, 7f3a9c0000000004)", "reused_from=x", "device=cpu",
        "index<5"}) {
    sweep::ReportOptions options;
    options.filter = condition;
    core::Json indices = core::Json::array();
    const auto made = sample::usual_page(120, options);
    for (const sweep::Row& row : made->page.shown.rows) indices.push_back(std::to_string(row.trial->index));
    all.push_back({{"condition", condition}, {"indices", indices}});
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: html_pages FOLDER\n", stderr), 2;
  const auto write = [&](const char* name, const sweep::Page& page) {
    std::ofstream(std::string(argv[1]) + "/" + name) << sweep::html_page(page);
  };
  write("usual.html", sample::usual_page(120)->page);
  write("large.html", sample::usual_page(2000)->page);
  write("repeats.html", sample::repeats_page()->page);
  write("wide.html", sample::wide_page(400, 30)->page);
  write("hostile.html", sample::hostile_page()->page);
  write("empty.html", sample::empty_page()->page);
  std::ofstream(std::string(argv[1]) + "/conditions.json") << core::canonical_json(conditions());
  return 0;
}
