// SPDX-License-Identifier: Apache-2.0
#include "vmm/devices/block.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "vmm/backend/disk_file.hpp"
#include "vmm/virtio/test_driver.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

using test::Desc;
using test::kDescWrite;
using test::kRamBase;

constexpr std::uint64_t kHeader = kRamBase + 0x20000;
constexpr std::uint64_t kData = kRamBase + 0x30000;
constexpr std::uint64_t kStatus = kRamBase + 0x40000;
constexpr std::uint64_t kDiskBytes = 64 * 1024;

class TempDisk {
 public:
  TempDisk() {
    path = testing::TempDir() + "redoubt_block_test." + std::to_string(::getpid()) + ".img";
    resize(kDiskBytes);
  }
  ~TempDisk() { ::unlink(path.c_str()); }
  void resize(std::uint64_t bytes) const {
    const UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT, 0600)};
    ASSERT_EQ(::ftruncate(fd.get(), static_cast<off_t>(bytes)), 0);
  }
  [[nodiscard]] auto content(off_t offset, std::size_t bytes) const -> std::string {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY)};
    std::string text(bytes, '\0');
    EXPECT_EQ(::pread(fd.get(), text.data(), bytes, offset), static_cast<ssize_t>(bytes));
    return text;
  }
  std::string path;
};

class Block : public testing::Test {
 protected:
  explicit Block(bool read_only = false)
      : file({.path = disk.path, .read_only = read_only, .id = "serial-1"}), device(file), driver(device) {
    driver.bring_up();
  }
  // The status byte the device answered, 0xee if none.
  auto request(std::uint32_t type, std::uint64_t sector, std::vector<Desc> data = {}) -> int {
    driver.poke(kHeader, type);
    driver.poke(kHeader + 4, std::uint32_t{0});
    driver.poke(kHeader + 8, sector);
    driver.poke<std::uint8_t>(kStatus, 0xee);
    data.insert(data.begin(), {kHeader, 16, 0, 0});
    data.push_back({kStatus, 1, kDescWrite, 0});
    for (std::uint16_t i = 0; i < data.size(); ++i) {
      data[i].next = static_cast<std::uint16_t>(i + 1);
      if (i + 1u < data.size()) data[i].flags |= test::kDescNext;
      driver.put_desc(0, i, data[i]);
    }
    driver.offer(0, 0);
    driver.set(0x050, 0);
    return driver.peek<std::uint8_t>(kStatus);
  }

  TempDisk disk;
  DiskFile file;
  VirtioBlock device;
  test::Driver driver;
};

struct ReadOnlyBlock : Block {
  ReadOnlyBlock() : Block(true) {}
};

TEST_F(Block, WhatIsWrittenIsOnDiskAndReadsBack) {
  driver.poke_text(kData, std::string(1024, 'a') + std::string(512, 'b'));
  EXPECT_EQ(request(1, 3, {{kData, 1024, 0, 0}, {kData + 1024, 512, 0, 0}}), 0);
  EXPECT_EQ(disk.content(3 * 512, 1536), std::string(1024, 'a') + std::string(512, 'b'));
  EXPECT_EQ(driver.used_length(0, 0), 1u);
  EXPECT_EQ(request(0, 4, {{kData + 0x1000, 512, kDescWrite, 0}, {kData + 0x2000, 512, kDescWrite, 0}}), 0);
  EXPECT_EQ(driver.peek_text(kData + 0x1000, 512), std::string(512, 'a'));
  EXPECT_EQ(driver.peek_text(kData + 0x2000, 512), std::string(512, 'b'));
  EXPECT_EQ(driver.used_length(0, 1), 1025u);
}

TEST_F(Block, ConfigurationTellsCapacity) {
  EXPECT_EQ(driver.reg(0x100), kDiskBytes / 512);
  EXPECT_EQ(driver.reg(0x104), 0u);
}

TEST_F(Block, RequestsOutsideTheDiskAreErrors) {
  constexpr std::uint64_t kSectors = kDiskBytes / 512;
  for (const std::uint64_t sector : {kSectors, kSectors - 1, ~std::uint64_t{0}, std::uint64_t{1} << 55}) {
    EXPECT_EQ(request(0, sector, {{kData, 1024, kDescWrite, 0}}), 1) << sector;
    EXPECT_EQ(request(1, sector, {{kData, 1024, 0, 0}}), 1) << sector;
  }
  EXPECT_EQ(request(0, kSectors - 2, {{kData, 1024, kDescWrite, 0}}), 0);
  EXPECT_EQ(request(0, 0, {{kData, 100, kDescWrite, 0}}), 1) << "not whole sectors";
}

TEST_F(Block, FlushGetIdAndUnknown) {
  EXPECT_EQ(request(4, 0), 0);
  EXPECT_EQ(request(8, 0, {{kData, 20, kDescWrite, 0}}), 0);
  EXPECT_EQ(driver.peek_text(kData, 9), std::string("serial-1\0", 9));
  EXPECT_EQ(request(8, 0, {{kData + 0x100, 4, kDescWrite, 0}}), 0) << "a short buffer gets a part";
  EXPECT_EQ(driver.peek_text(kData + 0x100, 4), "seri");
  EXPECT_EQ(request(77, 0), 2);
}

TEST_F(Block, WriteZeroesAndDiscardCheckTheirRange) {
  driver.poke_text(kData, std::string(1024, 'z'));
  ASSERT_EQ(request(1, 0, {{kData, 1024, 0, 0}}), 0);
  const auto clear = [&](std::uint32_t type, std::uint64_t sector, std::uint32_t sectors, std::uint32_t flags) {
    driver.poke(kData, sector);
    driver.poke(kData + 8, sectors);
    driver.poke(kData + 12, flags);
    return request(type, 0, {{kData, 16, 0, 0}});
  };
  EXPECT_EQ(clear(13, 1, 1, 0), 0);
  EXPECT_EQ(disk.content(0, 1024), std::string(512, 'z') + std::string(512, '\0'));
  EXPECT_EQ(clear(11, 0, 128, 0), 0);
  EXPECT_EQ(clear(13, 127, 2, 0), 1);
  EXPECT_EQ(clear(13, ~std::uint64_t{0}, 1, 0), 1);
  EXPECT_EQ(clear(11, 0, 0xffffffff, 0), 1);
  EXPECT_EQ(clear(11, 0, 1, 1), 2) << "discard has no flags";
  EXPECT_EQ(request(13, 0, {{kData, 15, 0, 0}}), 2);
}

TEST_F(Block, AFileThatShrankGivesErrorsNotACrash) {
  disk.resize(1024);
  EXPECT_EQ(request(0, 1, {{kData, 1024, kDescWrite, 0}}), 1);
  EXPECT_EQ(request(0, 64, {{kData, 512, kDescWrite, 0}}), 1);
  EXPECT_EQ(request(0, 0, {{kData, 512, kDescWrite, 0}}), 0);
  EXPECT_FALSE(driver.needs_reset());
}

TEST_F(Block, RequestsWithoutHeaderOrStatusStopTheDevice) {
  driver.send(0, {{kHeader, 16, 0, 0}});
  EXPECT_TRUE(driver.needs_reset());
  driver.bring_up();
  driver.send(0, {{kHeader, 15, 0, 0}, {kStatus, 1, kDescWrite, 0}});
  EXPECT_TRUE(driver.needs_reset());
  driver.bring_up();
  driver.send(0, {{kStatus, 1, kDescWrite, 0}});
  EXPECT_TRUE(driver.needs_reset());
}

// pread and pwrite report EFAULT; the guest's pages are out of reach under Redoubt in the same way.
TEST_F(Block, DataInPrivateMemoryStopsTheDevice) {
  driver.ram.forbid(kData, 0x1000);
  EXPECT_EQ(request(0, 0, {{kData, 512, kDescWrite, 0}}), 0xee);
  EXPECT_TRUE(driver.needs_reset());
  driver.bring_up();
  EXPECT_EQ(request(1, 0, {{kData - 512, 1024, 0, 0}}), 0xee);
  EXPECT_TRUE(driver.needs_reset());
  driver.bring_up();
  EXPECT_EQ(request(0, 0, {{kData + 0x1000, 512, kDescWrite, 0}}), 0) << "the device works again";
}

// The guest writes what looks like an image format with a backing file: it stays plain data.
TEST_F(Block, ContentNeverChangesTheFormat) {
  std::string qcow("QFI\xfb\0\0\0\3", 8);
  qcow.resize(512, '/');
  driver.poke_text(kData, qcow);
  ASSERT_EQ(request(1, 0, {{kData, 512, 0, 0}}), 0);
  EXPECT_EQ(request(0, 0, {{kData + 0x1000, 512, kDescWrite, 0}}), 0);
  EXPECT_EQ(driver.peek_text(kData + 0x1000, 512), qcow);
  EXPECT_EQ(file.size(), kDiskBytes);
}

TEST_F(ReadOnlyBlock, RefusesEveryChange) {
  EXPECT_NE(driver.reg(0x010) & (1u << 5), 0u) << "VIRTIO_BLK_F_RO";
  EXPECT_EQ(request(1, 0, {{kData, 512, 0, 0}}), 1);
  EXPECT_EQ(request(11, 0, {{kData, 16, 0, 0}}), 1);
  EXPECT_EQ(request(13, 0, {{kData, 16, 0, 0}}), 1);
  EXPECT_EQ(request(0, 0, {{kData, 512, kDescWrite, 0}}), 0);
}

TEST(DiskLock, OneWriterOrManyReaders) {
  const TempDisk disk;
  const DiskConfig writer{.path = disk.path, .read_only = false, .id = ""};
  const DiskConfig reader{.path = disk.path, .read_only = true, .id = ""};
  {
    const DiskFile first(writer);
    EXPECT_THROW(DiskFile{writer}, Failure);
    EXPECT_THROW(DiskFile{reader}, Failure);
  }
  const DiskFile one(reader);
  const DiskFile two(reader);
  EXPECT_THROW(DiskFile{writer}, Failure);
}

TEST(DiskLock, NoDiskIsAnError) {
  EXPECT_THROW(DiskFile({.path = "/nonexistent", .read_only = false, .id = ""}), Failure);
  EXPECT_THROW(DiskFile({.path = "/dev/null", .read_only = true, .id = ""}), Failure);
}

}  // namespace
}  // namespace redoubt::vmm
