#include "client/cli/help_text.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/escape.h"
#include "client/cli/suggestion.h"

namespace steelyard::cli {
namespace {

constexpr size_t kWidth = 80;

std::string FullName(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr
             ? "steelyard"
             : absl::StrCat(FullName(*parent), " ", command.get_name());
}

using Entry = std::pair<std::string, std::string>;  // name, description

// Adds `text` behind `line`, wrapped at the width; lines after the first start
// with `indent` spaces.
std::string Wrapped(std::string line, const std::string& text, size_t indent) {
  std::string lines;
  bool empty = true;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (!empty && line.size() + 1 + word.size() > kWidth) {
      absl::StrAppend(&lines, line, "\n");
      line = std::string(indent, ' ');
      empty = true;
    }
    absl::StrAppend(&line, empty ? "" : " ", word);
    empty = false;
  }
  return absl::StrCat(lines, line, "\n");
}

// Two columns, the second one wrapped.
std::string EntriesText(const char* title, const std::vector<Entry>& entries) {
  if (entries.empty()) return "";
  size_t left = 0;
  for (const Entry& entry : entries) left = std::max(left, entry.first.size());
  std::string text = absl::StrCat("\n", title, "\n");
  for (const auto& [name, description] : entries) {
    absl::StrAppend(
        &text, Wrapped(absl::StrCat("  ", name,
                                    std::string(left - name.size() + 2, ' ')),
                       description, left + 4));
  }
  return text;
}

std::string OptionName(const CLI::Option& option) {
  std::string name = option.get_name(false, true);
  if (option.get_items_expected_max() > 0) {
    absl::StrAppend(&name, " ", option.get_type_name());
  }
  return name;
}

// Flags that every level has are said once.
enum class OwnFlags { kShow, kHide };

std::vector<Entry> Options(const CLI::App& command, OwnFlags own_flags) {
  std::vector<Entry> entries;
  for (const CLI::Option* option : command.get_options()) {
    const bool own =
        option == command.get_help_ptr() || option->check_lname("version");
    if (own && own_flags == OwnFlags::kHide) continue;
    if (option->nonpositional()) {
      entries.emplace_back(OptionName(*option), option->get_description());
    }
  }
  return entries;
}

std::string UsageText(const CLI::App& command,
                      std::vector<Entry>& positionals) {
  std::string usage = FullName(command);
  if (!command.get_subcommands({}).empty()) {
    return absl::StrCat(usage, " [OPTION]... COMMAND");
  }
  absl::StrAppend(&usage, " [OPTION]...");
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const bool several = option->get_items_expected_max() > 1;
    const std::string name =
        absl::StrCat(option->get_name(true, false), several ? "..." : "");
    absl::StrAppend(&usage, " ", name);
    positionals.emplace_back(name, option->get_description());
  }
  return usage;
}

std::vector<std::string> OptionNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* app = &command; app != nullptr;
       app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        names.push_back(absl::StrCat("--", name));
      }
    }
  }
  return names;
}

std::vector<std::string> SubcommandNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* sub : command.get_subcommands({})) {
    names.push_back(sub->get_name());
  }
  return names;
}

using Words = std::vector<std::string>;

// "--set: At Most 1 required but received 2", "--set: 1 required NAME missing".
std::string CountFault(absl::string_view text) {
  const Words parts = absl::StrSplit(text, absl::MaxSplits(": ", 1));
  const Words words = absl::StrSplit(parts.back(), ' ');
  if (words.size() == 7) {
    return absl::StrCat(parts[0], ": want at most ", words[2], ", got ",
                        words[6]);
  }
  if (words.size() == 4) {
    return absl::StrCat(parts[0], ": want ", words[2], ", got nothing");
  }
  return std::string(text);
}

// What CLI11 says, in our words as far as its own are known.
std::string FaultText(const CLI::ParseError& fault) {
  const absl::string_view text = fault.what();
  const auto cut = [text](absl::string_view by) -> Words {
    return absl::StrSplit(text, absl::MaxSplits(by, 1));
  };
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&fault) != nullptr) {
    return CountFault(text);
  }
  if (const Words it = cut(" is required"); it.size() == 2) {
    return absl::StrCat("want ", it[0], ", got nothing");
  }
  if (const Words it = cut(" requires "); it.size() == 2) {
    return absl::StrCat(it[0], ": want ", it[1], " too, got it alone");
  }
  if (const Words it = cut(" excludes "); it.size() == 2) {
    return absl::StrCat("want ", it[0], " or ", it[1], ", got both");
  }
  if (const Words it = cut("Could not convert: "); it.size() == 2) {
    const Words pair = absl::StrSplit(it[1], absl::MaxSplits(" = ", 1));
    return absl::StrCat(pair[0], ": want no such value, got ", pair.back());
  }
  return std::string(text);
}

// The words that nothing wanted.
std::vector<std::string> Unwanted(const CLI::App& program) {
  std::vector<std::string> words = program.remaining(true);
  words.erase(std::remove(words.begin(), words.end(), "--"), words.end());
  return words;
}

}  // namespace

const CLI::App& NamedCommand(const CLI::App& program) {
  const CLI::App* command = &program;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
  }
  return *command;
}

std::string HelpText(const CLI::App& command) {
  std::vector<Entry> arguments;
  const std::string usage = UsageText(command, arguments);
  std::vector<Entry> commands;
  for (const CLI::App* sub : command.get_subcommands({})) {
    commands.emplace_back(sub->get_name(), sub->get_description());
  }
  std::string text = absl::StrCat(
      "Example\n", TerminalLines(command.get_footer(), "  "), "\n",
      Wrapped("", command.get_description(), 0), "\nUsage\n  ", usage, "\n",
      EntriesText("Arguments", arguments), EntriesText("Commands", commands),
      EntriesText("Options", Options(command, OwnFlags::kShow)));
  if (const CLI::App* parent = command.get_parent()) {
    while (parent->get_parent() != nullptr) parent = parent->get_parent();
    absl::StrAppend(&text, EntriesText("Options of all commands",
                                       Options(*parent, OwnFlags::kHide)));
  }
  return text;
}

std::string UsageFault(const CLI::App& program, const CLI::ParseError& fault) {
  const CLI::App& command = NamedCommand(program);
  const std::vector<std::string> unwanted = Unwanted(program);
  std::string message = FaultText(fault);
  std::optional<std::string> meant;
  if (!unwanted.empty()) {
    const std::string& word = unwanted.front();
    const std::string name = word.substr(0, word.find('='));
    const bool is_option = absl::StartsWith(word, "-");
    const std::vector<std::string> commands = SubcommandNames(command);
    const std::vector<std::string> options = OptionNames(command);
    if (std::find(options.begin(), options.end(), name) != options.end()) {
      // It stood before the command that has it.
      message = absl::StrCat("steelyard: want ", name, " behind the command, ",
                             "got it before; type: ", FullName(command), " ",
                             TerminalText(word));
    } else if (is_option) {
      message = absl::StrCat(FullName(command),
                             ": no such option: ", TerminalText(word));
      meant = NearMiss(name, options);
    } else if (!commands.empty()) {
      message = absl::StrCat(FullName(command),
                             ": no such command: ", TerminalText(word));
      meant = NearMiss(name, commands);
    } else {
      message = absl::StrCat(FullName(command),
                             ": one argument too many: ", TerminalText(word));
    }
  } else {
    const bool is_missing =
        dynamic_cast<const CLI::RequiredError*>(&fault) != nullptr;
    if (is_missing && !command.get_subcommands({}).empty()) {
      message = "want a command, got nothing";
    }
    message = absl::StrCat(FullName(command), ": ", TerminalText(message));
  }
  if (meant) absl::StrAppend(&message, "; did you mean ", *meant, "?");
  return absl::StrCat(message, "\n  see ", FullName(command), " --help");
}

}  // namespace steelyard::cli
