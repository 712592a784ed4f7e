// SPDX-License-Identifier: Apache-2.0
// Test program for the host, as root: QEMU's `edu` device as a DMA engine that anybody who is root can aim anywhere.
//   edu_dma probe                 Its own memory, both ways: the engine works. Prints "edu_dma works".
//   edu_dma steal PID ADDRESS BYTES HEX
//       Reads the frames behind a range of that process, page by page, and looks for the 8-byte word HEX; then overwrites
//       them. Prints "edu_dma steal: PAGES pages, FOUND with the word".
// Exit code 1: cannot try, with the reason.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace {

constexpr std::uint64_t kPage = 4096;
// docs/specs/edu.rst of QEMU.
constexpr unsigned kSource = 0x80, kTarget = 0x88, kCount = 0x90, kCommand = 0x98;
constexpr std::uint64_t kBuffer = 0x40000, kStart = 1, kToMemory = 2;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

auto text_of(const std::filesystem::path& file) -> std::string {
  char text[64] = {};
  const int fd = ::open(file.c_str(), O_RDONLY);
  if (fd < 0 || ::read(fd, text, sizeof text - 1) < 0) die(file.c_str());
  ::close(fd);
  return text;
}

// Enabled, bus master, and its registers mapped.
class Engine {
 public:
  Engine() {
    const auto device = find();
    write_file(device / "enable", "1");
    const int config = ::open((device / "config").c_str(), O_RDWR);
    std::uint16_t command = 0;
    if (config < 0 || ::pread(config, &command, 2, 4) != 2) die("config");
    command |= 6;  // memory space, bus master
    if (::pwrite(config, &command, 2, 4) != 2) die("config");
    ::close(config);
    const int bar = ::open((device / "resource0").c_str(), O_RDWR | O_SYNC);
    void* const mapped = ::mmap(nullptr, 0x100000, PROT_READ | PROT_WRITE, MAP_SHARED, bar, 0);
    if (bar < 0 || mapped == MAP_FAILED) die("resource0");
    registers_ = static_cast<volatile unsigned char*>(mapped);
  }

  void read(std::uint64_t from) { run(from, kBuffer, kStart); }
  void write(std::uint64_t to) { run(kBuffer, to, kStart | kToMemory); }

 private:
  static auto find() -> std::filesystem::path {
    for (const auto& each : std::filesystem::directory_iterator{"/sys/bus/pci/devices"}) {
      if (text_of(each.path() / "vendor").starts_with("0x1234") &&
          text_of(each.path() / "device").starts_with("0x11e8"))
        return each.path();
    }
    std::puts("edu_dma: no edu device");
    std::exit(1);
  }
  static void write_file(const std::filesystem::path& file, const char* text) {
    const int fd = ::open(file.c_str(), O_WRONLY);
    if (fd < 0 || ::write(fd, text, std::strlen(text)) < 0) die(file.c_str());
    ::close(fd);
  }
  auto word(unsigned at) -> volatile std::uint64_t& {
    return *reinterpret_cast<volatile std::uint64_t*>(const_cast<unsigned char*>(registers_ + at));
  }
  void run(std::uint64_t source, std::uint64_t target, std::uint64_t command) {
    word(kSource) = source;
    word(kTarget) = target;
    word(kCount) = kPage;
    word(kCommand) = command;
    for (int i = 0; (word(kCommand) & kStart) != 0; ++i) {
      if (i == 5000) die("the engine does not finish");
      ::usleep(1000);
    }
  }
  volatile unsigned char* registers_;
};

// Physical address behind a page of a process; 0 if there is none.
auto frame_of(const std::string& pid, std::uint64_t address) -> std::uint64_t {
  const int fd = ::open(("/proc/" + pid + "/pagemap").c_str(), O_RDONLY);
  if (fd < 0) die(("/proc/" + pid + "/pagemap").c_str());
  std::uint64_t entry = 0;
  if (::pread(fd, &entry, 8, static_cast<off_t>(address / kPage * 8)) != 8) die("pagemap");
  ::close(fd);
  return (entry >> 63) != 0 ? (entry & ((std::uint64_t{1} << 55) - 1)) * kPage : 0;
}

// A page of this process and its address for devices.
struct OwnPage {
  OwnPage() {
    void* const made = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED || ::mlock(made, kPage) != 0) die("mlock");
    words = static_cast<std::uint64_t*>(made);
    fill(0);
    frame = frame_of("self", reinterpret_cast<std::uint64_t>(made));
    if (frame == 0) die("a locked page has no frame");
  }
  void fill(std::uint64_t value) const {
    for (std::uint64_t i = 0; i < kPage / 8; ++i) *const_cast<volatile std::uint64_t*>(words + i) = value + i;
  }
  [[nodiscard]] auto word(std::uint64_t i) const -> std::uint64_t {
    return *const_cast<volatile const std::uint64_t*>(words + i);
  }
  [[nodiscard]] auto holds(std::uint64_t value) const -> bool {
    for (std::uint64_t i = 0; i < kPage / 8; ++i) {
      if (word(i) == value) return true;
    }
    return false;
  }
  std::uint64_t* words;
  std::uint64_t frame;
};

auto probe() -> int {
  Engine engine;
  const OwnPage from, to;
  from.fill(0x1122'3344'5566'0000);
  engine.read(from.frame);
  engine.write(to.frame);
  const bool works = std::memcmp(from.words, to.words, kPage) == 0;
  std::printf("edu_dma %s\n", works ? "works" : "moves nothing");
  return works ? 0 : 1;
}

// Copies each foreign frame over a page of ours, and then, since that may be noticed, a page of ours over each.
auto steal(const std::string& pid, std::uint64_t address, std::uint64_t bytes, std::uint64_t secret) -> int {
  Engine engine;
  const OwnPage page, junk;
  junk.fill(0x6666'6666'0000'0000);
  std::vector<std::uint64_t> frames;
  for (std::uint64_t at = address; at < address + bytes; at += kPage) {
    if (const auto frame = frame_of(pid, at)) frames.push_back(frame);
  }
  unsigned found = 0;
  for (const auto frame : frames) {
    engine.read(junk.frame);
    engine.read(frame);
    page.fill(0);
    engine.write(page.frame);
    found += page.holds(secret) ? 1 : 0;
  }
  engine.read(junk.frame);
  for (const auto frame : frames) engine.write(frame);
  std::printf("edu_dma steal: %zu pages, %u with the word\n", frames.size(), found);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "probe") == 0) return probe();
  if (argc == 6 && std::strcmp(argv[1], "steal") == 0) {
    return steal(argv[2], std::strtoull(argv[3], nullptr, 16), std::strtoull(argv[4], nullptr, 0),
                 std::strtoull(argv[5], nullptr, 16));
  }
  std::puts("usage: edu_dma probe | edu_dma steal PID ADDRESS BYTES WORD");
  return 1;
}
