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
    EXPECT_THAT(store_.Remove(sha256), IsOk());
  }
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/secret"));
}

TEST_F(FileStoreTest, AFileIsAdoptedUnderItsHash) {
  const std::string path = folder_.path() + "/elsewhere";
  std::ofstream(path) << "abc";
  ASSERT_THAT(store_.Adopt(path, HashOf("abc")), IsOk());
  EXPECT_EQ(store_.Get(HashOf("abc")).value(), "abc");
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(store_.Adopt(path, HashOf("abc")),
              StatusIs(StatusCode::kNotFound, "elsewhere"));
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

TEST_F(FileStoreTest, AFileIsReadInStretchesAndItsHashIsChecked) {
  const Sha256 sha256 = store_.Put("abcdefg").value();
  const auto reading = store_.StartReading(sha256).value();
  EXPECT_EQ(reading->Next(3).value(), "abc");
  // Whoever reads keeps what he opened.
  ASSERT_THAT(store_.Remove(sha256), IsOk());
  EXPECT_EQ(reading->Next(3).value(), "def");
  EXPECT_EQ(reading->Next(3).value(), "g");
  EXPECT_EQ(reading->Next(3).value(), "");
  EXPECT_EQ(reading->Next(3).value(), "");
  EXPECT_THAT(store_.StartReading(sha256),
              StatusIs(StatusCode::kNotFound, sha256.hex));

  ASSERT_THAT(store_.Put("abcdefg"), IsOk());
  std::ofstream(store_.Path(sha256)) << "abcdefx";
  const auto damaged = store_.StartReading(sha256).value();
  EXPECT_EQ(damaged->Next(100).value(), "abcdefx");
  EXPECT_THAT(damaged->Next(100),
              StatusIs(StatusCode::kDataLoss, "got 7 bytes"));
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
  setrlimit(RLIMIT_FSIZE, &before);

  EXPECT_THAT(put, StatusIs(StatusCode::kResourceExhausted, "write"));
  EXPECT_TRUE(NamesIn(folder()).empty());
  EXPECT_THAT(store_.Put("later"), IsOk());
}

// The disk took a part of the bytes before it was full.
TEST_F(FileStoreTest, BytesThatTheDiskRefusedMayBeAppendedAgain) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit low = before;
  low.rlim_cur = 1000;
  const std::string first(900, 'x');
  const std::string second(300, 'y');
  auto upload = store_.StartWriting(HashOf(first + second), 1200).value();
  setrlimit(RLIMIT_FSIZE, &low);
  const absl::Status fits = upload->Append(first);
  const absl::Status full = upload->Append(second);
  setrlimit(RLIMIT_FSIZE, &before);

  EXPECT_THAT(fits, IsOk());
  EXPECT_THAT(full, StatusIs(StatusCode::kResourceExhausted, "write"));
  ASSERT_THAT(upload->Append(second), IsOk());
  ASSERT_THAT(upload->Finish(), IsOk());
  EXPECT_EQ(store_.Get(HashOf(first + second)).value(), first + second);
}

}  // namespace
}  // namespace steelyard::storage
