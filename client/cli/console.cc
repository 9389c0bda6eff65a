#include "client/cli/console.h"

namespace steelyard::cli {

ExitCode Fail(Console& console, const absl::Status& status) {
  console.err << Coloured(console.err_terminal, Colour::kRed, "error:") << " "
              << absl::string_view(status.message()) << '\n';
  return ExitCodeOf(status);
}

ExitCode FailUsage(Console& console, absl::string_view message) {
  Fail(console, absl::InvalidArgumentError(message));
  return ExitCode::kUsage;
}

void Hint(Console& console, absl::string_view text) {
  console.err << text << '\n';
}

void Warn(Console& console, absl::string_view text) {
  console.err << Coloured(console.err_terminal, Colour::kYellow, "warning:")
              << " " << text << '\n';
}

}  // namespace steelyard::cli
