#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "client/cli/artifact_text.h"
#include "client/cli/file_hash.h"
#include "tests/client/command_run.h"
#include "tests/client/scripted_server.h"

namespace steelyard::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kRun[] = "experiments/d8/runs/12";

v1::Artifact Described(const std::string& name, const std::string& bytes) {
  v1::Artifact artifact;
  artifact.set_name(absl::StrCat(kRun, "/artifacts/", name));
  artifact.set_size_bytes(static_cast<int64_t>(bytes.size()));
  artifact.set_sha256(Sha256Hex(bytes));
  artifact.set_media_type("text/plain");
  artifact.mutable_create_time()->set_seconds(1'700'000'000);
  return artifact;
}

// A server whose run 12 has the artifact a.txt, sent in two responses.
class ArtifactTest : public testing::Test {
 protected:
  ArtifactTest() {
    server_.get_artifact = [this](const v1::GetArtifactRequest& request,
                                  ScriptedServer::ArtifactWriter& writer) {
      if (request.name() != absl::StrCat(kRun, "/artifacts/a.txt")) {
        return grpc::Status(grpc::StatusCode::NOT_FOUND, request.name());
      }
      v1::GetArtifactResponse response;
      *response.mutable_artifact() = described_;
      response.set_chunk(sent_.substr(0, 3));
      writer.Write(response);
      response.clear_artifact();
      response.set_chunk(sent_.substr(3));
      writer.Write(response);
      return end_;
    };
    run_.environment["STEELYARD_SERVER"] = server_.address();
    std::filesystem::current_path(server_.folder());
  }
  ~ArtifactTest() override { std::filesystem::current_path("/"); }

  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  // All but the socket.
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(server_.folder())) {
      if (!entry.is_socket()) names.push_back(entry.path().filename());
    }
    return names;
  }

  ScriptedServer server_;
  std::string sent_ = "abc\ndef\n";
  v1::Artifact described_ = Described("a.txt", sent_);
  grpc::Status end_;
  CommandRun run_;
};

TEST_F(ArtifactTest, AFileAppearsUnderItsNameWithTheUsualMode) {
  EXPECT_EQ(run_({"artifact", "get", "d8/12", "a.txt"}), 0);
  EXPECT_EQ(run_.out.str(), "a.txt\n");
  EXPECT_EQ(run_.err.str(), "fetched a.txt, 8 bytes\n");
  EXPECT_EQ(Read("a.txt"), sent_);
  const mode_t mask = umask(0);
  umask(mask);
  struct stat facts = {};
  ASSERT_EQ(stat("a.txt", &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0666 & ~mask);
}

TEST_F(ArtifactTest, AFileThatIsThereStaysUnlessItIsNamed) {
  std::ofstream("a.txt") << "mine";
  EXPECT_EQ(run_({"artifact", "get", "d8/12", "a.txt"}), 5);
  EXPECT_THAT(run_.err.str(), HasSubstr("a.txt: want a name that no file has"));
  EXPECT_EQ(Read("a.txt"), "mine");
  EXPECT_THAT(server_.calls(), ElementsAre("GetServerInfo"));
  EXPECT_EQ(run_({"artifact", "get", "d8/12", "a.txt", "-o", "a.txt"}), 0);
  EXPECT_EQ(Read("a.txt"), sent_);
}

TEST_F(ArtifactTest, ALinkAndAPipeStayWhatTheyAre) {
  std::ofstream("target") << "old";
  std::filesystem::create_symlink("target", "link");
  EXPECT_EQ(run_({"artifact", "get", "d8/12", "a.txt", "-o", "link"}), 0);
  EXPECT_TRUE(std::filesystem::is_symlink("link"));
  EXPECT_EQ(Read("target"), sent_);
  EXPECT_EQ(run_({"artifact", "get", "d8/12", "a.txt", "-o", "/dev/null"}), 0);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST_F(ArtifactTest, StandardOutputGetsTheBytesAlone) {
  EXPECT_EQ(run_({"artifact", "get", "d8/12", "a.txt", "-o", "-"}), 0);
  EXPECT_EQ(run_.out.str(), sent_);
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(ArtifactTest, OtherBytesThanAnnouncedLeaveNothing) {
  sent_ = "abc\ndeg\n";
  EXPECT_EQ(run_({"artifact", "get", "d8/12", "a.txt"}), 9);
  EXPECT_THAT(run_.err.str(), HasSubstr("a.txt: want 8 bytes of sha256/"));
  sent_ = "abc";
  EXPECT_EQ(run_({"artifact", "get", "d8/12", "a.txt"}), 9);
  EXPECT_THAT(run_.err.str(), HasSubstr("got 3 bytes"));
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(ArtifactTest, AStreamThatBreaksLeavesNothing) {
  end_ = grpc::Status(grpc::StatusCode::DATA_LOSS, "bytes are gone");
  EXPECT_EQ(run_({"artifact", "get", "d8/12", "a.txt"}), 9);
  EXPECT_THAT(run_.err.str(), HasSubstr("bytes are gone"));
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(ArtifactTest, AServerThatFallsSilentIsGivenUp) {
  server_.get_artifact = [&](const v1::GetArtifactRequest&,
                             ScriptedServer::ArtifactWriter& writer) {
    v1::GetArtifactResponse response;
    *response.mutable_artifact() = described_;
    writer.Write(response);
    // Until the client has left.
    absl::Notification().WaitForNotificationWithTimeout(absl::Seconds(2));
    return grpc::Status::OK;
  };
  run_.patience.download_stall = absl::Milliseconds(200);
  EXPECT_EQ(run_({"artifact", "get", "d8/12", "a.txt"}), 8);
  EXPECT_THAT(run_.err.str(), HasSubstr("sends no more bytes"));
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(ArtifactTest, WhatIsMissingIsNamedWithTheCommandThatLists) {
  EXPECT_EQ(run_({"artifact", "get", "d8/12", "b.txt"}), 4);
  EXPECT_THAT(run_.err.str(), AllOf(HasSubstr("got b.txt of run d8/12"),
                                    HasSubstr("steelyard artifact ls d8/12")));
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(ArtifactTest, NamesThatLeaveTheDirectoryNeverReachAServer) {
  for (const char* name : {"../a", "a/b", ".a", "A", ""}) {
    EXPECT_EQ(run_({"artifact", "get", "d8/12", name}), 2) << name;
  }
  EXPECT_THAT(server_.calls(), IsEmpty());
}

TEST_F(ArtifactTest, TheListHasEveryPage) {
  server_.list_artifacts = [](const v1::ListArtifactsRequest& request,
                              v1::ListArtifactsResponse& response) {
    EXPECT_EQ(request.parent(), kRun);
    if (request.page_token().empty()) {
      *response.add_artifacts() = Described("a", "x");
      response.set_next_page_token("more");
    } else {
      *response.add_artifacts() = Described("b", std::string(2048, 'y'));
    }
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"artifact", "ls", "d8/12"}), 0);
  EXPECT_THAT(run_.out.str(),
              AllOf(HasSubstr("ARTIFACT"), HasSubstr("a         text/plain"),
                    HasSubstr("2.0 KiB")));
  run_.out.str("");
  EXPECT_EQ(run_({"artifact", "ls", "d8/12", "--json"}), 0);
  EXPECT_THAT(run_.out.str(),
              HasSubstr("{\"name\":\"experiments/d8/runs/12/artifacts/a\","
                        "\"sizeBytes\":\"1\",\"sha256\":"));
  const std::string lines = run_.out.str();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
}

TEST_F(ArtifactTest, AnEmptyListSaysWhenThereWillBeSome) {
  server_.list_artifacts = [](const v1::ListArtifactsRequest&,
                              v1::ListArtifactsResponse&) {
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"artifact", "ls", "d8/12"}), 0);
  EXPECT_EQ(run_.out.str(), "");
  EXPECT_THAT(run_.err.str(), HasSubstr("steelyard show d8/12"));
}

}  // namespace
}  // namespace steelyard::cli
