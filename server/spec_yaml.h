#ifndef STEELYARD_SERVER_SPEC_YAML_H_
#define STEELYARD_SERVER_SPEC_YAML_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "server/spec_check.h"
#include "steelyard/v1/run_service.pb.h"

// A spec's text becomes a RunSpec.
//
// The text is YAML 1.2's core schema (JSON is a part of it) without aliases,
// anchors, tags and repeated keys, one document.  One walk goes over its tree
// beside RunSpec's descriptor, so that every fault is found at once and has a
// place.  The server opens no file: `file: PATH` is looked up in the request.
namespace steelyard::server {

struct SpecNode;

// Where the fields of a parsed spec stand.
class SpecPlaces {
 public:
  // For a spec that did not come from a text: every fault is without a place.
  SpecPlaces() = default;
  explicit SpecPlaces(std::shared_ptr<const SpecNode> root);

  // Writes line, column and set_number of `path`, or of what it is part of when
  // the path itself is not in the text.  All 0 where nothing of it is.
  void Place(const std::string& path, v1::SpecFault* fault) const;

 private:
  std::shared_ptr<const SpecNode> root_;
};

// What came out of a text.
struct ParsedSpec {
  // `spec` holds what could be read, without defaults; `unresolved_files` and
  // `faults` are as ParseSpec's answer wants them.  `normalized_spec` is left
  // to the caller, who knows the datasets.
  v1::ParseSpecResponse response;
  SpecPlaces places;

  bool ok() const {
    return response.faults().empty() && response.unresolved_files().empty();
  }
};

// Reads `request` and makes every check that needs no dataset (CheckSpec is
// among them; what only follows from a fault in the text is left out).  A text
// that is not YAML, or beyond a limit, has that one fault.
//
// Cost: up to about a second and 300 MiB for a text at its limits: not for a
// thread that others wait for.
ParsedSpec ParseSpec(const v1::ParseSpecRequest& request,
                     const SpecLimits& limits);

// Adds faults that are known by path alone, those of CheckAgainstSummaries for
// one: gives them their places, sorts all by place, and keeps the first
// `limits.faults`.
void AddFaults(absl::Span<const Fault> faults, const SpecLimits& limits,
               ParsedSpec* parsed);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_YAML_H_
