/** Pages in the order of a reader who begins; a link that leads nowhere fails the build. */
export default {
  title: 'Muster',
  description: 'One local LLM service of the machines you own.',
  lang: 'en',
  cleanUrls: true,
  cacheDir: '../.cache/docs',
  outDir: '../out/docs',
  // Pages that are also read in the repository link to its other files, ARCHITECTURE.md from its own folder.
  ignoreDeadLinks: [/^\.\/\.\.\//, /^\.\/(?:docs|src-core|src-main)\//],
  themeConfig: {
    search: { provider: 'local' },
    sidebar: [
      {
        text: 'Begin',
        items: [
          { text: 'Start', link: '/start' },
          { text: 'Concepts', link: '/concepts' },
          { text: 'Keeping models running', link: '/declarations' },
          { text: 'The app, page by page', link: '/app' },
        ],
      },
      {
        text: 'Recipes',
        items: [
          { text: 'Two Macs and one cable', link: '/recipes/two-macs' },
          { text: 'Four Mac Studios', link: '/recipes/four-studios' },
          { text: 'A laptop that comes and goes', link: '/recipes/laptop' },
          { text: 'Coding agents', link: '/recipes/coding-agents' },
          { text: 'A small team behind a proxy', link: '/recipes/team-behind-a-proxy' },
          { text: 'A Linux machine beside Macs', link: '/recipes/linux-beside-macs' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'Commands', link: '/reference/commands' },
          { text: 'Output, names and exit codes', link: '/cli' },
          { text: 'API', link: '/reference/api' },
          { text: 'Error codes', link: '/errors' },
          { text: 'Settings', link: '/reference/settings' },
          { text: 'Files', link: '/reference/files' },
          { text: 'Figures', link: '/metrics' },
          { text: 'Traces', link: '/tracing' },
          { text: 'Restarts and updates', link: '/upgrades' },
          { text: 'NVIDIA GPUs', link: '/nvidia' },
        ],
      },
      {
        text: 'More',
        items: [
          { text: 'Troubleshooting', link: '/troubleshooting' },
          { text: 'Security', link: '/security' },
          { text: 'Architecture', link: '/architecture' },
          { text: 'Scale', link: '/scale' },
          { text: 'Comparison', link: '/comparison' },
          { text: 'What a Mac has to show', link: '/mac-readiness' },
          { text: 'Releases', link: '/releasing' },
        ],
      },
    ],
  },
}
