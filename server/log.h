#ifndef STEELYARD_SERVER_LOG_H_
#define STEELYARD_SERVER_LOG_H_

#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// The server's log: a line an event on stderr, for people and for grep.
//
//   2026-03-01T10:00:00.123Z warning worker_lost worker=w1 run=7 silent_s=20
//
// Values that hold anything but [A-Za-z0-9_.:/@+-] are put in quotes with C
// escapes, so that no text of a client's can forge a line.  Thread-safe: a line
// is one write.  Never logged: tokens, specs.
namespace steelyard::server {

enum class Severity { kInfo, kWarning, kError };

struct LogField {
  template <typename T>
  LogField(absl::string_view field_key, const T& field_value)
      : key(field_key), value(absl::StrCat(field_value)) {}

  absl::string_view key;
  std::string value;
};

// The line, without its end, as Log writes it after the time.
std::string FormatLogLine(Severity severity, absl::string_view event,
                          std::initializer_list<LogField> fields);

// `event`: lower_snake_case.
void Log(Severity severity, absl::string_view event,
         std::initializer_list<LogField> fields = {});

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_LOG_H_
