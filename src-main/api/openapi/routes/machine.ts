import { ChangeNodeSettingsRequest, NodeSettingsView } from '@core/protocols/node-settings'
import { ChangePowerRequest, PowerView } from '@core/protocols/power'
import { ChangeSetupRequest, PythonView, SetupView } from '@core/protocols/setup'
import {
  PreviewToolConfigRequest,
  SignInLink,
  ToolConfigPreview,
  ToolConfigsResponse,
  WriteToolConfigRequest,
} from '@core/protocols/connect'
import { SSE, LINES, type Described } from '../described'

/** Routes about this machine: settings, setup, programs that use it. */
export const MACHINE: readonly Described[] = [
  {
    method: 'get',
    path: '/connect/tools',
    does: 'List the programs on this machine whose configuration can be written; only for requests from this machine',
    answer: { ToolConfigsResponse },
  },
  {
    method: 'post',
    path: '/connect/tools/{tool}/preview',
    does: 'Preview the change of a program’s configuration',
    body: { PreviewToolConfigRequest },
    answer: { ToolConfigPreview },
  },
  {
    method: 'post',
    path: '/connect/tools/{tool}',
    does: 'Write the previewed change, if the file is unchanged since',
    body: { WriteToolConfigRequest },
    answer: { ToolConfigsResponse },
  },
  {
    method: 'delete',
    path: '/connect/tools/{tool}',
    does: 'Undo the change, if the file is unchanged since',
    answer: { ToolConfigsResponse },
  },
  {
    method: 'post',
    path: '/connect/sign_in_link',
    does: 'Create a single-use sign-in link for a browser, if the API is open to the network',
    answer: { SignInLink },
    statuses: [201],
  },
  {
    method: 'get',
    path: '/node/log',
    does: 'The last lines of this node’s log, each a JSON object',
    query: ['lines', 'since'],
    media: LINES,
  },
  {
    method: 'get',
    path: '/node/log/events',
    does: 'Stream the last lines of the log, then new ones, as server-sent events',
    query: ['lines', 'since'],
    media: SSE,
  },
  {
    method: 'get',
    path: '/node/settings',
    does: 'The settings of this machine that can be changed while it runs',
    answer: { NodeSettingsView },
  },
  {
    method: 'patch',
    path: '/node/settings',
    does: 'Change settings; those set by the command line or the environment cannot be changed',
    body: { ChangeNodeSettingsRequest },
    answer: { NodeSettingsView },
  },
  {
    method: 'get',
    path: '/node/power',
    does: 'Whether this machine may sleep, and the setting for it',
    answer: { PowerView },
  },
  {
    method: 'patch',
    path: '/node/power',
    does: 'Set whether this machine stays awake while declared models run on it',
    body: { ChangePowerRequest },
    answer: { PowerView },
  },
  {
    method: 'get',
    path: '/node/setup',
    does: 'Progress of this machine’s setup, and its prerequisites',
    answer: { SetupView },
  },
  {
    method: 'patch',
    path: '/node/setup',
    does: 'Save the progress of the setup',
    body: { ChangeSetupRequest },
    answer: { SetupView },
  },
  {
    method: 'post',
    path: '/node/python',
    does: 'Install the Python environment that runs models; no effect if it is installed or being installed',
    answer: { PythonView },
    statuses: [202],
  },
  {
    method: 'delete',
    path: '/node/python',
    does: 'Cancel the installation; what is already installed stays',
    answer: { PythonView },
  },
  {
    method: 'get',
    path: '/node/python/events',
    does: 'Stream the installation’s progress and output, as server-sent events',
    media: SSE,
  },
]
