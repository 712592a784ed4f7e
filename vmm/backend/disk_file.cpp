// SPDX-License-Identifier: Apache-2.0
#include "vmm/backend/disk_file.hpp"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

[[nodiscard]] auto bytes_of(int fd, const std::string& path) -> std::uint64_t {
  struct stat info = {};
  if (::fstat(fd, &info) != 0) fail("cannot look at the disk {}: {}", path, errno_text(errno));
  if (S_ISREG(info.st_mode)) return static_cast<std::uint64_t>(info.st_size);
  if (!S_ISBLK(info.st_mode)) fail("the disk {} is neither a regular file nor a block device", path);
  std::uint64_t bytes = 0;
  if (::ioctl(fd, BLKGETSIZE64, &bytes) != 0) fail("cannot read the size of the disk {}: {}", path, errno_text(errno));
  return bytes;
}

[[nodiscard]] auto status_of_errno(int error) -> BlockStatus {
  switch (error) {
    case EFAULT: return BlockStatus::kBadMemory;
    case EOPNOTSUPP:
    case ENOSYS: return BlockStatus::kUnsupported;
    default: return BlockStatus::kError;
  }
}

// Removes the first `done` bytes from the list.
[[nodiscard]] auto advance(std::span<iovec> vectors, std::size_t done) -> std::span<iovec> {
  while (!vectors.empty() && done >= vectors.front().iov_len) {
    done -= vectors.front().iov_len;
    vectors = vectors.subspan(1);
  }
  if (!vectors.empty()) {
    vectors.front().iov_base = static_cast<std::byte*>(vectors.front().iov_base) + done;
    vectors.front().iov_len -= done;
  }
  return vectors;
}

// Repeats a vector system call until everything is transferred. 0 bytes: the file became shorter than it was.
template <class Call>
[[nodiscard]] auto transfer(std::span<iovec> vectors, std::uint64_t offset, Call call) -> BlockStatus {
  while (!vectors.empty()) {
    const int count = static_cast<int>(std::min<std::size_t>(vectors.size(), IOV_MAX));
    const ssize_t done = call(vectors.data(), count, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return status_of_errno(errno);
    if (done == 0) return BlockStatus::kError;
    offset += static_cast<std::uint64_t>(done);
    vectors = advance(vectors, static_cast<std::size_t>(done));
  }
  return BlockStatus::kOk;
}

[[nodiscard]] auto allocate(int fd, int mode, std::uint64_t offset, std::uint64_t length) -> BlockStatus {
  int answer = 0;
  do {
    answer = ::fallocate(fd, mode | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(length));
  } while (answer != 0 && errno == EINTR);
  return answer == 0 ? BlockStatus::kOk : status_of_errno(errno);
}

}  // namespace

DiskFile::DiskFile(const DiskConfig& config)
    : read_only_(config.read_only),
      id_(config.id),
      fd_(::open(config.path.c_str(), (config.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK)) {
  if (!fd_) {
    const char* hint = !read_only_ && (errno == EACCES || errno == EROFS) ? " (add ,ro to only read it)" : "";
    fail("cannot open the disk {}: {}{}", config.path, errno_text(errno), hint);
  }
  size_ = bytes_of(fd_.get(), config.path) / kSectorBytes * kSectorBytes;
  if (size_ == 0) fail("the disk {} has not one sector of {} bytes", config.path, kSectorBytes);
  lock(config.path);
}

void DiskFile::lock(const std::string& path) const {
  struct flock request = {};
  request.l_type = read_only_ ? F_RDLCK : F_WRLCK;
  request.l_whence = SEEK_SET;
  if (::fcntl(fd_.get(), F_OFD_SETLK, &request) == 0) return;
  if (errno == EAGAIN || errno == EACCES) {
    fail("the disk {} is in use by another VM (a disk may be shared only if all its users give ,ro)", path);
  }
  fail("cannot lock the disk {}: {}", path, errno_text(errno));
}

auto DiskFile::read(std::span<iovec> to, std::uint64_t offset) -> BlockStatus {
  return transfer(to, offset, [this](const iovec* vectors, int count, off_t at) {
    return ::preadv(fd_.get(), vectors, count, at);
  });
}

auto DiskFile::write(std::span<iovec> from, std::uint64_t offset) -> BlockStatus {
  return transfer(from, offset, [this](const iovec* vectors, int count, off_t at) {
    return ::pwritev(fd_.get(), vectors, count, at);
  });
}

auto DiskFile::flush() -> BlockStatus { return ::fdatasync(fd_.get()) == 0 ? BlockStatus::kOk : BlockStatus::kError; }

auto DiskFile::discard(std::uint64_t offset, std::uint64_t length) -> BlockStatus {
  const BlockStatus done = allocate(fd_.get(), FALLOC_FL_PUNCH_HOLE, offset, length);
  // A discard is advice: storage that cannot free space has done all it can.
  return done == BlockStatus::kUnsupported ? BlockStatus::kOk : done;
}

auto DiskFile::write_zeroes(std::uint64_t offset, std::uint64_t length) -> BlockStatus {
  const BlockStatus done = allocate(fd_.get(), FALLOC_FL_ZERO_RANGE, offset, length);
  if (done != BlockStatus::kUnsupported) return done;
  static constexpr std::size_t kPiece = 64 * 1024;
  static std::array<std::byte, kPiece> zeroes{};
  while (length != 0) {
    iovec vector{zeroes.data(), std::min<std::uint64_t>(length, kPiece)};
    const std::uint64_t part = vector.iov_len;
    if (const BlockStatus written = write(std::span{&vector, 1}, offset); written != BlockStatus::kOk) return written;
    offset += part;
    length -= part;
  }
  return BlockStatus::kOk;
}

}  // namespace redoubt::vmm
