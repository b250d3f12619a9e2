#include <string>

#include <gtest/gtest.h>

#include "ca/leaf_cache.hpp"
#include "unit/tls/test_certificates.hpp"

namespace cordon::ca {
namespace {

LeafCache::Leaf make_leaf() {
  return test::make_test_identity({});
}

TEST(LeafCache, FindsWhatWasPutUnderThatHostOnly) {
  LeafCache cache(4);
  const auto leaf = make_leaf();
  cache.put("a.example", leaf);
  EXPECT_EQ(cache.find("a.example"), leaf);
  EXPECT_EQ(cache.find("b.example"), nullptr);
}

TEST(LeafCache, ReplacesTheLeafOfAHost) {
  LeafCache cache(4);
  cache.put("a.example", make_leaf());
  const auto second = make_leaf();
  cache.put("a.example", second);
  EXPECT_EQ(cache.find("a.example"), second);
  EXPECT_EQ(cache.size(), 1U);
}

// T3
TEST(LeafCache, DropsTheLeastRecentlyUsedBeyondItsBound) {
  LeafCache cache(2);
  const auto leaf = make_leaf();
  cache.put("a.example", leaf);
  cache.put("b.example", leaf);
  EXPECT_NE(cache.find("a.example"), nullptr);
  cache.put("c.example", leaf);
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.find("b.example"), nullptr);
  EXPECT_EQ(cache.find("a.example"), leaf);
  EXPECT_EQ(cache.find("c.example"), leaf);
}

TEST(LeafCache, LeavesADroppedLeafToWhoeverHoldsIt) {
  LeafCache cache(1);
  const LeafCache::Leaf leaf = make_leaf();
  cache.put("a.example", leaf);
  cache.put("b.example", make_leaf());
  EXPECT_EQ(leaf.use_count(), 1);
  EXPECT_NE(leaf->certificate(), nullptr);
}

}  // namespace
}  // namespace cordon::ca
