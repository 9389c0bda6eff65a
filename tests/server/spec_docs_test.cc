// Holds docs/spec.md to the message, to the parser and to the defaults; and the
// examples to the parser.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "server/spec_defaults.h"
#include "server/spec_fields.h"
#include "server/spec_yaml.h"
#include "tests/server/spec_samples.h"

namespace steelyard::server {
namespace {

using ::testing::IsEmpty;

std::string ReadFile(const std::filesystem::path& path) {
  const std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string ReadDocs() {
  return ReadFile(std::filesystem::path(STEELYARD_SOURCE_DIR) / "docs/spec.md");
}

// The path of every field below `message`.  Test sets and the target's rows
// have those of `data`.
void AddPaths(const Descriptor& message, const std::string& parent,
              std::set<std::string>* paths) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    const std::string path = parent.empty()
                                 ? field->name()
                                 : absl::StrCat(parent, ".", field->name());
    paths->insert(path);
    const bool rows = path == "target.data";
    if (!field->is_map() && !rows && FieldsOf(*field) != nullptr) {
      AddPaths(*field->message_type(), path, paths);
    }
  }
}

// What stands between the first backticks of each row of a table.
std::set<std::string> DocumentedPaths(const std::string& docs) {
  std::set<std::string> paths;
  for (const absl::string_view line : absl::StrSplit(docs, '\n')) {
    if (!absl::StartsWith(line, "| `")) continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(line, '`');
    paths.emplace(parts[1]);
  }
  return paths;
}

TEST(SpecDocsTest, NamesEveryFieldOfRunSpecAndNoOther) {
  std::set<std::string> fields;
  AddPaths(*v1::RunSpec::descriptor(), "", &fields);
  EXPECT_GT(fields.size(), 40U);
  EXPECT_EQ(DocumentedPaths(ReadDocs()), fields);
}

TEST(SpecDocsTest, NamesEveryValueOfAnEnum) {
  const std::string docs = ReadDocs();
  for (const EnumDescriptor* type :
       {v1::Normalization_descriptor(), v1::Precision_descriptor(),
        v1::CifarLabel_descriptor()}) {
    for (const std::string& name : EnumNames(*type)) {
      EXPECT_TRUE(absl::StrContains(docs, absl::StrCat("`", name, "`")))
          << name;
    }
  }
}

// The walk reads every type of field that a spec has.
TEST(SpecDocsTest, EveryFieldCanBeSetByItsPath) {
  std::set<std::string> fields;
  AddPaths(*v1::RunSpec::descriptor(), "", &fields);
  for (const std::string& path : fields) {
    const ParsedSpec parsed = Parse(kLeast, {absl::StrCat(path, "=@")});
    for (const std::string& line : Lines(parsed)) {
      EXPECT_FALSE(absl::StrContains(line, "no such field")) << line;
      EXPECT_FALSE(absl::StrContains(line, "of a type that is known")) << line;
    }
  }
}

TEST(SpecDocsTest, ItsExamplesAreSpecs) {
  const std::vector<std::string> parts = absl::StrSplit(ReadDocs(), "```");
  int examples = 0;
  for (size_t i = 1; i < parts.size(); i += 2) {
    if (!absl::StartsWith(parts[i], "yaml\n")) continue;
    EXPECT_THAT(Faults(parts[i].substr(5)), IsEmpty());
    ++examples;
  }
  EXPECT_EQ(examples, 2);
}

TEST(SpecDocsTest, TheExamplesOfTheClientAreSpecs) {
  int examples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(STEELYARD_SOURCE_DIR) / "client/examples")) {
    if (entry.path().extension() != ".yaml") continue;
    EXPECT_THAT(Faults(ReadFile(entry.path())), IsEmpty()) << entry.path();
    ++examples;
  }
  EXPECT_GE(examples, 2);
}

TEST(SpecDocsTest, TheLimitsAreThoseOfTheCode) {
  const std::string docs = ReadDocs();
  const SpecLimits limits;
  EXPECT_EQ(limits.text_bytes, 16 << 20);
  EXPECT_EQ(limits.inline_data_bytes, 1 << 20);
  EXPECT_EQ(limits.spec_bytes, 9 << 20);
  EXPECT_EQ(limits.nodes, 1'000'000);
  EXPECT_EQ(limits.samples, 1'000'000);
  for (const char* words :
       {"at most 16 MiB", "at most 64 deep", "at most 10^6 nodes",
        "at most 4,096 keys", "At most 1,000", "at most 100 and then a count",
        "at most 1 MiB", "at most 9 MiB", "| 50; keys", "10^6 samples",
        ("| 1,990, fewer with many classes or groups: a run has at most "
         "10,000 metrics; names")}) {
    EXPECT_TRUE(absl::StrContains(docs, words)) << words;
  }
}

}  // namespace
}  // namespace steelyard::server
