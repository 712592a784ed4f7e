// SPDX-License-Identifier: Apache-2.0
#include "vmm/attack/campaign.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "vmm/attack/dma_engine.hpp"
#include "vmm/attack/host_memory.hpp"
#include "vmm/attack/kernel_log.hpp"
#include "vmm/attack/report.hpp"
#include "vmm/attack/victim.hpp"
#include "vmm/vm/failure.hpp"
#include "vmm/vm/guarded_copy.hpp"

namespace redoubt::vmm::attack {
namespace {

using namespace std::chrono_literals;

constexpr auto kGuestPatience = 30s;

class Campaign {
 public:
  explicit Campaign(const CampaignConfig& config) : config_(config), attacks_(all_attacks()), report_(config.json) {
    for (const std::string& name : config_.only) {
      if (std::ranges::find(attacks_, name, &Attack::name) == attacks_.end()) fail("there is no attack named {}", name);
    }
  }

  [[nodiscard]] auto run() -> bool {
    install_fault_guard();
    if (!dma_engine_ && config_.only.empty()) {
      fmt::print(stderr, "{} attacks by DMA are left out: no edu device (QEMU: -M virt,iommu=smmuv3 -device edu)\n",
                 std::ranges::count(attacks_, true, &Attack::dma));
    }
    run_controls();
    run_attacks();
    check_kernel("host-kernel");
    return report_.finish();
  }

 private:
  [[nodiscard]] auto chosen(const Attack& attack) const -> bool {
    if (!config_.only.empty()) return std::ranges::find(config_.only, attack.name) != config_.only.end();
    return !attack.dma || dma_engine_;
  }

  [[nodiscard]] auto perform(std::uint64_t index, Victim& victim) -> Outcome {
    const Attack& attack = attacks_[index];
    if (attack.inside != nullptr) return victim.run_inside(index, attack.page);
    const Arena arena{
        .device = device_, .target = victim.target(), .seed = config_.seed, .fuzz_calls = config_.fuzz_calls};
    try {
      return attack.outside(arena);
    } catch (const Failure& failure) {
      return reached("the attack broke off: {}", failure.what());
    }
  }

  void add(const Attack& attack, std::string name, std::string expected, const Outcome& outcome, Verdict verdict) {
    if (outcome.reach == Reach::kSkipped) verdict = Verdict::kSkipped;
    report_.add({std::move(name), std::string(attack.what), std::move(expected), outcome.observed, verdict});
  }

  // What follows is worth nothing unless the same means reach a VM that is not protected.
  void run_controls() {
    Victim ordinary(device_, {.payload = config_.payload, .is_protected = false});
    for (std::uint64_t n = 0; n < attacks_.size(); ++n) {
      const Attack& attack = attacks_[n];
      if (!attack.control || !chosen(attack)) continue;
      const Outcome outcome = perform(n, ordinary);
      const bool works = outcome.reach == Reach::kReached;
      add(attack, "ordinary-vm: " + std::string(attack.name), "succeeds", outcome,
          works ? Verdict::kControlWorks : Verdict::kControlFailed);
    }
    control_of_damage(ordinary);
  }

  // A guest that is written to must say so, or its later silence means nothing.
  void control_of_damage(Victim& ordinary) {
    const Pa place = pa_of(ordinary.target().frames[50]);
    const bool stored = device_.store(place, 8, 0, Mapping::kLinear);
    const auto deadline = std::chrono::steady_clock::now() + kGuestPatience;
    while (!ordinary.says_damaged() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(50ms);
    const bool noticed = stored && ordinary.says_damaged();
    report_.add({"ordinary-vm: damage-noticed", "one word of an ordinary guest's secret is overwritten",
                 "the guest says so", noticed ? "it said so" : "it did not",
                 noticed ? Verdict::kControlWorks : Verdict::kControlFailed});
  }

  void run_attacks() {
    Victim victim(device_, {.payload = config_.payload, .is_protected = true});
    for (std::uint64_t n = 0; n < attacks_.size(); ++n) {
      const Attack& attack = attacks_[n];
      if (!chosen(attack)) continue;
      Outcome outcome = perform(n, victim);
      const bool is_control = attack.name.starts_with("control-");
      if (victim.says_damaged()) outcome = reached("{}; THE GUEST WAS DAMAGED", outcome.observed);
      const bool worked = outcome.reach == Reach::kReached;
      const Verdict as_control = worked ? Verdict::kControlWorks : Verdict::kControlFailed;
      const Verdict as_attack = worked ? Verdict::kHole : Verdict::kDefended;
      add(attack, std::string(attack.name), std::string(attack.expected), outcome, is_control ? as_control : as_attack);
    }
    check_victim(victim);
  }

  void check_victim(Victim& victim) {
    const bool intact = victim.says_intact(kGuestPatience);
    add_check("guest-unharmed", "the guest verifies its memory and registers after all attacks", "secret intact",
              intact ? "secret intact" : "the guest said: " + last_line(victim), intact);
    const int code = victim.end(kGuestPatience);
    const bool clean = code == 0 && !victim.says_damaged();
    add_check("guest-powers-off", "the guest, asked to end, does so by itself", "exit code 0",
              fmt::format("exit code {}", code), clean);
    const HostScan scan = scan_host_memory(device_, victim.target().secret);
    add_check("secret-scan-after", "every page of host RAM is searched for the secret after the guest's end", "0 hits",
              fmt::format("{} hits in {} pages ({} unreadable)", scan.hits, scan.pages, scan.unreadable),
              scan.hits == 0);
  }

  [[nodiscard]] static auto last_line(const Victim& victim) -> std::string {
    std::string text = victim.console();
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  }

  void check_kernel(const char* name) {
    const auto complaints = log_.complaints();
    add_check(name, "the host kernel's log is searched for oopses and warnings", "none",
              complaints.empty() ? "none" : fmt::format("{}: {}", complaints.size(), complaints.front()),
              complaints.empty());
  }

  void add_check(std::string name, std::string what, std::string expected, std::string observed, bool good) {
    report_.add({std::move(name), std::move(what), std::move(expected), std::move(observed),
                 good ? Verdict::kDefended : Verdict::kHole});
  }

  CampaignConfig config_;
  Device device_;
  bool dma_engine_ = DmaEngine::find(device_).has_value();
  KernelLog log_;
  std::vector<Attack> attacks_;
  Report report_;
};

}  // namespace

auto run_campaign(const CampaignConfig& config) -> bool { return Campaign(config).run(); }

}  // namespace redoubt::vmm::attack
