#include "server/reader_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"

namespace steelyard::server {

absl::StatusOr<std::unique_ptr<ReaderPool>> ReaderPool::Start(
    const Options& options) {
  std::unique_ptr<ReaderPool> pool(new ReaderPool(options.max_waiting_calls));
  for (int i = 0; i < options.threads; ++i) {
    STEELYARD_ASSIGN_OR_RETURN(
        std::unique_ptr<storage::Reader> reader,
        storage::Reader::Open(options.data_dir, options.query_limit));
    pool->readers_.push_back(std::move(reader));
  }
  for (const std::unique_ptr<storage::Reader>& reader : pool->readers_) {
    pool->threads_.emplace_back(
        [pool = pool.get(), reader = reader.get()] { pool->Run(*reader); });
  }
  return pool;
}

ReaderPool::~ReaderPool() {
  {
    const MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

absl::Status ReaderPool::Post(Work work) {
  {
    const MutexLock lock(mu_);
    if (calls_.size() >= max_waiting_calls_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("server: ", max_waiting_calls_,
                       " calls wait already, which is the limit; try again "
                       "later"));
    }
    calls_.push_back(std::move(work));
  }
  changed_.NotifyOne();
  return absl::OkStatus();
}

void ReaderPool::PostAdmitted(Work work) {
  {
    const MutexLock lock(mu_);
    admitted_.push_back(std::move(work));
  }
  changed_.NotifyOne();
}

void ReaderPool::Run(storage::Reader& reader) {
  while (Work work = Next()) work(reader);
}

// Waits for the next piece of work; nothing when the pool ends.
ReaderPool::Work ReaderPool::Next() {
  const MutexLock lock(mu_);
  while (calls_.empty() && admitted_.empty()) {
    if (stopping_) return Work();
    changed_.Wait(mu_);
  }
  // In turns: 10,000 watchers that wake at once must not hold up a call.
  call_is_next_ = !call_is_next_;
  const bool take_call =
      admitted_.empty() || (call_is_next_ && !calls_.empty());
  std::deque<Work>& queue = take_call ? calls_ : admitted_;
  Work work = std::move(queue.front());
  queue.pop_front();
  return work;
}

}  // namespace steelyard::server
