import type { DescribedError } from './described-error'

/** Errors of the node itself: deciding, writing, answering. */
export const NODE_ERRORS = {
  internal: {
    statuses: [500],
    cause: 'The node has an internal error',
    remedy: 'Its log has the details (`muster logs`); attach a support bundle to a report',
  },
  no_master: {
    statuses: [503],
    cause: 'The machines have not elected a master yet, so it is unknown whether this was done',
    remedy: 'Try again in a few seconds with the same `Idempotency-Key`, so that it is done only once',
  },
  closed: {
    statuses: [503],
    cause: 'The node is stopping: nothing was changed',
    remedy: 'Use another machine, or start it again',
  },
  disk_full: {
    statuses: [503],
    cause: 'The disk with the data folder is full: nothing was changed',
    remedy: 'Free some space; the node recovers automatically',
  },
  disk_failed: {
    statuses: [503],
    cause: 'The data folder cannot be written to: nothing was changed',
    remedy: 'Check the disk and the permissions of the folder; the node recovers automatically',
  },
  disk_hangs: {
    statuses: [503],
    cause: 'The disk with the data folder does not answer, so it is unknown whether this was done',
    remedy:
      'Try again with the same `Idempotency-Key`; check the disk. The node recovers automatically once it answers',
  },
  term_lost: {
    statuses: [503],
    cause: 'The file with the terms that this node took part in cannot be read, so it cannot become master',
    remedy:
      'It follows once another machine is master; if it is the only one, stop it, delete `term.json` and start it again',
  },
  log_damaged: {
    statuses: [503],
    cause: 'The log of decisions is damaged in a place that cannot be truncated',
    remedy: 'Restore the folder `log` from a backup, or rename it and declare the models again',
  },
  log_too_new: {
    statuses: [503],
    cause: 'A newer version of Muster wrote the log',
    remedy: 'Update Muster on this machine',
  },
  data_dir_in_use: {
    statuses: [503],
    cause: 'Another Muster uses the same data folder',
    remedy: 'Quit that one, or give this one a folder of its own with `--data-dir`',
  },
  data_dir_unusable: {
    statuses: [503],
    cause: 'The data folder cannot be made or written',
    remedy: 'Name another one with `--data-dir`, or let this user write there',
  },
  invalid_setting: {
    statuses: [503],
    cause: 'A setting has a value that it cannot have',
    remedy: 'Use a value of the kind that the message names; nothing was changed',
  },
  settings_not_written: {
    statuses: [503],
    cause: 'The settings file cannot be written to',
    remedy: 'Check that the disk is not full and the folder is writable; the settings in use are unchanged',
  },
  refused: {
    statuses: [409],
    cause: 'The configuration of another program is left unchanged, because it cannot be edited safely',
    remedy: 'Insert the text by hand; the message has the reason',
  },
  changed: {
    statuses: [409],
    cause: 'The configuration of another program was changed since it was shown or written',
    remedy: 'Look at the change again',
  },
  nothing_written: {
    statuses: [409],
    cause: 'Muster has changed nothing in that program’s configuration that it could undo',
    remedy: 'There is nothing to do',
  },
  cannot_write: {
    statuses: [409],
    cause: 'The configuration of another program cannot be read or written',
    remedy: 'Check the permissions of that file, or insert the text by hand',
  },
  not_open: {
    statuses: [409],
    cause: 'The node listens on its own machine only, so no other browser can sign in',
    remedy: 'Open it to the network in the settings, or with `--host 0.0.0.0`',
  },
} as const satisfies Readonly<Record<string, DescribedError>>
