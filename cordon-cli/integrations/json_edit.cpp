#include "integrations/json_edit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/json_scan.hpp"

namespace cordon::cli {
namespace {

using json_text::Member;
using json_text::Node;

struct Span {
  std::size_t begin;
  std::size_t end;
};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

/// The blanks that begin the line in which `at` is.
std::string_view indent_of(std::string_view text, std::size_t at) {
  const std::size_t begin = text.rfind('\n', at == 0 ? 0 : at - 1) + 1;  // npos + 1 is 0
  const std::string_view line = text.substr(std::min(begin, at), at - std::min(begin, at));
  return line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
}

/// Where a list (an object's members, an array's elements) stands, and how it is written.
class List {
 public:
  List(std::string_view text, const Node& root, const Node& node) : text_(text), node_(node), unit_(unit_of(root)) {
    for (const Member& member : node.members)
      items_.push_back({member.begin, member.value.end});
    for (const Node& element : node.elements)
      items_.push_back({element.begin, element.end});
  }

  /// Whether items stand on lines of their own.
  bool has_lines() const {
    if (items_.empty()) return true;
    return text_.substr(open(), items_.front().begin - open()).contains('\n');
  }

  /// What begins an item's line.
  std::string indent() const {
    if (!items_.empty() && has_lines()) return std::string(indent_of(text_, items_.front().begin));
    return own_indent() + unit_;
  }

  std::string unit() const { return unit_; }
  std::string line_end() const { return text_.contains("\r\n") ? "\r\n" : "\n"; }

  std::string with(const std::string& item) const { return items_.empty() ? with_first(item) : with_last(item); }
  std::string without(std::size_t index) const;

 private:
  std::size_t open() const { return node_.begin + 1; }
  std::size_t close() const { return node_.end - 1; }
  std::string own_indent() const { return std::string(indent_of(text_, node_.begin)); }

  std::string unit_of(const Node& root) const {
    const std::size_t first = !root.members.empty() ? root.members.front().begin : root.begin;
    const std::string_view indent = indent_of(text_, first);
    return indent.empty() ? "  " : std::string(indent);
  }

  /// The comma between `from` and `to`, `to` where there is none.
  std::size_t comma(std::size_t from, std::size_t to) const {
    const std::size_t at = json_text::skip_blanks(text_, from, to);
    return at < to && text_[at] == ',' ? at : to;
  }

  /// The end of the line before the closing bracket, when that is alone on its line; else npos.
  std::size_t last_line_end() const {
    const std::size_t at = text_.rfind('\n', close());
    const std::size_t from = items_.empty() ? open() : items_.back().end;
    if (at == std::string_view::npos || at < from || !is_blank(text_.substr(at, close() - at)))
      return std::string::npos;
    return at > from && text_[at - 1] == '\r' ? at - 1 : at;
  }

  std::string with_first(const std::string& item) const;
  std::string with_last(const std::string& item) const;
  std::string cut(std::size_t begin, std::size_t end) const {
    return std::string(text_.substr(0, begin)) + std::string(text_.substr(end));
  }
  std::size_t line_begin(std::size_t at, std::size_t otherwise) const;
  std::string without_only() const;

  std::string_view text_;
  const Node& node_;
  std::string unit_;
  std::vector<Span> items_;
};

std::string List::with_first(const std::string& item) const {
  const std::string line = line_end() + indent() + item;
  std::string out(text_);
  if (const std::size_t end = last_line_end(); end != std::string::npos) return out.insert(end, line);
  const bool empty = is_blank(text_.substr(open(), close() - open()));
  const std::size_t from = empty ? open() : close();
  return out.replace(from, close() - from, line + line_end() + own_indent());
}

std::string List::with_last(const std::string& item) const {
  std::string out(text_);
  const std::size_t end = items_.back().end;
  const std::size_t trailing = comma(end, close());
  const bool has_trailing = trailing != close();
  const std::size_t line = has_lines() ? last_line_end() : std::string::npos;
  if (line == std::string::npos) {
    return has_trailing ? out.insert(trailing + 1, " " + item + ",") : out.insert(end, ", " + item);
  }
  out.insert(line, line_end() + indent() + item + (has_trailing ? "," : ""));
  return has_trailing ? out : out.insert(end, ",");
}

/// Where the line end before `at` begins, when only blanks are between; else `otherwise`.
std::size_t List::line_begin(std::size_t at, std::size_t otherwise) const {
  const std::size_t end = text_.rfind('\n', at);
  if (end == std::string_view::npos || end < open() || !is_blank(text_.substr(end, at - end))) return otherwise;
  return end > open() && text_[end - 1] == '\r' ? end - 1 : end;
}

std::string List::without_only() const {
  const Span item = items_.front();
  const std::size_t own = comma(item.end, close());
  const std::size_t end = own == close() ? item.end : own + 1;
  const std::size_t begin = line_begin(item.begin, item.begin);
  const bool all = is_blank(text_.substr(open(), begin - open())) && is_blank(text_.substr(end, close() - end));
  return all ? cut(open(), close()) : cut(begin, end);
}

std::string List::without(std::size_t index) const {
  if (items_.size() == 1) return without_only();
  const Span item = items_[index];
  const bool last = index + 1 == items_.size();
  const std::size_t limit = last ? close() : items_[index + 1].begin;
  const std::size_t own = comma(item.end, limit);
  const std::size_t before = index == 0 ? open() : comma(items_[index - 1].end, item.begin);
  if (own != limit) {
    const std::size_t begin = line_begin(item.begin, index == 0 ? item.begin : before + 1);
    std::size_t end = own + 1;
    if (begin == item.begin) end += std::min(text_.substr(end).find_first_not_of(" \t"), text_.size() - end);
    return cut(begin, end);
  }
  const std::size_t begin = line_begin(item.begin, before);
  std::string out = cut(begin, item.end);
  return begin > before ? out.erase(before, 1) : out;
}

/// Of repeated keys the last.
const Member* member_of(const Node& node, std::string_view key) {
  const auto found = std::ranges::find(node.members.rbegin(), node.members.rend(), key, &Member::key);
  return found == node.members.rend() ? nullptr : &*found;
}

Json json_of(std::string_view text, const Node& node) {
  if (node.kind == Node::Kind::string) return node.string;
  if (node.kind == Node::Kind::object) {
    Json out = Json::object();
    for (const Member& member : node.members)
      out[member.key] = json_of(text, member.value);
    return out;
  }
  if (node.kind == Node::Kind::array) {
    Json out = Json::array();
    for (const Node& element : node.elements)
      out.push_back(json_of(text, element));
    return out;
  }
  const std::string_view word = text.substr(node.begin, node.end - node.begin);
  Json out = Json::parse(word, nullptr, false);
  return out.is_discarded() ? Json(std::string(word)) : out;
}

/// `value` as it stands in the list: on lines that begin with `indent`, or on one line.
Result<std::string> render(const Json& value, const List& list) {
  try {
    if (!list.has_lines()) return value.dump();
    const bool tabs = list.unit().contains('\t');
    const std::string text = value.dump(tabs ? 1 : static_cast<int>(list.unit().size()), tabs ? '\t' : ' ');
    std::string out;
    for (const char c : text)
      out += c == '\n' ? list.line_end() + list.indent() : std::string(1, c);
    return out;
  } catch (const nlohmann::json::exception&) {
    return fail(Errc::not_supported, "a path is not UTF-8, which JSON cannot carry");
  }
}

std::unexpected<Error> fail_kind(const JsonPath& path, std::size_t depth, std::string_view kind) {
  const std::vector<std::string> names(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth));
  return depth == 0 ? fail(Errc::config_invalid, fmt::format("the whole is not {}", kind))
                    : fail(Errc::config_invalid, fmt::format("`{}` is not {}", fmt::join(names, "."), kind));
}

/// How far `path` leads, and the value there.
struct Walk {
  const Node* node;
  std::size_t depth;
};

Result<Walk> walk(const Node& root, const JsonPath& path) {
  Walk at{&root, 0};
  for (; at.depth < path.size(); ++at.depth) {
    if (at.node->kind != Node::Kind::object) return fail_kind(path, at.depth, "an object");
    const Member* const member = member_of(*at.node, path[at.depth]);
    if (member == nullptr) break;
    at.node = &member->value;
  }
  return at;
}

/// `value` inside the objects that `path` names from `depth` on.
Json nested(const JsonPath& path, std::size_t depth, Json value) {
  for (std::size_t i = path.size(); i > depth; --i) {
    Json outer = Json::object();
    outer[path[i - 1]] = std::move(value);
    value = std::move(outer);
  }
  return value;
}

std::string or_empty_object(std::string_view text) {
  return is_blank(text) ? "{}\n" : std::string(text);
}

Result<std::string> insert_member(std::string_view text, const Node& root, const Walk& at, const JsonPath& path,
                                  const Json& value) {
  const List list(text, root, *at.node);
  const auto rendered = render(nested(path, at.depth + 1, value), list);
  if (!rendered) return rendered;
  return list.with(fmt::format("{}: {}", Json(path[at.depth]).dump(), *rendered));
}

}  // namespace

Result<std::optional<Json>> find_json(std::string_view text, const JsonPath& path) {
  if (is_blank(text)) return std::nullopt;
  const auto root = json_text::scan(text);
  if (!root) return std::unexpected(root.error());
  const auto at = walk(*root, path);
  if (!at) return std::unexpected(at.error());
  if (at->depth < path.size()) return std::nullopt;
  return json_of(text, *at->node);
}

Result<std::string> put_json(std::string_view given, const JsonPath& path, const Json& value) {
  std::string text = or_empty_object(given);
  const auto root = json_text::scan(text);
  if (!root) return std::unexpected(root.error());
  const auto at = walk(*root, path);
  if (!at) return std::unexpected(at.error());
  if (at->depth < path.size()) return insert_member(text, *root, *at, path, value);
  const JsonPath parents(path.begin(), path.end() - 1);
  const auto rendered = render(value, List(text, *root, *walk(*root, parents)->node));
  if (!rendered) return rendered;
  return text.replace(at->node->begin, at->node->end - at->node->begin, *rendered);
}

Result<std::string> erase_json(std::string_view text, const JsonPath& path) {
  if (is_blank(text)) return std::string(text);
  const auto root = json_text::scan(text);
  if (!root) return std::unexpected(root.error());
  const JsonPath parents(path.begin(), path.end() - 1);
  const auto at = walk(*root, parents);
  if (!at) return std::unexpected(at.error());
  const Member* const member = at->depth < parents.size() ? nullptr : member_of(*at->node, path.back());
  if (member == nullptr) return std::string(text);
  return List(text, *root, *at->node).without(static_cast<std::size_t>(member - at->node->members.data()));
}

Result<std::string> append_json(std::string_view given, const JsonPath& path, const Json& value) {
  const std::string text = or_empty_object(given);
  const auto root = json_text::scan(text);
  if (!root) return std::unexpected(root.error());
  const auto at = walk(*root, path);
  if (!at) return std::unexpected(at.error());
  if (at->depth < path.size()) return insert_member(text, *root, *at, path, Json::array({value}));
  if (at->node->kind != Node::Kind::array) return fail_kind(path, path.size(), "an array");
  const List list(text, *root, *at->node);
  const auto rendered = render(value, list);
  return rendered ? Result<std::string>(list.with(*rendered)) : rendered;
}

Result<std::string> erase_json_element(std::string_view text, const JsonPath& path, std::size_t index) {
  const auto root = json_text::scan(text);
  if (!root) return std::unexpected(root.error());
  const auto at = walk(*root, path);
  if (!at) return std::unexpected(at.error());
  if (at->depth < path.size() || index >= at->node->elements.size()) return std::string(text);
  return List(text, *root, *at->node).without(index);
}

}  // namespace cordon::cli
