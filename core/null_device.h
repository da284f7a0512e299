// A descriptor that gives nothing and takes anything. Called by whoever starts processes.
#pragma once

namespace core {

/// Of /dev/null, for reading and writing, closed on exec, above those of the standard streams; where there is none (an
/// empty root), of an empty file in memory. -1, with errno set, where neither can be opened. The caller closes it.
int open_null();

}  // namespace core
