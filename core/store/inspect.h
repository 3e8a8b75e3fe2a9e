#pragma once
// Looking at statistics files before they are trusted: the whole structure is walked in a child process, so
// that a file that makes the HDF5 library crash, hang or eat memory costs one sentence. Internal to store/.
#include <filesystem>
#include <string>
#include <vector>

namespace ql::h5 {

/// One verdict a file: empty = sound, else the sentence that says what is wrong. The caller holds h5::Lock,
/// so no other thread is inside HDF5 when the child is forked; the child takes no lock, starts no thread and
/// ends with _exit.
std::vector<std::string> inspectInChild(const std::vector<std::filesystem::path>& files);

/// What the child does with one file: opens it, checks the root attributes, walks everything. Throws
/// Error(Store | Io).
void inspectFile(const std::filesystem::path& path);

/// First bytes of HDF5 at the place where our files have them.
bool beginsLikeHdf5(const std::filesystem::path& path);

}  // namespace ql::h5
