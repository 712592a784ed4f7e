// SPDX-License-Identifier: Apache-2.0
#include "vmm/cli/raw_options.hpp"

#include <cstdint>
#include <fstream>
#include <functional>
#include <map>

#include <nlohmann/json.hpp>

#include "vmm/cli/units.hpp"
#include "vmm/vm/failure.hpp"

namespace redoubt::vmm {
namespace {

using Json = nlohmann::json;

// A unix socket's path, with room for the longest "_PORT" suffix (vsock_mux.hpp).
constexpr std::size_t kMaxSocketPath = 107 - 11;
constexpr unsigned kMaxCpusAsked = 512;

template <class T>
[[nodiscard]] auto setter(std::optional<T>& slot) -> std::function<void(const Json&)> {
  return [&slot](const Json& value) { slot = value.get<T>(); };
}

[[nodiscard]] auto setters(RawOptions& raw) -> std::map<std::string, std::function<void(const Json&)>> {
  return {
      {"kernel", setter(raw.kernel)},
      {"initrd", setter(raw.initrd)},
      {"disk",
       [&raw](const Json& value) {
         raw.disks = value.is_string() ? std::vector{value.get<std::string>()} : value.get<std::vector<std::string>>();
       }},
      {"cpus", setter(raw.cpus)},
      {"memory", setter(raw.memory)},
      {"cmdline", setter(raw.cmdline)},
      {"protected", setter(raw.is_protected)},
      {"vsock-cid", setter(raw.vsock_cid)},
      {"vsock-socket", setter(raw.vsock_socket)},
      {"console", setter(raw.console)},
      {"rng", setter(raw.rng)},
  };
}

template <class T>
void replace(std::optional<T>& slot, const std::optional<T>& over) {
  if (over) slot = over;
}

[[nodiscard]] auto resolve_vsock(const RawOptions& raw) -> std::optional<VsockConfig> {
  if (!raw.vsock_cid && !raw.vsock_socket) return std::nullopt;
  if (!raw.vsock_cid || !raw.vsock_socket) fail("--vsock-cid and --vsock-socket belong together");
  if (*raw.vsock_cid < 3 || *raw.vsock_cid == UINT32_MAX) fail("--vsock-cid {}: 3 to 4294967294", *raw.vsock_cid);
  if (raw.vsock_socket->empty() || raw.vsock_socket->size() > kMaxSocketPath) {
    fail("--vsock-socket: a path of 1 to {} bytes", kMaxSocketPath);
  }
  return VsockConfig{*raw.vsock_cid, *raw.vsock_socket};
}

}  // namespace

auto read_config_file(const std::string& path) -> RawOptions {
  std::ifstream file(path);
  if (!file) fail("cannot open the configuration file {}", path);
  RawOptions raw;
  const auto known = setters(raw);
  std::string key;
  try {
    const Json json = Json::parse(file, nullptr, true, true);
    if (!json.is_object()) fail("{}: a JSON object is expected", path);
    for (const auto& item : json.items()) {
      key = item.key();
      const auto found = known.find(key);
      if (found == known.end()) fail("{}: unknown key \"{}\" (keys are the long options of 'redoubt run')", path, key);
      if (item.value().is_number() && item.value() < 0) fail("{}: \"{}\" must not be negative", path, key);
      found->second(item.value());
    }
  } catch (const Json::parse_error& error) {
    fail("{}: not JSON: {}", path, error.what());
  } catch (const Json::exception&) {
    fail("{}: \"{}\" has a value of the wrong type", path, key);
  }
  return raw;
}

auto merge(RawOptions base, const RawOptions& over) -> RawOptions {
  replace(base.kernel, over.kernel);
  replace(base.initrd, over.initrd);
  if (!over.disks.empty()) base.disks = over.disks;
  replace(base.cpus, over.cpus);
  replace(base.memory, over.memory);
  replace(base.cmdline, over.cmdline);
  replace(base.is_protected, over.is_protected);
  replace(base.vsock_cid, over.vsock_cid);
  replace(base.vsock_socket, over.vsock_socket);
  replace(base.console, over.console);
  replace(base.rng, over.rng);
  return base;
}

auto resolve(const RawOptions& raw) -> MachineConfig {
  MachineConfig config;
  if (!raw.kernel) fail("no kernel: give --kernel Image (see redoubt run --help)");
  config.kernel = *raw.kernel;
  config.initrd = raw.initrd.value_or("");
  for (const std::string& disk : raw.disks) config.disks.push_back(parse_disk(disk));
  if (raw.cpus && (*raw.cpus == 0 || *raw.cpus > kMaxCpusAsked)) fail("--cpus {}: at least 1", *raw.cpus);
  config.cpus = raw.cpus.value_or(config.cpus);
  if (raw.memory) config.memory_bytes = parse_memory(*raw.memory);
  config.cmdline = raw.cmdline.value_or("");
  config.is_protected = raw.is_protected.value_or(false);
  config.rng = raw.rng.value_or(true);
  if (raw.console) config.console = parse_console(*raw.console);
  config.vsock = resolve_vsock(raw);
  return config;
}

}  // namespace redoubt::vmm
