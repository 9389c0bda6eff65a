#ifndef STEELYARD_SERVER_SPEC_WALK_H_
#define STEELYARD_SERVER_SPEC_WALK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "server/spec_tree.h"
#include "steelyard/v1/run_service.pb.h"
#include "steelyard/v1/spec.pb.h"

namespace steelyard::server {

// From a file's path to what stands for it: sha256/HEX.
using FileNames = google::protobuf::Map<std::string, std::string>;

// What a walk found.
struct SpecWalk {
  v1::RunSpec spec;
  std::vector<v1::SpecFile> unresolved_files;  // each path once, as they came
  std::vector<PlacedFault> faults;
  // Faults beyond those kept in `faults`.
  int32_t more_faults = 0;
  // Paths of which nothing further is to be said: their fault is named, or they
  // wait for a file, or a key that is no field was meant for them.
  std::vector<std::string> settled;
};

// Goes along `root` beside RunSpec's descriptor and sets what it can.  An
// element of a list that is wrong leaves an empty one, so that the others keep
// their places.  Prunes `root` to what it understood, each field at most once,
// with `file` renamed to `dataset`: what is left serves to look places up.
SpecWalk WalkSpec(const FileNames& files, SpecNode* root);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_WALK_H_
