import type { Shell } from './names'

/** Shell scripts that make the shell call `muster __complete`. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  // Without mapfile, because macOS has bash 3.2. Words and names are quoted with backslashes, as bash itself completes.
  bash: `_muster() {
  COMPREPLY=()
  local found
  local -a typed=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  while IFS= read -r found; do COMPREPLY+=("$(printf %q "$found")"); done < <(muster __complete -- "\${typed[@]//\\\\/}" 2>/dev/null)
}
complete -o default -F _muster muster
`,
  // A new Mac's zsh has no completion until compinit has run. As a file in fpath the script is its own function.
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
  fish: `complete -c muster -a '(muster __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}
