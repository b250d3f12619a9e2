// What a command is. Each file of commands/ defines one and names it in the table below; main.cpp finds and runs it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

#include <cordon/secret_store.hpp>

#include "terminal.hpp"

namespace CLI {
class App;
}

namespace cordon::cli {

/// What the process exits with.
enum class Exit : std::uint8_t {
  done = 0,
  failed = 1,
  usage = 2,
  not_running = 3,
  store_unavailable = 4,
  cannot_execute = 126,     ///< `cordon run`: the program is there and does not start.
  command_not_found = 127,  ///< `cordon run`: there is no such program.
  interrupted = 130,        ///< Ctrl+C at a question, as a shell would call it.
};

/// What every command is given. Outlives the command.
struct Context {
  Terminal& terminal;
  const Environment& environment;
  std::filesystem::path working_directory;
};

/// What is done once the options are read.
using Action = std::function<Exit(const Context&)>;

struct Command {
  std::string_view name;
  std::string_view summary;    ///< One line, without a full stop.
  std::string_view arguments;  ///< What follows the options in the usage line; empty for most.
  std::string_view details;    ///< Sentences shown on top of the command's help.
  std::string_view examples;   ///< Lines shown below its options, each indented by two spaces.
  /// Declares the options and gives the action. Options are kept in storage that the action owns: `app` writes them
  /// there.
  /// Null for a group of commands.
  Action (*declare)(CLI::App& app) = nullptr;
  /// Of a group: its commands, called `cordon <name> <subcommand>`.
  std::span<const Command* const> subcommands = {};
};

extern const Command kApprove;
extern const Command kCa;
extern const Command kCheck;
extern const Command kDemo;
extern const Command kDoctor;
extern const Command kEnv;
extern const Command kIntegration;
extern const Command kListener;
extern const Command kListenerAdd;
extern const Command kListenerEdit;
extern const Command kListenerList;
extern const Command kListenerRemove;
extern const Command kListenerShow;
extern const Command kLogs;
extern const Command kReload;
extern const Command kRoute;
extern const Command kRouteAdd;
extern const Command kRouteEdit;
extern const Command kRouteExplain;
extern const Command kRouteList;
extern const Command kRouteRemove;
extern const Command kRouteShow;
extern const Command kRun;
extern const Command kSecret;
extern const Command kSecretCheck;
extern const Command kSecretDelete;
extern const Command kSecretSet;
extern const Command kService;
extern const Command kServiceInstall;
extern const Command kServiceList;
extern const Command kServiceLogs;
extern const Command kServiceRestart;
extern const Command kServiceStart;
extern const Command kServiceStatus;
extern const Command kServiceStop;
extern const Command kServiceUninstall;
extern const Command kSetup;
extern const Command kStart;
extern const Command kStatus;
extern const Command kStop;
extern const Command kToken;
extern const Command kTrust;
extern const Command kUntrust;
extern const Command kWait;

}  // namespace cordon::cli
