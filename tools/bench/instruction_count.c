// SPDX-License-Identifier: Apache-2.0
// A QEMU plugin (plugin interface 4) that counts executed instructions by address class. It writes one line for each mark: one
// of the hints #100..#103, which an architecture without a meaning for them executes as NOP, wherever it is executed: in a
// guest, in a program, in a kernel. The difference of two lines is what was executed between two marks.
//   -plugin FILE.so,out=FILE,class=NAME:FIRST:END,...     FIRST and END: hexadecimal virtual addresses; the first class that
//                                                         holds an address counts it, class "other" what is in none
// Output: "classes NAME ... other", then "mark HINT COUNT ... COUNT".
// The declarations are those of the interface's documentation: distributions do not ship its header.
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))
enum { kMaxClasses = 16, kInlineAddU64 = 0, kNoRegisters = 0 };
enum { kHint100 = 0xd5032c9f, kHintStep = 0x20, kHints = 4, kFirstHint = 100 };

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;
struct qemu_info_t;
typedef struct {
  struct qemu_plugin_scoreboard* score;
  size_t offset;
} qemu_plugin_u64;

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*call)(qemu_plugin_id_t, struct qemu_plugin_tb*));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* block);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb* block, size_t index);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn* instruction, void* to, size_t bytes);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn* instruction);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn* instruction, void (*call)(unsigned, void*),
                                            int flags, void* data);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn* instruction, int operation,
                                                         qemu_plugin_u64 counter, uint64_t amount);
struct qemu_plugin_scoreboard* qemu_plugin_scoreboard_new(size_t bytes);
uint64_t qemu_plugin_u64_sum(qemu_plugin_u64 counter);

EXPORTED int qemu_plugin_version = 4;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t* info, int argc, char** argv);

struct address_class {
  char name[32];
  uint64_t first;
  uint64_t end;
};

static struct address_class classes[kMaxClasses];
static int nr_classes;
static struct qemu_plugin_scoreboard* board;
static FILE* out;

static qemu_plugin_u64 counter_of(int class_index) {
  return (qemu_plugin_u64){board, sizeof(uint64_t) * (size_t)class_index};
}

static int class_of(uint64_t address) {
  for (int i = 0; i < nr_classes; ++i)
    if (address >= classes[i].first && address < classes[i].end) return i;
  return nr_classes;
}

static void on_mark(unsigned cpu, void* hint) {
  (void)cpu;
  fprintf(out, "mark %d", (int)(intptr_t)hint);
  for (int i = 0; i <= nr_classes; ++i) fprintf(out, " %" PRIu64, qemu_plugin_u64_sum(counter_of(i)));
  fprintf(out, "\n");
  fflush(out);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb* block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(block, i);
    const int class_index = class_of(qemu_plugin_insn_vaddr(instruction));
    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(instruction, kInlineAddU64, counter_of(class_index), 1);
    uint32_t word = 0;
    qemu_plugin_insn_data(instruction, &word, sizeof word);
    for (int hint = 0; hint < kHints; ++hint)
      if (word == kHint100 + (uint32_t)(hint * kHintStep))
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_mark, kNoRegisters,
                                               (void*)(intptr_t)(kFirstHint + hint));
  }
}

static bool add_class(const char* text) {
  if (nr_classes == kMaxClasses - 1) return false;
  struct address_class* each = &classes[nr_classes++];
  return sscanf(text, "%31[^:]:%" SCNx64 ":%" SCNx64, each->name, &each->first, &each->end) == 3;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t* info, int argc, char** argv) {
  (void)info;
  for (int i = 0; i < argc; ++i) {
    const bool is_class = strncmp(argv[i], "class=", 6) == 0;
    if (is_class && add_class(argv[i] + 6)) continue;
    if (strncmp(argv[i], "out=", 4) == 0 && (out = fopen(argv[i] + 4, "w")) != NULL) continue;
    fprintf(stderr, "instruction_count: bad argument %s\n", argv[i]);
    return -1;
  }
  if (out == NULL) return -1;
  board = qemu_plugin_scoreboard_new(sizeof(uint64_t) * kMaxClasses);
  fprintf(out, "classes");
  for (int i = 0; i < nr_classes; ++i) fprintf(out, " %s", classes[i].name);
  fprintf(out, " other\n");
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}
