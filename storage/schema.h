#ifndef STEELYARD_STORAGE_SCHEMA_H_
#define STEELYARD_STORAGE_SCHEMA_H_

#include <span>

#include "absl/status/status.h"
#include "storage/database.h"

// The tables of a store, and how older ones become today's.  README.md here
// describes them.
namespace steelyard::storage {

// PRAGMA application_id of every store: "Stly".
inline constexpr int kApplicationId = 0x53746c79;

// Step k, from 0 on, makes a store of version k + 1 from one of version k.  A
// step that was released never changes.
std::span<const char* const> Migrations();

// Brings the open file to the version of the last step, each step in a
// transaction of its own.  An empty database becomes a store.
//
// Errors: FailedPrecondition when the file is another program's, or of a newer
// version (naming both).
absl::Status Migrate(Database& database, std::span<const char* const> steps);

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_SCHEMA_H_
