// SPDX-License-Identifier: Apache-2.0
// What the user gets to see: a table, or JSON.
#pragma once

#include <string>
#include <vector>

namespace redoubt::vmm::attack {

enum class Verdict {
  kDefended,
  kHole,           // an attack worked
  kControlWorks,   // the same means reach an unprotected VM: the attack would have been noticed had it worked
  kControlFailed,  // they do not, so the attack proves nothing
  kSkipped,
};

struct Row {
  std::string name;
  std::string what;
  std::string expected;
  std::string observed;
  Verdict verdict;
};

class Report {
 public:
  // Also prints the row at once unless JSON is wanted: a hypervisor that breaks tells by the last line what broke it.
  explicit Report(bool json) : json_(json) {}
  void add(Row row);
  // The sum, or the whole JSON document. Answers whether everything was defended and every control worked.
  [[nodiscard]] auto finish() const -> bool;

 private:
  bool json_;
  std::vector<Row> rows_;
};

}  // namespace redoubt::vmm::attack
