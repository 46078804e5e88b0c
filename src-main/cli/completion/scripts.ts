import type { Shell } from './names'

/** Shell scripts that make the shell call `muster __complete`. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  // Without mapfile, because macOS has bash 3.2.
  bash: `_muster() {
  COMPREPLY=()
  local found
  while IFS= read -r found; do COMPREPLY+=("$found"); done < <(muster __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _muster muster
`,
  zsh: `#compdef muster
_muster() {
  local -a found
  found=(\${(f)"$(muster __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  (( $#found )) && compadd -a found || _files
}
compdef _muster muster
`,
  fish: `complete -c muster -a '(muster __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}
