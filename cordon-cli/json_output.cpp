#include "json_output.hpp"

namespace cordon::cli {

void print_json(Terminal& terminal, const Json& report) {
  terminal.print(report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Json json_of(const Error& error) {
  return {{"code", name(error.code)}, {"message", error.message()}};
}

Json json_of(const std::vector<Error>& errors) {
  Json list = Json::array();
  for (const Error& error : errors)
    list.push_back(json_of(error));
  return list;
}

}  // namespace cordon::cli
