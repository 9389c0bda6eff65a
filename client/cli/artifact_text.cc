#include "client/cli/artifact_text.h"

#include "client/cli/number_text.h"
#include "client/cli/table.h"
#include "client/cli/time_text.h"

namespace steelyard::cli {

bool IsArtifactId(absl::string_view text) {
  constexpr size_t kLongest = 127;
  return !text.empty() && text.size() <= kLongest && text[0] != '.' &&
         text[0] != '-' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") ==
             absl::string_view::npos;
}

std::string ArtifactId(absl::string_view resource) {
  return std::string(resource.substr(resource.rfind('/') + 1));
}

std::string ArtifactTable(const std::vector<v1::Artifact>& artifacts,
                          const Viewer& viewer) {
  constexpr size_t kShownHexDigits = 12;
  Table table({{"artifact"},
               {"type"},
               {"size", Table::Align::kRight},
               {"sha256"},
               {"stored"}});
  for (const v1::Artifact& artifact : artifacts) {
    table.AddRow(
        {ArtifactId(artifact.name()), artifact.media_type(),
         BytesText(artifact.size_bytes()),
         artifact.sha256().substr(0, kShownHexDigits),
         AgoText(FromProto(artifact.create_time()), viewer.now, viewer.zone)});
  }
  return table.Text(viewer.terminal);
}

}  // namespace steelyard::cli
