import type { Shell } from './names'

/** Shell scripts that make the shell call `muster __complete`. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  // Without mapfile, because macOS has bash 3.2. Words and names are quoted with backslashes, as bash's own completion
  // does.
  bash: `_muster() {
  COMPREPLY=()
  local found
  local -a typed=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  while IFS= read -r found; do COMPREPLY+=("$(printf %q "$found")"); done < <(muster __complete -- "\${typed[@]//\\\\/}" 2>/dev/null)
}
complete -o default -F _muster muster
`,
  // On a new Mac, zsh has no completion until compinit has run. If the script is a file in fpath, it is the function
  // itself.
  zsh: `#compdef muster
_muster() {
  local -a found
  found=(\${(f)"$(muster __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)"})
  (( $#found )) && compadd -a found || _files
}
if [[ "$funcstack[1]" == _muster ]]; then
  _muster "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
  compdef _muster muster
fi
`,
  // `-f` leaves out files, which only complete what has no names of its own. The word that is typed is still quoted.
  fish: `function __muster_complete
  set -l typed (commandline -ct)
  set -l found (muster __complete -- (commandline -opc)[2..] (string unescape -- "$typed") 2>/dev/null)
  if set -q found[1]
    string join -- \\n $found
  else
    __fish_complete_path "$typed"
  end
end
complete -c muster -f -a '(__muster_complete)'
`,
}
