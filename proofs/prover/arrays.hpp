// SPDX-License-Identifier: Apache-2.0
// Memory whose first content is an unknown function of the index, and what was written over it since. Reading asks, for
// each write from the newest on, whether it was to the same place: a fork where both are possible.
#pragma once

#include <string>
#include <vector>

#include "proofs/prover/engine.hpp"

namespace redoubt::prover {

inline constexpr unsigned kFrameBits = 36;

// An array of numbers: the page entries, the counts of the blocks.
class NumberArray {
 public:
  struct Write {
    Word index;
    Word old;
    Word value;
  };

  NumberArray(Engine& engine, std::string name, unsigned bits) : engine_(engine), name_(std::move(name)), bits_(bits) {}

  [[nodiscard]] auto bits() const -> unsigned { return bits_; }
  [[nodiscard]] auto initial(const Word& index) const -> Word { return unknown(name_, {index}, bits_); }
  [[nodiscard]] auto now(const Word& index) -> Word;
  void set(const Word& index, const Word& value) { log_.push_back({index, now(index), value}); }
  [[nodiscard]] auto log() const -> const std::vector<Write>& { return log_; }

 private:
  Engine& engine_;
  std::string name_;
  unsigned bits_;
  std::vector<Write> log_;
};

// Physical memory as 512 words for each page frame. Runs of words that a loop writes are kept as one.
class PageMemory {
 public:
  struct Write {
    Word frame;
    Word first;                // index of the first word
    std::vector<Word> values;  // none: the whole page became zero
  };

  explicit PageMemory(Engine& engine) : engine_(engine) {}

  [[nodiscard]] static auto initial(const Word& frame, const Word& index) -> Word {
    return unknown("memory", {frame, index}, 64);
  }
  [[nodiscard]] auto now(const Word& frame, const Word& index) -> Word;
  void set(const Word& frame, const Word& index, const Word& value);
  void zero(const Word& frame) { log_.push_back({frame, Word{0, 9}, {}}); }
  [[nodiscard]] auto log() const -> const std::vector<Write>& { return log_; }

 private:
  Engine& engine_;
  std::vector<Write> log_;
};

}  // namespace redoubt::prover
