#include "storage/file_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using absl::StatusCode;

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

class FileStoreTest : public testing::Test {
 protected:
  std::string folder() const { return folder_.path() + "/files"; }

  TempFolder folder_;
  const FileStore store_ = FileStore::Open(folder_.path()).value();
};

// The hash of the empty string and of "abc" as FIPS 180-4 has them.
TEST_F(FileStoreTest, HashesAreSha256) {
  EXPECT_EQ(HashOf("").hex,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HashOf("abc").hex,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(FileStoreTest, WhatIsPutIsThereUnderItsHash) {
  const std::string bytes("\0\xff\n", 3);
  const Sha256 sha256 = store_.Put(bytes).value();
  EXPECT_EQ(sha256, HashOf(bytes));
  EXPECT_TRUE(store_.Has(sha256));
  EXPECT_EQ(store_.SizeBytes(sha256).value(), 3);
  EXPECT_EQ(store_.Get(sha256).value(), bytes);
  EXPECT_EQ(store_.Path(sha256), folder() + "/" + sha256.hex);
  EXPECT_EQ(NamesIn(folder()), std::vector<std::string>{sha256.hex});
}

TEST_F(FileStoreTest, TheSameBytesAreKeptOnce) {
  ASSERT_THAT(store_.Put("same"), IsOk());
  ASSERT_THAT(store_.Put("same"), IsOk());
  EXPECT_EQ(NamesIn(folder()).size(), 1u);
  // A damaged file is healed by the same bytes.
  std::ofstream(store_.Path(HashOf("same"))) << "some";
  EXPECT_THAT(store_.Get(HashOf("same")),
              StatusIs(StatusCode::kDataLoss, HashOf("some").hex));
  ASSERT_THAT(store_.Put("same"), IsOk());
  EXPECT_EQ(store_.Get(HashOf("same")).value(), "same");
}

TEST_F(FileStoreTest, WhatIsRemovedIsGone) {
  const Sha256 sha256 = store_.Put("bytes").value();
  EXPECT_THAT(store_.Remove(sha256), IsOk());
  EXPECT_FALSE(store_.Has(sha256));
  EXPECT_THAT(store_.Get(sha256), StatusIs(StatusCode::kNotFound, sha256.hex));
  EXPECT_THAT(store_.Remove(sha256), IsOk());
}

TEST_F(FileStoreTest, AHashThatIsNoneLeadsNowhere) {
  std::ofstream(folder_.path() + "/secret") << "secret";
  for (const std::string hex :
       {"../secret", "", "abc", "/etc/passwd",
        "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"}) {
    const Sha256 sha256 = {hex};
    EXPECT_FALSE(IsSha256(sha256));
    EXPECT_FALSE(store_.Has(sha256));
    EXPECT_THAT(store_.Get(sha256), StatusIs(StatusCode::kNotFound, "files"));
    EXPECT_THAT(store_.StartUpload(sha256, 1),
                StatusIs(StatusCode::kInvalidArgument, "sha256"));
    EXPECT_THAT(store_.Remove(sha256), IsOk());
  }
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/secret"));
}

TEST_F(FileStoreTest, AnUploadAppearsWhenItIsFinished) {
  const Sha256 sha256 = HashOf("abcdef");
  auto upload = store_.StartUpload(sha256, 6).value();
  ASSERT_THAT(upload->Append("abc"), IsOk());
  ASSERT_THAT(upload->Append("def"), IsOk());
  EXPECT_FALSE(store_.Has(sha256));
  ASSERT_THAT(upload->Finish(), IsOk());
  EXPECT_EQ(store_.Get(sha256).value(), "abcdef");
  upload.reset();
  EXPECT_EQ(NamesIn(folder()), std::vector<std::string>{sha256.hex});
}

TEST_F(FileStoreTest, AnUploadMustBeWhatWasAnnounced) {
  auto other = store_.StartUpload(HashOf("abc"), 3).value();
  ASSERT_THAT(other->Append("abd"), IsOk());
  EXPECT_THAT(other->Finish(),
              StatusIs(StatusCode::kInvalidArgument, HashOf("abd").hex));
  auto shorter = store_.StartUpload(HashOf("abc"), 4).value();
  ASSERT_THAT(shorter->Append("abc"), IsOk());
  EXPECT_THAT(shorter->Finish(),
              StatusIs(StatusCode::kInvalidArgument, "want 4 bytes"));
  auto longer = store_.StartUpload(HashOf("abc"), 2).value();
  EXPECT_THAT(longer->Append("abc"),
              StatusIs(StatusCode::kInvalidArgument, "at least 3"));
  EXPECT_THAT(longer->Finish(),
              StatusIs(StatusCode::kInvalidArgument, "at least 3"));
  EXPECT_THAT(store_.StartUpload(HashOf("abc"), -1),
              StatusIs(StatusCode::kInvalidArgument, "size_bytes"));
  for (auto* upload : {&other, &shorter, &longer}) upload->reset();
  EXPECT_TRUE(NamesIn(folder()).empty());
}

TEST_F(FileStoreTest, AnUnfinishedUploadLeavesNothing) {
  auto upload = store_.StartUpload(HashOf("abc"), 3).value();
  ASSERT_THAT(upload->Append("ab"), IsOk());
  EXPECT_EQ(NamesIn(folder()).size(), 1u);
  upload.reset();
  EXPECT_TRUE(NamesIn(folder()).empty());
}

TEST_F(FileStoreTest, ManyThreadsMayPutTheSameBytes) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int k = 0; k < 10; ++k) EXPECT_THAT(store_.Put("same"), IsOk());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_.Get(HashOf("same")).value(), "same");
  EXPECT_EQ(NamesIn(folder()).size(), 1u);
}

// A limit on the size of files stands for a full disk: the kernel refuses the
// write of a part the same way.
TEST_F(FileStoreTest, AFullDiskIsSaidAndLeavesNothing) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit low = before;
  low.rlim_cur = 1000;
  setrlimit(RLIMIT_FSIZE, &low);
  const absl::Status put = store_.Put(std::string(1001, 'x')).status();
  auto upload = store_.StartUpload(HashOf("x"), 2000).value();
  const absl::Status fits = upload->Append(std::string(1000, 'x'));
  const absl::Status full = upload->Append("x");
  const absl::Status finish = upload->Finish();
  upload.reset();
  setrlimit(RLIMIT_FSIZE, &before);

  EXPECT_THAT(put, StatusIs(StatusCode::kResourceExhausted, "write"));
  EXPECT_THAT(fits, IsOk());
  EXPECT_THAT(full, StatusIs(StatusCode::kResourceExhausted, "write"));
  EXPECT_THAT(finish, StatusIs(StatusCode::kResourceExhausted, "write"));
  EXPECT_TRUE(NamesIn(folder()).empty());
  EXPECT_THAT(store_.Put("later"), IsOk());
}

}  // namespace
}  // namespace steelyard::storage
