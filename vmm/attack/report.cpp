// SPDX-License-Identifier: Apache-2.0
#include "vmm/attack/report.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace redoubt::vmm::attack {
namespace {

[[nodiscard]] auto word(Verdict verdict) -> const char* {
  switch (verdict) {
    case Verdict::kDefended: return "defended";
    case Verdict::kHole: return "HOLE";
    case Verdict::kControlWorks: return "control";
    case Verdict::kControlFailed: return "CONTROL FAILED";
    case Verdict::kSkipped: return "skipped";
  }
  return "?";
}

}  // namespace

void Report::add(Row row) {
  if (!json_) {
    fmt::print("{:<14} {:<28} {}\n{:15}expected: {}; observed: {}\n", word(row.verdict), row.name, row.what, "",
               row.expected, row.observed);
    std::fflush(stdout);
  }
  rows_.push_back(std::move(row));
}

auto Report::finish() const -> bool {
  const auto count = [this](Verdict verdict) { return std::ranges::count(rows_, verdict, &Row::verdict); };
  const bool good = count(Verdict::kHole) == 0 && count(Verdict::kControlFailed) == 0 && count(Verdict::kDefended) != 0;
  if (!json_) {
    const char* const verdict =
        !good ? "NOT DEFENDED" : (count(Verdict::kSkipped) == 0 ? "ALL DEFENDED" : "DEFENDED AS FAR AS TRIED");
    fmt::print("\n{} attacks defended, {} holes, {} controls work, {} controls failed, {} skipped: {}\n",
               count(Verdict::kDefended), count(Verdict::kHole), count(Verdict::kControlWorks),
               count(Verdict::kControlFailed), count(Verdict::kSkipped), verdict);
    return good;
  }
  nlohmann::json document{{"defended", good}, {"attacks", nlohmann::json::array()}};
  for (const Row& row : rows_) {
    document["attacks"].push_back({{"name", row.name},
                                   {"what", row.what},
                                   {"expected", row.expected},
                                   {"observed", row.observed},
                                   {"verdict", word(row.verdict)}});
  }
  fmt::print("{}\n", document.dump(2));
  return good;
}

}  // namespace redoubt::vmm::attack
