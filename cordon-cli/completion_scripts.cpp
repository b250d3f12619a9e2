// The scripts know nothing of the commands: they hand the words to `cordon __complete`, whose first line says what fits (`words`,
// `files`, or `program N`), and whose others are candidates, each with a description behind a tab.
#include <array>
#include <utility>

#include "completion.hpp"

namespace cordon::cli {
namespace {

// Bash takes words apart at `=` and `:` (COMP_WORDBREAKS) and replaces the last part only: what was not apart on the line is put
// together again, and the candidates lose what stands before that part. Bash 3.2, that of macOS, has no compopt.
constexpr std::string_view kBash = R"script(# bash completion for cordon, made by `cordon completion bash`.
_cordon() {
  local rest=${COMP_LINE:0:COMP_POINT} piece='' trimmed n=-1 i
  local -a words=() begins=()
  for ((i = 0; i <= COMP_CWORD; ++i)); do
    trimmed=${rest#"${rest%%[![:space:]]*}"}
    piece=${COMP_WORDS[i]}
    if ((i == COMP_CWORD)); then piece=$trimmed; fi
    if ((i > 0)) && [[ $trimmed == "$rest" && -n $piece ]]; then
      words[n]+=$piece
    else
      ((++n))
      words[n]=$piece
      begins[n]=$i
    fi
    rest=${trimmed#"$piece"}
  done
  if [[ $piece == [=:] ]]; then piece=''; fi
  local before=${words[n]%"$piece"} quote=${piece:0:1} kind='' line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z $kind ]]; then
      kind=$line
      continue
    fi
    line=${line%%$'\t'*}
    line=${line#"$before"}
    case $quote in
      [\'\"]) ;;
      *) printf -v line '%q' "$line" ;;
    esac
    COMPREPLY+=("$line")
  done < <(command cordon __complete "${words[@]:1}" 2>/dev/null)
  case $kind in
    files)
      compopt -o default 2>/dev/null
      ;;
    program*)
      i=$((${kind#program } + 1))
      if declare -F _command_offset >/dev/null; then
        _command_offset "${begins[i]}"
      elif ((i == n)); then
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "$piece")
      else
        compopt -o default 2>/dev/null
      fi
      ;;
  esac
}
if type compopt >/dev/null 2>&1; then
  complete -F _cordon cordon
else
  complete -o default -F _cordon cordon
fi
)script";

constexpr std::string_view kZsh = R"script(#compdef cordon
# zsh completion for cordon, made by `cordon completion zsh`. Works from a folder of $fpath and by `source`.
_cordon() {
  local line
  local -a before answer candidates
  before=("${(@Q)words[2,CURRENT-1]}")
  ((CURRENT > 2)) || before=()
  answer=("${(@f)$(command cordon __complete "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
  case $answer[1] in
    files)
      [[ $PREFIX == --*=* ]] && compset -P '--[a-z-]#='
      _files
      ;;
    program\ *)
      local -i begin=$((${answer[1]#program } + 2))
      words=("${(@)words[begin,-1]}")
      ((CURRENT -= begin - 1))
      _normal
      ;;
    words)
      for line in "${(@)answer[2,-1]}"; do
        candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
      done
      _describe -V cordon candidates
      ;;
  esac
}
if [[ $funcstack[1] == _cordon ]]; then
  _cordon "$@"
else
  compdef _cordon cordon
fi
)script";

constexpr std::string_view kFish = R"script(# fish completion for cordon, made by `cordon completion fish`.
function __cordon_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l answer (command cordon __complete $before[2..] "$current" 2>/dev/null)
    switch "$answer[1]"
        case files
            set -l parts (string match -r -- '^(--[a-z-]+=)(.*)$' "$current")
            if set -q parts[2]
                printf "$parts[2]%s\n" (__fish_complete_path "$parts[3]")
            else
                __fish_complete_path "$current"
            end
        case 'program *'
            set -l begin (math (string replace 'program ' '' -- $answer[1]) + 2)
            complete -C (string join ' ' -- (string escape -- $before[$begin..]) "$current")
        case words
            string join \n -- $answer[2..]
    end
end
complete -c cordon -f -a '(__cordon_complete)'
)script";

constexpr auto kScripts =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}});

}  // namespace

std::string_view completion_script(std::string_view shell) {
  for (const auto& [name, script] : kScripts) {
    if (name == shell) return script;
  }
  return {};
}

}  // namespace cordon::cli
