#include "storage/uploads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <vector>

#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using absl::StatusCode;
using testing::IsEmpty;
using testing::SizeIs;

class UploadsTest : public testing::Test {
 protected:
  UploadsTest() { Open({}); }

  // As a new process does.
  void Open(const Uploads::Limits& limits) {
    uploads_.reset();
    auto opened =
        Uploads::Open(folder_.path(), &files_, limits, [this] { return now_; });
    ASSERT_THAT(opened, IsOk());
    uploads_ = *std::move(opened);
  }

  static Uploads::Key KeyOf(const std::string& bytes,
                            const std::string& user = "ann") {
    return {user, HashOf(bytes)};
  }

  std::unique_ptr<Uploads::Upload> Begin(const Uploads::Key& key, int64_t size,
                                         int64_t offset = 0) {
    auto upload = uploads_->Start(key, size, offset).value();
    while (!upload->TakeUp().value()) {
    }
    return upload;
  }
  // What is left when the upload of `bytes` breaks off behind `count` of them.
  void Break(const std::string& bytes, size_t count,
             const std::string& user = "ann") {
    const auto upload =
        Begin(KeyOf(bytes, user), static_cast<int64_t>(bytes.size()));
    ASSERT_THAT(upload->Append(bytes.substr(0, count)), IsOk());
  }
  int64_t Held(const std::string& bytes, const std::string& user = "ann") {
    const auto state = uploads_->Find(KeyOf(bytes, user));
    return state.ok() ? state->size_bytes : -1;
  }
  // The files in a folder of the store.
  std::vector<std::string> PathsIn(const std::string& name) {
    std::vector<std::string> paths;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path() + "/" + name)) {
      paths.push_back(entry.path());
    }
    return paths;
  }
  // Makes the only file on its way older.
  void Age(absl::Duration age) {
    const auto paths = PathsIn("uploads");
    ASSERT_THAT(paths, SizeIs(1));
    std::filesystem::last_write_time(
        paths[0], std::filesystem::last_write_time(paths[0]) -
                      absl::ToChronoSeconds(age));
  }

  TempFolder folder_;
  const FileStore files_ = FileStore::Open(folder_.path()).value();
  absl::Time now_ = absl::Now();
  std::unique_ptr<Uploads> uploads_;
};

TEST_F(UploadsTest, AFileAppearsWhenItIsFinished) {
  const auto upload = Begin(KeyOf("abcdef"), 6);
  ASSERT_THAT(upload->Append("abc"), IsOk());
  ASSERT_THAT(upload->Append("def"), IsOk());
  EXPECT_FALSE(files_.Has(HashOf("abcdef")));
  ASSERT_THAT(upload->Finish(), IsOk());
  EXPECT_EQ(files_.Get(HashOf("abcdef")).value(), "abcdef");
  EXPECT_THAT(PathsIn("uploads"), IsEmpty());
}

TEST_F(UploadsTest, WhatBrokeOffIsContinuedInALaterProcess) {
  const std::string bytes = "0123456789";
  for (size_t count = 1; count <= bytes.size(); ++count) {
    Break(bytes, count);
    Open({});
    const auto there = static_cast<int64_t>(count);
    EXPECT_EQ(Held(bytes), there);
    auto upload = Begin(KeyOf(bytes), 10, there);
    ASSERT_THAT(upload->Append(bytes.substr(count)), IsOk());
    ASSERT_THAT(upload->Finish(), IsOk());
    EXPECT_EQ(files_.Get(HashOf(bytes)).value(), bytes);
    EXPECT_EQ(Held(bytes), -1);
    ASSERT_THAT(files_.Remove(HashOf(bytes)), IsOk());
  }
}

TEST_F(UploadsTest, ItMayBreakOffAgainAndAgain) {
  Break("abcdef", 1);
  for (int64_t at = 1; at < 5; ++at) {
    const auto upload = Begin(KeyOf("abcdef"), 6, at);
    ASSERT_THAT(upload->Append(std::string(1, "abcdef"[at])), IsOk());
  }
  const auto last = Begin(KeyOf("abcdef"), 6, 5);
  ASSERT_THAT(last->Append("f"), IsOk());
  EXPECT_THAT(last->Finish(), IsOk());
}

// More than one stretch is read back.
TEST_F(UploadsTest, ALargePartIsReadBackInStretches) {
  std::string bytes(size_t{70} << 20, 'x');
  bytes.back() = 'y';
  const auto size = static_cast<int64_t>(bytes.size());
  Break(bytes, bytes.size() - 1);
  const auto upload = uploads_->Start(KeyOf(bytes), size, size - 1).value();
  EXPECT_FALSE(upload->TakeUp().value());
  EXPECT_TRUE(upload->TakeUp().value());
  ASSERT_THAT(upload->Append("y"), IsOk());
  EXPECT_THAT(upload->Finish(), IsOk());
}

TEST_F(UploadsTest, WrongBytesAreRefusedAndForgotten) {
  Break("abcdef", 3);
  {
    const auto upload = Begin(KeyOf("abcdef"), 6, 3);
    ASSERT_THAT(upload->Append("xyz"), IsOk());
    EXPECT_THAT(upload->Finish(),
                StatusIs(StatusCode::kInvalidArgument, HashOf("abcxyz").hex));
  }
  EXPECT_EQ(Held("abcdef"), -1);
  EXPECT_THAT(PathsIn("uploads"), IsEmpty());
  EXPECT_THAT(PathsIn("files"), IsEmpty());
}

// As a power cut can leave it.
TEST_F(UploadsTest, ADamagedPartIsFoundByTheHashOfTheWhole) {
  Break("abcdef", 3);
  std::ofstream(PathsIn("uploads").front()) << std::string(3, '\0');
  const auto upload = Begin(KeyOf("abcdef"), 6, 3);
  ASSERT_THAT(upload->Append("def"), IsOk());
  EXPECT_THAT(upload->Finish(), StatusIs(StatusCode::kInvalidArgument, "want"));
}

TEST_F(UploadsTest, MoreBytesThanAnnouncedAreRefusedAndForgotten) {
  {
    const auto upload = Begin(KeyOf("abc"), 2);
    EXPECT_THAT(upload->Append("abc"),
                StatusIs(StatusCode::kInvalidArgument, "at least 3"));
    EXPECT_THAT(upload->Append(""),
                StatusIs(StatusCode::kInvalidArgument, "at least 3"));
    EXPECT_THAT(upload->Finish(),
                StatusIs(StatusCode::kInvalidArgument, "at least 3"));
  }
  EXPECT_EQ(Held("abc"), -1);
}

TEST_F(UploadsTest, MissingBytesAreWaitedFor) {
  {
    const auto upload = Begin(KeyOf("abc"), 3);
    ASSERT_THAT(upload->Append("ab"), IsOk());
    EXPECT_THAT(upload->Finish(),
                StatusIs(StatusCode::kInvalidArgument, "want 3 bytes"));
  }
  EXPECT_EQ(Held("abc"), 2);
}

TEST_F(UploadsTest, ItGoesOnWhereItBrokeOffAndNowhereElse) {
  Break("abcdef", 3);
  for (const int64_t offset : {1, 2, 4, 6}) {
    EXPECT_THAT(uploads_->Start(KeyOf("abcdef"), 6, offset),
                StatusIs(StatusCode::kFailedPrecondition, "want 0, or 3"));
  }
  // A part that is longer than the whole.
  EXPECT_THAT(uploads_->Start(KeyOf("abcdef"), 2, 3),
              StatusIs(StatusCode::kFailedPrecondition, "of 2, got 3"));
  EXPECT_EQ(Held("abcdef"), 3);
  EXPECT_THAT(uploads_->Start({"ann", Sha256{"abc"}}, 1, 0),
              StatusIs(StatusCode::kInvalidArgument, "sha256"));
  EXPECT_THAT(uploads_->Start(KeyOf("abc"), -1, 0),
              StatusIs(StatusCode::kInvalidArgument, "size_bytes"));
}

TEST_F(UploadsTest, OneFromTheBeginningForgetsWhatWasThere) {
  Break("abcdef", 5);
  Break("abcdef", 2);
  EXPECT_EQ(Held("abcdef"), 2);
  EXPECT_THAT(PathsIn("uploads"), SizeIs(1));
}

TEST_F(UploadsTest, ItIsItsUsersAlone) {
  Break("abcdef", 3, "ann");
  EXPECT_EQ(Held("abcdef", "bob"), -1);
  EXPECT_THAT(uploads_->Start(KeyOf("abcdef", "bob"), 6, 3),
              StatusIs(StatusCode::kFailedPrecondition, "want 0, or 0"));
  Break("abcdef", 4, "bob");
  EXPECT_EQ(Held("abcdef", "ann"), 3);
  // Any name at all.
  Break("abcdef", 1, "../x/\n");
  EXPECT_EQ(Held("abcdef", "../x/\n"), 1);
}

TEST_F(UploadsTest, ASecondCallGoesBesideTheFirstAndIsNotKept) {
  const auto first = Begin(KeyOf("abcdef"), 6);
  ASSERT_THAT(first->Append("abc"), IsOk());
  EXPECT_TRUE(uploads_->Find(KeyOf("abcdef"))->under_way);
  EXPECT_THAT(uploads_->Start(KeyOf("abcdef"), 6, 3),
              StatusIs(StatusCode::kFailedPrecondition, "another call"));
  {
    const auto second = Begin(KeyOf("abcdef"), 6);
    ASSERT_THAT(second->Append("abcd"), IsOk());
    EXPECT_THAT(PathsIn("uploads"), SizeIs(2));
  }
  EXPECT_THAT(PathsIn("uploads"), SizeIs(1));
  const auto third = Begin(KeyOf("abcdef"), 6);
  ASSERT_THAT(third->Append("abcdef"), IsOk());
  EXPECT_THAT(third->Finish(), IsOk());
  ASSERT_THAT(first->Append("def"), IsOk());
  EXPECT_THAT(first->Finish(), IsOk());
  EXPECT_EQ(files_.Get(HashOf("abcdef")).value(), "abcdef");
}

TEST_F(UploadsTest, ItIsForgottenWhenItIsTooOld) {
  Break("abcdef", 3);
  Age(absl::Hours(7 * 24) - absl::Minutes(1));
  EXPECT_THAT(uploads_->RemoveOld(), IsOk());
  EXPECT_EQ(Held("abcdef"), 3);
  EXPECT_THAT(uploads_->Find(KeyOf("abcdef"))->forget_time - now_,
              testing::AllOf(testing::Gt(absl::ZeroDuration()),
                             testing::Lt(absl::Minutes(2))));
  now_ += absl::Minutes(2);
  EXPECT_EQ(Held("abcdef"), -1);
  EXPECT_THAT(uploads_->Start(KeyOf("abcdef"), 6, 3),
              StatusIs(StatusCode::kFailedPrecondition, "want 0, or 0"));
  EXPECT_THAT(uploads_->RemoveOld(), IsOk());
  EXPECT_THAT(PathsIn("uploads"), IsEmpty());
}

TEST_F(UploadsTest, TheOldestGoesWhenAUserHasTooMany) {
  Open({.per_user = 2});
  Break("old", 1);
  Age(absl::Hours(1));
  Break("old", 1, "bob");
  Break("new", 1);
  EXPECT_EQ(Held("old"), 1);
  Break("newest", 1);
  EXPECT_EQ(Held("old"), -1);
  EXPECT_EQ(Held("new"), 1);
  EXPECT_EQ(Held("newest"), 1);
  EXPECT_EQ(Held("old", "bob"), 1);
}

TEST_F(UploadsTest, TheOldestGoesWhenAUserHasTooManyBytes) {
  Open({.bytes_per_user = 10});
  Break("old", 3);
  Age(absl::Hours(1));
  Break("seven__", 7);
  EXPECT_EQ(Held("old"), 3);
  ASSERT_THAT(uploads_->Start(KeyOf("one"), 1, 0), IsOk());
  EXPECT_EQ(Held("old"), -1);
  EXPECT_EQ(Held("seven__"), 7);
}

TEST_F(UploadsTest, WhatFindsNoRoomIsTakenAllTheSameAndNotKept) {
  Open({.per_user = 1});
  const auto first = Begin(KeyOf("abc"), 3);
  Break("def", 2);
  EXPECT_EQ(Held("def"), -1);
  EXPECT_THAT(PathsIn("uploads"), SizeIs(1));
  const auto second = Begin(KeyOf("def"), 3);
  ASSERT_THAT(second->Append("def"), IsOk());
  EXPECT_THAT(second->Finish(), IsOk());
}

// The process was killed: what has no name of its own is of no use.
TEST_F(UploadsTest, LooseFilesGoAtTheStart) {
  std::ofstream(folder_.path() + "/uploads/loose-1-1") << "x";
  std::ofstream(folder_.path() + "/uploads/README") << "not ours";
  Open({});
  EXPECT_THAT(PathsIn("uploads"), SizeIs(1));
}

// A limit on the size of files stands for a full disk: the kernel refuses the
// write of a part the same way.
TEST_F(UploadsTest, AFullDiskIsSaidAndLeavesNothing) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit low = before;
  low.rlim_cur = 1000;
  setrlimit(RLIMIT_FSIZE, &low);
  auto upload = Begin(KeyOf("x"), 2000);
  const absl::Status fits = upload->Append(std::string(1000, 'x'));
  const absl::Status full = upload->Append("x");
  const absl::Status finish = upload->Finish();
  upload.reset();
  setrlimit(RLIMIT_FSIZE, &before);

  EXPECT_THAT(fits, IsOk());
  EXPECT_THAT(full, StatusIs(StatusCode::kResourceExhausted, "write"));
  EXPECT_THAT(finish, StatusIs(StatusCode::kResourceExhausted, "write"));
  EXPECT_THAT(PathsIn("uploads"), IsEmpty());
}

}  // namespace
}  // namespace steelyard::storage
