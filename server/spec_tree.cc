#include "server/spec_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <istream>
#include <streambuf>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/spec_text.h"
#include "support/check.h"

namespace steelyard::server {
namespace {

// Hands a text to the library piece by piece, and ends when told to: so that a
// refused text is read no further, without an exception of ours.
class StoppableText final : public std::streambuf {
 public:
  StoppableText(absl::string_view text, const bool& stopped)
      : rest_(text), stopped_(stopped) {}

 private:
  int_type underflow() override {
    if (stopped_ || rest_.empty()) return traits_type::eof();
    const absl::string_view piece = rest_.substr(0, 4096);
    rest_.remove_prefix(piece.size());
    // streambuf wants a mutable range for what it only reads.
    char* begin = const_cast<char*>(piece.data());
    setg(begin, begin, begin + piece.size());
    return traits_type::to_int_type(*begin);
  }

  absl::string_view rest_;
  const bool& stopped_;
};

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// Columns in characters from offsets in bytes.  The library goes through a text
// almost in order, so each step is short.
class Columns {
 public:
  explicit Columns(absl::string_view text) : text_(text) {}

  int32_t At(size_t line_start, size_t at) {
    at = std::min(at, text_.size());
    line_start = std::min(line_start, at);
    if (line_start != line_start_) {
      line_start_ = at_ = line_start;
      column_ = 1;
    }
    for (; at_ < at; ++at_) column_ += IsContinuation(text_[at_]) ? 0 : 1;
    for (; at_ > at; --at_) column_ -= IsContinuation(text_[at_ - 1]) ? 0 : 1;
    return column_;
  }

 private:
  const absl::string_view text_;
  size_t line_start_ = 0;
  size_t at_ = 0;
  int32_t column_ = 1;
};

// Builds the tree from the library's events.  It is the library that recurses:
// at most limits.depth deep, and a little further while the stream runs out.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(absl::string_view text, int32_t set_number,
              const SpecLimits& limits, int64_t* nodes_left)
      : text_(text),
        columns_(text),
        set_number_(set_number),
        limits_(limits),
        nodes_left_(nodes_left) {}

  const bool& stopped() const { return stopped_; }
  std::vector<PlacedFault>& faults() { return faults_; }
  SpecNode& root() { return root_; }

  void Fail(const YAML::Mark& mark, std::string message) {
    if (stopped_) return;
    faults_.push_back({Place(mark), "", std::move(message)});
    stopped_ = true;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) Fail(mark, "want one document, got a second one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!Begin(mark, "", anchor)) return;
    SpecNode node;
    node.place = Place(NullMark(mark));
    Add(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    if (!Begin(mark, "", 0)) return;
    Refuse(mark, "an alias (*) is not allowed here: write the value again");
    SpecNode node;
    node.kind = SpecNode::Kind::kBroken;
    node.place = Place(mark);
    Add(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    if (!Begin(mark, tag, anchor)) return;
    SpecNode node;
    node.kind = SpecNode::Kind::kScalar;
    node.quoted = tag == "!";
    node.place = Place(mark);
    node.text = value;
    if (!IsClosed(Offset(mark))) return Fail(mark, "want a closing quote");
    Add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(SpecNode::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(SpecNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  static size_t Offset(const YAML::Mark& mark) {
    return mark.pos < 0 ? 0 : static_cast<size_t>(mark.pos);
  }

  SpecPlace Place(const YAML::Mark& mark) {
    if (set_number_ != 0) return {0, 0, set_number_};
    if (mark.is_null()) return {};
    const size_t column =
        mark.column < 0 ? 0 : static_cast<size_t>(mark.column);
    const size_t at = Offset(mark);
    return {mark.line + 1, columns_.At(at - std::min(at, column), at), 0};
  }

  void Refuse(const YAML::Mark& mark, std::string message) {
    if (faults_.size() > static_cast<size_t>(limits_.faults)) return;
    faults_.push_back({Place(mark), "", std::move(message)});
  }

  // Counts a node, and says whether it is to be kept.
  bool Begin(const YAML::Mark& mark, const std::string& tag,
             YAML::anchor_t anchor) {
    if (stopped_) return false;
    if (--*nodes_left_ < 0) {
      Fail(mark, absl::StrCat("want at most ", limits_.nodes,
                              " keys, values, lists and maps, got more"));
      return false;
    }
    const char first = Offset(mark) < text_.size() ? text_[Offset(mark)] : ' ';
    if (anchor != 0) {
      Refuse(mark, "an anchor (&) is not allowed here: leave it out");
    }
    // The library gives "?" to what has no tag and "!" to what is in quotes.
    if ((tag != "" && tag != "?" && tag != "!") || first == '!') {
      Refuse(mark, "a tag (!) is not allowed here: leave it out");
    }
    return true;
  }

  void Open(SpecNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    if (!Begin(mark, tag, anchor)) return;
    if (static_cast<int64_t>(open_.size()) >= limits_.depth) {
      return Fail(mark, absl::StrCat("want at most ", limits_.depth,
                                     " lists and maps within each other, got "
                                     "more"));
    }
    SpecNode node;
    node.kind = kind;
    node.place = Place(mark);
    open_.push_back(std::move(node));
  }

  void Close() {
    if (stopped_) return;
    STEELYARD_CHECK(!open_.empty());
    SpecNode node = std::move(open_.back());
    open_.pop_back();
    Add(std::move(node));
  }

  void Add(SpecNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    SpecNode& parent = open_.back();
    parent.children.push_back(std::move(node));
    const auto keys = static_cast<int64_t>(parent.children.size() + 1) / 2;
    if (parent.kind != SpecNode::Kind::kMap || keys <= limits_.map_keys) return;
    faults_.push_back({parent.children.back().place, "",
                       absl::StrCat("want at most ", limits_.map_keys,
                                    " keys in a map, got more")});
    stopped_ = true;
  }

  // The library takes the end of the text for a closing quote.
  bool IsClosed(size_t at) const {
    const char quote = at < text_.size() ? text_[at] : ' ';
    if (quote != '"' && quote != '\'') return true;
    for (++at; at < text_.size(); ++at) {
      const bool next_too = at + 1 < text_.size() && text_[at + 1] == quote;
      if (quote == '"' ? text_[at] == '\\' : text_[at] == quote && next_too) {
        ++at;
      } else if (text_[at] == quote) {
        return true;
      }
    }
    return false;
  }

  // Of a value that is left out the library gives the place of what follows; in
  // a list the dash before it is meant.
  YAML::Mark NullMark(YAML::Mark mark) const {
    size_t at = std::min(Offset(mark), text_.size());
    int lines = 0;
    while (at > 0 && (text_[at - 1] == ' ' || text_[at - 1] == '\n' ||
                      text_[at - 1] == '\r' || text_[at - 1] == '\t')) {
      --at;
      if (text_[at] == '\n') ++lines;
    }
    if (lines == 0 || at == 0 || text_[at - 1] != '-') return mark;
    const size_t dash = at - 1;
    const size_t end_of_line_before = text_.rfind('\n', dash);
    const size_t line_start = end_of_line_before == absl::string_view::npos
                                  ? 0
                                  : end_of_line_before + 1;
    mark.line -= lines;
    mark.pos = static_cast<int>(dash);
    mark.column = static_cast<int>(dash - line_start);
    return mark;
  }

  const absl::string_view text_;
  Columns columns_;
  const int32_t set_number_;
  const SpecLimits& limits_;
  int64_t* const nodes_left_;
  bool stopped_ = false;
  int documents_ = 0;
  std::vector<SpecNode> open_;  // from the root inwards
  SpecNode root_;
  std::vector<PlacedFault> faults_;
};

// The place of the byte at `at`.
YAML::Mark MarkAt(absl::string_view text, size_t at) {
  YAML::Mark mark;
  mark.pos = static_cast<int>(at);
  mark.line =
      static_cast<int>(std::count(text.begin(), text.begin() + at, '\n'));
  const size_t break_before =
      at == 0 ? absl::string_view::npos : text.rfind('\n', at - 1);
  mark.column = static_cast<int>(
      break_before == absl::string_view::npos ? at : at - break_before - 1);
  return mark;
}

bool IsForbidden(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte == 0x7F ||
         (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r');
}

// What must be known before the library sees the text: see ParseTree.
void CheckBytes(absl::string_view text, const SpecLimits& limits,
                int64_t nodes_left, TreeBuilder* builder) {
  int64_t separators = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (IsForbidden(c)) {
      builder->Fail(
          MarkAt(text, at),
          absl::StrFormat("want text, got the control character 0x%02x",
                          static_cast<uint8_t>(c)));
      return;
    }
    if (c != '[' && c != '{' && c != ',' && c != ':') continue;
    if (++separators <= nodes_left) continue;
    builder->Fail(MarkAt(text, at),
                  absl::StrCat("want at most ", limits.nodes,
                               " keys, values, lists and maps, got more"));
    return;
  }
  const size_t valid = ValidUtf8Bytes(text);
  if (valid == text.size()) return;
  builder->Fail(MarkAt(text, valid),
                absl::StrFormat("want UTF-8, got the byte 0x%02x",
                                static_cast<uint8_t>(text[valid])));
}

void RunParser(absl::string_view text, TreeBuilder* builder) {
  StoppableText pieces(text, builder->stopped());
  std::istream stream(&pieces);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(*builder)) return;
    if (!builder->stopped()) parser.HandleNextDocument(*builder);
  } catch (const YAML::Exception& error) {
    builder->Fail(error.mark, absl::StrCat("not YAML: ", error.msg));
  } catch (const std::exception& error) {
    builder->Fail(YAML::Mark::null_mark(),
                  absl::StrCat("not YAML: ", error.what()));
  }
}

}  // namespace

SpecTree ParseTree(absl::string_view text, int32_t set_number,
                   const SpecLimits& limits, int64_t* nodes_left) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  TreeBuilder builder(text, set_number, limits, nodes_left);
  if (static_cast<int64_t>(text.size()) > limits.text_bytes) {
    builder.Fail(
        YAML::Mark::null_mark(),
        absl::StrCat("want at most ", limits.text_bytes, " bytes of text, got ",
                     text.size(), "; put the rows into a dataset: use file:"));
  } else {
    CheckBytes(text, limits, *nodes_left, &builder);
  }
  if (!builder.stopped()) RunParser(text, &builder);
  SpecTree tree;
  tree.complete = !builder.stopped();
  tree.faults = std::move(builder.faults());
  tree.root = std::move(builder.root());
  return tree;
}

}  // namespace steelyard::server
