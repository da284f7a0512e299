// The page's style and script as they are built in: page.css from web/src, and page.js, bundled by npm's esbuild from
// the other sources there; empty where there was no npm. Inside of html/.
#pragma once

#include <vector>

#include "core/embedded_file.h"

namespace sweep {

const std::vector<core::EmbeddedFile>& web_files();

}  // namespace sweep
