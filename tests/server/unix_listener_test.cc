#include "server/unix_listener.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "server/data_dir.h"
#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::server {
namespace {

using absl::StatusCode;
using storage::TempFolder;

int ConnectTo(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
            0);
  return fd;
}

TEST(UnixListenerTest, ItTellsWhoConnects) {
  const TempFolder folder;
  auto listener = UnixListener::Bind(folder.path() + "/s");
  ASSERT_THAT(listener, IsOk());
  std::promise<std::pair<int, uid_t>> accepted;
  (*listener)->Start([&](int fd, uid_t uid) { accepted.set_value({fd, uid}); });
  const int client = ConnectTo(folder.path() + "/s");
  const std::pair<int, uid_t> peer = accepted.get_future().get();
  EXPECT_EQ(peer.second, geteuid());
  close(peer.first);
  close(client);
}

TEST(UnixListenerTest, ASocketOfADeadProcessIsReplacedALivingOneIsNot) {
  const TempFolder folder;
  const std::string path = folder.path() + "/s";
  // A listener that went without a word leaves its name behind.
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
            0);
  close(dead);
  auto listener = UnixListener::Bind(path);
  ASSERT_THAT(listener, IsOk());
  EXPECT_THAT(UnixListener::Bind(path),
              StatusIs(StatusCode::kFailedPrecondition, "listens there"));
  listener->reset();
  struct stat info {};
  EXPECT_NE(lstat(path.c_str(), &info), 0);
}

TEST(UnixListenerTest, AFileThatIsNoSocketIsLeftAlone) {
  const TempFolder folder;
  const std::string path = folder.path() + "/s";
  std::ofstream(path) << "precious";
  EXPECT_THAT(UnixListener::Bind(path),
              StatusIs(StatusCode::kFailedPrecondition, "want a socket"));
  std::string content;
  std::ifstream(path) >> content;
  EXPECT_EQ(content, "precious");
}

TEST(UnixListenerTest, APathHas107BytesAtMost) {
  const TempFolder folder;
  const std::string fits =
      folder.path() + "/" + std::string(106 - folder.path().size(), 's');
  ASSERT_EQ(fits.size(), 107u);
  EXPECT_THAT(UnixListener::Bind(fits), IsOk());
  EXPECT_THAT(
      UnixListener::Bind(fits + "s"),
      StatusIs(StatusCode::kInvalidArgument, "at most 107 bytes, got 108"));
}

TEST(DataDirTest, ItIsMadeForItsUserAlone) {
  const TempFolder folder;
  const std::string path = folder.path() + "/a/b";
  const auto data = DataDir::Open(path, absl::FromUnixSeconds(0));
  ASSERT_THAT(data, IsOk());
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  EXPECT_EQ((*data)->File("x"), path + "/x");
}

TEST(DataDirTest, OthersAreKeptOutOfOneThatTheyCouldRead) {
  const TempFolder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  testing::internal::CaptureStderr();
  const auto data = DataDir::Open(folder.path(), absl::FromUnixSeconds(0));
  const std::string log = testing::internal::GetCapturedStderr();
  ASSERT_THAT(data, IsOk());
  struct stat info {};
  ASSERT_EQ(stat(folder.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  EXPECT_NE(log.find("data_dir_tightened"), std::string::npos) << log;
}

TEST(DataDirTest, ASecondServerIsToldWhoHasIt) {
  const TempFolder folder;
  auto first = DataDir::Open(folder.path(), absl::FromUnixSeconds(0));
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(DataDir::Open(folder.path(), absl::FromUnixSeconds(1)),
              StatusIs(StatusCode::kFailedPrecondition,
                       "pid " + std::to_string(getpid()) +
                           ", since 1970-01-01T00:00:00Z"));
  first->reset();
  EXPECT_THAT(DataDir::Open(folder.path(), absl::FromUnixSeconds(2)), IsOk());
}

TEST(DataDirTest, ADirectoryThatOthersWriteIsRefused) {
  const TempFolder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0770), 0);
  EXPECT_THAT(DataDir::Open(folder.path(), absl::FromUnixSeconds(0)),
              StatusIs(StatusCode::kFailedPrecondition, "got mode 0770"));
  EXPECT_THAT(DataDir::Open("", absl::FromUnixSeconds(0)),
              StatusIs(StatusCode::kInvalidArgument, "--data-dir"));
}

}  // namespace
}  // namespace steelyard::server
