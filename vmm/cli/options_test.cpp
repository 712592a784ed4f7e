// SPDX-License-Identifier: Apache-2.0
#include "vmm/cli/options.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "vmm/cli/units.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

[[nodiscard]] auto parse(std::vector<const char*> words) -> ParsedCommand {
  words.insert(words.begin(), {"redoubt", "run"});
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

[[nodiscard]] auto config_of(std::vector<const char*> words) -> MachineConfig {
  return std::get<MachineConfig>(parse(std::move(words)));
}

class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(testing::TempDir() + "redoubt_options_test." + std::to_string(::getpid()) + ".json") {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::remove(path_.c_str()); }
  [[nodiscard]] auto path() const -> const char* { return path_.c_str(); }

 private:
  std::string path_;
};

void expect_failure(std::vector<const char*> words, const std::string& part) {
  try {
    static_cast<void>(parse(words));
    ADD_FAILURE() << "accepted; expected: " << part;
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find(part), std::string::npos) << failure.what();
  }
}

TEST(Options, DefaultsAreAnOrdinaryVmWithRng) {
  const MachineConfig config = config_of({"--kernel", "Image"});
  EXPECT_EQ(config.kernel, "Image");
  EXPECT_EQ(config.cpus, 1u);
  EXPECT_EQ(config.memory_bytes, 256u << 20);
  EXPECT_FALSE(config.is_protected);
  EXPECT_TRUE(config.rng);
  EXPECT_EQ(config.console.kind, ConsoleConfig::Kind::kStdio);
  EXPECT_FALSE(config.vsock);
}

TEST(Options, EveryOptionArrives) {
  const MachineConfig config =
      config_of({"--kernel",       "K",           "--initrd",    "I",        "--disk",      "a.img,id=root",
                 "--disk",         "b,,c.img,ro", "--cpus",      "3",        "--memory",    "1G",
                 "--cmdline",      "a b",         "--protected", "--no-rng", "--vsock-cid", "7",
                 "--vsock-socket", "/s",          "--console",   "log"});
  EXPECT_EQ(config.initrd, "I");
  ASSERT_EQ(config.disks.size(), 2u);
  EXPECT_EQ(config.disks[0].id, "root");
  EXPECT_FALSE(config.disks[0].read_only);
  EXPECT_EQ(config.disks[1].path, "b,c.img");
  EXPECT_TRUE(config.disks[1].read_only);
  EXPECT_EQ(config.cpus, 3u);
  EXPECT_EQ(config.memory_bytes, 1u << 30);
  EXPECT_EQ(config.cmdline, "a b");
  EXPECT_TRUE(config.is_protected);
  EXPECT_FALSE(config.rng);
  EXPECT_EQ(config.vsock->cid, 7u);
  EXPECT_EQ(config.console.path, "log");
}

TEST(Options, CommandLineWinsOverFile) {
  const ConfigFile file(
      R"({"kernel": "F", "cpus": 4, "protected": true, "rng": false, "disk": ["x", "y,ro"], "memory": "64M"})");
  const MachineConfig from_file = config_of({"--config", file.path()});
  EXPECT_EQ(from_file.kernel, "F");
  EXPECT_EQ(from_file.cpus, 4u);
  EXPECT_TRUE(from_file.is_protected);
  EXPECT_FALSE(from_file.rng);
  EXPECT_EQ(from_file.disks.size(), 2u);
  const MachineConfig both = config_of({"--config", file.path(), "--cpus", "2", "--no-protected", "--disk", "z"});
  EXPECT_EQ(both.cpus, 2u);
  EXPECT_FALSE(both.is_protected);
  ASSERT_EQ(both.disks.size(), 1u);
  EXPECT_EQ(both.disks[0].path, "z");
  EXPECT_EQ(both.memory_bytes, 64u << 20);
}

TEST(Options, FileErrorsNameTheKey) {
  expect_failure({"--config", "/nonexistent/vm.json"}, "cannot open the configuration file /nonexistent/vm.json");
  {
    const ConfigFile unknown(R"({"kernel": "F", "cpu": 4})");
    expect_failure({"--config", unknown.path()}, "unknown key \"cpu\"");
  }
  {
    const ConfigFile type(R"({"kernel": "F", "cpus": "four"})");
    expect_failure({"--config", type.path()}, "\"cpus\" has a value of the wrong type");
  }
  {
    const ConfigFile negative(R"({"kernel": "F", "cpus": -1})");
    expect_failure({"--config", negative.path()}, "must not be negative");
  }
  {
    const ConfigFile broken("{ kernel");
    expect_failure({"--config", broken.path()}, "not JSON");
  }
}

TEST(Options, WrongValuesAreExplained) {
  expect_failure({}, "no kernel");
  expect_failure({"--kernel", "K", "--memory", "12X"}, "256M");
  expect_failure({"--kernel", "K", "--memory", "1M"}, "at least 16M");
  expect_failure({"--kernel", "K", "--memory", "17M"}, "multiple of 2M");
  expect_failure({"--kernel", "K", "--memory", "18446744073709551615G"}, "too much");
  expect_failure({"--kernel", "K", "--cpus", "0"}, "at least 1");
  expect_failure({"--kernel", "K", "--disk", "a,rw"}, "unknown option 'rw'");
  expect_failure({"--kernel", "K", "--disk", ",ro"}, "no file name");
  expect_failure({"--kernel", "K", "--disk", "a,id=123456789012345678901"}, "at most 20 bytes");
  expect_failure({"--kernel", "K", "--vsock-cid", "3"}, "belong together");
  expect_failure({"--kernel", "K", "--vsock-cid", "2", "--vsock-socket", "s"}, "3 to");
}

TEST(Options, UsageErrorsExitWithTwo) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  EXPECT_EQ(std::get<int>(parse({"--kernel", "K", "--bogus"})), 2);
  EXPECT_EQ(std::get<int>(parse({"--help"})), 0);
  EXPECT_NE(testing::internal::GetCapturedStdout().find("Examples:"), std::string::npos);
  testing::internal::GetCapturedStderr();
}

}  // namespace
}  // namespace redoubt::vmm
