// Artifacts: rows in the database, bytes in files, which come in pieces.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/status_matchers.h"
#include "tests/storage/fault_vfs.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using absl::StatusCode;

// A report with the bytes from `offset` on, at most `most`.
AddReport Piece(int64_t run, int64_t attempt, const std::string& name,
                const std::string& whole, size_t offset = 0,
                size_t most = std::string::npos) {
  AddReport report = Report(run, attempt);
  report.artifact =
      ArtifactPiece{.name = name,
                    .media_type = "text/plain",
                    .sha256 = HashOf(whole),
                    .size_bytes = static_cast<int64_t>(whole.size()),
                    .offset = static_cast<int64_t>(offset),
                    .bytes = whole.substr(offset, most)};
  return report;
}

// Runs 1 and 2 have an attempt each.
class ArtifactTest : public testing::Test {
 protected:
  ArtifactTest() {
    for (const int64_t run : {1, 2}) {
      EXPECT_THAT(store_.Apply(NewRun(run)), IsOk());
      EXPECT_THAT(store_.Apply(Start(run, 1)), IsOk());
    }
  }

  std::vector<std::string> Names(int64_t run) {
    const std::vector<ArtifactRow> rows =
        store_.reader().ListArtifacts(RunId{run}, "", 100).value();
    std::vector<std::string> names;
    for (const ArtifactRow& row : rows) names.push_back(row.name);
    return names;
  }
  // The bytes of an artifact that is there.
  std::string Bytes(int64_t run, const std::string& name) {
    const ArtifactRow row =
        store_.reader().GetArtifact(RunId{run}, name).value();
    const std::string bytes = FileStore::OpenArtifacts(store_.folder().path())
                                  ->Get(row.sha256)
                                  .value();
    EXPECT_EQ(row.size_bytes, static_cast<int64_t>(bytes.size()));
    return bytes;
  }
  std::vector<std::string> Files() { return FilesIn(store_, "artifacts"); }

  TestStore store_;
};

TEST_F(ArtifactTest, AnArtifactIsTheRunsWithItsLastPiece) {
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a.txt", "abcdef", 0, 3)), IsOk());
  EXPECT_TRUE(Names(1).empty());
  EXPECT_THAT(store_.reader().GetArtifact(RunId{1}, "a.txt"),
              StatusIs(StatusCode::kNotFound, "a.txt"));
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a.txt", "abcdef", 3)), IsOk());
  store_.Reopen();
  const ArtifactRow row =
      store_.reader().GetArtifact(RunId{1}, "a.txt").value();
  EXPECT_EQ(row.name, "a.txt");
  EXPECT_EQ(row.media_type, "text/plain");
  EXPECT_EQ(row.size_bytes, 6);
  EXPECT_EQ(row.create_time, At(3000));
  EXPECT_EQ(Bytes(1, "a.txt"), "abcdef");
}

TEST_F(ArtifactTest, AnEmptyOneIsOnePiece) {
  ASSERT_THAT(store_.Apply(Piece(1, 1, "empty", "")), IsOk());
  EXPECT_EQ(Bytes(1, "empty"), "");
}

TEST_F(ArtifactTest, TheyAreListedByNameFromAnyNameOn) {
  for (const char* name : {"b", "frame-10.png", "a", "frame-9.png"}) {
    ASSERT_THAT(store_.Apply(Piece(1, 1, name, name)), IsOk());
  }
  EXPECT_EQ(Names(1), (std::vector<std::string>{"a", "b", "frame-10.png",
                                                "frame-9.png"}));
  const auto page = store_.reader().ListArtifacts(RunId{1}, "a", 2).value();
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(page[0].name, "b");
  EXPECT_EQ(page[1].name, "frame-10.png");
  EXPECT_TRUE(Names(2).empty());
}

TEST_F(ArtifactTest, EqualBytesAreOneFile) {
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "same")), IsOk());
  ASSERT_THAT(store_.Apply(Piece(2, 1, "b", "same")), IsOk());
  EXPECT_EQ(Files(), std::vector<std::string>{HashOf("same").hex});
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "other")), IsOk());
  EXPECT_EQ(Bytes(2, "b"), "same");
  ASSERT_THAT(store_.Apply(Piece(2, 1, "b", "other")), IsOk());
  EXPECT_EQ(Files(), std::vector<std::string>{HashOf("other").hex});
}

TEST_F(ArtifactTest, TheSameAgainChangesNothing) {
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "same")), IsOk());
  ASSERT_THAT(store_.Apply(Lose(1, 1)), IsOk());
  ASSERT_THAT(store_.Apply(Start(1, 2)), IsOk());
  AddReport again = Piece(1, 2, "a", "same");
  again.time = At(9000);
  ASSERT_THAT(store_.Apply(again), IsOk());
  EXPECT_EQ(store_.reader().GetArtifact(RunId{1}, "a")->create_time, At(3000));
  EXPECT_EQ(Bytes(1, "a"), "same");
}

// It crashed in the middle; the next attempt may give other bytes.
TEST_F(ArtifactTest, AnotherAttemptBeginsAnew) {
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "before", 0, 3)), IsOk());
  ASSERT_THAT(store_.Apply(Lose(1, 1)), IsOk());
  EXPECT_TRUE(Files().empty());
  ASSERT_THAT(store_.Apply(Start(1, 2)), IsOk());
  EXPECT_THAT(
      store_.Apply(Piece(1, 2, "a", "before", 3)),
      StatusIs(StatusCode::kInvalidArgument, "artifact.offset: want 0"));
  ASSERT_THAT(store_.Apply(Piece(1, 2, "a", "after", 0, 2)), IsOk());
  ASSERT_THAT(store_.Apply(Piece(1, 2, "a", "after", 2)), IsOk());
  EXPECT_EQ(Bytes(1, "a"), "after");
}

TEST_F(ArtifactTest, WhatAnotherAttemptReplacesIsRemoved) {
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "before")), IsOk());
  ASSERT_THAT(store_.Apply(Lose(1, 1)), IsOk());
  ASSERT_THAT(store_.Apply(Start(1, 2)), IsOk());
  EXPECT_EQ(Bytes(1, "a"), "before");
  ASSERT_THAT(store_.Apply(Piece(1, 2, "a", "after")), IsOk());
  EXPECT_EQ(Bytes(1, "a"), "after");
  EXPECT_EQ(Files(), std::vector<std::string>{HashOf("after").hex});
}

TEST_F(ArtifactTest, OnlyTheNewestAttemptGivesArtifacts) {
  ASSERT_THAT(store_.Apply(Lose(1, 1)), IsOk());
  ASSERT_THAT(store_.Apply(Start(1, 2)), IsOk());
  EXPECT_THAT(store_.Apply(Piece(1, 1, "a", "x")),
              StatusIs(StatusCode::kFailedPrecondition, "attempt"));
  EXPECT_TRUE(Names(1).empty());
  EXPECT_TRUE(Files().empty());
}

TEST_F(ArtifactTest, PiecesComeInOrder) {
  EXPECT_THAT(
      store_.Apply(Piece(1, 1, "a", "abcdef", 3)),
      StatusIs(StatusCode::kInvalidArgument, "artifact.offset: want 0"));
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "abcdef", 0, 2)), IsOk());
  EXPECT_THAT(
      store_.Apply(Piece(1, 1, "a", "abcdef", 3)),
      StatusIs(StatusCode::kInvalidArgument, "artifact.offset: want 2"));
  EXPECT_TRUE(Names(1).empty());
  // What came already is dropped.
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "abcdef", 0, 2)), IsOk());
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "abcdef", 2)), IsOk());
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "abcdef", 2)), IsOk());
  EXPECT_EQ(Bytes(1, "a"), "abcdef");
}

TEST_F(ArtifactTest, OtherBytesThanAnnouncedAreRefused) {
  AddReport report = Piece(1, 1, "a", "abc");
  report.artifact->bytes = "abd";
  EXPECT_THAT(store_.Apply(report),
              StatusIs(StatusCode::kInvalidArgument, "as announced"));
  report.artifact->bytes = "abcd";
  EXPECT_THAT(store_.Apply(report),
              StatusIs(StatusCode::kInvalidArgument, "as announced"));
  EXPECT_TRUE(Names(1).empty());
  ASSERT_THAT(store_.Apply(Lose(1, 1)), IsOk());
  EXPECT_TRUE(Files().empty());
}

TEST_F(ArtifactTest, NamesAndTypesHaveAForm) {
  for (const std::string& name :
       {std::string(), std::string(".hidden"), std::string(".."),
        std::string("a/b"), std::string("A"), std::string("a_b"),
        std::string("-a"), std::string("a\0", 2), std::string(128, 'a')}) {
    EXPECT_THAT(store_.Apply(Piece(1, 1, name, "x")),
                StatusIs(StatusCode::kInvalidArgument, "artifact.name: want"))
        << name;
  }
  EXPECT_THAT(store_.Apply(Piece(1, 1, std::string(127, 'a'), "x")), IsOk());
  AddReport report = Piece(1, 1, "a", "x");
  report.artifact->media_type = "text plain";
  EXPECT_THAT(store_.Apply(report),
              StatusIs(StatusCode::kInvalidArgument, "artifact.media_type"));
  report = Piece(1, 1, "a", "x");
  report.artifact->sha256.hex = "../../etc/passwd";
  EXPECT_THAT(store_.Apply(report),
              StatusIs(StatusCode::kInvalidArgument, "artifact.sha256"));
}

TEST_F(ArtifactTest, ARunHasAMostOfBytes) {
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "0123456789")), IsOk());
  AddReport fits = Piece(1, 1, "b", "x");
  fits.artifact->size_bytes = kMostArtifactBytes - 10;
  EXPECT_THAT(store_.Apply(fits), IsOk());
  AddReport large = Piece(1, 1, "b", "x");
  large.artifact->size_bytes = kMostArtifactBytes - 9;
  EXPECT_THAT(store_.Apply(large),
              StatusIs(StatusCode::kInvalidArgument, "beside 1 of 10"));
  // What it replaces does not count.
  large.artifact->name = "a";
  EXPECT_THAT(store_.Apply(large), IsOk());
}

TEST_F(ArtifactTest, ARunHasAMostOfArtifacts) {
  std::vector<Change> changes;
  for (int64_t i = 0; i < kMostArtifacts; ++i) {
    changes.emplace_back(Piece(1, 1, absl::StrCat("a", i), "x"));
  }
  for (const absl::Status& status : store_.Apply(changes)) {
    ASSERT_THAT(status, IsOk());
  }
  EXPECT_THAT(store_.Apply(Piece(1, 1, "b", "x")),
              StatusIs(StatusCode::kInvalidArgument, "beside 2000 of 2000"));
  EXPECT_THAT(store_.Apply(Piece(1, 1, "a0", "y")), IsOk());
}

TEST_F(ArtifactTest, TheEndOfARunKeepsThem) {
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "x")), IsOk());
  ASSERT_THAT(store_.Apply(Piece(2, 1, "b", "yz", 0, 1)), IsOk());
  ASSERT_THAT(store_.Apply(LastReport(1, 1)), IsOk());
  ASSERT_THAT(store_.Apply(Cancel(2)), IsOk());
  EXPECT_EQ(Bytes(1, "a"), "x");
  EXPECT_TRUE(Names(2).empty());
  EXPECT_EQ(Files(), std::vector<std::string>{HashOf("x").hex});
}

TEST_F(ArtifactTest, OpenRemovesWhatNothingRefersTo) {
  ASSERT_THAT(store_.Apply(Piece(1, 1, "a", "kept")), IsOk());
  store_.Close();
  const std::string folder = store_.folder().path() + "/artifacts/";
  std::ofstream(folder + HashOf("orphan").hex) << "orphan";
  std::ofstream(folder + "unfinished-1-1") << "x";
  store_.Open();
  EXPECT_EQ(Files(), std::vector<std::string>{HashOf("kept").hex});
  EXPECT_EQ(Bytes(1, "a"), "kept");
}

// The file is whole when the commit of its row fails; the piece comes again.
TEST(ArtifactFaultTest, APieceWhoseCommitFailedMayBeRepeated) {
  RegisterFaultVfs();
  TestStore store(kFaultVfs);
  ASSERT_THAT(store.Apply(NewRun(1)), IsOk());
  ASSERT_THAT(store.Apply(Start(1, 1)), IsOk());
  ASSERT_THAT(store.Apply(Piece(1, 1, "a", "abcdef", 0, 3)), IsOk());
  Faults().disk_full = true;
  const absl::Status full = store.Apply(Piece(1, 1, "a", "abcdef", 3));
  Faults().disk_full = false;
  EXPECT_THAT(full, StatusIs(StatusCode::kResourceExhausted, ""));
  EXPECT_TRUE(store.reader().ListArtifacts(RunId{1}, "", 9)->empty());
  ASSERT_THAT(store.Apply(Piece(1, 1, "a", "abcdef", 3)), IsOk());
  EXPECT_EQ(FileStore::OpenArtifacts(store.folder().path())
                ->Get(store.reader().GetArtifact(RunId{1}, "a")->sha256)
                .value(),
            "abcdef");
}

// Whatever is cut, repeated and lost on the way: what is shown is whole.
TEST_F(ArtifactTest, ACutArtifactIsNeverShown) {
  constexpr uint32_t kSeed = 7;
  std::mt19937 random(kSeed);
  std::map<std::string, std::set<std::string>> given;
  int64_t attempt = 1;
  std::string whole;
  size_t sent = 0;
  size_t most = 1;
  std::string name;
  for (int i = 0; i < 3000; ++i) {
    if (sent == whole.size()) {
      name = absl::StrCat("a", random() % 3);
      whole = std::string(1 + random() % 40, static_cast<char>('a' + i % 26));
      given[name].insert(whole);
      sent = 0;
      most = 1 + random() % 10;
    }
    ASSERT_THAT(store_.Apply(Piece(1, attempt, name, whole, sent, most)),
                IsOk());
    if (random() % 4 > 0) sent = std::min(whole.size(), sent + most);
    if (random() % 20 == 0) {
      ASSERT_THAT(store_.Apply(Lose(1, attempt)), IsOk());
      if (random() % 2 == 0) store_.Reopen();
      ASSERT_THAT(store_.Apply(Start(1, ++attempt)), IsOk());
      sent = whole.size();
    }
    for (const std::string& shown : Names(1)) {
      ASSERT_TRUE(given[shown].contains(Bytes(1, shown))) << "seed " << kSeed;
    }
  }
}

}  // namespace
}  // namespace steelyard::storage
