// The key `data` of a sweep file: a name or a path, or an object that says as well how the files are to be read. Called
// by spec_reader.cpp. Whether the files are there is for dispatch/.
#pragma once

#include "sweep/spec/reading.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// Fills `data` and `data_options` of `spec`; every problem goes to `reading`.
void read_data(Reading& reading, const Member& member, Spec& spec);

}  // namespace sweep
