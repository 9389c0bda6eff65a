#include "server/run_filter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/names.h"
#include "support/status_macros.h"

namespace steelyard::server {
namespace {

enum class TokenKind { kWord, kText, kEquals, kOther, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  int column = 1;
};

absl::Status FaultAt(int column, absl::string_view message) {
  return absl::InvalidArgumentError(
      absl::StrCat("filter:", column, ": ", message));
}

absl::Status Unexpected(const Token& token, absl::string_view want) {
  return FaultAt(token.column,
                 absl::StrCat("want ", want, ", got ",
                              token.kind == TokenKind::kEnd
                                  ? std::string("the end of the filter")
                                  : Quoted(token.text)));
}

// Cuts the text into tokens, counting columns in characters.
class Lexer {
 public:
  explicit Lexer(absl::string_view text) : rest_(text) {}

  absl::StatusOr<Token> Next() {
    while (!rest_.empty() && absl::ascii_isspace(Front())) Take();
    Token token;
    token.column = column_;
    if (rest_.empty()) return token;
    if (rest_[0] == '"') return QuotedText(std::move(token));
    if (IsWord(rest_[0])) {
      token.kind = TokenKind::kWord;
      while (!rest_.empty() && IsWord(rest_[0])) token.text += Take();
      return token;
    }
    token.kind = rest_[0] == '=' ? TokenKind::kEquals : TokenKind::kOther;
    token.text = std::string(1, Take());
    return token;
  }

 private:
  static bool IsWord(char c) {
    return !absl::ascii_isspace(static_cast<unsigned char>(c)) && c != '"' &&
           c != '=' && c != '(' && c != ')';
  }

  unsigned char Front() const { return static_cast<unsigned char>(rest_[0]); }

  // A column is a character: bytes that go on with one don't count.
  char Take() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (rest_.empty() || (rest_[0] & 0xC0) != 0x80) ++column_;
    return c;
  }

  absl::StatusOr<Token> QuotedText(Token token) {
    token.kind = TokenKind::kText;
    Take();
    while (!rest_.empty() && rest_[0] != '"') {
      if (rest_[0] == '\\') {
        Take();
        if (rest_.empty() || (rest_[0] != '"' && rest_[0] != '\\')) {
          return FaultAt(column_, "want \" or \\ after \\");
        }
      }
      token.text += Take();
    }
    if (rest_.empty()) {
      return FaultAt(token.column, "want a closing quote for this one");
    }
    Take();
    return token;
  }

  absl::string_view rest_;
  int column_ = 1;
};

absl::StatusOr<FilterCondition> ParseCondition(Lexer& lexer) {
  constexpr absl::string_view kFields = "state, user or labels.K";
  STEELYARD_ASSIGN_OR_RETURN(const Token field, lexer.Next());
  if (field.kind != TokenKind::kWord) return Unexpected(field, kFields);
  STEELYARD_ASSIGN_OR_RETURN(const Token equals, lexer.Next());
  if (equals.kind != TokenKind::kEquals) {
    return Unexpected(equals, absl::StrCat("= after ", Quoted(field.text)));
  }
  STEELYARD_ASSIGN_OR_RETURN(const Token value, lexer.Next());
  if (value.kind != TokenKind::kWord && value.kind != TokenKind::kText) {
    return Unexpected(value, "a value after =");
  }
  return FilterCondition{.field = field.text,
                         .field_column = field.column,
                         .value = value.text,
                         .value_column = value.column};
}

struct StateName {
  absl::string_view name;
  storage::RunState state;
};
constexpr std::array<StateName, 6> kStates = {{
    {"QUEUED", storage::RunState::kQueued},
    {"STARTING", storage::RunState::kStarting},
    {"RUNNING", storage::RunState::kRunning},
    {"SUCCEEDED", storage::RunState::kSucceeded},
    {"FAILED", storage::RunState::kFailed},
    {"CANCELLED", storage::RunState::kCancelled},
}};

absl::Status AddState(const FilterCondition& condition,
                      storage::RunFilter* filter) {
  const std::string upper = absl::AsciiStrToUpper(condition.value);
  absl::string_view name = upper;
  absl::ConsumePrefix(&name, "RUN_STATE_");
  const auto* found =
      std::find_if(kStates.begin(), kStates.end(),
                   [&](const StateName& state) { return state.name == name; });
  if (found == kStates.end()) {
    return FaultAt(condition.value_column,
                   absl::StrCat("want QUEUED, STARTING, RUNNING, SUCCEEDED, "
                                "FAILED or CANCELLED, got ",
                                Quoted(condition.value)));
  }
  if (filter->state.has_value() && *filter->state != found->state) {
    return FaultAt(condition.field_column,
                   "want one state, got a second: no run has two");
  }
  filter->state = found->state;
  return absl::OkStatus();
}

absl::Status AddUser(const FilterCondition& condition,
                     storage::RunFilter* filter) {
  if (condition.value.empty()) {
    return FaultAt(condition.value_column, "want a user's name, got \"\"");
  }
  if (!filter->user.empty() && filter->user != condition.value) {
    return FaultAt(condition.field_column,
                   "want one user, got a second: no run has two");
  }
  filter->user = condition.value;
  return absl::OkStatus();
}

absl::Status AddCondition(const FilterCondition& condition,
                          storage::RunFilter* filter) {
  if (condition.field == "state") return AddState(condition, filter);
  if (condition.field == "user") return AddUser(condition, filter);
  absl::string_view key = condition.field;
  if (!absl::ConsumePrefix(&key, "labels.")) {
    return FaultAt(condition.field_column,
                   absl::StrCat("want state, user or labels.K, got ",
                                Quoted(condition.field)));
  }
  if (!IsLabel(key)) {
    return FaultAt(condition.field_column,
                   absl::StrCat("want a key of 1-63 of [a-z0-9-_.] after "
                                "labels., got ",
                                Quoted(key)));
  }
  filter->labels.emplace_back(std::string(key), condition.value);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<FilterCondition>> ParseFilter(
    absl::string_view filter) {
  std::vector<FilterCondition> conditions;
  if (absl::StripAsciiWhitespace(filter).empty()) return conditions;
  Lexer lexer(filter);
  while (true) {
    STEELYARD_ASSIGN_OR_RETURN(FilterCondition condition,
                               ParseCondition(lexer));
    conditions.push_back(std::move(condition));
    STEELYARD_ASSIGN_OR_RETURN(const Token next, lexer.Next());
    if (next.kind == TokenKind::kEnd) return conditions;
    if (next.kind != TokenKind::kWord || next.text != "AND") {
      return Unexpected(next, "AND or the end of the filter");
    }
  }
}

absl::StatusOr<storage::RunFilter> ParseRunFilter(absl::string_view filter,
                                                  int64_t limit_bytes) {
  if (static_cast<int64_t>(filter.size()) > limit_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "filter: want at most ", limit_bytes, " bytes, got ", filter.size()));
  }
  STEELYARD_ASSIGN_OR_RETURN(const std::vector<FilterCondition> conditions,
                             ParseFilter(filter));
  storage::RunFilter result;
  for (const FilterCondition& condition : conditions) {
    STEELYARD_RETURN_IF_ERROR(AddCondition(condition, &result));
  }
  return result;
}

}  // namespace steelyard::server
