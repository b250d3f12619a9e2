// What `cordon setup` has done, told.
#pragma once

#include <vector>

#include "groundwork.hpp"
#include "integrations/tool.hpp"
#include "json_output.hpp"

namespace cordon::cli {

/// What is going to be done, or was.
struct Setup {
  const Tool* tool = nullptr;  ///< Null: the instance alone.
  Site site;
  Record record;
  Plan plan{};
  Groundwork groundwork{};
  std::vector<FileOutcome> files{};
  bool follow_up = false;  ///< Whether the tool's follow-up is due.
};

/// A summary, and the commands to go on with, to standard output.
void print_setup(const Context& context, const TargetOptions& options, const Setup& setup);

/// The same for programs.
Json setup_json(const TargetOptions& options, const Setup& setup);

}  // namespace cordon::cli
