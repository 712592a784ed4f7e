// SPDX-License-Identifier: Apache-2.0
#include "proofs/prover/executor.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace redoubt::prover {
namespace {

const std::string kHead =
    "target datalayout = \"e-m:e-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32\"\n"
    "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)\n";

// Runs @f(x, y) on every path.
void run(const std::string& text,
         const std::function<void(Engine&, const Word& x, const Word& y, const Value&)>& check) {
  const Bitcode module = Bitcode::parse(kHead + text);
  Engine engine;
  Coverage coverage;
  engine.explore([&] {
    World world{engine};
    Executor executor{module, world, coverage};
    const Word x = engine.fresh("x");
    const Word y = engine.fresh("y");
    const Value result = executor.call(module.function("f"), {x, y});
    engine.settle();
    check(engine, x, y, result);
  });
}
void run(const std::string& text) {
  run(text, [](Engine&, const Word&, const Word&, const Value&) {});
}

TEST(Executor, FollowsBranchesLoopsAndPhis) {
  unsigned paths = 0;
  run(R"(define i64 @f(i64 %x, i64 %y) {
a: %big = icmp ugt i64 %x, 7
   br i1 %big, label %c, label %b
b: %i = phi i64 [ 0, %a ], [ %i1, %b ]
   %s = phi i64 [ %y, %a ], [ %s1, %b ]
   %s1 = add i64 %s, %x
   %i1 = add i64 %i, 1
   %more = icmp ult i64 %i1, 3
   br i1 %more, label %b, label %c
c: %r = phi i64 [ 1, %a ], [ %s1, %b ]
   ret i64 %r })",
      [&](Engine& engine, const Word& x, const Word& y, const Value& result) {
        ++paths;
        const Word expected = choose(Word{7} < x, Word{1}, y + x * Word{3});
        EXPECT_FALSE(engine.possible(*result.word() != expected));
      });
  EXPECT_EQ(paths, 2);
}

TEST(Executor, StackObjectsByteForByte) {
  run(R"(define i64 @f(i64 %x, i64 %y) {
  %p = alloca [2 x i64]
  call void @llvm.memset.p0.i64(ptr %p, i8 0, i64 16, i1 false)
  %t = trunc i64 %x to i32
  %q = getelementptr i8, ptr %p, i64 4
  store i32 %t, ptr %q
  %r = load i64, ptr %p
  ret i64 %r })",
      [](Engine& engine, const Word& x, const Word&, const Value& result) {
        EXPECT_FALSE(engine.possible(*result.word() != shift_left(x, Word{32})));
      });
}

TEST(Executor, RefutesWhatIsUndefined) {
  const char* const wrong[] = {
      "define i64 @f(i64 %x, i64 %y) { %s = add nuw i64 %x, %y\n ret i64 %s }",
      "define i64 @f(i64 %x, i64 %y) { %s = sub nsw i64 %x, %y\n ret i64 %s }",
      "define i64 @f(i64 %x, i64 %y) { %s = shl nuw i64 %x, 3\n ret i64 %s }",
      "define i64 @f(i64 %x, i64 %y) { %s = shl i64 %x, %y\n ret i64 %s }",
      "define i64 @f(i64 %x, i64 %y) { %s = or disjoint i64 %x, %y\n ret i64 %s }",
      "define i64 @f(i64 %x, i64 %y) { %s = lshr exact i64 %x, 1\n ret i64 %s }",
      "define i64 @f(i64 %x, i64 %y) { unreachable }",
      "define i64 @f(i64 %x, i64 %y) { %c = icmp eq i64 undef, %x\n %r = zext i1 %c to i64\n ret i64 %r }",
      "define i64 @f(i64 %x, i64 %y) { %c = trunc nuw i64 %x to i8\n %r = zext i8 %c to i64\n ret i64 %r }",
      "define i64 @f(i64 %x, i64 %y) { %v = load i64, ptr null\n ret i64 %v }",
      R"(define i64 @f(i64 %x, i64 %y) {
  %p = alloca i64
  %q = getelementptr i64, ptr %p, i64 1
  store i64 %x, ptr %q
  ret i64 0 })",
      R"(define i64 @f(i64 %x, i64 %y) {
  %p = alloca i64
  %v = load i64, ptr %p
  %w = add i64 %v, 1
  ret i64 %w })",
      "@g = constant i64 1\ndefine i64 @f(i64 %x, i64 %y) { store i64 %x, ptr @g\n ret i64 0 }",
      "define i64 @f(i64 %x, i64 %y) { %p = inttoptr i64 %x to ptr\n %v = load i64, ptr %p\n ret i64 %v }",
  };
  for (const char* const text : wrong) EXPECT_THROW(run(text), Refuted) << text;
}

TEST(Executor, KeepsPromisesThatHold) {
  run(R"(define i64 @f(i64 %x, i64 %y) {
  %a = and i64 %x, 255
  %b = shl nuw nsw i64 %a, 3
  %c = or disjoint i64 %b, 4
  %d = add nuw nsw i64 %c, 1
  %e = lshr exact i64 %b, 3
  %r = add i64 %d, %e
  ret i64 %r })");
}

// Each promise against wide arithmetic, on small words: exactly the pairs that break it are refuted.
TEST(Executor, PromisesAreThoseOfUnlimitedNumbers) {
  for (const std::string operation : {"add nuw", "add nsw", "sub nuw", "sub nsw", "mul nuw", "mul nsw"}) {
    for (int a = -8; a < 8; a += 3) {
      for (int b = -8; b < 8; ++b) {
        const bool is_signed = operation.ends_with("nsw");
        const int x = is_signed ? a : a & 15;
        const int y = is_signed ? b : b & 15;
        const int wide = operation[0] == 'a' ? x + y : operation[0] == 's' ? x - y : x * y;
        const bool right = is_signed ? wide >= -8 && wide < 8 : wide >= 0 && wide < 16;
        const std::string text = "define i64 @f(i64 %x, i64 %y) { %a = trunc i64 %x to i4\n %b = trunc i64 %y to i4\n" +
                                 std::string{" %i = icmp eq i4 %a, "} + std::to_string(a) + "\n %j = icmp eq i4 %b, " +
                                 std::to_string(b) +
                                 "\n %k = and i1 %i, %j\n br i1 %k, label %s, label %e\ns: %r = " + operation +
                                 " i4 %a, %b\n ret i64 1\ne: ret i64 0 }";
        if (right) {
          EXPECT_NO_THROW(run(text)) << text;
        } else {
          EXPECT_THROW(run(text), Refuted) << text;
        }
      }
    }
  }
}

TEST(Executor, SaysWhatItDoesNotKnow) {
  EXPECT_THROW(run("declare i64 @g(i64)\ndefine i64 @f(i64 %x, i64 %y) { %v = call i64 @g(i64 %x)\n ret i64 %v }"),
               Unsupported);
  EXPECT_THROW(run("define i64 @f(i64 %x, i64 %y) { %v = udiv i64 %x, %y\n ret i64 %v }"), Unsupported);
  EXPECT_THROW(run("define i64 @f(i64 %x, i64 %y) {\na: br label %b\nb: br label %b }"), Unsupported);
}

}  // namespace
}  // namespace redoubt::prover
