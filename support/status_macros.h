#ifndef STEELYARD_SUPPORT_STATUS_MACROS_H_
#define STEELYARD_SUPPORT_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Early returns for absl::Status.  Debian 12's abseil has none; a newer one has
// absl/status/status_macros.h: drop this file on the day it is packaged.

// NOLINTBEGIN(bugprone-macro-parentheses): `lhs` may declare a variable, so
// that no macro here can put it in parentheses.

// Returns from the enclosing function when `expr` is an error.
#define STEELYARD_RETURN_IF_ERROR(expr)        \
  if (absl::Status steelyard_status_ = (expr); \
      !steelyard_status_.ok()) /* NOLINT */    \
  return steelyard_status_

// Declares or assigns `lhs` from a StatusOr, or returns its error.
#define STEELYARD_ASSIGN_OR_RETURN(lhs, expr)                               \
  STEELYARD_ASSIGN_OR_RETURN_1_(STEELYARD_CONCAT_(steelyard_or_, __LINE__), \
                                lhs, expr)
#define STEELYARD_ASSIGN_OR_RETURN_1_(tmp, lhs, expr) \
  auto tmp = (expr);                                  \
  if (!tmp.ok()) return std::move(tmp).status();      \
  lhs = *std::move(tmp)
#define STEELYARD_CONCAT_(a, b) STEELYARD_CONCAT_1_(a, b)
#define STEELYARD_CONCAT_1_(a, b) a##b
// NOLINTEND(bugprone-macro-parentheses)

#endif  // STEELYARD_SUPPORT_STATUS_MACROS_H_
