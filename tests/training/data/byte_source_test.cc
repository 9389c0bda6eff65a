#include "training/data/byte_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/status_matchers.h"
#include "tests/training/data/files.h"

namespace steelyard::training {
namespace {

// All bytes, read in pieces of a size that divides nothing.
absl::StatusOr<std::string> ReadWhole(ByteSource& source) {
  std::string all;
  std::string piece(7919, '\0');
  for (;;) {
    absl::StatusOr<size_t> count = source.Read(piece);
    if (!count.ok()) return count.status();
    all.append(piece, 0, *count);
    if (*count < piece.size()) return all;
  }
}

absl::StatusOr<std::string> ReadWhole(absl::string_view file,
                                      int64_t limit_bytes = kAmple) {
  absl::StatusOr<std::unique_ptr<ByteSource>> source =
      ByteSource::OpenMemory(file, limit_bytes);
  if (!source.ok()) return source.status();
  return ReadWhole(**source);
}

// Compressible, and longer than the source's buffer.
std::string SomeText() {
  std::string text;
  for (int i = 0; i < 40'000; ++i) absl::StrAppend(&text, i * i % 1009, ",");
  return text;
}

TEST(ByteSourceTest, GivesAPlainFileAsItIs) {
  const std::string text = SomeText();
  EXPECT_EQ(ReadWhole(text).value(), text);
  EXPECT_EQ(ReadWhole("").value(), "");
  EXPECT_EQ(ReadWhole("\x1f").value(), "\x1f");
}

TEST(ByteSourceTest, InflatesAGzipFile) {
  const std::string text = SomeText();
  EXPECT_EQ(ReadWhole(Gzip(text)).value(), text);
  EXPECT_EQ(ReadWhole(Gzip("")).value(), "");
}

TEST(ByteSourceTest, TakesSeveralGzipMembersAsOneFile) {
  const std::string file =
      absl::StrCat(Gzip("one,"), Gzip(""), Gzip("two,"), Gzip("three"));
  EXPECT_EQ(ReadWhole(file).value(), "one,two,three");
}

TEST(ByteSourceTest, GivesTheSameBytesAgainAfterRewind) {
  const std::string text = SomeText();
  for (const std::string& file : {text, Gzip(text)}) {
    const std::unique_ptr<ByteSource> source = Source(file);
    std::string begin(1000, '\0');
    ASSERT_THAT(source->Read(begin), IsOk());
    ASSERT_THAT(source->Rewind(), IsOk());
    EXPECT_EQ(source->offset(), 0);
    EXPECT_EQ(ReadWhole(*source).value(), text);
    EXPECT_EQ(source->offset(), std::ssize(text));
  }
}

TEST(ByteSourceTest, TakesAsManyBytesAsTheLimitAndNotOneMore) {
  const std::string text = SomeText();
  const auto size = std::ssize(text);
  for (const std::string& file : {text, Gzip(text)}) {
    EXPECT_THAT(ReadWhole(file, size), IsOk());
    EXPECT_THAT(ReadWhole(file, size - 1),
                StatusIs(absl::StatusCode::kResourceExhausted,
                         absl::StrCat("at most ", size - 1, " bytes")));
  }
}

// 1 GiB of zeros in about 1 MB: what is inflated beyond the limit is one byte.
TEST(ByteSourceTest, StopsAGzipBombAtTheLimit) {
  const std::string mebibyte = Gzip(std::string(1 << 20, '\0'));
  std::string bomb;
  for (int i = 0; i < 1024; ++i) bomb += mebibyte;
  constexpr int64_t kLimit = 10'000'000;
  const std::unique_ptr<ByteSource> source = Source(bomb, kLimit);
  EXPECT_THAT(ReadWhole(*source),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "want at most 10000000 bytes of data once inflated"));
  EXPECT_LE(source->offset(), kLimit);
}

TEST(ByteSourceTest, SaysWhereAGzipFileIsCutShort) {
  const std::string file = Gzip("a text that does not matter");
  for (size_t cut = 2; cut < file.size(); ++cut) {
    EXPECT_THAT(ReadWhole(file.substr(0, cut)),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         absl::StrCat("offset ", cut, " of the gzip file")));
  }
}

TEST(ByteSourceTest, RefusesADamagedGzipFile) {
  const std::string text = SomeText();
  const std::string file = Gzip(text);
  // Past the header, of which some bytes matter to nobody.
  for (size_t i = 10; i < file.size(); i += 997) {
    std::string damaged = file;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_THAT(ReadWhole(damaged),
                StatusIs(absl::StatusCode::kInvalidArgument, "offset "))
        << "byte " << i;
  }
}

TEST(ByteSourceTest, RefusesBytesAfterTheGzipData) {
  const std::string file = Gzip("text");
  EXPECT_THAT(ReadWhole(file + "x"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       absl::StrCat("offset ", file.size(),
                                    " of the gzip file: want its end")));
}

TEST(ByteSourceTest, ReadsAFileOnDisk) {
  const std::string path = testing::TempDir() + "byte_source_test.gz";
  const std::string text = SomeText();
  const std::string file = Gzip(text);
  std::FILE* out = std::fopen(path.c_str(), "wb");
  ASSERT_NE(out, nullptr);
  ASSERT_EQ(std::fwrite(file.data(), 1, file.size(), out), file.size());
  ASSERT_EQ(std::fclose(out), 0);

  const auto source = ByteSource::OpenFile(path, kAmple);
  ASSERT_THAT(source, IsOk());
  EXPECT_EQ(ReadWhole(**source).value(), text);
  ASSERT_THAT((*source)->Rewind(), IsOk());
  EXPECT_EQ(ReadWhole(**source).value(), text);
}

TEST(ByteSourceTest, AFileThatIsNotThereIsNoFaultOfItsContent) {
  EXPECT_THAT(ByteSource::OpenFile("/nonexistent/file", kAmple),
              StatusIs(absl::StatusCode::kInternal, "cannot open"));
  EXPECT_THAT(ByteSource::OpenFile("/", kAmple),
              StatusIs(absl::StatusCode::kInternal, "cannot read"));
}

}  // namespace
}  // namespace steelyard::training
