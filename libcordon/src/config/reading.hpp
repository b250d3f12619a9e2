// What reading one file has found so far, and the values on the way from its tree to the structs.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cordon/config.hpp>

#include "config/document.hpp"
#include "config/rules.hpp"

namespace cordon::config {

class Reading {
 public:
  /// `file` is absolute; relative paths in it mean its folder.
  explicit Reading(std::filesystem::path file) : file_(std::move(file)) {}

  std::filesystem::path resolve(std::string_view path) const { return file_.parent_path() / path; }

  /// A key and its place, for findings that name it later.
  void remember(const std::string& key, Place place) { places_.emplace(key, place); }

  /// No finding of a rule about `key` or what is below it counts any more: the reader has said why already.
  void spoil(const std::string& key) { spoilt_.insert(key); }

  void fault(const std::string& key, Place place, std::string message);  ///< Spoils the key.
  void warn(const std::string& key, Place place, std::string message);

  /// Listeners from `first` on were written as `[[services]]`, which has other keys.
  void set_first_service(std::size_t first) { first_service_ = first; }

  void add_faults(std::vector<Finding> findings);
  void add_warnings(std::vector<Finding> findings);

  /// In the file's order.
  std::vector<ConfigFault> take_faults() { return take(faults_); }
  std::vector<ConfigFault> take_warnings() { return take(warnings_); }

 private:
  std::string as_written(const std::string& key) const;
  bool is_spoilt(std::string key) const;
  Place place_of(std::string key) const;
  ConfigFault place_finding(Finding finding) const;
  static std::vector<ConfigFault> take(std::vector<ConfigFault>& faults);

  std::filesystem::path file_;
  std::map<std::string, Place, std::less<>> places_;
  std::set<std::string, std::less<>> spoilt_;
  std::size_t first_service_ = static_cast<std::size_t>(-1);
  std::vector<ConfigFault> faults_, warnings_;
};

/// A node and the dotted key that leads to it.
struct Value {
  const Node& node;
  std::string key;
  Reading& reading;

  void fault(std::string message) const { reading.fault(key, node.place, std::move(message)); }
  void warn(std::string message) const { reading.warn(key, node.place, std::move(message)); }

  /// The value of an entry of this table, its place remembered.
  Value child(const Entry& entry) const;
  /// The value of an item of this array, likewise.
  Value item(std::size_t index) const;
};

/// The node's content as a T; null, with a fault that says what is wanted, when it has another type.
template <class T>
const T* expect(const Value& value, std::string_view wanted) {
  const T* content = std::get_if<T>(&value.node.value);
  if (content == nullptr) value.fault("must be " + std::string(wanted) + ", not " + std::string(value.node.type_name));
  return content;
}

}  // namespace cordon::config
