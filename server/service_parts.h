#ifndef STEELYARD_SERVER_SERVICE_PARTS_H_
#define STEELYARD_SERVER_SERVICE_PARTS_H_

#include "absl/time/time.h"
#include "server/authenticator.h"
#include "server/engine_thread.h"
#include "server/reader_pool.h"
#include "steelyard/v1/admin_service.pb.h"
#include "storage/file_store.h"
#include "storage/uploads.h"

namespace steelyard::server {

// What the services work with.  All of it outlives them.
struct ServiceParts {
  EngineThread* engine = nullptr;
  ReaderPool* pool = nullptr;  // for calls that read
  // For what may take seconds: specs as text, uploads.
  ReaderPool* slow_pool = nullptr;
  Authenticator* authenticator = nullptr;
  const storage::FileStore* files = nullptr;
  storage::Uploads* uploads = nullptr;
  const storage::FileStore* artifacts = nullptr;
  const v1::Limits* limits = nullptr;
  absl::Time start_time;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SERVICE_PARTS_H_
